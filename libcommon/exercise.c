/* exercise: finds the members, wherever they are, and checks them in the order
 * in which a person would want to be told: the language, the paths, the
 * submission, the tests. */
#define _POSIX_C_SOURCE 200809L
#include "exercise.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "patch.h"
#include "xalloc.h"

enum { WARNINGS_MAX = 64 << 10 };

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

/* Which file is loaded: the entrypoint, or the only file of the language among the
 * first `count` where there is no entrypoint or it was not handed in. */
static bool choose_entry(struct exercise *x, size_t count, struct refusal *r)
{
    const char *only = NULL;
    size_t candidates = 0;
    if (x->entry && files_find(&x->files, x->entry))
        return true;
    for (size_t i = 0; i < count; i++)
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

/* The atom's code as a file, where no file of its name is given. */
static bool add_code(struct files *files, const struct exercise *x, struct json_text code, struct err *e)
{
    struct buf text, path;
    buf_init(&text, FILES_BYTES_MAX);
    buf_init(&path, FILES_PATH_MAX);
    buf_printf(&path, "main%s", x->language->extension);
    const char *name = x->entry ? x->entry : path.data;
    bool ok = !json_string(code, &text) || files_find(files, name) || files_put(files, name, &text, e);
    buf_free(&path);
    buf_free(&text);
    return ok;
}

/* What a patch is made against: the starter code, and the exercise's files. */
static bool read_patch(struct exercise *x, const struct atom *a, const struct files *given,
                       struct json_text patch, struct refusal *r)
{
    struct json_text code = atom_get(a, "starter_code");
    struct buf diff;
    struct err e;
    bool ok = files_add(&x->files, given, false, &e) &&
              add_code(&x->files, x, code.at ? code : atom_get(a, "code"), &e);
    buf_init(&diff, FILES_BYTES_MAX);
    if (ok && !json_string(patch, &diff))
        ok = err_set(&e, EXIT_DATA, "the patch is no text, or too large");
    ok = ok && patch_apply(&x->files, diff.data, diff.len, &e);
    buf_free(&diff);
    return ok || refuse_err(r, "bad_patch", &e);
}

/* What was handed in: each is absent where it was not. */
struct submission {
    struct json_text files, patch;
    bool odd; /* there is something, but no object */
};

static void open_submission(struct exercise *x, const struct atom *a, struct submission *s)
{
    struct json_object submission = {0};
    struct json_text handed_in = atom_get(a, "submission");
    s->odd = handed_in.at && !json_get_object(handed_in, &submission);
    s->files = json_get(&submission, "files");
    s->patch = json_get(&submission, "patch");
    x->commands = json_get(&submission, "commands");
    x->answer = json_get(&submission, "answer");
    if (!x->answer.at)
        x->answer = json_get(&a->at[ATOM_TOP], "answer");
    if (json_kind(s->files) == JSON_NULL || (json_kind(s->files) == JSON_ARRAY && !json_count(s->files)))
        s->files.at = NULL;
    if (json_kind(s->patch) == JSON_NULL)
        s->patch.at = NULL;
    json_object_free(&submission);
}

static bool read_submission(struct exercise *x, const struct atom *a, const struct submission *s,
                            const struct files *given, struct refusal *r)
{
    struct err e;
    if (s->odd)
        return refuse(r, STATUS_REJECTED, "no_submission", "the submission is no object with files");
    if (!s->files.at && !s->patch.at && !x->commands.at)
        return refuse(r, STATUS_REJECTED, "no_submission", "there is no submission: nothing to run");
    if (s->files.at && !files_add_list(&x->files, s->files, false, &e))
        return refuse_err(r, "bad_submission", &e);
    return !s->patch.at || read_patch(x, a, given, s->patch, r);
}

/* Whether a file of the exercise belongs to its tests, which a command finds by name. */
static bool is_for_tests(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return strcasecmp(name, "makefile") == 0 || strcasecmp(name, "gnumakefile") == 0 || strstr(path, "test");
}

/* Puts the exercise's files beside the learner's: not the test scripts, which the
 * code must not read; and over the learner's those that a command tests by. */
static bool add_given(struct exercise *x, const struct files *given, struct refusal *r)
{
    struct err e;
    for (size_t i = 0; i < given->count; i++) {
        struct jail_file file = given->file[i];
        file.fixed =
            (x->shape.kind == SHAPE_SHELL || x->shape.kind == SHAPE_PROGRAM) && is_for_tests(file.path);
        file.mode = file.fixed ? 0444 : 0;
        if (!files_find(&x->shape.scripts, file.path) && !files_copy(&x->files, &file, file.fixed, &e))
            return refuse_err(r, "bad_files", &e);
    }
    return !files_collide(&x->files, &e) || refuse_err(r, "bad_submission", &e);
}

/* ---- predictions ---- */

/* The learner says what a program prints: the atom knows, or its code is run. */
static bool read_prediction(struct exercise *x, const struct atom *a, struct refusal *r)
{
    struct err e;
    x->shape.kind = SHAPE_ANSWER;
    if (atom_get(a, "expected_output").at)
        return true;
    if (!read_language(x, a, r))
        return false;
    if (!add_code(&x->files, x, atom_get(a, "code"), &e))
        return refuse_err(r, "bad_files", &e);
    return x->files.count ? choose_entry(x, x->files.count, r)
                          : refuse(r, STATUS_FAILED, "no_tests",
                                   "the atom has neither an expected_output nor code that could be run");
}

/* ---- all of it ---- */

/* "a/b.c" is called b. */
static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return xmemdup(name, strcspn(name, "."));
}

static bool read_work(struct exercise *x, const struct atom *a, const struct files *given, struct refusal *r)
{
    struct submission s = {0};
    open_submission(x, a, &s);
    bool runs = s.files.at || s.patch.at || x->commands.at;
    if (x->answer.at && !runs && !atom_get(a, "tests").at)
        return read_prediction(x, a, r);
    if (!read_language(x, a, r) || !read_submission(x, a, &s, given, r))
        return false;
    size_t count = x->files.count;
    bool ok = shape_read(&x->shape, a, x->language, given, r) && add_given(x, given, r) &&
              (x->commands.at || choose_entry(x, count, r));
    if (ok && !x->function && x->language->call == CALL_BY_HARNESS)
        x->function = stem(x->entry);
    return ok;
}

bool exercise_read(struct exercise *x, const struct json_object *request,
                   const struct exercise_maxima *maxima, struct refusal *refusal)
{
    const struct atom *a = &x->atom;
    struct files given = {0};
    struct err e;
    buf_init(&x->warnings, WARNINGS_MAX);
    atom_open(&x->atom, request);
    read_limits(x, a, maxima);
    struct json_text list = atom_get(a, "files");
    bool ok = read_entry(x, a, refusal) &&
              (!list.at || files_add_list(&given, list, false, &e) || refuse_err(refusal, "bad_files", &e)) &&
              read_work(x, a, &given, refusal);
    files_free(&given);
    return ok;
}

void exercise_free(struct exercise *x)
{
    files_free(&x->files);
    shape_free(&x->shape);
    free(x->entry);
    free(x->function);
    free(x->version);
    buf_free(&x->warnings);
    atom_close(&x->atom);
    *x = (struct exercise){0};
}
