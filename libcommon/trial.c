/* trial: each kind of test is a small function that makes steps and judges what came
 * of them. */
#define _GNU_SOURCE /* getrandom */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "harness.h"
#include "judge.h"
#include "tap_read.h"
#include "xalloc.h"

enum {
    PROCESSES = 64,
    REPORT_BYTES = 16 << 20, /* of one process's results */
    BUILD_BYTES = 1 << 30,   /* a compiler's address space */
    ROOM_BYTES = 64 << 20,   /* of memory that a runtime and its files may take besides */
    CPU_GRACE_MS = 1000,     /* the wall clock comes first */
    PROGRAM_MODE = 0555,
};

void trial_init(struct trial *t, const struct trial_options *options, struct exercise *x)
{
    *t = (struct trial){.options = options, .exercise = x};
    buf_init(&t->output.kept, (size_t)options->output_bytes);
    buf_init(&t->errors.kept, (size_t)options->output_bytes);
    buf_init(&t->program, REPORT_BYTES);
}

void trial_free(struct trial *t)
{
    tests_free(&t->tests);
    buf_free(&t->output.kept);
    buf_free(&t->errors.kept);
    buf_free(&t->program);
    hiding_free(&t->hiding);
}

static bool stop(struct trial *t, enum status status, const char *class, const char *why)
{
    return refuse(&t->refusal, status, class, "%s", why);
}

/* ---- one step ---- */

static void add_files(struct jail_file *to, size_t *count, const char *folder, const struct jail_file *files,
                      size_t more)
{
    struct buf path;
    buf_init(&path, 2 * FILES_PATH_MAX);
    for (size_t i = 0; i < more; i++) {
        buf_printf(&path, "%s%s", folder, files[i].path);
        to[*count] = files[i];
        to[(*count)++].path = buf_detach(&path);
    }
}

/* The files as the jail wants them: the exercise's in its folder, then the step's. */
static struct jail_file *make_files(const struct trial *t, const struct step *s, size_t *count)
{
    const struct exercise *x = t->exercise;
    const struct hiding *h = &t->hiding;
    struct jail_file *files = xcalloc(x->files.count + s->file_count + HIDING_FILES, sizeof *files);
    *count = 0;
    add_files(files, count, "exercise/", x->files.file, x->files.count);
    add_files(files, count, "", s->file, s->file_count);
    if (s->hidden)
        add_files(files, count, "", h->file, h->count);
    return files;
}

static void free_files(struct jail_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)files[i].path);
    free(files);
}

/* Adds one step's output to that of those before it. */
static void add_stream(struct sandbox_stream *to, const struct sandbox_stream *from)
{
    size_t room = to->kept.max - to->kept.len, fits = from->kept.len < room ? from->kept.len : room;
    buf_add(&to->kept, from->kept.data, fits);
    to->cut += from->kept.len - fits + from->cut;
}

/* Runs one command.  False: it was not, t->refusal says why; *outcome is to be freed
 * either way. */
static bool run_step(struct trial *t, const struct step *s, int64_t wall_ms, int64_t memory,
                     struct sandbox_outcome *outcome, struct err *no_sandbox)
{
    size_t count;
    struct err e;
    *outcome = (struct sandbox_outcome){.end = SANDBOX_EXITED};
    if (s->hidden && !t->hiding.count && !t->options->open && !hiding_open(&t->hiding, no_sandbox))
        return stop(t, STATUS_UNAVAILABLE, "no_sandbox", no_sandbox->text);
    struct jail_file *files = make_files(t, s, &count);
    struct jail_job job = {
        .argv = (const char *const *)s->words.words,
        .directory = "exercise",
        .files = files,
        .file_count = count,
        .input = s->input.data,
        .input_len = s->input.len,
        .limits = {wall_ms + CPU_GRACE_MS, memory + t->exercise->language->base_bytes, JUDGE_DISK_BYTES,
                   PROCESSES, memory + ROOM_BYTES},
        .open = t->options->open,
    };
    struct sandbox_limits limits = {wall_ms, t->options->output_bytes, REPORT_BYTES};
    bool ok = sandbox_run(&job, &limits, outcome, &e);
    add_stream(&t->output, &outcome->output);
    add_stream(&t->errors, &outcome->errors);
    free_files(files, count);
    if (!ok) {
        *no_sandbox = e;
        return stop(t, STATUS_UNAVAILABLE, "no_sandbox", e.text);
    }
    t->whole = outcome->whole;
    return outcome->end != SANDBOX_INTERRUPTED ||
           stop(t, STATUS_UNAVAILABLE, fault_name(FAULT_INTERRUPTED), "interrupted by a signal");
}

/* A step of the tests, within what is left of their time. */
static bool run_test(struct trial *t, const struct step *s, struct sandbox_outcome *outcome,
                     struct err *no_sandbox)
{
    int64_t left = t->deadline - clock_now();
    return run_step(t, s, left > 0 ? left : 0, t->exercise->memory_bytes, outcome, no_sandbox);
}

/* ---- how it ended ---- */

/* What of the tests was not run when the time was up. */
static bool end_by_timeout(struct trial *t, struct test *at)
{
    char text[128];
    t->out_of_time = true;
    snprintf(text, sizeof text, "the time limit of %lld ms was reached", (long long)t->exercise->time_ms);
    if (at)
        test_end(at, TEST_TIMEOUT, text);
    snprintf(text, sizeof text, "not run: the time limit of %lld ms was reached before",
             (long long)t->exercise->time_ms);
    tests_end_all(&t->tests, TEST_TIMEOUT, text);
    return true;
}

/* ---- drivers ---- */

/* Judges a process that left tests unfinished; false where no other one needs to be
 * started. */
static bool judge_driver(struct trial *t, const struct sandbox_outcome *o, size_t before)
{
    struct tests *tests = &t->tests;
    size_t next = tests_next(tests);
    struct test *at = next < tests->count && tests->test[next].started ? &tests->test[next] : NULL;
    struct buf why;
    if (judge_ran_out(o))
        return !end_by_timeout(t, at);
    buf_init(&why, 1024);
    enum test_class class = judge_limit(t->exercise, o, &why);
    if (class == TEST_OK) {
        class = TEST_RUNTIME;
        judge_put_end(&why, o);
    }
    if (!at)
        buf_puts(&why, " while the code was loaded");
    if (at)
        test_end(at, class, why.data);
    else if (next == before)
        tests_end_all(tests, class, why.data);
    buf_free(&why);
    return tests_next(tests) < tests->count;
}

/* What a driver told of the exercise rather than of the learner's code. */
static bool check_fit(struct trial *t)
{
    if (t->tests.unfit)
        return stop(t, STATUS_FAILED, t->tests.unfit_class ? t->tests.unfit_class : "unsupported",
                    t->tests.unfit);
    if (!t->tests.known && t->tests.version)
        tests_assume(&t->tests); /* the code ended the driver, which had begun */
    return t->tests.known ||
           stop(t, STATUS_FAILED, "no_tests", "the test script did not get to tell its tests");
}

static void add_program(const struct trial *t, struct step *s)
{
    const struct language *l = t->exercise->language;
    if (l->scripts && t->exercise->shape.kind == SHAPE_DRIVER)
        step_add_file(
            s, (struct jail_file){.path = l->scripts_path, .bytes = l->scripts, .len = strlen(l->scripts)});
    if (l->driver)
        step_add_file(
            s, (struct jail_file){.path = l->driver_path, .bytes = l->driver, .len = strlen(l->driver)});
    else if (t->program.len)
        step_add_file(s, (struct jail_file){"greenlight/program", t->program.data, t->program.len,
                                            PROGRAM_MODE, false});
}

static bool run_driver(struct trial *t, struct err *no_sandbox)
{
    bool more = true, ok = true;
    while (ok && more) {
        struct sandbox_outcome o;
        struct step s;
        size_t before = tests_next(&t->tests);
        step_init(&s);
        steps_driver(&s, t->exercise, &t->tests);
        add_program(t, &s);
        ok = run_test(t, &s, &o, no_sandbox);
        if (ok) {
            tests_take(&t->tests, o.result.kept.data, o.result.kept.len);
            ok = check_fit(t);
            more = ok && judge_driver(t, &o, before);
        }
        step_free(&s);
        sandbox_outcome_free(&o);
    }
    return ok;
}

/* ---- lists, a sandbox a test ---- */

/* Judges one test of a list; false where the time is up. */
static bool judge_test(struct trial *t, struct test *test, const struct sandbox_outcome *o)
{
    struct buf why;
    buf_init(&why, 256);
    enum test_class class = judge_limit(t->exercise, o, &why);
    bool by_words = t->exercise->language->call == CALL_BY_WORDS;
    test->started = true;
    if (class == TEST_TIMEOUT) {
        end_by_timeout(t, test);
    } else if (class != TEST_OK) {
        test_end(test, class, why.data);
    } else if (t->exercise->shape.kind == SHAPE_STATES) {
        tests_take(&t->tests, o->result.kept.data, o->result.kept.len);
        judge_state(&t->tests, test);
    } else if (t->exercise->shape.kind == SHAPE_OUTPUTS) {
        if (judge_status(test, o, 0))
            judge_text(test, &o->output);
    } else if (judge_status(test, o, by_words && o->exit_code < 126 ? -1 : 0)) {
        judge_value(t->exercise, test, &o->output);
    }
    buf_free(&why);
    return class != TEST_TIMEOUT;
}

static bool run_list(struct trial *t, struct err *no_sandbox)
{
    bool ok = true, more = true;
    for (size_t i = 0; ok && more && i < t->tests.count; i++) {
        struct sandbox_outcome o;
        struct step s;
        step_init(&s);
        steps_test(&s, t->exercise, &t->tests.test[i], i);
        if (t->program.len)
            add_program(t, &s);
        ok = run_test(t, &s, &o, no_sandbox);
        more = ok && judge_test(t, &t->tests.test[i], &o);
        step_free(&s);
        sandbox_outcome_free(&o);
    }
    return ok;
}

/* ---- predictions ---- */

/* A prediction is one test: what was answered, against what is so. */
static void judge_answer(struct trial *t, struct json_text output)
{
    struct sandbox_stream answer = {.cut = 0};
    struct json_text given = t->exercise->answer;
    buf_init(&answer.kept, given.len * 2 + 2);
    if (!json_string(given, &answer.kept))
        json_put(&answer.kept, given);
    tests_add(&t->tests, "output", TEST_OK, NULL);
    struct test *test = &t->tests.test[0];
    test->ended = false;
    test->expected = xmemdup(output.at, output.len);
    judge_text(test, &answer);
    buf_free(&answer.kept);
}

static bool run_answer(struct trial *t, struct err *no_sandbox)
{
    struct json_text known = atom_get(&t->exercise->atom, "expected_output");
    struct sandbox_outcome o;
    struct step s;
    struct buf text;
    t->tests.known = true;
    if (known.at) {
        judge_answer(t, known);
        return true;
    }
    step_init(&s);
    buf_init(&text, SIZE_MAX / 2);
    steps_program(&s, t->exercise);
    if (t->program.len)
        add_program(t, &s);
    bool ok = run_test(t, &s, &o, no_sandbox);
    if (ok && (judge_limit(t->exercise, &o, &text) || o.signal))
        ok = stop(t, STATUS_FAILED, "bad_tests", "the atom's code does not run to its end");
    json_put_string(&text, o.output.kept.data, o.output.kept.len);
    if (ok)
        judge_answer(t, (struct json_text){text.data, text.len});
    buf_free(&text);
    step_free(&s);
    sandbox_outcome_free(&o);
    return ok;
}

/* ---- scripts for the shell, and in C ---- */

static void judge_script(struct trial *t, const char *name, const char *prefix,
                         const struct sandbox_outcome *o)
{
    struct buf why;
    buf_init(&why, 1024);
    enum test_class class = judge_limit(t->exercise, o, &why);
    bool exited = t->tests.exited && class == TEST_OK;
    size_t before = t->tests.count, failed = 0;
    if (class == TEST_TIMEOUT)
        t->out_of_time = true;
    if (!exited && class == TEST_OK)
        class = judge_cut_off(o, &why);
    bool tap = tap_read(&t->tests, prefix, o->output.kept.data, o->output.kept.len);
    for (size_t i = before; i < t->tests.count; i++)
        failed += t->tests.test[i].class != TEST_OK;
    if (exited && t->tests.exit_code && !failed) {
        class = TEST_LOGIC;
        buf_printf(&why, "exit status %lld", (long long)t->tests.exit_code);
        judge_put_last_line(&why, o->errors.kept.len ? &o->errors : &o->output);
    } else if (exited && tap && o->output.cut) {
        class = TEST_LOGIC;
        buf_puts(&why, "more output than is kept");
    }
    if (class != TEST_OK)
        tests_doubt(&t->tests, before, class, why.data);
    if (!tap || class != TEST_OK)
        tests_add(&t->tests, name, class, class == TEST_OK ? NULL : why.data);
    buf_free(&why);
}

static bool build_script(struct trial *t, const struct jail_file *script, struct err *no_sandbox);

static bool run_script(struct trial *t, const struct jail_file *script, struct err *no_sandbox)
{
    struct sandbox_outcome o;
    struct step s;
    struct buf prefix;
    bool many = t->exercise->shape.scripts.count > 1;
    if (t->exercise->shape.kind == SHAPE_PROGRAM && (!build_script(t, script, no_sandbox) || t->tests.fault))
        return !t->refusal.class;
    step_init(&s);
    buf_init(&prefix, FILES_PATH_MAX + 2);
    if (many)
        buf_printf(&prefix, "%s: ", script->path);
    if (t->exercise->shape.kind == SHAPE_PROGRAM) {
        steps_compiled(&s);
        add_program(t, &s);
    } else {
        steps_shell(&s, script);
    }
    t->tests.exited = false;
    bool ok = run_test(t, &s, &o, no_sandbox);
    if (ok) {
        tests_take(&t->tests, o.result.kept.data, o.result.kept.len);
        judge_script(t, script->path, prefix.data, &o);
    }
    sandbox_outcome_free(&o);
    buf_free(&prefix);
    step_free(&s);
    return ok;
}

static bool run_scripts(struct trial *t, struct err *no_sandbox)
{
    const struct files *scripts = &t->exercise->shape.scripts;
    bool ok = true;
    t->tests.known = true;
    for (size_t i = 0; ok && i < scripts->count; i++)
        ok = run_script(t, &scripts->file[i], no_sandbox);
    return ok;
}

/* ---- compiling ---- */

/* What the compiler says first is wrong, as a fault of every test. */
static void take_fault(struct trial *t, const struct sandbox_outcome *o, const char *name)
{
    struct buf why;
    const char *text = o->errors.kept.data, *error = strstr(text, "error: ");
    if (!error)
        error = strstr(text, "undefined reference");
    buf_init(&why, 1024);
    const char *line = error ? error : text;
    while (line > text && line[-1] != '\n')
        line--;
    line += strncmp(line, "./", 2) == 0 ? 2 : 0;
    size_t len = strcspn(line, "\n");
    buf_printf(&why, "it does not compile: %.*s", (int)(len < 500 ? len : 500), line);
    if (!t->tests.fault)
        t->tests.fault = xstrdup(why.data);
    if (name)
        tests_add(&t->tests, name, TEST_SYNTAX, why.data);
    tests_end_all(&t->tests, TEST_SYNTAX, why.data);
    buf_free(&why);
}

/* A number that nobody inside can guess. */
static int64_t new_key(void)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        abort(); /* cannot fail for so few bytes once the kernel is up */
    return (int64_t)(number >> 2 | 1);
}

/* Runs a compiler, whose product goes to *product.  What does not compile is
 * t->tests.fault, and that of the test `name`, if any. */
static bool compile(struct trial *t, const struct step *s, struct buf *product, const char *name,
                    struct err *no_sandbox)
{
    struct sandbox_outcome o;
    bool ok = run_step(t, s, t->options->build_ms, BUILD_BYTES, &o, no_sandbox);
    buf_clear(product);
    if (ok && o.exit_code == 0 && !o.signal && o.end == SANDBOX_EXITED)
        buf_add(product, o.result.kept.data, o.result.kept.len);
    else if (ok)
        take_fault(t, &o, name);
    sandbox_outcome_free(&o);
    return ok;
}

static bool build(struct trial *t, struct err *no_sandbox)
{
    struct step s;
    struct buf source;
    step_init(&s);
    buf_init(&source, SIZE_MAX / 2);
    steps_build(&s, t->exercise, &t->tests, &source);
    bool ok = compile(t, &s, &t->program, NULL, no_sandbox);
    step_free(&s);
    buf_free(&source);
    return ok;
}

/* A C script with the learner's files, which are compiled where it is not. */
static bool build_script(struct trial *t, const struct jail_file *script, struct err *no_sandbox)
{
    struct step part, link;
    struct buf object, source, verdict, path;
    step_init(&part);
    step_init(&link);
    buf_init(&object, REPORT_BYTES);
    buf_init(&source, SIZE_MAX / 2);
    buf_init(&verdict, SIZE_MAX / 2);
    buf_init(&path, 2 * FILES_PATH_MAX);
    steps_part(&part, t->exercise);
    bool ok = compile(t, &part, &object, script->path, no_sandbox);
    if (ok && !t->tests.fault) {
        t->tests.key = new_key();
        steps_link(&link, t->exercise, &t->tests, &object, script, &source, &verdict);
        buf_printf(&path, "exercise/%s", script->path);
        if (strchr(script->path, '.'))
            step_add_file(&link, (struct jail_file){path.data, script->bytes, script->len, 0, false});
        ok = compile(t, &link, &t->program, script->path, no_sandbox);
    }
    step_free(&part);
    step_free(&link);
    buf_free(&object);
    buf_free(&source);
    buf_free(&verdict);
    buf_free(&path);
    return ok;
}

/* ---- all of it ---- */

bool trial_run(struct trial *t, struct err *no_sandbox)
{
    struct exercise *x = t->exercise;
    enum shape_kind kind = x->shape.kind;
    bool runs = kind != SHAPE_ANSWER || x->language;
    bool in_a_row = kind == SHAPE_DRIVER || (kind == SHAPE_CALLS && (x->language->call == CALL_BY_DRIVER ||
                                                                     x->language->call == CALL_BY_HARNESS));
    tests_open(&t->tests, x);
    t->started = clock_now();
    if (kind == SHAPE_CALLS && x->language->call == CALL_BY_HARNESS &&
        !harness_fits(x, &t->tests, &t->refusal))
        return false;
    if (runs && x->language->build[0] && kind != SHAPE_PROGRAM && kind != SHAPE_SHELL &&
        (!build(t, no_sandbox) || t->tests.fault))
        return !t->refusal.class;
    t->deadline = clock_after(clock_now(), x->time_ms);
    if (in_a_row)
        return run_driver(t, no_sandbox);
    if (kind == SHAPE_ANSWER)
        return run_answer(t, no_sandbox);
    return shape_is_list(&x->shape) ? run_list(t, no_sandbox) : run_scripts(t, no_sandbox);
}
