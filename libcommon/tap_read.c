/* tap_read: a pass over the lines; diagnostics below a point are its message. */
#define _POSIX_C_SOURCE 200809L
#include "tap_read.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "xalloc.h"

enum { MESSAGE_MAX = 2048 };

/* A point while it is read. */
struct point {
    size_t number;
    bool passed;
    char *name;
    struct buf message;
};

struct reading {
    struct point *point;
    size_t count, cap, plan, plans;
    bool bailed, failed;
    const char *doubt; /* why no point passes, or NULL */
};

static struct point *point_of(struct reading *r, size_t number)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->point[i].number == number)
            return &r->point[i];
    if (r->count == SHAPE_TESTS_MAX)
        return NULL;
    xgrow(&r->point, &r->cap, r->count + 1, sizeof *r->point);
    r->point[r->count] = (struct point){.number = number, .passed = true};
    buf_init(&r->point[r->count].message, MESSAGE_MAX);
    return &r->point[r->count++];
}

/* "ok 3 - name # skip why".  `# todo` excuses no failure: the name may quote what the
 * learner's code printed. */
static void read_point(struct reading *r, const char *line, bool passed)
{
    char *end;
    size_t number = strtoul(line, &end, 10);
    if (end == line)
        number = r->count + 1;
    const char *name = end + strspn(end, " -"), *directive = strstr(name, " # ");
    struct point *point = point_of(r, number);
    if (!point) {
        r->doubt = "there are too many points";
        return;
    }
    point->passed = point->passed && passed;
    if (!point->name && *name)
        point->name = xmemdup(name, directive ? (size_t)(directive - name) : strlen(name));
}

static void read_line(struct reading *r, char *line)
{
    char *after = line;
    size_t last = strncmp(line, "1..", 3) == 0 ? strtoul(line + 3, &after, 10) : 0;
    const char *failure = strstr(line, "not ok");
    if (failure && failure > line)
        r->doubt = "a failure stands inside another line";
    if (strncmp(line, "ok", 2) == 0 && strchr(" ", line[2])) {
        read_point(r, line + 2 + strspn(line + 2, " "), true);
    } else if (strncmp(line, "not ok", 6) == 0 && strchr(" ", line[6])) {
        r->failed = true;
        read_point(r, line + 6 + strspn(line + 6, " "), false);
    } else if (strncmp(line, "1..", 3) == 0 && after > line + 3 && strchr(" ", *after)) {
        r->plan = r->plan > last ? r->plan : last;
        r->plans++;
    } else if (strncmp(line, "Bail out!", 9) == 0) {
        r->bailed = true;
    } else if (*line == '#' && r->count) {
        struct buf *to = &r->point[r->count - 1].message;
        const char *text = line + 1 + strspn(line + 1, " ");
        if (*text)
            buf_printf(to, "%s%s", to->len ? "\n" : "", text);
    }
}

/* The plan's points that did not come, and whether it can be believed. */
static void check_plan(struct reading *r)
{
    struct point *point;
    if (r->plans != 1)
        r->doubt = r->plans ? "there are several plans" : "there is no plan";
    for (size_t i = 0; i < r->count && r->plans; i++)
        if (r->point[i].number > r->plan || !r->point[i].number)
            r->doubt = "there are points that are not in the plan";
    for (size_t number = 1; number <= r->plan && number <= SHAPE_TESTS_MAX; number++) {
        size_t before = r->count;
        if ((point = point_of(r, number)) && r->count > before) {
            point->passed = false;
            buf_puts(&point->message, "planned, but not run");
        }
    }
    if ((r->bailed || !r->count) && (point = point_of(r, r->count + 1))) {
        point->passed = false;
        buf_puts(&point->message, r->bailed ? "the tests bailed out" : "no test was run");
    }
}

/* A line as a text, which no byte of it ends early. */
static char *copy_line(const char *text, size_t len)
{
    char *line = xmemdup(text, len - (len && text[len - 1] == '\r'));
    for (size_t i = 0; i < len; i++)
        if (!text[i])
            line[i] = '?';
    return line;
}

static void add_point(struct tests *t, const char *prefix, const struct reading *r, const struct point *p)
{
    const char *why = r->doubt ? r->doubt : p->message.len ? p->message.data : "not ok";
    bool passed = p->passed && !r->doubt;
    struct buf name;
    buf_init(&name, MESSAGE_MAX);
    buf_puts(&name, prefix);
    if (p->name)
        buf_puts(&name, p->name);
    else
        buf_printf(&name, "test %zu", p->number);
    tests_add(t, name.data, passed ? TEST_OK : TEST_LOGIC, passed ? NULL : why);
    buf_free(&name);
}

bool tap_read(struct tests *t, const char *prefix, const char *text, size_t len)
{
    struct reading r = {.plan = 0};
    const char *end = text + len;
    while (text < end) {
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((lf ? lf : end) - text);
        char *line = copy_line(text, length);
        read_line(&r, line);
        free(line);
        text += length + 1;
    }
    bool is_tap = r.plans || r.failed;
    if (is_tap)
        check_plan(&r);
    for (size_t i = 0; i < r.count; i++) {
        if (is_tap)
            add_point(t, prefix, &r, &r.point[i]);
        buf_free(&r.point[i].message);
        free(r.point[i].name);
    }
    free(r.point);
    return is_tap;
}
