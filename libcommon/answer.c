/* answer: finds out whether an answer is a result, an execution that goes on,
 * or a breach of the contract, and fills the one result shape. */
#include "answer.h"

#include <string.h>

#include "answer_error.h"
#include "answer_grade.h"
#include "answer_tests.h"
#include "record.h"

enum { SNIPPET_MAX = 200 };

static const struct json_text absent = {NULL, 0};

static void take_suggestions(struct answer *a)
{
    struct json_text value = answer_get(a, "git_suggestions");
    if (json_kind(value) == JSON_STRING) {
        buf_putc(&a->suggestions, '[');
        json_put(&a->suggestions, value);
        buf_putc(&a->suggestions, ']');
        a->result.git_suggestions = answer_span(&a->suggestions);
    } else {
        a->result.git_suggestions = answer_take(a, "git_suggestions", JSON_ARRAY);
    }
}

/* Where output is not beside the tests it may be in details. */
static void take_details(struct answer *a)
{
    struct result *r = &a->result;
    if (!json_get_object(answer_get(a, "details"), &a->part))
        return;
    if (json_kind(r->output) <= JSON_NULL)
        r->output = json_get(&a->part, "stdout");
    if (json_kind(r->errors) <= JSON_NULL)
        r->errors = json_get(&a->part, "stderr");
    if (json_kind(r->diff_suggestion) <= JSON_NULL)
        r->diff_suggestion = json_get(&a->part, "diff");
}

static void take_members(struct answer *a)
{
    struct result *r = &a->result;
    r->feedback = answer_get(a, "feedback");
    r->error_class = answer_take(a, "error_class", JSON_STRING);
    take_suggestions(a);
    r->diff_suggestion = answer_get(a, "diff_suggestion");
    if (json_kind(answer_get(a, "stdout")) > JSON_NULL)
        r->output = answer_get(a, "stdout");
    if (json_kind(answer_get(a, "stderr")) > JSON_NULL)
        r->errors = answer_get(a, "stderr");
    if (json_kind(answer_get(a, "logs")) > JSON_NULL)
        r->logs = answer_get(a, "logs");
    take_details(a);
    r->execution_time_ms = answer_take(a, "execution_time_ms", JSON_NUMBER);
    r->time_spent_ms = answer_take(a, "time_spent_ms", JSON_NUMBER);
    r->meta = answer_take(a, "meta", JSON_OBJECT);
    if (!r->meta.at)
        r->meta = answer_take(a, "meta_cognitive", JSON_OBJECT);
}

/* Whether a member has a place in the result shape, or was read into one. */
static bool is_named(const struct json_object *o, size_t i, bool keep_raw)
{
    static const char *const names[] = {
        "atom_id",
        "execution_id",
        "status",
        "correct",
        "partial_score",
        "score",
        "score_source",
        "tests_passed",
        "tests_failed",
        "tests_total",
        "test_results",
        "feedback",
        "error_class",
        "error",
        "error_message",
        "error_code",
        "errors",
        "details",
        "git_suggestions",
        "diff_suggestion",
        "stdout",
        "stderr",
        "logs",
        "execution_time_ms",
        "time_spent_ms",
        "meta",
        "meta_cognitive",
        "warnings",
        "result",
        "_gl",
    };
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        if (json_member_is(o, i, names[n]))
            return true;
    return keep_raw && json_member_is(o, i, "raw");
}

/* Keeps the members of o that have no place of their own, but for those that
 * `over` has too. */
static void keep_others(struct answer *a, const struct json_object *o, const struct json_object *over,
                        bool keep_raw)
{
    struct json_names *names = json_names(over);
    for (size_t i = 0; i < o->count; i++)
        if (!is_named(o, i, keep_raw) && !json_names_have(names, o, i))
            json_put_member(&a->others, o, i);
    json_names_free(names);
}

static void take_warnings(struct answer *a)
{
    struct json_text element;
    for (size_t at = 0; json_next(answer_get(a, "warnings"), &at, &element);)
        if (json_kind(element) == JSON_STRING)
            answer_put_warning(a, element);
        else
            answer_warn(a, "a warning of the server's is no text and was left out");
}

static void finish(struct answer *a, const struct answer_ask *ask, const char *body, size_t len)
{
    if (json_get(&a->top, "_gl").at)
        answer_warn(a, "the server sent _gl, which is the tools' own, and it was left out");
    a->result.atom_id = ask->atom_id.at ? ask->atom_id : answer_take(a, "atom_id", JSON_STRING);
    static const struct json_object none = {0};
    keep_others(a, &a->nested, &none, ask->keep_raw);
    keep_others(a, &a->top, &a->nested, ask->keep_raw);
    if (a->warnings.len)
        buf_putc(&a->warnings, ']');
    a->result.warnings = answer_span(&a->warnings);
    a->result.others = answer_span(&a->others);
    if (!a->result.execution_id.at)
        a->result.execution_id = ask->execution_id;
    if (!ask->keep_raw || !len)
        return;
    json_put_string(&a->raw, body, len);
    a->result.raw = answer_span(&a->raw);
}

/* Compares an id of the answer with the one asked for. */
static bool same_id(struct json_text theirs, struct json_text asked)
{
    struct buf a, b;
    if (json_kind(theirs) <= JSON_NULL || !asked.at)
        return true;
    buf_init(&a, theirs.len * 2 + 2);
    buf_init(&b, asked.len * 2 + 2);
    bool same = json_string(theirs, &a) && json_string(asked, &b) && a.len == b.len &&
                memcmp(a.data, b.data, a.len) == 0;
    buf_free(&a);
    buf_free(&b);
    return same;
}

/* The execution's id as a JSON string; a whole number becomes one. */
static struct json_text execution_id(struct answer *a)
{
    struct json_text id = answer_get(a, "execution_id");
    int64_t number;
    if (json_kind(id) == JSON_STRING && id.len > 2)
        return id;
    if (!json_int(id, &number))
        return absent;
    buf_printf(&a->id, "\"%lld\"", (long long)number);
    return answer_span(&a->id);
}

static enum fault read_ids(struct answer *a, const struct answer_ask *ask)
{
    const struct json_object *objects[] = {&a->top, &a->nested};
    for (int i = 0; i < 2; i++) {
        if (!same_id(json_get(objects[i], "atom_id"), ask->atom_id))
            return answer_breach(a, FAULT_MISMATCH, "the answer is for another atom_id");
        if (ask->execution_id.at && !same_id(json_get(objects[i], "execution_id"), ask->execution_id))
            return answer_breach(a, FAULT_MISMATCH, "the answer is for another execution_id");
    }
    a->execution_id = ask->execution_id.at ? ask->execution_id : execution_id(a);
    return FAULT_NONE;
}

static bool has_grade(const struct answer *a)
{
    static const char *const names[] = {"correct",     "partial_score", "score",
                                        "tests_total", "tests_passed",  "test_results"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_kind(answer_get(a, names[i])) > JSON_NULL)
            return true;
    return false;
}

/* The status of the whole answer: its word, or what its members imply. */
static enum status read_status(const struct answer *a)
{
    struct json_text outer = json_get(&a->top, "status"), inner = json_get(&a->nested, "status");
    enum status status = record_status(outer), ended = record_status(inner);
    if (json_kind(outer) <= JSON_NULL && json_kind(inner) <= JSON_NULL) {
        if (has_grade(a))
            return STATUS_COMPLETE;
        return a->execution_id.at ? STATUS_PENDING : STATUS_UNKNOWN;
    }
    if ((json_kind(outer) <= JSON_NULL || status == STATUS_COMPLETE) && ended != STATUS_UNKNOWN &&
        !status_is_open(ended))
        return ended;
    return status;
}

/* What the server says went wrong: why there is no grade, or beside one. */
static void read_ending(struct answer *a, const struct answer_ask *ask, enum status status)
{
    struct result *r = &a->result;
    answer_read_error(a, &r->error);
    if (status == STATUS_REJECTED && !r->error.http_status)
        r->error.http_status = ask->http_status;
    r->error.class = status == STATUS_REJECTED    ? answer_error_class(a, FAULT_HTTP_4XX)
                     : status == STATUS_CANCELLED ? answer_error_class(a, FAULT_CANCELLED)
                     : status == STATUS_SKIPPED   ? NULL
                                                  : answer_error_class(a, FAULT_FAILED);
    if (!status_is_graded(status))
        answer_read_tests(a);
}

static enum fault check_duplicates(struct answer *a)
{
    const struct json_object *objects[] = {&a->top, &a->nested};
    for (int i = 0; i < 2; i++) {
        buf_clear(&a->class);
        if (json_duplicate(objects[i], &a->class))
            return answer_breach(a, FAULT_MALFORMED, "a member stands twice in the answer");
    }
    return FAULT_NONE;
}

/* Indexes the body, on one line where it came on several. */
static bool index_body(struct answer *a, const char *body, size_t len, struct err *e)
{
    if (!json_index(&a->top, body, len, e))
        return false;
    if (!memchr(a->top.text.at, '\n', a->top.text.len))
        return true;
    json_put_compact(&a->compact, body, len);
    return json_index(&a->top, a->compact.data, a->compact.len, e);
}

enum fault answer_read(struct answer *a, const struct answer_ask *ask, const char *body, size_t len)
{
    answer_reset(a);
    if (!index_body(a, body, len, &a->why))
        return FAULT_MALFORMED;
    json_get_object(json_get(&a->top, "result"), &a->nested);
    enum fault fault = check_duplicates(a);
    if (fault == FAULT_NONE)
        fault = read_ids(a, ask);
    if (fault != FAULT_NONE)
        return fault;
    enum status status = read_status(a);
    bool polled = ask->execution_id.at != NULL;
    bool has_word = json_kind(json_get(&a->top, "status")) == JSON_STRING;
    if (status_is_open(status) || (status == STATUS_UNKNOWN && polled && has_word)) {
        if (!a->execution_id.at)
            return answer_breach(a, FAULT_MALFORMED, "an open status without an execution_id");
        a->open = true;
        a->unknown_word = status == STATUS_UNKNOWN;
        a->open_status = status == STATUS_PENDING ? STATUS_PENDING : STATUS_RUNNING;
        a->wait_seconds = json_get(&a->top, "estimated_wait_seconds");
        return FAULT_NONE;
    }
    if (status == STATUS_UNKNOWN || status == STATUS_UNAVAILABLE || status == STATUS_PROTOCOL_ERROR)
        return answer_breach(a, FAULT_MALFORMED, "neither a result nor an execution");
    a->result.status = status;
    take_warnings(a);
    take_members(a);
    if (status_is_graded(status))
        fault = answer_read_grade(a, status == STATUS_COMPLETE);
    if (!status_is_graded(status) || json_kind(answer_get(a, "error")) > JSON_NULL)
        read_ending(a, ask, status);
    a->result.execution_id = a->execution_id;
    finish(a, ask, body, len);
    if (answer_overflowed(a))
        return answer_breach(a, FAULT_TOO_LARGE, "the answer makes a record that is too large");
    return fault;
}

/* What the server wrote where that is no JSON: the beginning of its text, one
 * line, as part of our message. */
static void put_message(struct answer *a, const char *why, const char *body, size_t len)
{
    struct buf text;
    buf_init(&text, ERR_TEXT_MAX + SNIPPET_MAX + 8);
    buf_puts(&text, why);
    size_t shown = len < SNIPPET_MAX ? len : SNIPPET_MAX;
    if (shown && !a->top.count && body[0] != '<') {
        buf_puts(&text, ": ");
        for (size_t i = 0; i < shown; i++)
            buf_putc(&text, body[i] == '\n' || body[i] == '\r' || body[i] == '\t' ? ' ' : body[i]);
    }
    buf_clear(&a->message);
    json_put_string(&a->message, text.data, text.len);
    buf_free(&text);
}

/* Whether a refusal comes with a result of the contract that says so too, which is read then:
 * its words for what is wrong are better than the bare status. */
static bool is_rejected(struct answer *a, const struct answer_ask *ask, const char *body, size_t len)
{
    return answer_read(a, ask, body, len) == FAULT_NONE && !a->open && a->result.status == STATUS_REJECTED &&
           a->result.error.message.at;
}

void answer_fault(struct answer *a, const struct answer_ask *ask, enum fault fault, const char *why,
                  const char *body, size_t len)
{
    struct result *r = &a->result;
    if (fault == FAULT_HTTP_4XX && is_rejected(a, ask, body, len))
        return;
    answer_reset(a);
    bool said = ask->http_status >= 400 && index_body(a, body, len, NULL);
    if (!said)
        a->top.count = 0;
    else
        answer_read_error(a, &r->error);
    if (!r->error.message.at) {
        put_message(a, why, body, ask->http_status >= 400 ? len : 0);
        r->error.message = answer_span(&a->message);
    }
    r->status = fault_status(fault);
    r->error.class = fault_name(fault);
    r->error.http_status = ask->http_status;
    r->error.retryable = fault_status(fault) == STATUS_UNAVAILABLE;
    a->top.count = 0; /* an error's members have no place in a result */
    finish(a, ask, body, len);
}
