/* review: the words, and the thresholds of design.md §3. */
#include "review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

static const double good_from = 0.7, fair_from = 0.4;

/* What happened, by the class of the error, in the learner's words. */
static const struct {
    const char *class, *happened;
} happenings[] = {
    {"dns", "Greenlight could not be found on the network, so your answer was not sent."},
    {"connect", "Greenlight could not be reached, so your answer was not sent."},
    {"tls", "No secure connection to Greenlight could be made, so your answer was not sent."},
    {"certificate", "Greenlight could not prove who it is, so your answer was not sent."},
    {"rate_limited", "Greenlight is busy and asked to be left alone for a while."},
    {"timeout", "Greenlight did not answer in time."},
    {"reset", "The connection broke before Greenlight answered."},
    {"truncated", "The connection broke in the middle of Greenlight's answer."},
    {"http_5xx", "Greenlight has a problem of its own and could not answer."},
    {"http_501", "Greenlight does not offer this."},
    {"http_505", "Greenlight does not speak this version of HTTP."},
    {"redirect", "Greenlight has moved: its address has to be changed."},
    {"conflict", "Greenlight is still busy with the same answer."},
    {"circuit", "Greenlight could not be reached many times in a row, so your answer was not sent."},
    {"retry_budget", "Too many requests needed another try, so this one was given up for now."},
    {"deadline", "The time for this run was over before Greenlight answered."},
    {"unauthorised", "Greenlight did not accept the token that it was asked with."},
    {"interrupted", "The run was interrupted before Greenlight answered."},
    {"no_sandbox", "Your answer could not be run: this machine has no sandbox for it."},
    {"no_editor", "No editor could be opened for your answer."},
    {"execution_unknown", "Greenlight no longer knows this run."},
    {"bad_request", "This is not a request that could be sent."},
    {"http_4xx", "Greenlight refused this request."},
    {"malformed", "Greenlight's answer made no sense."},
    {"mismatch", "Greenlight answered for another task than this one."},
    {"too_large", "Greenlight's answer was too large."},
    {"expired", "Greenlight never finished with your answer, and the time to wait for it is over."},
    {"no_submission", "There is no answer of yours in this request."},
    {"bad_tests", "The tests of this task could not be used, which is not your fault."},
    {"bad_submission", "What you handed in could not be used."},
    {"bad_patch", "Your patch does not fit the files of this task."},
    {"unsupported", "Tasks of this kind cannot be run here."},
};

static const char *happened_by_status(enum status status)
{
    switch (status) {
    case STATUS_UNAVAILABLE:
        return "Greenlight is not available.";
    case STATUS_REJECTED:
        return "The request was not accepted.";
    case STATUS_FAILED:
        return "Greenlight tried to grade your answer and could not.";
    case STATUS_PROTOCOL_ERROR:
        return "Greenlight's answer could not be used.";
    case STATUS_SKIPPED:
        return "This task was skipped.";
    case STATUS_CANCELLED:
        return "This task was cancelled.";
    default:
        return "This record has a status that is not known here.";
    }
}

static const char *next_by_status(const struct review *r, struct json_text class)
{
    switch (r->status) {
    case STATUS_UNAVAILABLE:
        return r->queued ? "Nothing counts against you. It stays in the queue and will be tried again."
                         : "Nothing counts against you. The same request can be sent again later.";
    case STATUS_REJECTED:
        if (json_is(class, "no_submission"))
            return "Nothing counts against you. Add your answer and send it again.";
        return "Nothing counts against you. The request has to be put right before it is sent again.";
    case STATUS_FAILED:
        return "Nothing counts against you. Sending the same again may not help; what went wrong is below.";
    case STATUS_PROTOCOL_ERROR:
        return "Nothing counts against you, and no grade was recorded. Whoever runs Greenlight should know "
               "of it.";
    default:
        return "It was not graded, and nothing counts against you.";
    }
}

static void read_outage(struct review *r, struct json_text class)
{
    bool spoken = r->status == STATUS_SKIPPED || r->status == STATUS_CANCELLED || r->status == STATUS_UNKNOWN;
    r->verdict = r->status == STATUS_SKIPPED     ? "SKIPPED"
                 : r->status == STATUS_CANCELLED ? "CANCELLED"
                                                 : "NOT GRADED";
    r->happened = happened_by_status(r->status);
    for (size_t i = 0; i < sizeof happenings / sizeof *happenings && !spoken; i++)
        if (json_is(class, happenings[i].class))
            r->happened = happenings[i].happened;
    r->next = next_by_status(r, class);
}

/* The score in whole percent, rounded down: 0.29 is 29 although 0.29 * 100 is
 * a little less, and what is below 0.7 is never 70. */
static int percent_of(double score)
{
    int percent = (int)(score * 100);
    while ((percent + 1) / 100.0 <= score)
        percent++;
    while (percent / 100.0 > score)
        percent--;
    return percent;
}

static void read_score(struct review *r, const struct json_object *record)
{
    struct json_text correct = json_get(record, "correct");
    struct json_text score = json_get(record, "partial_score");
    if (json_kind(score) != JSON_NUMBER)
        score = json_get(record, "score");
    r->score_text = json_kind(score) == JSON_NULL ? (struct json_text){NULL, 0} : score;
    r->scored = json_real(score, &r->score) && r->score >= 0 && r->score <= 1;
    r->tone = TONE_NONE;
    r->verdict = "GRADED";
    if (r->scored) {
        r->percent = percent_of(r->score);
        r->tone = r->score >= good_from ? TONE_GOOD : r->score >= fair_from ? TONE_FAIR : TONE_BAD;
    } else if (json_kind(correct) == JSON_TRUE || json_kind(correct) == JSON_FALSE) {
        r->tone = json_kind(correct) == JSON_TRUE ? TONE_GOOD : TONE_BAD;
    }
    if (r->tone != TONE_NONE)
        r->verdict = r->tone == TONE_GOOD ? "PASS" : r->tone == TONE_FAIR ? "PARTIAL" : "FAIL";
}

static int64_t read_count(const struct json_object *record, const char *name)
{
    int64_t count;
    return json_int(json_get(record, name), &count) && count >= 0 ? count : REVIEW_UNKNOWN;
}

/* The member, or absent where it is null. */
static struct json_text get(const struct json_object *o, const char *name)
{
    struct json_text value = json_get(o, name);
    return json_kind(value) == JSON_NULL ? (struct json_text){NULL, 0} : value;
}

/* `error` is an object, or in odd records just a text. */
static struct json_text read_error(struct review *r, const struct json_object *record)
{
    struct json_text error = get(record, "error");
    r->http_status = 0;
    if (!json_get_object(error, &r->error)) {
        r->error_message = error;
        r->error_code = (struct json_text){NULL, 0};
        return (struct json_text){NULL, 0};
    }
    r->error_message = get(&r->error, "message");
    r->error_code = get(&r->error, "code");
    if (!json_int(json_get(&r->error, "http_status"), &r->http_status) || r->http_status < 100 ||
        r->http_status > 999)
        r->http_status = 0;
    return get(&r->error, "class");
}

void review_read_as(struct review *r, const struct json_object *record, enum status status)
{
    struct json_text class = read_error(r, record);
    record_gl(record, &r->gl);
    r->status_text = get(record, "status");
    r->status = status;
    r->graded = status_is_graded(r->status);
    r->attempts = (int64_t)json_count(json_get(&r->gl, "attempts"));
    r->queued = json_kind(json_get(&r->gl, "queue_id")) == JSON_STRING;
    r->happened = r->next = NULL;
    r->scored = false;
    r->tone = TONE_NONE;
    if (r->graded)
        read_score(r, record);
    else
        read_outage(r, class);
    r->error_class = get(record, "error_class");
    if (!r->error_class.at)
        r->error_class = class;
    r->tests_passed = read_count(record, "tests_passed");
    r->tests_total = read_count(record, "tests_total");
    if (!json_real(json_get(record, "execution_time_ms"), &r->time_ms) &&
        !json_real(json_get(record, "time_spent_ms"), &r->time_ms))
        r->time_ms = -1;
    r->atom_id = record_atom_id(record);
    r->execution_id = get(record, "execution_id");
    r->tests = get(record, "test_results");
    r->feedback = get(record, "feedback");
    r->suggestions = get(record, "git_suggestions");
    r->diff = get(record, "diff_suggestion");
    r->output = get(record, "stdout");
    r->errors = get(record, "stderr");
    r->logs = get(record, "logs");
    r->warnings = get(record, "warnings");
}

void review_free(struct review *r)
{
    json_object_free(&r->error);
    json_object_free(&r->gl);
}

void review_tests(const struct review *r, char out[REVIEW_FACT])
{
    long long passed = r->tests_passed, total = r->tests_total;
    *out = '\0';
    if (passed == REVIEW_UNKNOWN && total == REVIEW_UNKNOWN)
        return;
    if (total == 0)
        snprintf(out, REVIEW_FACT, "no tests");
    else if (total == REVIEW_UNKNOWN)
        snprintf(out, REVIEW_FACT, "%lld test%s passed", passed, passed == 1 ? "" : "s");
    else if (passed == REVIEW_UNKNOWN)
        snprintf(out, REVIEW_FACT, "%lld test%s", total, total == 1 ? "" : "s");
    else
        snprintf(out, REVIEW_FACT, "%lld/%lld test%s passed", passed, total, total == 1 ? "" : "s");
}

void review_time(double ms, char out[REVIEW_FACT])
{
    *out = '\0';
    if (!(ms >= 0 && ms < 1e12))
        return;
    if (ms < 9.95)
        snprintf(out, REVIEW_FACT, "%.1f ms", ms);
    else if (ms < 999.5)
        snprintf(out, REVIEW_FACT, "%.0f ms", ms);
    else if (ms < 59995)
        snprintf(out, REVIEW_FACT, "%.2f s", ms / 1000);
    else if (ms < 3600e3)
        snprintf(out, REVIEW_FACT, "%lld min %lld s", (long long)(ms / 60e3), (long long)(ms / 1e3) % 60);
    else
        snprintf(out, REVIEW_FACT, "%lld h %lld min", (long long)(ms / 3600e3), (long long)(ms / 60e3) % 60);
}

/* A string whose blanks at either end, or whose emptiness, would not be seen. */
static bool hides_something(struct json_text value)
{
    return !value.at || value.len <= 2 || value.at[1] == ' ' || value.at[value.len - 2] == ' ' ||
           (value.len >= 4 && value.at[value.len - 3] == '\\' && strchr("nt", value.at[value.len - 2]));
}

/* Whether both are strings that show as they are. */
static bool are_texts(const struct review_test *test)
{
    const struct json_text values[] = {test->expected, test->actual};
    for (size_t i = 0; i < 2; i++)
        if (json_kind(values[i]) > JSON_NULL &&
            (json_kind(values[i]) != JSON_STRING || hides_something(values[i])))
            return false;
    return true;
}

void review_read_test(struct review_test *t, struct json_object *index, struct json_text element)
{
    *t = (struct review_test){.tone = TONE_NONE, .word = "unknown"};
    if (!json_get_object(element, index)) {
        t->name = element;
        return;
    }
    enum json_kind passed = json_kind(json_get(index, "passed"));
    if (passed == JSON_TRUE || passed == JSON_FALSE) {
        t->tone = passed == JSON_TRUE ? TONE_GOOD : TONE_BAD;
        t->word = passed == JSON_TRUE ? "PASS" : "FAIL";
    }
    t->name = get(index, "name");
    t->message = get(index, "message");
    t->expected = json_get(index, "expected");
    t->actual = json_get(index, "actual");
    bool same = t->expected.at && t->actual.at && t->expected.len == t->actual.len &&
                memcmp(t->expected.at, t->actual.at, t->expected.len) == 0;
    bool ran = t->tone == TONE_BAD ? t->expected.at || t->actual.at
                                   : t->expected.at && json_kind(t->actual) > JSON_NULL;
    bool any = json_kind(t->expected) > JSON_NULL || json_kind(t->actual) > JSON_NULL;
    t->compared = ran && any && !same;
    t->as_text = are_texts(t);
}
