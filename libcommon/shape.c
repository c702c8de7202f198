/* shape: a list says by its members what is compared; a script by its name, its
 * first line or the exercise's language what runs it. */
#define _POSIX_C_SOURCE 200809L
#include "shape.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

/* What a list's elements have, one of these each. */
static const struct {
    const char *member;
    enum shape_kind kind;
} expectations[] = {
    {"expected_output", SHAPE_OUTPUTS},
    {"expected_state", SHAPE_STATES},
    {"expected", SHAPE_CALLS},
};

enum { EXPECTATIONS = sizeof expectations / sizeof *expectations };

bool shape_is_list(const struct shape *s)
{
    return s->tests.at != NULL;
}

static bool bad(struct refusal *r, const char *why)
{
    return refuse(r, STATUS_FAILED, "bad_tests", "%s", why);
}

/* ---- lists of objects ---- */

/* Which of the expectations an element has; EXPECTATIONS where it has none. */
static size_t expectation(struct json_text element)
{
    struct json_object test = {0};
    size_t i = 0;
    json_get_object(element, &test);
    while (i < EXPECTATIONS && !json_get(&test, expectations[i].member).at)
        i++;
    json_object_free(&test);
    return i;
}

static bool read_objects(struct shape *s, const struct language *l, struct json_text tests, struct refusal *r)
{
    struct json_text element;
    size_t at = 0, number = 0, first = 0;
    while (json_next(tests, &at, &element)) {
        size_t i = expectation(element);
        if (!number++)
            first = i;
        if (json_kind(element) != JSON_OBJECT)
            return refuse(r, STATUS_FAILED, "bad_tests", "test %zu is no object", number);
        if (i == EXPECTATIONS)
            return refuse(r, STATUS_FAILED, "bad_tests", "test %zu does not say what is \"expected\"",
                          number);
        if (i != first)
            return refuse(r, STATUS_FAILED, "bad_tests", "test %zu says \"%s\", those before it \"%s\"",
                          number, expectations[i].member, expectations[first].member);
    }
    if (number > SHAPE_TESTS_MAX)
        return refuse(r, STATUS_FAILED, "bad_tests", "more than %d tests", SHAPE_TESTS_MAX);
    s->kind = expectations[first].kind;
    s->tests = tests;
    if (s->kind == SHAPE_STATES && l->call != CALL_BY_WORDS)
        return refuse(r, STATUS_FAILED, "unsupported",
                      "the states of a session can be looked at in shell, not in %s", l->name);
    return true;
}

/* ---- scripts ---- */

/* A single line that is neither C nor a function's call, such as "make -s check". */
static bool is_command(const char *text)
{
    return !text[strcspn(text, "\n{#")] || strncmp(text, "make", 4) == 0;
}

static bool is_shell(const char *name, const char *text, const struct language *l)
{
    const struct language *named = language_of_file(name);
    if (strncmp(text, "#!", 2) == 0) {
        size_t line = strcspn(text, "\n");
        return line > 2 && memcmp(text + line - 2, "sh", 2) == 0;
    }
    if (named)
        return named->call == CALL_BY_WORDS;
    return l->call == CALL_BY_WORDS || (l->call == CALL_BY_HARNESS && is_command(text));
}

static bool add_script(struct shape *s, const struct language *l, const char *name, const char *text,
                       size_t len, struct refusal *r)
{
    struct files *all = &s->scripts;
    enum shape_kind kind = is_shell(name, text, l)      ? SHAPE_SHELL
                           : l->call == CALL_BY_HARNESS ? SHAPE_PROGRAM
                                                        : SHAPE_DRIVER;
    if (kind == SHAPE_DRIVER && l->call != CALL_BY_DRIVER)
        return refuse(r, STATUS_FAILED, "unsupported",
                      "scripts in %s cannot be run; lists and shell scripts can", l->name);
    if (all->count && kind != s->kind)
        return bad(r, "the test scripts are in several languages");
    if (kind == SHAPE_SHELL && is_command(text))
        name = text;
    s->kind = kind;
    xgrow(&all->file, &all->cap, all->count + 1, sizeof *all->file);
    all->file[all->count++] =
        (struct jail_file){.path = xstrdup(name), .bytes = xmemdup(text, len), .len = len};
    return true;
}

/* Whether a text names a file rather than being a script itself. */
static bool is_path(const struct language *l, const char *text)
{
    return !text[strcspn(text, "\n=(")] && (!strchr(text, ' ') || language_of_file(text) == l);
}

/* One script: its text (perhaps after "inline:"), or the path of one of the
 * exercise's own files, which a learner cannot replace. */
static bool read_script(struct shape *s, const struct language *l, const struct files *given,
                        struct json_text tests, struct refusal *r)
{
    static const char prefix[] = "inline:";
    struct err e;
    char *text = json_strdup(tests);
    bool ok = false;
    if (!text) {
        bad(r, "a test is neither an object nor a script");
    } else if (is_path(l, text)) {
        char *path = files_path(tests, "the tests", &e);
        const struct jail_file *file = path ? files_find(given, path) : NULL;
        if (file)
            ok = add_script(s, l, file->path, file->bytes, file->len, r);
        else if (path)
            refuse(r, STATUS_FAILED, "no_tests",
                   "the tests are the file \"%.200s\", which the atom does not give", path);
        else
            refuse_err(r, "bad_path", &e);
        free(path);
    } else {
        const char *script = strncmp(text, prefix, sizeof prefix - 1) == 0 ? text + sizeof prefix - 1 : text;
        script += strspn(script, " ");
        ok = add_script(s, l, "tests", script, strlen(script), r);
    }
    free(text);
    return ok;
}

static bool read_list(struct shape *s, const struct language *l, const struct files *given,
                      struct json_text tests, struct refusal *r)
{
    struct json_text element;
    size_t at = 0;
    if (!json_next(tests, &at, &element))
        return refuse(r, STATUS_FAILED, "no_tests", "the list of tests is empty");
    if (json_kind(element) == JSON_OBJECT)
        return read_objects(s, l, tests, r);
    bool ok = read_script(s, l, given, element, r);
    while (ok && json_next(tests, &at, &element))
        ok = read_script(s, l, given, element, r);
    return ok;
}

static bool read_command(struct shape *s, struct json_text command, struct refusal *r)
{
    char *text = json_strdup(command);
    if (!text)
        return bad(r, "the test_command is no text");
    s->kind = SHAPE_SHELL;
    xgrow(&s->scripts.file, &s->scripts.cap, 1, sizeof *s->scripts.file);
    s->scripts.file[s->scripts.count++] =
        (struct jail_file){.path = xstrdup(text), .bytes = text, .len = strlen(text)};
    return true;
}

bool shape_read(struct shape *s, const struct atom *a, const struct language *l, const struct files *given,
                struct refusal *r)
{
    struct json_text tests = atom_get(a, "tests"), command = atom_get(a, "test_command");
    if (json_kind(tests) == JSON_ARRAY)
        return read_list(s, l, given, tests, r);
    if (json_kind(tests) == JSON_STRING && tests.len > 2)
        return read_script(s, l, given, tests, r);
    if (tests.at && !json_is(tests, ""))
        return bad(r, "the tests are neither a list nor a text");
    if (command.at)
        return read_command(s, command, r);
    return refuse(r, STATUS_FAILED, "no_tests", "the atom has no tests");
}

void shape_free(struct shape *s)
{
    files_free(&s->scripts);
    *s = (struct shape){0};
}
