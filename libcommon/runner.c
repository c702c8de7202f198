/* runner: reads the exercise, has it tried, and puts the result together. */
#define _POSIX_C_SOURCE 200809L
#include "runner.h"

#include <string.h>

#include "clock.h"
#include "record.h"
#include "result.h"
#include "signals.h"
#include "trial.h"

enum { VALUES_ROOM = 2 << 20 }; /* for expected and actual values in a record */

/* One request on its way to a result. */
struct run {
    struct exercise exercise;
    struct trial trial;
    struct refusal refusal; /* class NULL: none */
};

/* ---- the result ---- */

/* The texts that a result's spans point into. */
struct parts {
    struct buf tests, output, errors, message, feedback, score, class, time, limits, gl;
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
    const char *asked = r->exercise.version, *had = r->trial.tests.version;
    size_t len = asked ? strlen(asked) : 0;
    if (len && had && (strncmp(asked, had, len) != 0 || (had[len] && had[len] != '.')))
        exercise_warn(&r->exercise, "the exercise is for %s %.20s; it was run by %.20s",
                      r->exercise.language->name, asked, had);
}

/* The limits that held, and whether that on memory did for all processes together:
 * as the inside of an object. */
static void put_limits(const struct run *r, struct buf *to)
{
    json_key(to, "limits");
    buf_putc(to, '{');
    json_key(to, "time_ms");
    json_put_int(to, r->exercise.time_ms);
    json_key(to, "memory_bytes");
    json_put_int(to, r->exercise.memory_bytes);
    json_key(to, "memory_of");
    json_put_text(to, r->trial.whole ? "all processes" : "each process");
    buf_putc(to, '}');
}

static void fill_grade(struct run *r, struct result *to, struct parts *p)
{
    size_t passed = tests_passed(&r->trial.tests), total = r->trial.tests.count;
    const char *class = test_class_name(tests_class(&r->trial.tests));
    to->status = r->trial.out_of_time ? STATUS_INCOMPLETE : STATUS_COMPLETE;
    to->correct = word(passed == total ? "true" : "false");
    json_put_real(&p->score, (double)passed / (double)total);
    to->partial_score = span(&p->score);
    to->score_source = "tests";
    to->tests_passed = (int64_t)passed;
    to->tests_total = (int64_t)total;
    if (tests_put(&r->trial.tests, &p->tests, VALUES_ROOM))
        exercise_warn(&r->exercise, "the values of some tests are too large to be shown");
    to->test_results = span(&p->tests);
    json_put_text(&p->class, class);
    to->error_class = span(&p->class);
    json_put_text(&p->feedback, r->trial.tests.fault);
    to->feedback = span(&p->feedback);
    put_stream(r, &p->output, &r->trial.output, "stdout");
    put_stream(r, &p->errors, &r->trial.errors, "stderr");
    to->output = span(&p->output);
    to->errors = span(&p->errors);
    json_put_int(&p->time, clock_now() - r->trial.started);
    to->execution_time_ms = span(&p->time);
    put_limits(r, &p->limits);
    to->others = span(&p->limits);
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
                         &p.score, &p.class,  &p.time,   &p.limits,  &p.gl};
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

/* Whether the request may be tried at all. */
static bool check(struct run *r, const struct runner *runner, const struct json_object *request)
{
    if (!record_atom_id(request).at)
        return refuse(&r->refusal, STATUS_REJECTED, fault_name(FAULT_BAD_REQUEST), "no atom_id");
    if (signals_caught())
        return refuse(&r->refusal, STATUS_UNAVAILABLE, fault_name(FAULT_INTERRUPTED),
                      "interrupted by a signal");
    return exercise_read(&r->exercise, request, &runner->maxima, &r->refusal);
}

enum status runner_run(const struct runner *runner, const struct json_object *request, struct buf *out,
                       struct err *no_sandbox)
{
    struct run r = {.refusal = {0}};
    const struct trial_options options = {runner->maxima.time_ms, runner->output_bytes, runner->open};
    no_sandbox->text[0] = '\0';
    trial_init(&r.trial, &options, &r.exercise);
    if (check(&r, runner, request) && !trial_run(&r.trial, no_sandbox))
        r.refusal = r.trial.refusal;
    put_record(&r, request, out);
    enum status status = r.refusal.class       ? r.refusal.status
                         : r.trial.out_of_time ? STATUS_INCOMPLETE
                                               : STATUS_COMPLETE;
    trial_free(&r.trial);
    exercise_free(&r.exercise);
    return status;
}
