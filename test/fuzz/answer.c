/* answer: the path of a server's answer, from raw bytes to the record.
 *
 * Whatever the body, what comes out is a fault with a reason, an execution
 * that goes on, or one line of JSON in the shape of design.md §3: a score only
 * where Greenlight graded, and from 0 to 1; read again it is the same. */
#include "answer.h"

#include "fuzz.h"

enum { RECORD_MAX = 1 << 22 };

static const struct json_text gl = {"{\"type\":\"result\"}", 17};

/* What each member may be: n null, b boolean, f number, s string, a array, o object, * anything. */
static const struct {
    const char *name, *kinds;
} members[] = {
    {"atom_id", "ns"},
    {"status", "s"},
    {"correct", "nb"},
    {"partial_score", "nf"},
    {"score_source", "ns"},
    {"tests_passed", "nf"},
    {"tests_total", "nf"},
    {"test_results", "a"},
    {"feedback", "*"},
    {"error_class", "ns"},
    {"error", "no"},
    {"git_suggestions", "a"},
    {"diff_suggestion", "*"},
    {"stdout", "*"},
    {"stderr", "*"},
    {"logs", "*"},
    {"execution_time_ms", "nf"},
    {"time_spent_ms", "nf"},
    {"meta", "o"},
    {"warnings", "a"},
    {"_gl", "o"},
};

static bool is_one_of(struct json_text value, const char *kinds)
{
    static const char letters[] = {
        [JSON_ABSENT] = '-', [JSON_NULL] = 'n',   [JSON_FALSE] = 'b', [JSON_TRUE] = 'b',
        [JSON_NUMBER] = 'f', [JSON_STRING] = 's', [JSON_ARRAY] = 'a', [JSON_OBJECT] = 'o',
    };
    char letter = letters[json_kind(value)];
    return letter != '-' && (*kinds == '*' || strchr(kinds, letter));
}

static bool is_null(const struct json_object *o, const char *name)
{
    return json_kind(json_get(o, name)) == JSON_NULL;
}

static void check_counts(const struct json_object *o)
{
    int64_t passed = 0, total = 0;
    bool has_passed = json_int(json_get(o, "tests_passed"), &passed);
    bool has_total = json_int(json_get(o, "tests_total"), &total);
    CHECK(has_passed || is_null(o, "tests_passed"));
    CHECK(has_total || is_null(o, "tests_total"));
    CHECK(passed >= 0 && (!has_total || total > 0));
}

/* Score and `correct` are there only where Greenlight graded. */
static void check_grade(const struct json_object *o)
{
    struct json_text status = json_get(o, "status"), source = json_get(o, "score_source");
    bool graded = json_is(status, "complete") || json_is(status, "incomplete");
    double score = 0;
    bool scored = json_real(json_get(o, "partial_score"), &score);
    CHECK(score >= 0 && score <= 1);
    CHECK(graded || (!scored && is_null(o, "correct")));
    CHECK(scored || !json_is(status, "complete"));
    CHECK(scored == (json_kind(source) == JSON_STRING));
    CHECK(!scored || json_is(source, "partial_score") || json_is(source, "score") ||
          json_is(source, "tests") || json_is(source, "correct"));
}

static void check_tests(const struct json_object *o)
{
    struct json_object test = {0};
    struct json_text element;
    for (size_t at = 0; json_next(json_get(o, "test_results"), &at, &element);) {
        CHECK(json_get_object(element, &test));
        CHECK(json_get(&test, "name").at && json_get(&test, "message").at);
        CHECK(is_one_of(json_get(&test, "passed"), "nb"));
        CHECK(!json_get(&test, "got").at && !json_get(&test, "test").at);
    }
    json_object_free(&test);
}

static void check_error(const struct json_object *o)
{
    struct json_object error = {0};
    if (json_get_object(json_get(o, "error"), &error)) {
        CHECK(error.count == 5);
        CHECK(is_one_of(json_get(&error, "class"), "ns"));
        CHECK(is_one_of(json_get(&error, "message"), "ns"));
        CHECK(is_one_of(json_get(&error, "code"), "ns"));
        CHECK(is_one_of(json_get(&error, "http_status"), "nf"));
        CHECK(is_one_of(json_get(&error, "retryable"), "b"));
    }
    json_object_free(&error);
}

static void check_warnings(const struct json_object *o)
{
    struct json_text element;
    for (size_t at = 0; json_next(json_get(o, "warnings"), &at, &element);)
        CHECK(json_kind(element) == JSON_STRING);
}

/* One line of JSON with every member of the contract, none of them twice. */
static void check_record(const struct buf *record, struct json_object *o)
{
    struct buf name;
    buf_init(&name, RECORD_MAX);
    CHECK(!record->overflowed && !memchr(record->data, '\n', record->len));
    CHECK(json_index(o, record->data, record->len, NULL) && o->text.len == record->len);
    CHECK(!json_duplicate(o, &name));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        CHECK(is_one_of(json_get(o, members[i].name), members[i].kinds));
    CHECK(json_member_is(o, o->count - 1, "_gl") && fuzz_same_text(json_get(o, "_gl"), gl));
    check_counts(o);
    check_grade(o);
    check_tests(o);
    check_error(o);
    check_warnings(o);
    buf_free(&name);
}

/* The record without `_gl`, read again, gives the record. */
static void check_again(struct answer *a, const struct answer_ask *ask, const struct json_object *o)
{
    struct buf bare, second;
    buf_init(&bare, RECORD_MAX);
    buf_init(&second, RECORD_MAX);
    json_put_edited(&bare, o, (struct json_edit[]){{.name = "_gl"}, {0}});
    CHECK(answer_read(a, ask, bare.data, bare.len) == FAULT_NONE && !a->open);
    result_put(&second, &a->result, gl);
    if (!fuzz_same(second.data, second.len, o->text.at, o->text.len)) {
        fprintf(stderr, "first:\n%.*s\nsecond:\n%s\n", (int)o->text.len, o->text.at, second.data);
        abort();
    }
    buf_free(&bare);
    buf_free(&second);
}

static void check_raw(const struct json_object *o, const char *body, size_t len)
{
    struct json_object whole = {0};
    struct buf text;
    buf_init(&text, RECORD_MAX);
    bool json = json_index(&whole, body, len, NULL);
    if (len)
        CHECK(json_string(json_get(o, "raw"), &text));
    CHECK(!json || fuzz_same(text.data, text.len, body, len));
    json_object_free(&whole);
    buf_free(&text);
}

/* An execution that goes on has an id to ask for. */
static void check_open(const struct answer *a, const struct answer_ask *ask)
{
    CHECK(a->open_status == STATUS_PENDING || a->open_status == STATUS_RUNNING);
    CHECK(json_kind(a->execution_id) == JSON_STRING && a->execution_id.len > 2);
    CHECK(!a->unknown_word || ask->execution_id.at);
}

static void check_answer(struct answer *a, const struct answer_ask *ask, const char *body, size_t len)
{
    struct json_object o = {0};
    struct buf out;
    buf_init(&out, RECORD_MAX);
    a->why.text[0] = '\0';
    enum fault fault = answer_read(a, ask, body, len);
    CHECK(fault == FAULT_NONE || fault == FAULT_MALFORMED || fault == FAULT_MISMATCH);
    CHECK(fault == FAULT_NONE || *a->why.text);
    if (fault == FAULT_NONE && a->open) {
        check_open(a, ask);
    } else if (fault == FAULT_NONE) {
        result_put(&out, &a->result, gl);
        check_record(&out, &o);
        CHECK(!ask->atom_id.at || fuzz_same_text(json_get(&o, "atom_id"), ask->atom_id));
        if (ask->keep_raw)
            check_raw(&o, body, len);
        else
            check_again(a, ask, &o);
    }
    json_object_free(&o);
    buf_free(&out);
}

/* A failed attempt: the same record, with the class of the fault and never a
 * grade, whatever the body says. */
static void check_fault(struct answer *a, const struct answer_ask *ask, enum fault fault, const char *body,
                        size_t len)
{
    struct json_object o = {0}, error = {0};
    struct buf out;
    buf_init(&out, RECORD_MAX);
    answer_fault(a, ask, fault, "why \"it\" failed", body, len);
    result_put(&out, &a->result, gl);
    check_record(&out, &o);
    CHECK(json_is(json_get(&o, "status"), status_name(fault_status(fault))));
    CHECK(is_null(&o, "partial_score") && is_null(&o, "correct"));
    CHECK(json_get_object(json_get(&o, "error"), &error));
    struct json_text class = json_get(&error, "class"); /* of a 4xx it may be the server's word */
    CHECK(json_is(class, fault_name(fault)) || (fault == FAULT_HTTP_4XX && json_kind(class) == JSON_STRING));
    CHECK(json_kind(json_get(&error, "message")) == JSON_STRING);
    if (ask->keep_raw)
        check_raw(&o, body, len);
    json_object_free(&error);
    json_object_free(&o);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct answer_ask asks[] = {
        {.atom_id = {"\"a\"", 3}, .http_status = 200},
        {.http_status = 201, .keep_raw = true},
        {.atom_id = {"\"a\"", 3}, .execution_id = {"\"e\"", 3}, .http_status = 200},
    };
    static const int statuses[] = {0, 200, 302, 400, 409, 422, 429, 500, 503};
    const char *body = (const char *)data;
    uint64_t chance = fuzz_hash(data, size);
    struct answer a;
    answer_init(&a);
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        struct answer_ask failed = asks[i];
        failed.http_status = statuses[fuzz_next(&chance, sizeof statuses / sizeof *statuses)];
        check_answer(&a, &asks[i], body, size);
        check_fault(&a, &failed, FAULT_DNS + (enum fault)fuzz_next(&chance, FAULT_COUNT - FAULT_DNS), body,
                    size);
    }
    answer_free(&a);
    return 0;
}
