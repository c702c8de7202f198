/* render_markdown: a line for what passed, a part that unfolds for what did not, tables
 * for what is no result.
 *
 * Everything in a record that others wrote stands in code: in spans, fenced blocks, or
 * <code> in a block of HTML, where neither Markdown, HTML, links, mentions nor references
 * to issues are read.  A comment may have 65,536 characters, so what comes after that many is left
 * out, and counted at the end. */
#include "render_markdown.h"

#include <stdlib.h>
#include <string.h>

#include "render_outcome.h"
#include "render_rows.h"
#include "xalloc.h"

enum { SIZE_MAX_BYTES = 65536, RESERVE = 1536, TESTS_MAX = 50 };

struct state {
    struct form_html form; /* of what is no result */
    bool in_list;          /* the last record is an item, which a blank line parts from what is none */
    bool in_rows;          /* or a row of the queue, in a table */
    size_t left_out;       /* records, since the comment was full */
};

static const char *mark(const struct document *r, enum standing standing)
{
    static const char *const marks[] = {
        [STANDING_PASSED] = "✅ ",        [STANDING_PARTIAL] = "🟡 ",   [STANDING_FAILED] = "❌ ",
        [STANDING_UNGRADED] = "⚠️ ", [STANDING_SKIPPED] = "⏭️ ", [STANDING_OPEN] = "⏳ ",
        [STANDING_OTHER] = "",
    };
    return r->plain.paint.ascii ? "" : marks[standing];
}

/* The longest run of backticks in a text. */
static size_t longest_run(const char *text, size_t len)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < len; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void put_backticks(struct document *r, size_t count)
{
    while (count--)
        document_puts(r, "`");
}

/* What is in r->text, of one line, as a code span.  A blank beside a backtick or blank
 * at an end is taken off again by the reader. */
static void put_span(struct document *r)
{
    const char *text = r->text.text.data;
    size_t len = r->text.text.len, ticks = longest_run(text, len) + 1;
    if (!len)
        return;
    bool pad = strchr("` ", text[0]) || strchr("` ", text[len - 1]);
    put_backticks(r, ticks);
    document_puts(r, pad ? " " : "");
    buf_add(&r->out, text, len);
    document_puts(r, pad ? " " : "");
    put_backticks(r, ticks);
}

static void put_fenced(struct document *r, const char *language, const char *text, size_t len)
{
    size_t longest = longest_run(text, len), ticks = longest < 3 ? 3 : longest + 1;
    put_backticks(r, ticks);
    document_printf(r, "%s\n", language);
    buf_add(&r->out, text, len);
    document_puts(r, len && text[len - 1] == '\n' ? "" : "\n");
    put_backticks(r, ticks);
    document_puts(r, "\n\n");
}

/* ---- tests ---- */

/* A cell with what is in r->text. */
static void put_cell(struct document *r)
{
    bool any = r->text.text.len;
    document_puts(r, any ? "<td><code>" : "<td>");
    document_quote(r, QUOTE_XML);
    document_puts(r, any ? "</code></td>" : "</td>");
}

static void put_compared(struct document *r, const struct review_test *t, bool actual)
{
    bool any = t->compared && (actual ? t->actual : t->expected).at;
    document_puts(r, any ? "<td><code>" : "<td>");
    if (any)
        document_marked(r, t, actual, false, DOCUMENT_NAME_BYTES);
    document_puts(r, any ? "</code></td>" : "</td>");
}

static void put_test(struct document *r, const struct review_test *t)
{
    static const enum standing standings[] = {[TONE_GOOD] = STANDING_PASSED,
                                              [TONE_FAIR] = STANDING_PARTIAL,
                                              [TONE_BAD] = STANDING_FAILED,
                                              [TONE_NONE] = STANDING_UNGRADED};
    document_printf(r, "<tr><td>%s%s</td>", mark(r, standings[t->tone]), t->word);
    document_test_name(r, t);
    put_cell(r);
    rich_clear(&r->text);
    excerpt_put(&r->text, PAINT_PLAIN, t->message, DOCUMENT_NAME_BYTES, TEXT_LINE);
    put_cell(r);
    put_compared(r, t, false);
    put_compared(r, t, true);
    document_puts(r, "</tr>\n");
}

/* A table of HTML, since nothing can be marked inside of Markdown's code.  Markdown reads
 * no line of it, up to a blank one, which there is none. */
static void put_tests(struct document *r, struct json_text list)
{
    struct json_object index = {0};
    struct json_text element;
    struct review_test test;
    size_t count = json_count(list), shown = 0;
    if (!count)
        return;
    document_puts(
        r, "<table>\n<tr><th></th><th>Test</th><th>Message</th><th>Expected</th><th>Actual</th></tr>\n");
    for (size_t at = 0; shown < TESTS_MAX && json_next(list, &at, &element); shown++) {
        review_read_test(&test, &index, element);
        put_test(r, &test);
    }
    document_puts(r, "</table>\n\n");
    if (shown < count)
        document_printf(r, "%zu more tests are left out.\n\n", count - shown);
    json_object_free(&index);
}

/* ---- results ---- */

/* Ends the list or the table that the last record is in. */
static void end_run(struct document *r)
{
    struct state *s = r->state;
    if (s->in_rows)
        render_rows_end(&s->form);
    document_puts(r, s->in_list || s->in_rows ? "\n" : "");
    s->in_list = s->in_rows = false;
}

static void put_section(struct document *r, const char *label, const char *language, struct json_text value,
                        const struct excerpt *how)
{
    if (!excerpt_has(value))
        return;
    document_printf(r, "**%s**\n\n", label);
    document_block(r, value, how);
    put_fenced(r, language, r->text.text.data, r->text.text.len);
}

static void put_list(struct document *r, const char *label, struct json_text list)
{
    struct json_text element;
    if (!excerpt_has(list))
        return;
    if (json_kind(list) != JSON_ARRAY) {
        put_section(r, label, "text", list, &document_prose);
        return;
    }
    document_printf(r, "**%s**\n\n", label);
    for (size_t at = 0; json_next(list, &at, &element);) {
        document_puts(r, "- ");
        document_value(r, element, TEXT_LINE);
        put_span(r);
        document_puts(r, "\n");
    }
    document_puts(r, "\n");
}

static void put_facts(struct document *r, const struct entry *e)
{
    char text[REVIEW_FACT];
    const char *dot = paint_glyph(&r->plain.paint, GLYPH_DOT);
    if (!e->reviewed || !e->review.graded)
        return;
    review_tests(&e->review, text);
    if (*text)
        document_printf(r, " %s %s", dot, text);
    review_time(e->review.time_ms, text);
    if (*text)
        document_printf(r, " %s %s", dot, text);
}

/* The verdict as `before`, the words, the score, `after`. */
static void put_verdict(struct document *r, const struct entry *e, const char *before, const char *after)
{
    document_printf(r, "%s%s%s", mark(r, e->standing), before, e->word);
    if (e->reviewed && e->review.scored)
        document_printf(r, " %d%%", e->review.percent);
    document_puts(r, after);
}

static void put_line(struct document *r, const struct entry *e)
{
    struct state *s = r->state;
    if (!s->in_list)
        end_run(r);
    s->in_list = true;
    document_puts(r, "- ");
    put_verdict(r, e, "**", "** ");
    document_name(r, e);
    put_span(r);
    put_facts(r, e);
    document_puts(r, "\n");
}

static void put_details(struct document *r, const struct entry *e)
{
    const struct review *v = &e->review;
    end_run(r);
    document_puts(r, "<details><summary>");
    put_verdict(r, e, "<b>", "</b> <code>");
    document_name(r, e);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</code>");
    put_facts(r, e);
    if (excerpt_has(v->error_class)) {
        document_printf(r, " %s <code>", paint_glyph(&r->plain.paint, GLYPH_DOT));
        document_value(r, v->error_class, TEXT_LINE);
        document_quote(r, QUOTE_XML);
        document_puts(r, "</code>");
    }
    document_puts(r, "</summary>\n\n");
    if (v->graded) {
        if (json_kind(v->tests) == JSON_ARRAY)
            put_tests(r, v->tests);
        else
            put_section(r, "Tests", "text", v->tests, &document_prose);
    } else {
        document_printf(r, "%s %s\n\n", v->happened, v->next);
    }
    put_section(r, "Error", "text", v->error_message, &document_prose);
    put_section(r, "Feedback", "text", v->feedback, &document_prose);
    put_list(r, "Suggestions", v->suggestions);
    if (v->graded)
        put_section(r, "Suggested change", "diff", v->diff, &document_prose);
    put_list(r, "Warnings", v->warnings);
    put_section(r, "Output", "text", v->output, &document_output);
    put_section(r, "Error output", "text", v->errors, &document_output);
    put_section(r, "Log", "text", v->logs, &document_output);
    document_puts(r, "</details>\n\n");
}

/* ---- the document ---- */

static void begin(struct document *r)
{
    struct state *s = r->state = xcalloc(1, sizeof *s);
    s->form = (struct form_html){.out = &r->out, .comment = true, .unfolded = true};
    r->plain.form = &form_html;
    r->plain.to = &s->form;
    r->plain.paint.notes = true;
    document_puts(r, "### Greenlight\n\n");
}

static bool fits(const struct document *r)
{
    return r->written + r->out.len <= SIZE_MAX_BYTES - RESERVE;
}

/* Rows of the queue that come one after another are a table. */
static void put_row(struct document *r, const struct entry *e)
{
    struct state *s = r->state;
    if (!s->in_rows) {
        end_run(r);
        render_rows_begin(&s->form);
    }
    s->in_rows = true;
    render_rows_add(&s->form, &r->plain.paint, e);
}

/* What is neither a result nor a row. */
static void put_other(struct document *r, const struct entry *e)
{
    end_run(r);
    render_entry(&r->plain, e);
    document_puts(r, "\n");
}

static void put_entry(struct document *r, const struct entry *e)
{
    struct state *s = r->state;
    const struct state before = *s;
    if (s->left_out) {
        s->left_out++;
        return;
    }
    s->form.mark = mark(r, entry_look(e));
    if (e->type == RECORD_ROW)
        put_row(r, e);
    else if (e->standing == STANDING_OTHER)
        put_other(r, e);
    else if (standing_is_bad(e->standing) && e->reviewed)
        put_details(r, e);
    if (r->out.len && fits(r))
        return;
    buf_clear(&r->out);
    *s = before;
    put_line(r, e);
    if (fits(r))
        return;
    buf_clear(&r->out);
    *s = before;
    s->left_out++;
}

static void finish(struct document *r)
{
    const struct state *s = r->state;
    const struct totals *t = &r->totals;
    const char *separator = ": ";
    size_t results = totals_results(t);
    end_run(r);
    if (s->left_out)
        document_printf(r, "%zu more records are left out: a comment holds %d characters.\n\n", s->left_out,
                        SIZE_MAX_BYTES);
    document_printf(r, "**%zu result%s**", results, results == 1 ? "" : "s");
    for (int i = 0; i < STANDING_OTHER; i++) {
        if (!t->standing[i])
            continue;
        document_printf(r, "%s%s%zu %s", separator, mark(r, i), t->standing[i], standing_name(i));
        separator = ", ";
    }
    if (t->scored)
        document_printf(r, "; mean score %d%%", totals_percent(t));
    if (t->standing[STANDING_OTHER])
        document_printf(r, "; %zu other record%s", t->standing[STANDING_OTHER],
                        t->standing[STANDING_OTHER] == 1 ? "" : "s");
    document_puts(r, "\n");
    free(r->state);
}

const struct document_format render_markdown = {begin, put_entry, finish};
