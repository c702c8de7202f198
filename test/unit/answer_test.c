/* answer_test: every shape in which servers answer, folded into the one result.
 *
 * A row names what must stand in the result as "path=text" pairs; what it does
 * not name may be anything.  Each result is read a second time and must come
 * out the same. */
#define _POSIX_C_SOURCE 200809L
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "xalloc.h"

struct row {
    const char *what, *body;
    const char *want[8]; /* "member=JSON text", "fault=name" or "open=status" */
};

#define TESTS2                                                                                               \
    "\"test_results\":[{\"name\":\"t1\",\"passed\":true},{\"name\":\"t2\",\"passed\":false,\"message\":"     \
    "\"m\"}]"

/* clang-format off */
static const struct row rows[] = {
    {"flat", "{\"atom_id\":\"a\",\"status\":\"complete\",\"correct\":true,\"partial_score\":1.0}",
     {"status=\"complete\"", "correct=true", "partial_score=1.0", "score_source=\"partial_score\"", "tests_total=null",
      "warnings=[]", "error=null"}},
    {"no status but a grade", "{\"correct\":false}",
     {"status=\"complete\"", "correct=false", "partial_score=0", "score_source=\"correct\""}},
    {"nested beside meta",
     "{\"status\":\"completed\",\"result\":{\"correct\":true,\"score\":0.8},\"meta\":{\"confidence\":4}}",
     {"status=\"complete\"", "partial_score=0.8", "score_source=\"score\"", "meta={\"confidence\":4}", "correct=true"}},
    {"meta_cognitive", "{\"partial_score\":0.5,\"meta_cognitive\":{\"error_tag\":\"x\"}}",
     {"meta={\"error_tag\":\"x\"}", "correct=false"}},
    {"the score wins over the tests", "{\"partial_score\":0.25," TESTS2 "}",
     {"partial_score=0.25", "tests_passed=1", "tests_total=2"}},
    {"from the tests", "{" TESTS2 "}",
     {"partial_score=0.5", "score_source=\"tests\"", "correct=false",
      "test_results=[{\"name\":\"t1\",\"passed\":true,\"message\":null},"
      "{\"name\":\"t2\",\"passed\":false,\"message\":\"m\"}]"}},
    {"tests_failed instead of a total", "{\"tests_passed\":3,\"tests_failed\":1}",
     {"tests_total=4", "tests_passed=3", "partial_score=0.75"}},
    {"a total and tests_failed", "{\"tests_total\":4,\"tests_failed\":1}", {"tests_passed=3"}},
    {"a total without what passed", "{\"correct\":true,\"tests_total\":2}", {"tests_passed=null", "tests_total=2"}},
    {"errors beside counts", "{\"correct\":false,\"tests_passed\":2,\"tests_total\":3,\"errors\":[{\"test\":\"t\"}]}",
     {"tests_passed=2", "tests_total=3", "warnings=[]"}},
    {"a count larger than can be", "{\"correct\":true,\"tests_passed\":9223372036854775807,\"tests_failed\":1}",
     {"tests_passed=null", "tests_total=null", "warnings=[\"tests_passed is not a count and was left out\"]"}},
    {"errors[] beside a list say nothing new",
     "{\"correct\":false,\"test_results\":[{\"name\":\"t\",\"passed\":false,\"message\":\"m\"}],\"errors\":[{\"test\":\"t\"}]}",
     {"tests_total=1", "test_results=[{\"name\":\"t\",\"passed\":false,\"message\":\"m\"}]", "warnings=[]"}},
    {"more failed than there are", "{\"correct\":false,\"tests_total\":2,\"tests_failed\":5}",
     {"tests_total=2", "tests_passed=null", "partial_score=0"}},
    {"a status in an error that is none", "{\"status\":\"failed\",\"error\":{\"message\":\"b\",\"http_status\":99999}}",
     {"error={\"class\":\"failed\",\"message\":\"b\",\"code\":null,\"http_status\":null,\"retryable\":false}"}},
    {"no tests at all is null, never 0/0", "{\"correct\":true,\"tests_passed\":0,\"tests_total\":0}",
     {"tests_total=null", "tests_passed=null", "partial_score=1"}},
    {"an empty list is no zero", "{\"correct\":true,\"tests_total\":3,\"test_results\":[]}",
     {"tests_total=3", "tests_passed=null", "partial_score=1", "score_source=\"correct\""}},
    {"lists of names", "{\"test_results\":{\"passed\":[\"a\",\"b\"],\"failed\":[\"c\"],\"stdout\":\"o\",\"stderr\":\"e\",\"logs\":\"l\"}}",
     {"tests_passed=2", "tests_total=3", "stdout=\"o\"", "stderr=\"e\"", "logs=\"l\"", "score_source=\"tests\""}},
    {"failed names alone are not all tests", "{\"correct\":false,\"test_results\":{\"failed\":[\"c\"]}}",
     {"tests_total=null", "tests_passed=null", "score_source=\"correct\""}},
    {"tests[] inside", "{\"test_results\":{\"tests\":[{\"name\":\"x\",\"passed\":true}]}}", {"tests_total=1", "correct=true"}},
    {"results[] inside", "{\"test_results\":{\"results\":[{\"name\":\"x\",\"passed\":false}]}}", {"tests_total=1", "partial_score=0"}},
    {"errors[]", "{\"correct\":false,\"errors\":[{\"test\":\"t\",\"expected\":1,\"got\":2,\"message\":\"m\"}]}",
     {"test_results=[{\"name\":\"t\",\"passed\":false,\"message\":\"m\",\"expected\":1,\"actual\":2}]", "tests_total=null",
      "partial_score=0"}},
    {"details", "{\"correct\":true,\"details\":{\"stdout\":\"o\",\"stderr\":\"e\",\"diff\":\"d\"}}",
     {"stdout=\"o\"", "stderr=\"e\"", "diff_suggestion=\"d\""}},
    {"a null beside details", "{\"correct\":true,\"diff_suggestion\":null,\"stdout\":null,\"details\":{\"stdout\":\"o\",\"diff\":\"d\"}}",
     {"diff_suggestion=\"d\"", "stdout=\"o\""}},
    {"warnings are texts", "{\"correct\":true,\"warnings\":[\"w\",{\"a\":1}]}",
     {"warnings=[\"w\",\"a warning of the server's is no text and was left out\"]"}},
    {"digits stay", "{\"partial_score\":0.70000000000000000001,\"execution_time_ms\":12345678901234567890,\"x\":1e400}",
     {"partial_score=0.70000000000000000001", "execution_time_ms=12345678901234567890", "x=1e400"}},
    {"members not named are kept", "{\"correct\":true,\"rubric\":{\"a\":[1.10]},\"result\":{\"hint\":\"h\"}}",
     {"rubric={\"a\":[1.10]}", "hint=\"h\""}},
    {"members of a test are kept", "{\"test_results\":[{\"name\":\"t\",\"passed\":true,\"duration\":1.50}]}",
     {"test_results=[{\"name\":\"t\",\"passed\":true,\"message\":null,\"duration\":1.50}]"}},
    {"a score over 1 is clamped", "{\"partial_score\":7}",
     {"partial_score=1", "warnings=[\"partial_score 7 is outside 0 to 1 and was clamped\"]"}},
    {"a score below 0 is clamped", "{\"score\":-0.1}", {"partial_score=0", "correct=false"}},
    {"a score that is no number", "{\"partial_score\":\"0.9\",\"correct\":true}", {"fault=malformed"}},
    {"a null score is none", "{\"partial_score\":null,\"correct\":true}", {"partial_score=1", "score_source=\"correct\""}},
    {"passed is never truthiness", "{\"correct\":true,\"test_results\":[{\"name\":\"t\",\"passed\":1}]}",
     {"test_results=[{\"name\":\"t\",\"passed\":null,\"message\":null}]",
      "warnings=[\"test 1: passed is not true or false\",\"graded correct, though only 0 of 1 tests passed\"]"}},
    {"correct is never truthiness", "{\"correct\":\"yes\",\"score\":1}", {"correct=null", "partial_score=1"}},
    {"a contradiction is kept, with a warning", "{\"correct\":true,\"tests_passed\":1,\"tests_total\":2}",
     {"correct=true", "partial_score=0.5", "warnings=[\"graded correct, though only 1 of 2 tests passed\"]"}},
    {"more passed than there are", "{\"correct\":true,\"tests_passed\":3,\"tests_total\":2}",
     {"partial_score=1", "warnings=[\"tests_passed 3 is more than tests_total 2\"]"}},
    {"complete without a result", "{\"status\":\"complete\",\"atom_id\":\"a\"}", {"fault=malformed"}},
    {"complete with a null result", "{\"status\":\"complete\",\"result\":null}", {"fault=malformed"}},
    {"incomplete counts what is there", "{\"status\":\"incomplete\",\"tests_passed\":1,\"tests_total\":4}",
     {"status=\"incomplete\"", "partial_score=0.25"}},
    {"incomplete without a grade has none", "{\"status\":\"incomplete\"}",
     {"status=\"incomplete\"", "partial_score=null", "correct=null"}},
    {"the result's own ending wins", "{\"status\":\"completed\",\"result\":{\"status\":\"incomplete\",\"score\":0.1}}",
     {"status=\"incomplete\""}},
    {"failed with error_message", "{\"status\":\"failed\",\"error_message\":\"boom\",\"score\":1}",
     {"status=\"failed\"", "partial_score=null", "correct=null",
      "error={\"class\":\"failed\",\"message\":\"boom\",\"code\":null,\"http_status\":null,\"retryable\":false}"}},
    {"failed with error", "{\"status\":\"failed\",\"error\":\"boom\"}",
     {"error={\"class\":\"failed\",\"message\":\"boom\",\"code\":null,\"http_status\":null,\"retryable\":false}"}},
    {"failed with an error object", "{\"status\":\"failed\",\"error\":{\"code\":\"E1\",\"message\":\"b\",\"class\":\"unsupported\"}}",
     {"error={\"class\":\"unsupported\",\"message\":\"b\",\"code\":\"E1\",\"http_status\":null,\"retryable\":false}"}},
    {"cancelled by the server", "{\"status\":\"cancelled\"}", {"status=\"cancelled\"", "partial_score=null"}},
    {"rejected by the server", "{\"status\":\"rejected\",\"error\":\"no\"}",
     {"error={\"class\":\"http_4xx\",\"message\":\"no\",\"code\":null,\"http_status\":200,\"retryable\":false}"}},
    {"skipped by the server", "{\"status\":\"skipped\"}", {"status=\"skipped\"", "error=null"}},
    {"another atom_id", "{\"atom_id\":\"b\",\"correct\":true}", {"fault=mismatch"}},
    {"another atom_id inside", "{\"result\":{\"atom_id\":\"b\",\"correct\":true}}", {"fault=mismatch"}},
    {"an atom_id that is no string", "{\"atom_id\":5,\"correct\":true}", {"fault=mismatch"}},
    {"the same id, escaped", "{\"atom_id\":\"\\u0061\",\"correct\":true}", {"status=\"complete\"", "atom_id=\"a\""}},
    {"duplicate members", "{\"correct\":true,\"correct\":false}", {"fault=malformed"}},
    {"duplicate members inside", "{\"result\":{\"score\":1,\"sc\\u006fre\":0}}", {"fault=malformed"}},
    {"two documents", "{\"correct\":true}{\"correct\":true}", {"fault=malformed"}},
    {"trailing garbage", "{\"correct\":true} x", {"fault=malformed"}},
    {"empty", "", {"fault=malformed"}},
    {"HTML", "<html></html>", {"fault=malformed"}},
    {"an array", "[{\"correct\":true}]", {"fault=malformed"}},
    {"null", "null", {"fault=malformed"}},
    {"an empty object", "{}", {"fault=malformed"}},
    {"an unknown status", "{\"status\":\"simmering\"}", {"fault=malformed"}},
    {"a server's unavailable", "{\"status\":\"unavailable\"}", {"fault=malformed"}},
    {"an execution", "{\"execution_id\":\"e1\"}", {"open=pending"}},
    {"an execution with a number", "{\"execution_id\":17,\"status\":\"queued\"}", {"open=pending"}},
    {"an execution that runs", "{\"execution_id\":\"e1\",\"status\":\"executing\"}", {"open=running"}},
    {"a pending one without an id", "{\"status\":\"pending\"}", {"fault=malformed"}},
    {"the server's _gl is not taken", "{\"correct\":true,\"_gl\":{\"queue_id\":\"x\"}}",
     {"_gl={\"type\":\"result\"}", "warnings=[\"the server sent _gl, which is the tools' own, and it was left out\"]"}},
    {"on several lines", "{\n  \"correct\": true,\n  \"meta\": {\n    \"a\": 1\n  }\n}\n", {"meta={\"a\": 1}"}},
    {"wrong types are left out", "{\"correct\":true,\"meta\":[1],\"error_class\":5,\"execution_time_ms\":\"1\"}",
     {"meta={}", "error_class=null", "execution_time_ms=null"}},
    {"one suggestion", "{\"correct\":true,\"git_suggestions\":\"git add\"}", {"git_suggestions=[\"git add\"]"}},
    {"a complete result with an error beside it", "{\"correct\":true,\"error\":\"slow disk\"}",
     {"error={\"class\":\"failed\",\"message\":\"slow disk\",\"code\":null,\"http_status\":null,\"retryable\":false}",
      "partial_score=1"}},
};

/* clang-format on */

static const struct answer_ask ask = {.atom_id = {"\"a\"", 3}, .http_status = 200};
static const struct json_text gl = {"{\"type\":\"result\"}", 17};

static void check_want(const struct row *r, const char *want, enum fault fault, const struct answer *a,
                       const struct json_object *out)
{
    const char *equals = strchr(want, '=');
    char *name = xmemdup(want, (size_t)(equals - want)), *got = NULL;
    if (strcmp(name, "fault") == 0) {
        is_text(fault_name(fault), equals + 1, "%s", r->what);
    } else if (strcmp(name, "open") == 0) {
        is_text(fault == FAULT_NONE && a->open ? status_name(a->open_status) : NULL, equals + 1, "%s",
                r->what);
    } else {
        struct json_text value = json_get(out, name);
        got = value.at ? xmemdup(value.at, value.len) : NULL;
        is_text(got, equals + 1, "%s: %s", r->what, name);
    }
    free(got);
    free(name);
}

/* A result that is read again comes out the same. */
static void check_stable(struct answer *a, const struct row *r, const struct buf *first)
{
    struct json_object o = {0};
    struct buf bare, second;
    buf_init(&bare, 100000);
    buf_init(&second, 100000);
    json_index(&o, first->data, first->len, NULL);
    json_put_edited(&bare, &o, (struct json_edit[]){{.name = "_gl"}, {0}});
    enum fault fault = answer_read(a, &ask, bare.data, bare.len);
    if (ok(fault == FAULT_NONE, "%s: its result is a result", r->what)) {
        result_put(&second, &a->result, gl);
        is_text(second.data, first->data, "%s: read again it is the same", r->what);
    }
    json_object_free(&o);
    buf_free(&bare);
    buf_free(&second);
}

static void check_row(struct answer *a, const struct row *r)
{
    struct json_object o = {0};
    struct buf out;
    buf_init(&out, 100000);
    enum fault fault = answer_read(a, &ask, r->body, strlen(r->body));
    bool result = fault == FAULT_NONE && !a->open;
    if (result) {
        result_put(&out, &a->result, gl);
        struct err e;
        if (!ok(json_index(&o, out.data, out.len, &e), "%s: the record is JSON", r->what))
            tap_ok(false, __FILE__, __LINE__, "%s in %s", e.text, out.data);
        ok(!strchr(out.data, '\n'), "%s: it is one line", r->what);
        struct buf name;
        buf_init(&name, 1000);
        ok(!json_duplicate(&o, &name), "%s: no member stands twice", r->what);
        buf_free(&name);
    }
    for (size_t i = 0; i < 8 && r->want[i]; i++)
        check_want(r, r->want[i], fault, a, &o);
    if (result)
        check_stable(a, r, &out);
    json_object_free(&o);
    buf_free(&out);
}

struct fault_row {
    const char *what;
    enum fault fault;
    int http_status;
    const char *body, *want;
};

/* clang-format off */
static const struct fault_row faults[] = {
    {"no answer", FAULT_CONNECT, 0, "", "{\"class\":\"connect\",\"message\":\"why\",\"code\":null,\"http_status\":null,\"retryable\":true}"},
    {"detail and error_code", FAULT_HTTP_4XX, 400, "{\"detail\":\"bad\",\"error_code\":\"E\"}",
     "{\"class\":\"http_4xx\",\"message\":\"bad\",\"code\":\"E\",\"http_status\":400,\"retryable\":false}"},
    {"error", FAULT_HTTP_5XX, 503, "{\"error\":\"down\"}",
     "{\"class\":\"http_5xx\",\"message\":\"down\",\"code\":null,\"http_status\":503,\"retryable\":true}"},
    {"RFC 9457", FAULT_HTTP_4XX, 403, "{\"type\":\"urn:x\",\"title\":\"T\",\"detail\":\"D\",\"status\":403}",
     "{\"class\":\"http_4xx\",\"message\":\"D\",\"code\":\"urn:x\",\"http_status\":403,\"retryable\":false}"},
    {"a list of details", FAULT_HTTP_4XX, 422, "{\"detail\":[{\"loc\":[\"x\"],\"msg\":\"m1\"},{\"msg\":\"m2\"}]}",
     "{\"class\":\"http_4xx\",\"message\":\"m1; m2\",\"code\":null,\"http_status\":422,\"retryable\":false}"},
    {"a result that says rejected", FAULT_HTTP_4XX, 422,
     "{\"status\":\"rejected\",\"error\":{\"class\":\"bad_submission\",\"message\":\"m\"}}",
     "{\"class\":\"bad_submission\",\"message\":\"m\",\"code\":null,\"http_status\":422,\"retryable\":false}"},
    {"a result that says something else", FAULT_HTTP_4XX, 422, "{\"status\":\"complete\",\"correct\":true,\"error\":\"e\"}",
     "{\"class\":\"http_4xx\",\"message\":\"e\",\"code\":null,\"http_status\":422,\"retryable\":false}"},
    {"a refusal of another atom", FAULT_HTTP_4XX, 422, "{\"atom_id\":\"b\",\"status\":\"rejected\",\"error\":{\"class\":\"x\",\"message\":\"m\"}}",
     "{\"class\":\"http_4xx\",\"message\":\"m\",\"code\":null,\"http_status\":422,\"retryable\":false}"},
    {"plain text", FAULT_HTTP_5XX, 500, "out of\ncheese",
     "{\"class\":\"http_5xx\",\"message\":\"why: out of cheese\",\"code\":null,\"http_status\":500,\"retryable\":true}"},
    {"HTML", FAULT_HTTP_5XX, 502, "<html>x</html>",
     "{\"class\":\"http_5xx\",\"message\":\"why\",\"code\":null,\"http_status\":502,\"retryable\":true}"},
};

/* clang-format on */

static void check_fault(struct answer *a, const struct fault_row *r)
{
    struct answer_ask asked = {.atom_id = {"\"a\"", 3}, .http_status = r->http_status};
    struct json_object o = {0};
    struct buf out;
    buf_init(&out, 100000);
    answer_fault(a, &asked, r->fault, "why", r->body, strlen(r->body));
    result_put(&out, &a->result, gl);
    json_index(&o, out.data, out.len, NULL);
    struct json_text error = json_get(&o, "error");
    char *got = error.at ? xmemdup(error.at, error.len) : NULL;
    is_text(got, r->want, "fault, %s", r->what);
    ok(json_is(json_get(&o, "partial_score"), "null") && json_is(json_get(&o, "correct"), "null"),
       "fault, %s: no outage is a score", r->what);
    free(got);
    json_object_free(&o);
    buf_free(&out);
}

static void check_polls(struct answer *a)
{
    struct answer_ask polled = {.atom_id = {"\"a\"", 3}, .execution_id = {"\"e\"", 3}, .http_status = 200};
    const char *unknown = "{\"status\":\"simmering\"}",
               *other = "{\"execution_id\":\"f\",\"status\":\"pending\"}",
               *wait = "{\"status\":\"pending\",\"estimated_wait_seconds\":2.5}",
               *backward = "{\"status\":\"queued\",\"result\":{\"score\":1}}";
    ok(answer_read(a, &polled, unknown, strlen(unknown)) == FAULT_NONE && a->open && a->unknown_word,
       "poll: an unknown word goes on");
    is_int((int64_t)answer_read(a, &polled, other, strlen(other)), FAULT_MISMATCH,
           "poll: another execution_id");
    ok(answer_read(a, &polled, wait, strlen(wait)) == FAULT_NONE && json_is(a->wait_seconds, "2.5"),
       "poll: the estimated wait is found");
    ok(answer_read(a, &polled, backward, strlen(backward)) == FAULT_NONE && a->open,
       "poll: an open status with a result is open");
}

int main(void)
{
    struct answer a;
    answer_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&a, &rows[i]);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        check_fault(&a, &faults[i]);
    check_polls(&a);
    answer_free(&a);
    return tap_done();
}
