/* render_tap: a result is a test point with a YAML block, and its tests are a
 * subtest before it, as in TAP 14.
 *
 * The first line says 13, since prove calls a higher version an error; nothing here
 * reads otherwise in 13.  A result passes by its score, so a failed test below one
 * that passed is marked as TODO: it explains the score, and fails nothing. */
#include "render_tap.h"

#include <string.h>

static void begin(struct document *r)
{
    document_puts(r, "TAP version 13\n");
}

/* A member of the YAML block, quoted; nothing where there is nothing. */
static void put_member(struct document *r, const char *indent, const char *name)
{
    if (!r->text.text.len)
        return;
    document_printf(r, "%s%s: \"", indent, name);
    document_quote(r, QUOTE_YAML);
    document_puts(r, "\"\n");
}

static void put_value(struct document *r, const char *indent, const char *name, struct json_text value)
{
    if (!value.at)
        return;
    document_value(r, value, TEXT_BLOCK);
    put_member(r, indent, name);
}

static void put_block(struct document *r, const char *name, struct json_text value)
{
    if (!excerpt_has(value))
        return;
    document_block(r, value, &document_output);
    put_member(r, "  ", name);
}

/* ---- tests ---- */

static void put_test(struct document *r, const struct review_test *t, size_t number, bool excused)
{
    static const char indent[] = "      ";
    document_printf(r, "    %s %zu - ", t->tone == TONE_GOOD ? "ok" : "not ok", number);
    document_test_name(r, t);
    document_quote(r, QUOTE_TAP);
    if (t->tone == TONE_NONE)
        document_puts(r, " # TODO it is not known whether it passed");
    else if (t->tone == TONE_BAD && excused)
        document_puts(r, " # TODO the score is enough all the same");
    document_puts(r, "\n");
    if (t->tone == TONE_GOOD || (!excerpt_has(t->message) && !t->compared))
        return;
    document_puts(r, "      ---\n");
    put_value(r, indent, "message", t->message);
    if (t->compared) {
        document_compared(r, t, t->expected);
        put_member(r, indent, "expected");
        document_compared(r, t, t->actual);
        put_member(r, indent, "actual");
    }
    document_puts(r, "      ...\n");
}

static void put_tests(struct document *r, const struct entry *e)
{
    struct json_object index = {0};
    struct json_text element;
    struct review_test test;
    size_t number = 0;
    if (!e->review.graded || !json_count(e->review.tests))
        return;
    document_puts(r, "# Subtest: ");
    document_name(r, e);
    document_quote(r, QUOTE_NONE);
    document_puts(r, "\n");
    for (size_t at = 0; json_next(e->review.tests, &at, &element);) {
        review_read_test(&test, &index, element);
        put_test(r, &test, ++number, e->standing == STANDING_PASSED);
    }
    document_printf(r, "    1..%zu\n", number);
    json_object_free(&index);
}

/* ---- results ---- */

static void put_details(struct document *r, const struct entry *e)
{
    const struct review *review = &e->review;
    document_puts(r, "  ---\n");
    document_reason(r, e);
    put_member(r, "  ", "message");
    document_printf(r, "  severity: %s\n", e->standing == STANDING_UNGRADED ? "error" : "fail");
    if (e->reviewed) {
        if (review->scored)
            document_printf(r, "  score: %.*s\n", (int)review->score_text.len, review->score_text.at);
        if (review->time_ms >= 0 && review->time_ms < 1e12)
            document_printf(r, "  duration_ms: %.15g\n", review->time_ms);
        put_value(r, "  ", "error_class", review->error_class);
        put_block(r, "feedback", review->feedback);
        put_block(r, "stdout", review->output);
        put_block(r, "stderr", review->errors);
    }
    document_puts(r, "  ...\n");
}

static void put_point(struct document *r, const struct entry *e)
{
    bool ok = e->standing == STANDING_PASSED || e->standing == STANDING_SKIPPED;
    if (e->reviewed)
        put_tests(r, e);
    document_printf(r, "%s %zu - ", ok ? "ok" : "not ok", totals_results(&r->totals));
    document_name(r, e);
    document_quote(r, QUOTE_TAP);
    if (e->standing == STANDING_SKIPPED)
        document_puts(r, " # SKIP ");
    else if (e->standing == STANDING_OPEN)
        document_puts(r, " # TODO ");
    if (e->standing == STANDING_SKIPPED || e->standing == STANDING_OPEN) {
        document_reason(r, e);
        document_quote(r, QUOTE_TAP);
    }
    document_puts(r, "\n");
    if (standing_is_bad(e->standing))
        put_details(r, e);
}

/* Lines that are for people only. */
static void put_comment(struct document *r)
{
    const char *lines = r->lines.data, *stop = lines + r->lines.len;
    while (lines < stop) {
        const char *lf = memchr(lines, '\n', (size_t)(stop - lines));
        document_puts(r, lf > lines ? "# " : "#");
        buf_add(&r->out, lines, (size_t)(lf - lines) + 1);
        lines = lf + 1;
    }
}

static void put_entry(struct document *r, const struct entry *e)
{
    if (e->standing != STANDING_OTHER) {
        put_point(r, e);
        return;
    }
    document_plain(r, e);
    put_comment(r);
}

static void finish(struct document *r)
{
    if (r->summary) {
        document_plain_totals(r);
        put_comment(r);
    }
    document_printf(r, "1..%zu\n", totals_results(&r->totals));
}

const struct document_format render_tap = {begin, put_entry, finish};
