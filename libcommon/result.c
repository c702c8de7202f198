/* result: writes the one result shape, members in the order of design.md §3. */
#include "result.h"

#include "record.h"

void result_init(struct result *r)
{
    *r = (struct result){.tests_passed = RESULT_TESTS_UNKNOWN, .tests_total = RESULT_TESTS_UNKNOWN};
}

static void put(struct buf *out, const char *name, struct json_text value)
{
    json_key(out, name);
    json_put(out, value);
}

static void put_or(struct buf *out, const char *name, struct json_text value, const char *otherwise)
{
    json_key(out, name);
    if (value.at)
        json_put(out, value);
    else
        buf_puts(out, otherwise);
}

static void put_count(struct buf *out, const char *name, int64_t count)
{
    json_key(out, name);
    if (count == RESULT_TESTS_UNKNOWN)
        buf_puts(out, "null");
    else
        json_put_int(out, count);
}

static void put_error(struct buf *out, const struct result_error *error)
{
    json_key(out, "error");
    if (!error->class) {
        buf_puts(out, "null");
        return;
    }
    buf_putc(out, '{');
    json_key(out, "class");
    json_put_text(out, error->class);
    put(out, "message", error->message);
    put(out, "code", error->code);
    json_key(out, "http_status");
    if (error->http_status)
        json_put_int(out, error->http_status);
    else
        buf_puts(out, "null");
    json_key(out, "retryable");
    buf_puts(out, error->retryable ? "true" : "false");
    if (error->retry_after_ms) {
        json_key(out, "retry_after_ms");
        json_put_int(out, error->retry_after_ms);
    }
    buf_putc(out, '}');
}

void result_put(struct buf *out, const struct result *r, struct json_text gl)
{
    static const struct json_text none = {NULL, 0};
    bool graded = status_is_graded(r->status);
    buf_putc(out, '{');
    put(out, "atom_id", r->atom_id);
    if (r->execution_id.at)
        put(out, "execution_id", r->execution_id);
    json_key(out, "status");
    json_put_text(out, status_name(r->status));
    put(out, "correct", graded ? r->correct : none);
    put(out, "partial_score", graded ? r->partial_score : none);
    json_key(out, "score_source");
    json_put_text(out, graded && r->partial_score.at ? r->score_source : NULL);
    put_count(out, "tests_passed", r->tests_passed);
    put_count(out, "tests_total", r->tests_total);
    put_or(out, "test_results", r->test_results, "[]");
    put(out, "feedback", r->feedback);
    put(out, "error_class", r->error_class);
    put_error(out, &r->error);
    put_or(out, "git_suggestions", r->git_suggestions, "[]");
    put(out, "diff_suggestion", r->diff_suggestion);
    put(out, "stdout", r->output);
    put(out, "stderr", r->errors);
    put(out, "logs", r->logs);
    put(out, "execution_time_ms", r->execution_time_ms);
    put(out, "time_spent_ms", r->time_spent_ms);
    put_or(out, "meta", r->meta, "{}");
    put_or(out, "warnings", r->warnings, "[]");
    if (r->others.at && r->others.len) {
        buf_putc(out, ',');
        json_put(out, r->others);
    }
    if (r->raw.at)
        put(out, "raw", r->raw);
    put(out, "_gl", gl);
    buf_putc(out, '}');
}

void result_put_rejected(struct buf *out, struct json_text atom_id, const struct json_object *before,
                         const char *class, const char *message)
{
    struct result r;
    struct buf text, gl;
    result_init(&r);
    buf_init(&text, 16 * ERR_TEXT_MAX);
    buf_init(&gl, out->max);
    json_put_text(&text, message);
    record_put_gl(&gl, before, "result", NULL);
    r.atom_id = atom_id;
    r.status = STATUS_REJECTED;
    r.error = (struct result_error){.class = class, .message = {text.data, text.len}};
    result_put(out, &r, (struct json_text){gl.data, gl.len});
    buf_free(&text);
    buf_free(&gl);
}
