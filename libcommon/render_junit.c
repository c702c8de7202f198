/* render_junit: a result is a test suite whose cases are its tests.
 *
 * Where these do not tell what the result came to (it has none, it was not graded,
 * its score is too low though none failed), one more case named after the result
 * does.  A result passes by its score: a failed test in one that passed is a skipped
 * case, so that CI systems count what Greenlight counts.  Wrong answers are failures,
 * outages errors, what has not ended is skipped.  A record that is no result is a suite
 * without cases, its text the suite's output; that many are told at the end, since CI
 * systems do not show such suites. */
#include "render_junit.h"

#include "msg.h"

/* What the cases of one suite come to. */
struct suite {
    size_t cases, failures, errors, skipped;
    bool own; /* one of them is the result itself */
};

static void begin(struct document *r)
{
    document_puts(r, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"greenlight\">\n");
}

static bool is_wrong(const struct entry *e)
{
    return e->standing == STANDING_PARTIAL || e->standing == STANDING_FAILED;
}

static struct suite count(const struct entry *e)
{
    struct suite s = {.own = true};
    struct json_object index = {0};
    struct json_text element;
    struct review_test test;
    bool wrong = is_wrong(e);
    for (size_t at = 0; e->review.graded && json_next(e->review.tests, &at, &element); s.cases++) {
        review_read_test(&test, &index, element);
        if (test.tone == TONE_BAD && wrong)
            s.failures++;
        else if (test.tone != TONE_GOOD)
            s.skipped++;
    }
    json_object_free(&index);
    if (s.cases && (e->standing == STANDING_PASSED || (wrong && s.failures)))
        s.own = false;
    s.cases += s.own;
    s.failures += s.own && wrong;
    s.errors += s.own && e->standing == STANDING_UNGRADED;
    s.skipped += s.own && (e->standing == STANDING_SKIPPED || e->standing == STANDING_OPEN);
    return s;
}

/* An attribute of what is in r->text. */
static void put_attribute(struct document *r, const char *name)
{
    document_printf(r, " %s=\"", name);
    document_quote(r, QUOTE_XML);
    document_puts(r, "\"");
}

static void put_name(struct document *r, const struct entry *e, const char *attribute)
{
    document_name(r, e);
    put_attribute(r, attribute);
}

static void put_time(struct document *r, const struct entry *e)
{
    if (e->reviewed && e->review.time_ms >= 0 && e->review.time_ms < 1e12)
        document_printf(r, " time=\"%.3f\"", e->review.time_ms / 1000);
}

static void put_compared(struct document *r, const char *label, const struct review_test *t,
                         struct json_text value)
{
    if (!value.at)
        return;
    document_printf(r, "\n%s ", label);
    document_compared(r, t, value);
    document_quote(r, QUOTE_XML);
}

static void put_test(struct document *r, const struct entry *e, const struct review_test *t)
{
    const char *element = t->tone == TONE_BAD && is_wrong(e) ? "failure" : "skipped";
    document_puts(r, "    <testcase");
    put_name(r, e, "classname");
    document_test_name(r, t);
    put_attribute(r, "name");
    if (t->tone == TONE_GOOD) {
        document_puts(r, "/>\n");
        return;
    }
    document_printf(r, ">\n      <%s", element);
    document_value(r, t->message, TEXT_LINE);
    if (t->tone == TONE_NONE || !r->text.text.len) {
        rich_clear(&r->text);
        rich_puts(&r->text, PAINT_PLAIN,
                  t->tone == TONE_NONE ? "it is not known whether it passed" : "failed");
    }
    put_attribute(r, "message");
    document_puts(r, ">");
    document_quote(r, QUOTE_XML);
    if (t->compared) {
        put_compared(r, "expected:", t, t->expected);
        put_compared(r, "actual:  ", t, t->actual);
    }
    document_printf(r, "</%s>\n    </testcase>\n", element);
}

static void put_own(struct document *r, const struct entry *e)
{
    const char *element = e->standing == STANDING_PASSED     ? NULL
                          : e->standing == STANDING_UNGRADED ? "error"
                          : is_wrong(e)                      ? "failure"
                                                             : "skipped";
    document_puts(r, "    <testcase");
    put_name(r, e, "classname");
    put_name(r, e, "name");
    put_time(r, e);
    if (!element) {
        document_puts(r, "/>\n");
        return;
    }
    document_printf(r, ">\n      <%s", element);
    document_reason(r, e);
    put_attribute(r, "message");
    if (e->reviewed && excerpt_has(e->review.error_class)) {
        document_value(r, e->review.error_class, TEXT_LINE);
        put_attribute(r, "type");
    }
    document_puts(r, ">");
    document_plain(r, e);
    quote_put(&r->out, QUOTE_XML, r->lines.data, r->lines.len);
    document_printf(r, "</%s>\n    </testcase>\n", element);
}

static void put_output(struct document *r, const char *element, struct json_text value)
{
    if (!excerpt_has(value))
        return;
    document_printf(r, "    <%s>", element);
    document_block(r, value, &document_output);
    document_quote(r, QUOTE_XML);
    document_printf(r, "</%s>\n", element);
}

/* A suite of no cases, and plain text. */
static void put_text(struct document *r, const char *word, const struct entry *e)
{
    rich_clear(&r->text);
    rich_puts(&r->text, PAINT_PLAIN, word);
    if (e && excerpt_has(e->id)) {
        rich_puts(&r->text, PAINT_PLAIN, " ");
        excerpt_put(&r->text, PAINT_PLAIN, e->id, DOCUMENT_NAME_BYTES, TEXT_LINE);
    }
    document_puts(r, "  <testsuite");
    put_attribute(r, "name");
    document_puts(r, " tests=\"0\" failures=\"0\" errors=\"0\" skipped=\"0\">\n    <system-out>");
    quote_put(&r->out, QUOTE_XML, r->lines.data, r->lines.len);
    document_puts(r, "</system-out>\n  </testsuite>\n");
}

static void put_entry(struct document *r, const struct entry *e)
{
    struct json_object index = {0};
    struct json_text element;
    struct review_test test;
    if (e->standing == STANDING_OTHER) {
        document_plain(r, e);
        put_text(r, e->word, e);
        return;
    }
    struct suite s = count(e);
    document_puts(r, "  <testsuite");
    put_name(r, e, "name");
    document_printf(r, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", s.cases, s.failures,
                    s.errors, s.skipped);
    put_time(r, e);
    document_puts(r, ">\n");
    for (size_t at = 0; e->review.graded && json_next(e->review.tests, &at, &element);) {
        review_read_test(&test, &index, element);
        put_test(r, e, &test);
    }
    json_object_free(&index);
    if (s.own)
        put_own(r, e);
    put_output(r, "system-out", e->review.output);
    put_output(r, "system-err", e->review.errors);
    document_puts(r, "  </testsuite>\n");
}

static void finish(struct document *r)
{
    size_t others = r->totals.standing[STANDING_OTHER];
    if (r->summary) {
        document_plain_totals(r);
        put_text(r, "summary", NULL);
    }
    document_puts(r, "</testsuites>\n");
    if (others)
        msg_warn("%zu record%s no result%s and so no test case%s", others, others == 1 ? " is" : "s are",
                 others == 1 ? "" : "s", others == 1 ? "" : "s");
}

const struct document_format render_junit = {begin, put_entry, finish};
