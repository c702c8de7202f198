/* exercise: finds the members, wherever they are, and checks them in the order
 * in which a person would want to be told: the language, the paths, the
 * submission, the tests. */
#define _POSIX_C_SOURCE 200809L
#include "exercise.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

enum { WARNINGS_MAX = 64 << 10 };

static bool refuse(struct refusal *r, enum status status, const char *class, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool refuse(struct refusal *r, enum status status, const char *class, const char *format, ...)
{
    va_list args;
    r->status = status;
    r->class = class;
    r->why.code = status_exit(status, false);
    va_start(args, format);
    vsnprintf(r->why.text, sizeof r->why.text, format, args);
    va_end(args);
    return false;
}

static bool refuse_err(struct refusal *r, const char *class, const struct err *why)
{
    return refuse(r, STATUS_REJECTED, class, "%s", why->text);
}

void exercise_warn(struct exercise *x, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    x->warnings.len -= x->warnings.len ? 1 : 0;
    buf_puts(&x->warnings, x->warnings.len ? "" : "[");
    json_comma(&x->warnings);
    json_put_text(&x->warnings, text);
    buf_putc(&x->warnings, ']');
}

/* ---- limits ---- */

struct limit {
    const char *what;
    struct json_text value;
    const char *unit;
    int64_t scale, preset, max;
};

/* The limit's value, from 1 to its maximum. */
static int64_t read_limit(struct exercise *x, const struct limit *l)
{
    int64_t preset = l->preset < l->max ? l->preset : l->max, value = 0;
    double real = 0;
    if (json_kind(l->value) == JSON_ABSENT)
        return preset;
    double most = (double)l->max / (double)l->scale;
    if (json_real(l->value, &real) && real >= 1)
        value = real >= most ? l->max : (int64_t)real * l->scale;
    if (!value)
        exercise_warn(x, "the %s limit makes no sense; %lld %s is used", l->what,
                      (long long)(preset / l->scale), l->unit);
    else if (real > most)
        exercise_warn(x, "the %s limit is more than is allowed here; %lld %s is used", l->what,
                      (long long)(l->max / l->scale), l->unit);
    return value ? value : preset;
}

static void read_limits(struct exercise *x, const struct atom *a, const struct exercise_maxima *maxima)
{
    struct json_object limits = {0};
    json_get_object(atom_get(a, "runner_limits"), &limits);
    struct limit time = {"time", atom_get(a, "time_limit_ms"), "ms", 1, EXERCISE_TIME_MS, maxima->time_ms};
    struct limit memory = {"memory", atom_get(a, "memory_limit_mb"), "MiB",
                           1 << 20,  EXERCISE_MEMORY_BYTES,          maxima->memory_bytes};
    if (!time.value.at)
        time.value = json_get(&limits, "cpu_ms");
    if (!memory.value.at)
        memory.value = json_get(&limits, "memory_mb");
    x->time_ms = read_limit(x, &time);
    x->memory_bytes = read_limit(x, &memory);
    json_object_free(&limits);
}

/* ---- what to run ---- */

/* The name before the first parenthesis: `def f(x)`, `f(x)`, `int f(int x)`. */
static char *signature_name(struct json_text signature)
{
    char *text = json_strdup(signature), *name = NULL;
    if (!text)
        return NULL;
    char *end = text + strcspn(text, "(");
    while (end > text && end[-1] == ' ')
        end--;
    char *start = end;
    while (start > text && (start[-1] == '_' || (start[-1] >= '0' && start[-1] <= '9') ||
                            ((start[-1] | 32) >= 'a' && (start[-1] | 32) <= 'z')))
        start--;
    if (end > start)
        name = xmemdup(start, (size_t)(end - start));
    free(text);
    return name;
}

/* Reads `file.py:function`, the function's name from elsewhere where it is not
 * there, and checks the path. */
static bool read_entry(struct exercise *x, const struct atom *a, struct refusal *r)
{
    struct json_text entry = atom_get(a, "entrypoint");
    struct err e;
    x->function = json_strdup(atom_get(a, "function"));
    if (entry.at && !(x->entry = files_path(entry, "the entrypoint", &e)))
        return refuse_err(r, "bad_path", &e);
    char *colon = x->entry ? strrchr(x->entry, ':') : NULL;
    if (colon && colon[1] && colon > x->entry) {
        *colon = '\0';
        if (!x->function)
            x->function = xstrdup(colon + 1);
    }
    if (!x->function)
        x->function = signature_name(atom_get(a, "function_signature"));
    /* An atom may have a version of its own, so only a runner's counts. */
    x->version = json_strdup(json_get(&a->at[ATOM_CONTENT_RUNNER], "version"));
    if (!x->version)
        x->version = json_strdup(json_get(&a->at[ATOM_RUNNER], "version"));
    return true;
}

static bool read_language(struct exercise *x, const struct atom *a, struct refusal *r)
{
    struct buf known;
    char *name = json_strdup(atom_get(a, "language"));
    if (name)
        x->language = language_find(name);
    else if (x->entry)
        x->language = language_of_file(x->entry);
    bool ok = x->language && language_is_installed(x->language);
    if (!ok) {
        buf_init(&known, ERR_TEXT_MAX);
        language_put_names(&known);
        if (name)
            refuse(r, STATUS_FAILED, "unsupported",
                   "the language \"%.60s\" cannot be run here; these can: %s", name, known.data);
        else
            refuse(r, STATUS_FAILED, "unsupported", "the atom names no language; these can be run here: %s",
                   known.data);
        buf_free(&known);
    }
    free(name);
    return ok;
}

/* ---- files ---- */

/* Which of the learner's files is loaded: the entrypoint, or the only file of
 * the language where there is no entrypoint or it was not handed in. */
static bool choose_entry(struct exercise *x, size_t handed_in, struct refusal *r)
{
    const char *only = NULL;
    size_t candidates = 0;
    if (x->entry && files_find(&x->files, x->entry))
        return true;
    for (size_t i = 0; i < handed_in; i++)
        if (language_of_file(x->files.file[i].path) == x->language) {
            only = x->files.file[i].path;
            candidates++;
        }
    if (candidates != 1)
        return refuse(r, STATUS_REJECTED, "no_entrypoint", "the submission lacks %s",
                      x->entry ? x->entry
                               : "an entrypoint: the atom names none, and there is not just one file");
    if (x->entry)
        exercise_warn(x, "the submission lacks %s; %s is run", x->entry, only);
    free(x->entry);
    x->entry = xstrdup(only);
    return true;
}

static bool read_files(struct exercise *x, const struct atom *a, struct refusal *r)
{
    struct json_object submission = {0};
    struct json_text given = atom_get(a, "files"), handed_in = atom_get(a, "submission");
    struct err e;
    bool is_object = json_get_object(handed_in, &submission);
    struct json_text list = json_get(&submission, "files");
    json_object_free(&submission);
    if (!handed_in.at || (is_object && json_kind(list) <= JSON_NULL) ||
        (json_kind(list) == JSON_ARRAY && !json_count(list)))
        return refuse(r, STATUS_REJECTED, "no_submission", "there is no submission: nothing to run");
    if (!is_object || !files_add_list(&x->files, list, false, &e))
        return refuse(r, STATUS_REJECTED, is_object ? "bad_submission" : "no_submission", "%s",
                      is_object ? e.text : "the submission is no object with files");
    size_t count = x->files.count;
    if (given.at && !files_add_list(&x->files, given, false, &e))
        return refuse_err(r, "bad_files", &e);
    if (files_collide(&x->files, &e))
        return refuse_err(r, "bad_submission", &e);
    return choose_entry(x, count, r);
}

/* ---- tests ---- */

static bool no_tests(struct refusal *r, const char *why)
{
    return refuse(r, STATUS_FAILED, "no_tests", "%s", why);
}

/* Whether a text names a file rather than being a script itself. */
static bool is_path(const struct exercise *x, const char *text)
{
    return !text[strcspn(text, "\n=(")] && (language_of_file(text) == x->language || !strchr(text, ' '));
}

static void add_script(struct exercise *x, const char *name, const char *text, size_t len)
{
    struct files *s = &x->scripts;
    xgrow(&s->file, &s->cap, s->count + 1, sizeof *s->file);
    s->file[s->count++] = (struct jail_file){xstrdup(name), xmemdup(text, len), len};
}

/* One script: its text (perhaps after "inline:"), or the path of one of the
 * exercise's own files, which a learner cannot replace. */
static bool add_tests(struct exercise *x, const struct files *given, struct json_text tests,
                      struct refusal *r)
{
    static const char prefix[] = "inline:";
    struct err e;
    char *text = json_strdup(tests);
    bool ok = text != NULL;
    if (ok && is_path(x, text)) {
        char *path = files_path(tests, "the tests", &e);
        const struct jail_file *file = path ? files_find(given, path) : NULL;
        if (file)
            add_script(x, file->path, file->bytes, file->len);
        else if (path)
            refuse(r, STATUS_FAILED, "no_tests",
                   "the tests are the file \"%.200s\", which the atom does not give", path);
        else
            refuse_err(r, "bad_path", &e);
        ok = file != NULL;
        free(path);
    } else if (ok) {
        const char *script = strncmp(text, prefix, sizeof prefix - 1) == 0 ? text + sizeof prefix - 1 : text;
        script += strspn(script, " ");
        add_script(x, "tests", script, strlen(script));
    } else {
        no_tests(r, "a test is neither a call nor a script");
    }
    free(text);
    return ok;
}

/* A list of calls: each an object that says what is expected. */
static bool check_calls(struct exercise *x, struct json_text tests, struct refusal *r)
{
    struct json_object test = {0};
    struct json_text element;
    size_t at = 0, number = 0;
    const char *why = NULL, *class = "bad_tests";
    while (!why && json_next(tests, &at, &element)) {
        number++;
        json_get_object(element, &test);
        if (json_kind(element) != JSON_OBJECT)
            why = "is no object";
        else if (json_get(&test, "expected").at)
            continue;
        else if (json_get(&test, "expected_output").at)
            class = "unsupported", why = "expects output, which is not compared yet; say \"expected\"";
        else
            why = "does not say what is \"expected\"";
    }
    json_object_free(&test);
    if (number > EXERCISE_TESTS_MAX)
        return refuse(r, STATUS_FAILED, "bad_tests", "more than %d tests", EXERCISE_TESTS_MAX);
    if (why)
        return refuse(r, STATUS_FAILED, class, "test %zu %s", number, why);
    x->calls = tests;
    return true;
}

static bool read_list(struct exercise *x, const struct files *given, struct json_text tests,
                      struct refusal *r)
{
    struct json_text element;
    size_t at = 0;
    if (!json_next(tests, &at, &element))
        return no_tests(r, "the list of tests is empty");
    if (json_kind(element) == JSON_OBJECT)
        return check_calls(x, tests, r);
    bool ok = add_tests(x, given, element, r);
    while (ok && json_next(tests, &at, &element))
        ok = add_tests(x, given, element, r);
    return ok;
}

static bool read_tests(struct exercise *x, const struct atom *a, struct refusal *r)
{
    struct json_text tests = atom_get(a, "tests"), list = atom_get(a, "files");
    struct files given = {0};
    struct err e;
    bool ok = !list.at || files_add_list(&given, list, true, &e) || refuse_err(r, "bad_files", &e);
    if (ok && json_kind(tests) == JSON_ARRAY)
        ok = read_list(x, &given, tests, r);
    else if (ok && json_kind(tests) == JSON_STRING && tests.len > 2)
        ok = add_tests(x, &given, tests, r);
    else if (ok && tests.at && !json_is(tests, ""))
        ok = refuse(r, STATUS_FAILED, "bad_tests", "the tests are neither a list nor a text");
    else if (ok && atom_get(a, "test_command").at)
        ok =
            refuse(r, STATUS_FAILED, "unsupported", "the atom is tested by a command, which is not run here");
    else if (ok)
        ok = no_tests(r, "the atom has no tests");
    files_free(&given);
    return ok;
}

bool exercise_read(struct exercise *x, const struct json_object *request,
                   const struct exercise_maxima *maxima, struct refusal *refusal)
{
    const struct atom *a = &x->atom;
    buf_init(&x->warnings, WARNINGS_MAX);
    atom_open(&x->atom, request);
    read_limits(x, a, maxima);
    return read_entry(x, a, refusal) && read_language(x, a, refusal) && read_files(x, a, refusal) &&
           read_tests(x, a, refusal);
}

void exercise_free(struct exercise *x)
{
    files_free(&x->files);
    files_free(&x->scripts);
    free(x->entry);
    free(x->function);
    free(x->version);
    buf_free(&x->warnings);
    atom_close(&x->atom);
    *x = (struct exercise){0};
}
