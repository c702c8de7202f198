/* answer: finds out whether an answer is a result, an execution that goes on,
 * or a breach of the contract, and fills the one result shape. */
#define _GNU_SOURCE /* memmem */
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "record.h"

enum { ANSWER_MAX = 64 << 20, SNIPPET_MAX = 200 };

static const struct json_text absent = {NULL, 0};

/* Every buffer of *a, for the three that treat them alike. */
static void each_buffer(struct answer *a, void (*what)(struct buf *))
{
    struct buf *buffers[] = {&a->compact, &a->tests, &a->warnings, &a->others, &a->suggestions,
                             &a->message, &a->class, &a->score,    &a->id,     &a->raw};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        what(buffers[i]);
}

static void init_buffer(struct buf *b)
{
    buf_init(b, ANSWER_MAX);
}

void answer_init(struct answer *a)
{
    *a = (struct answer){0};
    each_buffer(a, init_buffer);
}

void answer_free(struct answer *a)
{
    struct json_object *indexes[] = {&a->top, &a->nested, &a->error, &a->part};
    each_buffer(a, buf_free);
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        json_object_free(indexes[i]);
}

static void reset(struct answer *a)
{
    each_buffer(a, buf_clear);
    a->top.count = a->nested.count = a->error.count = 0;
    a->open = a->unknown_word = false;
    a->execution_id = a->wait_seconds = absent;
    result_init(&a->result);
}

static struct json_text span(const struct buf *b)
{
    return b->len ? (struct json_text){b->data, b->len} : absent;
}

/* Adds a warning that is not there yet. */
static void put_warning(struct answer *a, struct json_text string)
{
    if (memmem(a->warnings.data, a->warnings.len, string.at, string.len))
        return;
    if (!a->warnings.len)
        buf_putc(&a->warnings, '[');
    json_comma(&a->warnings);
    json_put(&a->warnings, string);
}

void answer_warn(struct answer *a, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    struct buf string;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&string, 8 * ERR_TEXT_MAX);
    json_put_text(&string, text);
    put_warning(a, (struct json_text){string.data, string.len});
    buf_free(&string);
}

bool answer_is_ours(const struct answer *a)
{
    return json_get(&a->top, "score_source").at != NULL;
}

bool answer_is_null(const struct answer *a, const char *name)
{
    return answer_is_ours(a) && json_kind(answer_get(a, name)) == JSON_NULL;
}

struct json_text answer_get(const struct answer *a, const char *name)
{
    struct json_text value = json_get(&a->nested, name);
    return json_kind(value) > JSON_NULL ? value : json_get(&a->top, name);
}

static enum fault breach(struct answer *a, enum fault fault, const char *why)
{
    err_set(&a->why, EXIT_PROTOCOL, "%s", why);
    return fault;
}

/* ---- errors ---- */

/* The first of the names that is a string with something in it. */
static struct json_text first_string(const struct json_object *o, const char *const *names)
{
    for (; *names; names++) {
        struct json_text value = json_get(o, *names);
        if (json_kind(value) == JSON_STRING && value.len > 2)
            return value;
    }
    return absent;
}

/* FastAPI's list of {loc, msg, type}: the messages, joined. */
static bool join_details(struct answer *a, struct json_text list)
{
    struct json_text element;
    struct buf joined;
    buf_init(&joined, ANSWER_MAX);
    for (size_t at = 0; json_next(list, &at, &element);) {
        struct json_text message = absent;
        if (json_get_object(element, &a->part))
            message = json_get(&a->part, "msg");
        if (json_kind(message) != JSON_STRING)
            continue;
        if (joined.len)
            buf_puts(&joined, "; ");
        json_string(message, &joined);
    }
    bool any = joined.len > 0;
    if (any)
        json_put_string(&a->message, joined.data, joined.len);
    buf_free(&joined);
    return any;
}

/* The server's words for what went wrong: {error: {…}}, {error}, {error_message},
 * {detail, error_code} or RFC 9457. */
static void read_error(struct answer *a, struct result_error *error)
{
    static const char *const messages[] = {"message", "detail", "error", "error_message", "title", NULL};
    static const char *const codes[] = {"code", "error_code", "type", NULL};
    struct json_text value = answer_get(a, "error");
    const struct json_object *from = json_get_object(value, &a->error) ? &a->error : NULL;
    struct json_text message = from ? first_string(from, messages) : absent;
    struct json_text code = from ? first_string(from, codes) : absent;
    for (int i = 0; i < 2; i++) {
        const struct json_object *o = i ? &a->top : &a->nested;
        message = message.at ? message : first_string(o, messages);
        code = code.at ? code : first_string(o, codes);
    }
    if (!message.at && join_details(a, answer_get(a, "detail")))
        message = span(&a->message);
    error->message = message;
    error->code = code;
    if (!from)
        return;
    int64_t status;
    error->retryable = json_kind(json_get(from, "retryable")) == JSON_TRUE;
    if (json_int(json_get(from, "http_status"), &status) && status >= 100 && status <= 599)
        error->http_status = (int)status;
}

/* The class in the server's own error where it is a word, else ours. */
static const char *error_class(struct answer *a, enum fault fault)
{
    struct json_text class = json_get(&a->error, "class");
    buf_clear(&a->class);
    if (json_kind(class) == JSON_STRING && class.len > 2 && class.len < 64 && json_string(class, &a->class) &&
        strlen(a->class.data) == a->class.len)
        return a->class.data;
    return fault_name(fault);
}

/* ---- the grade ---- */

/* A score from 0 to 1, clamped; false where it is no number. */
static bool take_score(struct answer *a, const char *name)
{
    static const struct json_text zero = {"0", 1}, one = {"1", 1};
    struct json_text value = answer_get(a, name);
    double score;
    if (json_kind(value) <= JSON_NULL)
        return true;
    if (!json_real(value, &score))
        return err_set(&a->why, EXIT_PROTOCOL, "%s is not a number", name);
    if (score < 0 || score > 1)
        answer_warn(a, "%s %.*s is outside 0 to 1 and was clamped", name,
                    (int)(value.len < 40 ? value.len : 40), value.at);
    a->result.partial_score = score < 0 ? zero : score > 1 ? one : value;
    a->result.score_source = name;
    return true;
}

/* A score made from the tests or from `correct`. */
static void derive_score(struct answer *a)
{
    struct result *r = &a->result;
    if (r->tests_total > 0 && r->tests_passed >= 0) {
        int64_t passed = r->tests_passed > r->tests_total ? r->tests_total : r->tests_passed;
        json_put_real(&a->score, (double)passed / (double)r->tests_total);
        r->partial_score = span(&a->score);
        r->score_source = "tests";
    } else if (r->correct.at) {
        r->partial_score = (struct json_text){json_is(r->correct, "true") ? "1" : "0", 1};
        r->score_source = "correct";
    }
}

static void take_correct(struct answer *a)
{
    struct json_text correct = answer_get(a, "correct");
    enum json_kind kind = json_kind(correct);
    if (kind == JSON_TRUE || kind == JSON_FALSE)
        a->result.correct = correct;
    else if (kind > JSON_NULL)
        answer_warn(a, "correct is not true or false and was left out");
}

/* `correct` where the server left it out: full marks. */
static void derive_correct(struct answer *a)
{
    double score;
    if (a->result.correct.at || answer_is_null(a, "correct") ||
        json_kind(answer_get(a, "correct")) > JSON_NULL)
        return;
    if (json_real(a->result.partial_score, &score))
        a->result.correct = score >= 1 ? (struct json_text){"true", 4} : (struct json_text){"false", 5};
}

static void check_contradictions(struct answer *a)
{
    const struct result *r = &a->result;
    if (r->tests_total == RESULT_TESTS_UNKNOWN || r->tests_passed == RESULT_TESTS_UNKNOWN)
        return;
    if (r->tests_passed > r->tests_total)
        answer_warn(a, "tests_passed %lld is more than tests_total %lld", (long long)r->tests_passed,
                    (long long)r->tests_total);
    else if (json_is(r->correct, "true") && r->tests_passed < r->tests_total)
        answer_warn(a, "graded correct, though only %lld of %lld tests passed", (long long)r->tests_passed,
                    (long long)r->tests_total);
    else if (json_is(r->correct, "false") && r->tests_passed == r->tests_total)
        answer_warn(a, "graded wrong, though all %lld tests passed", (long long)r->tests_total);
}

/* The score source that a normalised result already names. */
static void keep_score_source(struct answer *a)
{
    static const char *const sources[] = {"partial_score", "score", "tests", "correct"};
    struct json_text given = answer_get(a, "score_source");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (json_is(given, sources[i]))
            a->result.score_source = sources[i];
}

static enum fault read_grade(struct answer *a, bool required)
{
    take_correct(a);
    answer_read_tests(a);
    if (!take_score(a, "partial_score") || (!a->result.partial_score.at && !take_score(a, "score")))
        return FAULT_MALFORMED;
    if (!a->result.partial_score.at)
        derive_score(a);
    if (!a->result.partial_score.at && required)
        return breach(a, FAULT_MALFORMED, "the status is complete, but there is no grade");
    keep_score_source(a);
    derive_correct(a);
    check_contradictions(a);
    return FAULT_NONE;
}

/* ---- everything else ---- */

/* A member that must be of a kind, else a warning. */
static struct json_text take(struct answer *a, const char *name, enum json_kind kind)
{
    struct json_text value = answer_get(a, name);
    if (json_kind(value) <= JSON_NULL)
        return absent;
    if (json_kind(value) == kind)
        return value;
    answer_warn(a, "%s has the wrong type and was left out", name);
    return absent;
}

static void take_suggestions(struct answer *a)
{
    struct json_text value = answer_get(a, "git_suggestions");
    if (json_kind(value) == JSON_STRING) {
        buf_putc(&a->suggestions, '[');
        json_put(&a->suggestions, value);
        buf_putc(&a->suggestions, ']');
        a->result.git_suggestions = span(&a->suggestions);
    } else {
        a->result.git_suggestions = take(a, "git_suggestions", JSON_ARRAY);
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
    r->error_class = take(a, "error_class", JSON_STRING);
    take_suggestions(a);
    r->diff_suggestion = answer_get(a, "diff_suggestion");
    if (json_kind(answer_get(a, "stdout")) > JSON_NULL)
        r->output = answer_get(a, "stdout");
    if (json_kind(answer_get(a, "stderr")) > JSON_NULL)
        r->errors = answer_get(a, "stderr");
    if (json_kind(answer_get(a, "logs")) > JSON_NULL)
        r->logs = answer_get(a, "logs");
    take_details(a);
    r->execution_time_ms = take(a, "execution_time_ms", JSON_NUMBER);
    r->time_spent_ms = take(a, "time_spent_ms", JSON_NUMBER);
    r->meta = take(a, "meta", JSON_OBJECT);
    if (!r->meta.at)
        r->meta = take(a, "meta_cognitive", JSON_OBJECT);
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
    for (size_t i = 0; i < o->count; i++)
        if (!is_named(o, i, keep_raw) && !(over && json_has_same(over, o, i)))
            json_put_member(&a->others, o, i);
}

static void take_warnings(struct answer *a)
{
    struct json_text element;
    for (size_t at = 0; json_next(answer_get(a, "warnings"), &at, &element);)
        if (json_kind(element) == JSON_STRING)
            put_warning(a, element);
        else
            answer_warn(a, "a warning of the server's is no text and was left out");
}

static void finish(struct answer *a, const struct answer_ask *ask, const char *body, size_t len)
{
    if (json_get(&a->top, "_gl").at)
        answer_warn(a, "the server sent _gl, which is the tools' own, and it was left out");
    a->result.atom_id = ask->atom_id.at ? ask->atom_id : take(a, "atom_id", JSON_STRING);
    keep_others(a, &a->nested, NULL, ask->keep_raw);
    keep_others(a, &a->top, &a->nested, ask->keep_raw);
    if (a->warnings.len)
        buf_putc(&a->warnings, ']');
    a->result.warnings = span(&a->warnings);
    a->result.others = span(&a->others);
    if (!a->result.execution_id.at)
        a->result.execution_id = ask->execution_id;
    if (!ask->keep_raw || !len)
        return;
    json_put_string(&a->raw, body, len);
    a->result.raw = span(&a->raw);
}

/* ---- reading an answer ---- */

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
    return span(&a->id);
}

static enum fault read_ids(struct answer *a, const struct answer_ask *ask)
{
    const struct json_object *objects[] = {&a->top, &a->nested};
    for (int i = 0; i < 2; i++) {
        if (!same_id(json_get(objects[i], "atom_id"), ask->atom_id))
            return breach(a, FAULT_MISMATCH, "the answer is for another atom_id");
        if (ask->execution_id.at && !same_id(json_get(objects[i], "execution_id"), ask->execution_id))
            return breach(a, FAULT_MISMATCH, "the answer is for another execution_id");
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
    read_error(a, &r->error);
    if (status == STATUS_REJECTED && !r->error.http_status)
        r->error.http_status = ask->http_status;
    r->error.class = status == STATUS_REJECTED    ? error_class(a, FAULT_HTTP_4XX)
                     : status == STATUS_CANCELLED ? error_class(a, FAULT_CANCELLED)
                     : status == STATUS_SKIPPED   ? NULL
                                                  : error_class(a, FAULT_FAILED);
    if (!status_is_graded(status))
        answer_read_tests(a);
}

static enum fault check_duplicates(struct answer *a)
{
    const struct json_object *objects[] = {&a->top, &a->nested};
    for (int i = 0; i < 2; i++) {
        buf_clear(&a->class);
        if (json_duplicate(objects[i], &a->class))
            return breach(a, FAULT_MALFORMED, "a member stands twice in the answer");
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
    reset(a);
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
    if (status_is_open(status) || (status == STATUS_UNKNOWN && polled && json_get(&a->top, "status").at)) {
        if (!a->execution_id.at)
            return breach(a, FAULT_MALFORMED, "an open status without an execution_id");
        a->open = true;
        a->unknown_word = status == STATUS_UNKNOWN;
        a->open_status = status == STATUS_PENDING ? STATUS_PENDING : STATUS_RUNNING;
        a->wait_seconds = json_get(&a->top, "estimated_wait_seconds");
        return FAULT_NONE;
    }
    if (status == STATUS_UNKNOWN || status == STATUS_UNAVAILABLE || status == STATUS_PROTOCOL_ERROR)
        return breach(a, FAULT_MALFORMED, "neither a result nor an execution");
    a->result.status = status;
    take_warnings(a);
    take_members(a);
    if (status_is_graded(status))
        fault = read_grade(a, status == STATUS_COMPLETE);
    if (!status_is_graded(status) || json_kind(answer_get(a, "error")) > JSON_NULL)
        read_ending(a, ask, status);
    a->result.execution_id = a->execution_id;
    finish(a, ask, body, len);
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

void answer_fault(struct answer *a, const struct answer_ask *ask, enum fault fault, const char *why,
                  const char *body, size_t len)
{
    struct result *r = &a->result;
    reset(a);
    bool said = ask->http_status >= 400 && index_body(a, body, len, NULL);
    if (!said)
        a->top.count = 0;
    else
        read_error(a, &r->error);
    if (!r->error.message.at) {
        put_message(a, why, body, ask->http_status >= 400 ? len : 0);
        r->error.message = span(&a->message);
    }
    r->status = fault_status(fault);
    r->error.class = fault_name(fault);
    r->error.http_status = ask->http_status;
    r->error.retryable = fault_status(fault) == STATUS_UNAVAILABLE;
    a->top.count = 0; /* an error's members have no place in a result */
    finish(a, ask, body, len);
}
