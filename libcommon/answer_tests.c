/* answer_tests: the shapes in which servers list their tests, as one list of
 * {name, passed, message, expected, actual}. */
#include "answer_tests.h"

/* What is known of one test, whatever its members were called. */
struct test {
    struct json_text name, passed, message, expected, actual;
};

static void start_list(struct answer *a)
{
    if (!a->tests.len)
        buf_putc(&a->tests, '[');
    json_comma(&a->tests);
}

static void put(struct buf *b, const char *name, struct json_text value)
{
    json_key(b, name);
    json_put(b, value);
}

/* Appends one test, and the members of `o` that have no place in it.  expected
 * and actual are left out where the server gave none: null is a value. */
static void put_test(struct answer *a, const struct test *t, const struct json_object *o)
{
    static const char *const named[] = {"name", "test", "passed", "message", "expected", "actual", "got"};
    struct buf *b = &a->tests;
    start_list(a);
    buf_putc(b, '{');
    put(b, "name", t->name);
    put(b, "passed", t->passed);
    put(b, "message", t->message);
    if (t->expected.at)
        put(b, "expected", t->expected);
    if (t->actual.at)
        put(b, "actual", t->actual);
    for (size_t i = 0; o && i < o->count; i++) {
        bool known = false;
        for (size_t n = 0; n < sizeof named / sizeof *named && !known; n++)
            known = json_member_is(o, i, named[n]);
        if (!known)
            json_put_member(b, o, i);
    }
    buf_putc(b, '}');
}

static struct json_text either(const struct json_object *o, const char *name, const char *other)
{
    struct json_text value = json_get(o, name);
    return value.at ? value : json_get(o, other);
}

static struct json_text literal(bool value)
{
    return value ? (struct json_text){"true", 4} : (struct json_text){"false", 5};
}

/* Counts over one list. */
struct counts {
    int64_t passed, total;
};

/* One element of a list: an object or a bare name.  `passed` holds where the
 * list itself says so (absent otherwise). */
static void add_test(struct answer *a, struct json_text element, struct json_text passed,
                     struct counts *counts)
{
    struct test t = {.passed = passed};
    bool object = json_get_object(element, &a->part);
    if (object) {
        t.name = either(&a->part, "name", "test");
        t.message = json_get(&a->part, "message");
        t.expected = json_get(&a->part, "expected");
        t.actual = either(&a->part, "actual", "got");
        if (!passed.at)
            t.passed = json_get(&a->part, "passed");
    } else {
        t.name = element;
    }
    enum json_kind kind = json_kind(t.passed);
    if (kind != JSON_TRUE && kind != JSON_FALSE) {
        t.passed = (struct json_text){NULL, 0};
        answer_warn(a, "test %lld: passed is not true or false", (long long)counts->total + 1);
    }
    counts->passed += kind == JSON_TRUE;
    counts->total++;
    put_test(a, &t, object ? &a->part : NULL);
}

static void add_list(struct answer *a, struct json_text list, struct json_text passed, struct counts *counts)
{
    struct json_text element;
    for (size_t at = 0; json_next(list, &at, &element);)
        add_test(a, element, passed, counts);
}

/* One test in the result shape already: name, passed and message come first,
 * and nothing goes by another name. */
static bool is_canonical_test(const struct json_object *o)
{
    if (o->count < 3 || !json_member_is(o, 0, "name") || !json_member_is(o, 1, "passed") ||
        !json_member_is(o, 2, "message") || json_get(o, "test").at || json_get(o, "got").at)
        return false;
    enum json_kind passed = json_kind(json_member_value(o, 1));
    return passed == JSON_TRUE || passed == JSON_FALSE;
}

/* A list of such tests is kept as it stands. */
static bool is_canonical(struct answer *a, struct json_text list, struct counts *counts)
{
    struct json_text element;
    struct counts found = {0};
    for (size_t at = 0; json_next(list, &at, &element);) {
        if (!json_get_object(element, &a->part) || !is_canonical_test(&a->part))
            return false;
        found.passed += json_is(json_member_value(&a->part, 1), "true");
        found.total++;
    }
    *counts = found;
    return true;
}

/* test_results as an object: passed[] and failed[], tests[], results[] or
 * errors[], and the output beside them.  True where the list is of all tests. */
static bool read_object(struct answer *a, const struct json_object *o, struct counts *counts)
{
    struct json_text none = {NULL, 0};
    a->result.output = json_get(o, "stdout");
    a->result.errors = json_get(o, "stderr");
    a->result.logs = json_get(o, "logs");
    add_list(a, json_get(o, "passed"), literal(true), counts);
    add_list(a, json_get(o, "failed"), literal(false), counts);
    add_list(a, json_get(o, "tests"), none, counts);
    add_list(a, json_get(o, "results"), none, counts);
    bool all = json_get(o, "passed").at || json_get(o, "tests").at || json_get(o, "results").at;
    add_list(a, json_get(o, "errors"), literal(false), counts);
    return all;
}

static bool take_count(struct answer *a, const char *name, int64_t *out)
{
    struct json_text value = answer_get(a, name);
    int64_t count;
    if (json_kind(value) <= JSON_NULL)
        return false;
    if (!json_int(value, &count) || count < 0 || count > INT32_MAX) {
        answer_warn(a, "%s is not a count and was left out", name);
        return false;
    }
    *out = count;
    return true;
}

/* The counts that the server gives win over those of its list. */
static void read_counts(struct answer *a, const struct counts *listed, bool all)
{
    struct result *r = &a->result;
    int64_t failed;
    bool passed = take_count(a, "tests_passed", &r->tests_passed);
    bool total = take_count(a, "tests_total", &r->tests_total);
    bool has_failed = take_count(a, "tests_failed", &failed);
    if (!total && passed && has_failed)
        r->tests_total = r->tests_passed + failed;
    else if (!passed && total && has_failed && failed <= r->tests_total)
        r->tests_passed = r->tests_total - failed;
    all = all && listed->total && !answer_is_null(a, "tests_total"); /* an empty list says nothing */
    if (r->tests_total == RESULT_TESTS_UNKNOWN && all)
        r->tests_total = listed->total;
    if (r->tests_passed == RESULT_TESTS_UNKNOWN && all && !answer_is_null(a, "tests_passed"))
        r->tests_passed = listed->passed;
    if (r->tests_total <= 0) /* unknown, never 0/0 */
        r->tests_passed = r->tests_total = RESULT_TESTS_UNKNOWN;
    else if (all && !answer_is_ours(a) && listed->total &&
             (listed->total != r->tests_total || listed->passed != r->tests_passed))
        answer_warn(a, "%lld of %lld tests passed by the list, %lld of %lld by the counts",
                    (long long)listed->passed, (long long)listed->total, (long long)r->tests_passed,
                    (long long)r->tests_total);
}

void answer_read_tests(struct answer *a)
{
    struct json_text list = answer_get(a, "test_results");
    struct json_object object = {0};
    struct counts counts = {0};
    bool all = json_kind(list) == JSON_ARRAY;
    if (all && is_canonical(a, list, &counts)) {
        a->result.test_results = list;
    } else if (all) {
        add_list(a, list, (struct json_text){NULL, 0}, &counts);
    } else if (json_get_object(list, &object)) {
        all = read_object(a, &object, &counts);
    } else if (json_kind(list) > JSON_NULL) {
        answer_warn(a, "test_results is neither a list nor an object and was left out");
    }
    json_object_free(&object);
    if (!counts.total)
        add_list(a, answer_get(a, "errors"), literal(false), &counts);
    if (a->tests.len) {
        buf_putc(&a->tests, ']');
        a->result.test_results = (struct json_text){a->tests.data, a->tests.len};
    }
    read_counts(a, &counts, all);
}
