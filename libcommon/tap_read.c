/* tap_read: a pass over the lines; diagnostics below a point are its message. */
#define _POSIX_C_SOURCE 200809L
#include "tap_read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
    size_t count, cap, plan;
    bool planned, bailed;
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

/* "ok 3 - name # todo why": a failure that is still to be done counts as none. */
static void read_point(struct reading *r, const char *line, bool passed)
{
    char *end;
    size_t number = strtoul(line, &end, 10);
    if (end == line)
        number = r->count + 1;
    const char *name = end + strspn(end, " -"), *directive = strstr(name, " # ");
    bool todo = directive && strncasecmp(directive + 3, "todo", 4) == 0;
    struct point *point = point_of(r, number);
    if (!point)
        return;
    point->passed = point->passed && (passed || todo);
    if (!point->name && *name)
        point->name = xmemdup(name, directive ? (size_t)(directive - name) : strlen(name));
}

static void read_line(struct reading *r, char *line)
{
    char *after = line;
    size_t last = strncmp(line, "1..", 3) == 0 ? strtoul(line + 3, &after, 10) : 0;
    if (strncmp(line, "ok", 2) == 0 && strchr(" ", line[2])) {
        read_point(r, line + 2 + strspn(line + 2, " "), true);
    } else if (strncmp(line, "not ok", 6) == 0 && strchr(" ", line[6])) {
        read_point(r, line + 6 + strspn(line + 6, " "), false);
    } else if (strncmp(line, "1..", 3) == 0 && after > line + 3 && strchr(" ", *after)) {
        r->plan = r->planned && r->plan > last ? r->plan : last;
        r->planned = true;
    } else if (strncmp(line, "Bail out!", 9) == 0) {
        r->bailed = true;
    } else if (*line == '#' && r->count) {
        struct buf *to = &r->point[r->count - 1].message;
        const char *text = line + 1 + strspn(line + 1, " ");
        if (*text)
            buf_printf(to, "%s%s", to->len ? "\n" : "", text);
    }
}

/* The plan's points that did not come, and those that it does not have. */
static void check_plan(struct reading *r)
{
    struct point *point;
    for (size_t i = 0; i < r->count; i++)
        if (r->planned && (r->point[i].number > r->plan || !r->point[i].number)) {
            r->point[i].passed = false;
            buf_puts(&r->point[i].message, "not in the plan");
        }
    for (size_t number = 1; r->planned && number <= r->plan && number <= SHAPE_TESTS_MAX; number++) {
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

bool tap_read(struct tests *t, const char *prefix, const char *text, size_t len)
{
    struct reading r = {.plan = 0};
    const char *end = text + len;
    while (text < end) {
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((lf ? lf : end) - text);
        char *line = xmemdup(text, length - (length && text[length - 1] == '\r'));
        read_line(&r, line);
        free(line);
        text += length + 1;
    }
    bool is_tap = r.planned || r.count;
    if (is_tap)
        check_plan(&r);
    for (size_t i = 0; i < r.count; i++) {
        struct point *p = &r.point[i];
        struct buf name;
        buf_init(&name, MESSAGE_MAX);
        buf_puts(&name, prefix);
        if (p->name)
            buf_puts(&name, p->name);
        else
            buf_printf(&name, "test %zu", p->number);
        tests_add(t, name.data, p->passed ? TEST_OK : TEST_LOGIC,
                  p->passed        ? NULL
                  : p->message.len ? p->message.data
                                   : "not ok");
        buf_free(&name);
        buf_free(&p->message);
        free(p->name);
    }
    free(r.point);
    return is_tap;
}
