/* starter: the learner's own files are those of an earlier submission, else the
 * code that the atom gives, at its entrypoint. */
#include "starter.h"

#include <stdlib.h>
#include <string.h>

#include "language.h"
#include "render_task.h"
#include "xalloc.h"

enum { TASK_WIDTH = 78, TASK_BYTES_MAX = 4 << 20, TESTS_SHOWN = 200, VALUE_BYTES = 2000 };

static void add(struct files *to, const char *path, const char *bytes, size_t len)
{
    xgrow(&to->file, &to->cap, to->count + 1, sizeof *to->file);
    to->file[to->count++] =
        (struct jail_file){.path = xstrdup(path), .bytes = xmemdup(bytes, len), .len = len};
    to->bytes += len;
}

/* Whether an object says of itself that learners do not see it. */
static bool is_hidden(const struct json_object *o)
{
    return json_is(json_get(o, "hidden"), "true") || json_is(json_get(o, "visible"), "false") ||
           json_is(json_get(o, "public"), "false");
}

/* Whether the atom's type begins with one of the words, which end with NULL. */
static bool is_of_type(const struct atom *a, const char *const *words)
{
    struct json_text type = atom_get(a, "atom_type");
    if (!type.at)
        type = atom_get(a, "type");
    for (; json_kind(type) == JSON_STRING && *words; words++)
        if (strncmp(type.at + 1, *words, strlen(*words)) == 0)
            return true;
    return false;
}

/* Answers are words: what is printed, which line is wrong. */
static bool asks_for_words(const struct atom *a)
{
    static const char *const types[] = {"output_prediction", "predict", "trace", NULL};
    bool tested = atom_get(a, "tests").at || atom_get(a, "test_command").at;
    return is_of_type(a, types) || (!tested && atom_get(a, "expected_output").at);
}

/* Tests of these hold what the learner is to find. */
static bool tests_are_answers(const struct atom *a)
{
    static const char *const types[] = {"cli_", "test_", NULL};
    return asks_for_words(a) || is_of_type(a, types);
}

/* ---- files ---- */

/* The exercise's files but for the hidden ones. */
static bool read_given(struct starter *s, struct json_text list, struct err *e)
{
    struct json_object file = {0};
    struct json_text element;
    struct buf seen;
    size_t at = 0;
    buf_init(&seen, list.len + 2);
    buf_putc(&seen, '[');
    while (json_next(list, &at, &element)) {
        if (json_get_object(element, &file) && is_hidden(&file))
            continue;
        json_comma(&seen);
        json_put(&seen, element);
    }
    buf_putc(&seen, ']');
    bool ok = files_add_list(&s->given, (struct json_text){seen.data, seen.len}, false, e);
    json_object_free(&file);
    buf_free(&seen);
    return ok;
}

static const char *extension(const struct atom *a)
{
    char *name = json_strdup(atom_get(a, "language"));
    const struct language *l = name ? language_find(name) : NULL;
    free(name);
    return l ? l->extension : ".txt";
}

/* The path of the file to begin with, to be freed; NULL where it cannot be used. */
static char *entry_path(const struct starter *s, const struct atom *a, struct err *e)
{
    struct json_text named = atom_get(a, "entrypoint");
    struct buf path;
    if (s->answer)
        return xstrdup("answer.txt");
    if (named.at) {
        char *entry = files_path(named, "the entrypoint", e);
        char *function = entry ? strrchr(entry, ':') : NULL;
        if (function && function > entry && function[1])
            *function = '\0';
        return entry;
    }
    buf_init(&path, FILES_PATH_MAX);
    buf_printf(&path, "main%s", extension(a));
    return buf_detach(&path);
}

/* The file at the entrypoint: the exercise's own, else the code that is given. */
static void add_entry(struct starter *s, const struct atom *a, const char *path)
{
    const struct jail_file *own = files_find(&s->given, path);
    struct json_text code = atom_get(a, "starter_code");
    struct buf text;
    if (!code.at && !s->answer)
        code = atom_get(a, "code");
    buf_init(&text, FILES_BYTES_MAX);
    if (own)
        buf_add(&text, own->bytes, own->len);
    else
        json_string(code, &text);
    add(&s->work, path, text.data, text.len);
    buf_free(&text);
}

static bool read_work(struct starter *s, const struct atom *a, const struct json_object *request,
                      struct err *e)
{
    struct json_object before = {0};
    json_get_object(json_get(request, "submission"), &before);
    struct json_text list = json_get(&before, "files");
    json_object_free(&before);
    char *path = entry_path(s, a, e);
    bool ok = path && (json_kind(list) <= JSON_NULL || files_add_list(&s->work, list, false, e));
    if (ok && !files_find(&s->work, path) && (!s->work.count || files_find(&s->given, path)))
        add_entry(s, a, path);
    const struct jail_file *entry = ok ? files_find(&s->work, path) : NULL;
    if (ok)
        s->entry = entry ? entry->path : s->work.file[0].path;
    free(path);
    return ok && !files_collide(&s->work, e);
}

/* ---- tests ---- */

static bool is_taken(const struct starter *s, const char *path)
{
    return files_find(&s->given, path) || files_find(&s->work, path) || files_find(&s->shown, path);
}

/* A script among the tests, unless it is the path of a file. */
static void add_script(struct starter *s, const struct atom *a, struct json_text test)
{
    static const char prefix[] = "inline:";
    char *text = json_strdup(test);
    struct buf name;
    if (text && strpbrk(text, "\n=(")) {
        const char *script = strncmp(text, prefix, sizeof prefix - 1) == 0 ? text + sizeof prefix - 1 : text;
        script += strspn(script, " ");
        buf_init(&name, FILES_PATH_MAX);
        for (int n = 1; !name.len || is_taken(s, name.data); n++) {
            buf_clear(&name);
            buf_printf(&name, "tests-%d%s", n, extension(a));
        }
        add(&s->shown, name.data, script, strlen(script));
        buf_free(&name);
    }
    free(text);
}

static void put_value(struct buf *to, struct json_text value)
{
    text_escape(to, value.at, value.len < VALUE_BYTES ? value.len : VALUE_BYTES, TEXT_LINE);
    if (value.len > VALUE_BYTES)
        buf_puts(to, "…");
}

/* A call among the tests, as a line of the task. */
static void put_call(struct buf *to, const struct json_object *test)
{
    struct json_text input = json_get(test, "input"), expected = json_get(test, "expected");
    if (!expected.at)
        expected = json_get(test, "expected_output");
    if (is_hidden(test) || !expected.at)
        return;
    buf_puts(to, "  • ");
    if (input.at)
        put_value(to, input);
    buf_puts(to, " → ");
    put_value(to, expected);
    buf_putc(to, '\n');
}

static void read_tests(struct starter *s, const struct atom *a, struct buf *task)
{
    struct json_text tests = atom_get(a, "tests"), element;
    struct json_object test = {0};
    size_t at = 0, shown = 0;
    if (tests_are_answers(a))
        return;
    if (json_kind(tests) == JSON_STRING)
        add_script(s, a, tests);
    size_t begin = task->len;
    buf_puts(task, "\n  Tests\n");
    size_t empty = task->len;
    while (shown++ < TESTS_SHOWN && json_next(tests, &at, &element)) {
        if (json_get_object(element, &test))
            put_call(task, &test);
        else
            add_script(s, a, element);
    }
    if (task->len == empty)
        task->len = begin;
    json_object_free(&test);
}

/* ---- the task ---- */

static void put_task(struct buf *to, const struct json_object *request, bool code)
{
    struct task task;
    struct paint paint;
    struct frame frame;
    task_read(&task, request);
    if (!code)
        task.code = (struct json_text){NULL, 0};
    paint_init(&paint, false, false, TASK_WIDTH);
    paint.to = to;
    frame_init(&frame, &paint, false);
    render_task(&frame, &task);
    paint_free(&paint);
    task_free(&task);
}

/* A name that no file of the exercise has. */
static const char *task_name(const struct starter *s)
{
    static const char *const names[] = {"README", "README.task", "README.greenlight", "README.gl-edit"};
    size_t i = 0, count = sizeof names / sizeof *names;
    while (i + 1 < count && is_taken(s, names[i]))
        i++;
    return names[i];
}

static void add_task(struct starter *s, const struct atom *a, const struct json_object *request)
{
    struct buf text;
    buf_init(&text, TASK_BYTES_MAX);
    put_task(&text, request, s->answer); /* else the code has a file of its own */
    read_tests(s, a, &text);
    buf_printf(&text, "\nYour work goes into %s. Save it and leave the editor to hand it in;\n", s->entry);
    buf_puts(&text, "where nothing was changed, nothing is handed in.\n");
    add(&s->shown, task_name(s), text.data, text.len);
    s->task = s->shown.file[s->shown.count - 1].path;
    buf_free(&text);
}

bool starter_read(struct starter *s, const struct json_object *request, struct err *e)
{
    struct atom a;
    atom_open(&a, request);
    struct json_text given = atom_get(&a, "files");
    s->answer = asks_for_words(&a);
    bool ok = (!given.at || read_given(s, given, e)) && read_work(s, &a, request, e);
    if (ok)
        add_task(s, &a, request);
    atom_close(&a);
    return ok;
}

void starter_free(struct starter *s)
{
    files_free(&s->work);
    files_free(&s->given);
    files_free(&s->shown);
    *s = (struct starter){0};
}
