/* runner: reads the exercise, starts processes until every test has ended, and
 * puts the result together. */
#define _GNU_SOURCE /* sigdescr_np */
#include "runner.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "record.h"
#include "result.h"
#include "sandbox.h"
#include "signals.h"
#include "tests.h"
#include "xalloc.h"

enum {
    DISK_BYTES = 16 << 20,
    PROCESSES = 64,
    REPORT_BYTES = 16 << 20, /* of one process's results */
    VALUES_ROOM = 2 << 20,   /* for expected and actual values in a record */
    CPU_GRACE_MS = 1000,     /* the wall clock comes first */
};

static const char exercise_folder[] = "exercise", driver_folder[] = "greenlight";

/* One request on its way to a result. */
struct run {
    const struct runner *runner;
    struct exercise exercise;
    struct tests tests;
    struct refusal refusal; /* class NULL: none */
    int64_t started, deadline;
    struct sandbox_stream output, errors;
    bool out_of_time;
};

/* ---- one process ---- */

/* The files as the jail wants them: with folders, and the driver's. */
static struct jail_file *make_files(const struct exercise *x, size_t *count)
{
    struct jail_file *files = xcalloc(x->files.count + 1, sizeof *files);
    struct buf path;
    buf_init(&path, 2 * FILES_PATH_MAX);
    for (size_t i = 0; i < x->files.count; i++) {
        buf_printf(&path, "%s/%s", exercise_folder, x->files.file[i].path);
        files[i] = x->files.file[i];
        files[i].path = buf_detach(&path);
    }
    buf_printf(&path, "%s/%s", driver_folder, x->language->driver_name);
    files[x->files.count] =
        (struct jail_file){buf_detach(&path), x->language->driver, strlen(x->language->driver)};
    *count = x->files.count + 1;
    return files;
}

static void free_files(struct jail_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)files[i].path);
    free(files);
}

/* The calls without what is expected of them. */
static void put_calls(struct buf *b, const struct tests *t)
{
    json_key(b, "tests");
    buf_putc(b, '[');
    for (size_t i = 0; i < t->count; i++) {
        json_comma(b);
        buf_putc(b, '{');
        if (t->test[i].input.at) {
            json_key(b, "input");
            json_put(b, t->test[i].input);
        }
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

static void put_scripts(struct buf *b, const struct files *scripts)
{
    json_key(b, "scripts");
    buf_putc(b, '[');
    for (size_t i = 0; i < scripts->count; i++) {
        json_comma(b);
        buf_putc(b, '{');
        json_key(b, "name");
        json_put_text(b, scripts->file[i].path);
        json_key(b, "text");
        json_put_string(b, scripts->file[i].bytes, scripts->file[i].len);
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

/* What the driver reads. */
static void put_job(struct buf *b, const struct run *r)
{
    const struct exercise *x = &r->exercise;
    buf_putc(b, '{');
    json_key(b, "entry");
    json_put_text(b, x->entry);
    json_key(b, "function");
    json_put_text(b, x->function);
    json_key(b, "from");
    json_put_int(b, (int64_t)tests_next(&r->tests));
    if (x->calls.at)
        put_calls(b, &r->tests);
    else
        put_scripts(b, &x->scripts);
    buf_putc(b, '}');
}

/* Adds one process's output to that of those before it. */
static void add_stream(struct sandbox_stream *to, const struct sandbox_stream *from)
{
    size_t room = to->kept.max - to->kept.len, fits = from->kept.len < room ? from->kept.len : room;
    buf_add(&to->kept, from->kept.data, fits);
    to->cut += from->kept.len - fits + from->cut;
}

/* Runs the tests from the first that has not ended. */
static bool run_once(struct run *r, struct sandbox_outcome *outcome, struct err *e)
{
    const struct exercise *x = &r->exercise;
    struct buf input;
    size_t count;
    int64_t left = r->deadline - clock_now();
    struct jail_file *files = make_files(x, &count);
    buf_init(&input, SIZE_MAX / 2);
    put_job(&input, r);
    struct jail_job job = {
        .argv = x->language->command,
        .directory = exercise_folder,
        .files = files,
        .file_count = count,
        .input = input.data,
        .input_len = input.len,
        .limits = {x->time_ms + CPU_GRACE_MS, x->memory_bytes + x->language->base_bytes, DISK_BYTES,
                   PROCESSES},
        .open = r->runner->open,
    };
    struct sandbox_limits limits = {left > 0 ? left : 0, r->runner->output_bytes, REPORT_BYTES};
    bool ok = sandbox_run(&job, &limits, outcome, e);
    add_stream(&r->output, &outcome->output);
    add_stream(&r->errors, &outcome->errors);
    buf_free(&input);
    free_files(files, count);
    return ok;
}

/* ---- all of them ---- */

/* How a process ended that did not get to its end; `when` follows the text. */
static void describe_end(const struct sandbox_outcome *o, const char *when, char *text, size_t room)
{
    if (o->signal) {
        const char *what = sigdescr_np(o->signal);
        snprintf(text, room, "the program was ended by signal %d (%s)%s", o->signal, what ? what : "unknown",
                 when);
    } else {
        snprintf(text, room, "the program ended with exit status %d%s", o->exit_code, when);
    }
}

static void end_by_timeout(struct run *r, struct test *at)
{
    char text[128];
    r->out_of_time = true;
    snprintf(text, sizeof text, "the time limit of %lld ms was reached", (long long)r->exercise.time_ms);
    if (at)
        test_end(at, TEST_TIMEOUT, text);
    snprintf(text, sizeof text, "not run: the time limit of %lld ms was reached before",
             (long long)r->exercise.time_ms);
    tests_end_all(&r->tests, TEST_TIMEOUT, text);
}

/* Judges a process that left tests unfinished; false where no other one needs
 * to be started. */
static bool judge(struct run *r, const struct sandbox_outcome *o, size_t before)
{
    struct tests *t = &r->tests;
    size_t next = tests_next(t);
    struct test *at = next < t->count && t->test[next].started ? &t->test[next] : NULL;
    char text[128];
    if (o->end == SANDBOX_TIMEOUT || o->signal == SIGXCPU) {
        end_by_timeout(r, at);
        return false;
    }
    describe_end(o, at ? "" : " while the code was loaded", text, sizeof text);
    if (at) {
        test_end(at, TEST_RUNTIME, text);
    } else if (next == before) {
        tests_end_all(t, TEST_RUNTIME, text);
    }
    return tests_next(t) < t->count;
}

/* Runs processes until all tests have ended.  Returns false where something
 * other than the learner's code stopped it: r->refusal then says what. */
static bool run_all(struct run *r, struct err *no_sandbox)
{
    struct tests *t = &r->tests;
    bool more = true;
    while (more) {
        struct sandbox_outcome o;
        struct err e;
        size_t before = tests_next(t);
        bool ok = run_once(r, &o, &e);
        if (!ok) {
            *no_sandbox = e;
            r->refusal = (struct refusal){STATUS_UNAVAILABLE, "no_sandbox", e};
        } else if (o.end == SANDBOX_INTERRUPTED) {
            r->refusal = (struct refusal){STATUS_UNAVAILABLE, fault_name(FAULT_INTERRUPTED), {0}};
            err_set(&r->refusal.why, EXIT_AGAIN, "interrupted by a signal");
        } else {
            tests_take(t, o.result.kept.data, o.result.kept.len);
            if (t->unfit) {
                r->refusal =
                    (struct refusal){STATUS_FAILED, t->unfit_class ? t->unfit_class : "unsupported", {0}};
                err_set(&r->refusal.why, EXIT_FAILED, "%s", t->unfit);
            } else if (!t->known) {
                r->refusal = (struct refusal){STATUS_FAILED, "no_tests", {0}};
                err_set(&r->refusal.why, EXIT_FAILED, "the test script did not get to tell its tests");
            }
            more = judge(r, &o, before);
        }
        sandbox_outcome_free(&o);
        more = more && !r->refusal.class;
    }
    return !r->refusal.class;
}

/* ---- the result ---- */

/* The texts that a result's spans point into. */
struct parts {
    struct buf tests, output, errors, message, feedback, score, class, time, gl;
};

static struct json_text span(const struct buf *b)
{
    return (struct json_text){b->data, b->len};
}

static struct json_text word(const char *text)
{
    return (struct json_text){text, strlen(text)};
}

static void put_stream(struct run *r, struct buf *to, const struct sandbox_stream *from, const char *name)
{
    json_put_string(to, from->kept.data, from->kept.len);
    if (from->cut)
        exercise_warn(&r->exercise, "%s was cut off after %zu bytes; %llu more were thrown away", name,
                      from->kept.len, (unsigned long long)from->cut);
}

static void warn_version(struct run *r)
{
    const char *asked = r->exercise.version, *had = r->tests.version;
    size_t len = asked ? strlen(asked) : 0;
    if (len && had && (strncmp(asked, had, len) != 0 || (had[len] && had[len] != '.')))
        exercise_warn(&r->exercise, "the exercise is for %s %.20s; it was run by %.20s",
                      r->exercise.language->name, asked, had);
}

static void fill_grade(struct run *r, struct result *to, struct parts *p)
{
    size_t passed = tests_passed(&r->tests), total = r->tests.count;
    const char *class = test_class_name(tests_class(&r->tests));
    to->status = r->out_of_time ? STATUS_INCOMPLETE : STATUS_COMPLETE;
    to->correct = word(passed == total ? "true" : "false");
    json_put_real(&p->score, (double)passed / (double)total);
    to->partial_score = span(&p->score);
    to->score_source = "tests";
    to->tests_passed = (int64_t)passed;
    to->tests_total = (int64_t)total;
    if (tests_put(&r->tests, &p->tests, VALUES_ROOM))
        exercise_warn(&r->exercise, "the values of some tests are too large to be shown");
    to->test_results = span(&p->tests);
    json_put_text(&p->class, class);
    to->error_class = span(&p->class);
    json_put_text(&p->feedback, r->tests.fault);
    to->feedback = span(&p->feedback);
    put_stream(r, &p->output, &r->output, "stdout");
    put_stream(r, &p->errors, &r->errors, "stderr");
    to->output = span(&p->output);
    to->errors = span(&p->errors);
    json_put_int(&p->time, clock_now() - r->started);
    to->execution_time_ms = span(&p->time);
    if (class)
        warn_version(r);
}

static void fill_refusal(struct run *r, struct result *to, struct parts *p)
{
    to->status = r->refusal.status;
    json_put_text(&p->message, r->refusal.why.text);
    to->error.class = r->refusal.class;
    to->error.message = span(&p->message);
    to->error.retryable = r->refusal.status == STATUS_UNAVAILABLE;
}

static void put_record(struct run *r, const struct json_object *request, struct buf *out)
{
    struct parts p;
    struct result result;
    struct json_object before = {0};
    struct buf *all[] = {&p.tests, &p.output, &p.errors, &p.message, &p.feedback,
                         &p.score, &p.class,  &p.time,   &p.gl};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], out->max);
    result_init(&result);
    result.atom_id = record_atom_id(request);
    if (r->refusal.class)
        fill_refusal(r, &result, &p);
    else
        fill_grade(r, &result, &p);
    result.warnings = span(&r->exercise.warnings);
    if (!result.warnings.len)
        result.warnings.at = NULL;
    record_gl(request, &before);
    record_put_gl(&p.gl, &before, "result", NULL);
    result_put(out, &result, span(&p.gl));
    json_object_free(&before);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_free(all[i]);
}

enum status runner_run(const struct runner *runner, const struct json_object *request, struct buf *out,
                       struct err *no_sandbox)
{
    struct run r = {.runner = runner};
    no_sandbox->text[0] = '\0';
    buf_init(&r.output.kept, (size_t)runner->output_bytes);
    buf_init(&r.errors.kept, (size_t)runner->output_bytes);
    if (!record_atom_id(request).at) {
        r.refusal = (struct refusal){STATUS_REJECTED, fault_name(FAULT_BAD_REQUEST), {0}};
        err_set(&r.refusal.why, EXIT_DATA, "no atom_id");
    } else if (signals_caught()) {
        r.refusal = (struct refusal){STATUS_UNAVAILABLE, fault_name(FAULT_INTERRUPTED), {0}};
        err_set(&r.refusal.why, EXIT_AGAIN, "interrupted by a signal");
    } else if (exercise_read(&r.exercise, request, &runner->maxima, &r.refusal)) {
        tests_open(&r.tests, &r.exercise);
        r.started = clock_now();
        r.deadline = clock_after(r.started, r.exercise.time_ms);
        run_all(&r, no_sandbox);
    }
    put_record(&r, request, out);
    enum status status = r.refusal.class ? r.refusal.status
                         : r.out_of_time ? STATUS_INCOMPLETE
                                         : STATUS_COMPLETE;
    tests_free(&r.tests);
    exercise_free(&r.exercise);
    buf_free(&r.output.kept);
    buf_free(&r.errors.kept);
    return status;
}
