/* render_html: the page, and each record as a part of it that unfolds.
 *
 * It is written as records come, so totals and charts are its last part; the style
 * puts them first.  Filtering is a matter of style too: a radio button for each state,
 * before everything, hides what has another state.  There is no script, and the page's
 * own policy forbids scripts and the network. */
#include "render_html.h"

#include <stdlib.h>
#include <string.h>

#include "render_html_summary.h"
#include "render_outcome.h"
#include "render_rows.h"
#include "xalloc.h"

enum { OPEN_MAX = 50 }; /* so many that need a look are unfolded at first */

static const char style[] = {
#include "render_html_css.h"
};

struct state {
    struct form_html form; /* of what is no result */
    bool in_rows;          /* within their table */
    size_t looks[STANDING_COUNT];
};

/* The classes and, after `f-`, the ids of the radio buttons. */
static const char *const classes[] = {
    [STANDING_PASSED] = "passed",     [STANDING_PARTIAL] = "partial", [STANDING_FAILED] = "failed",
    [STANDING_UNGRADED] = "ungraded", [STANDING_SKIPPED] = "skipped", [STANDING_OPEN] = "open",
    [STANDING_OTHER] = "other",
};

static void put_choice(struct document *r, const char *id, const char *name, bool checked)
{
    document_printf(r, "<input type=\"radio\" name=\"f\" id=\"f-%s\" aria-label=\"Show %s\" hidden%s>\n", id,
                    name, checked ? " checked" : "");
}

static void begin(struct document *r)
{
    struct state *s = r->state = xcalloc(1, sizeof *s);
    s->form.out = &r->out;
    r->plain.form = &form_html;
    r->plain.to = &s->form;
    r->plain.paint.notes = true;
    document_puts(r, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'\">\n<title>Greenlight results</title>\n<style>\n");
    document_puts(r, style);
    document_puts(r, "</style>\n</head>\n<body>\n<h1>Greenlight results</h1>\n");
    put_choice(r, "all", "all", true);
    for (int i = 0; i < STANDING_COUNT; i++)
        put_choice(r, classes[i], standing_name(i), false);
    document_puts(r, "<main>\n");
}

/* ---- tests ---- */

static void put_value(struct document *r, const struct review_test *t, bool actual)
{
    if (!(actual ? t->actual : t->expected).at)
        return;
    document_printf(r, "<dt>%s</dt><dd><code>", actual ? "actual" : "expected");
    document_marked(r, t, actual, t->as_text, DOCUMENT_VALUE_BYTES);
    document_puts(r, "</code></dd>");
}

static void put_test(struct document *r, const struct review_test *t)
{
    static const enum standing standings[] = {[TONE_GOOD] = STANDING_PASSED,
                                              [TONE_FAIR] = STANDING_PARTIAL,
                                              [TONE_BAD] = STANDING_FAILED,
                                              [TONE_NONE] = STANDING_PARTIAL};
    static const char *const marks[] = {
        [TONE_GOOD] = "&#10003;", [TONE_FAIR] = "~", [TONE_BAD] = "&#10007;", [TONE_NONE] = "?"};
    document_printf(r, "<li class=\"%s\"><b>%s %s</b> <span>", classes[standings[t->tone]], marks[t->tone],
                    t->word);
    document_test_name(r, t);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</span>");
    if (excerpt_has(t->message)) {
        document_puts(r, "<p>");
        document_value(r, t->message, TEXT_BLOCK);
        document_quote(r, QUOTE_XML);
        document_puts(r, "</p>");
    }
    if (t->compared && (t->expected.at || t->actual.at)) {
        document_puts(r, "<dl>");
        put_value(r, t, false);
        put_value(r, t, true);
        document_puts(r, "</dl>");
    }
    document_puts(r, "</li>\n");
}

static void put_tests(struct document *r, struct json_text list)
{
    struct json_object index = {0};
    struct json_text element;
    struct review_test test;
    if (!json_count(list))
        return;
    document_puts(r, "<ul class=\"tests\">\n");
    for (size_t at = 0; json_next(list, &at, &element);) {
        review_read_test(&test, &index, element);
        put_test(r, &test);
    }
    document_puts(r, "</ul>\n");
    json_object_free(&index);
}

/* ---- texts ---- */

static void put_section(struct document *r, const char *label, struct json_text value,
                        const struct excerpt *how)
{
    if (!excerpt_has(value))
        return;
    document_printf(r, "<h2>%s</h2>\n<pre%s>", label, how == &document_prose ? " class=\"prose\"" : "");
    document_block(r, value, how);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</pre>\n");
}

static void put_list(struct document *r, const char *label, struct json_text list)
{
    struct json_text element;
    if (!excerpt_has(list))
        return;
    if (json_kind(list) != JSON_ARRAY) {
        put_section(r, label, list, &document_prose);
        return;
    }
    document_printf(r, "<h2>%s</h2>\n<ul>\n", label);
    for (size_t at = 0; json_next(list, &at, &element);) {
        document_value(r, element, TEXT_LINE);
        document_puts(r, "<li><code>");
        document_quote(r, QUOTE_XML);
        document_puts(r, "</code></li>\n");
    }
    document_puts(r, "</ul>\n");
}

/* The element for a line of a diff. */
static const char *diff_element(const char *line, size_t len)
{
    static const char *const heads[] = {"+++", "---", "@@", "diff ", "index "};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (len >= strlen(heads[i]) && memcmp(line, heads[i], strlen(heads[i])) == 0)
            return "i";
    return *line == '+' ? "ins" : *line == '-' ? "del" : "span";
}

static void put_diff(struct document *r, struct json_text value)
{
    if (!excerpt_has(value))
        return;
    document_puts(r, "<h2>Suggested change</h2>\n<pre>");
    document_block(r, value, &document_prose);
    const char *line = r->text.text.data, *stop = line + r->text.text.len;
    while (line < stop) {
        const char *lf = memchr(line, '\n', (size_t)(stop - line));
        size_t len = (size_t)((lf ? lf + 1 : stop) - line);
        const char *element = diff_element(line, len);
        document_printf(r, "<%s>", element);
        quote_put(&r->out, QUOTE_XML, line, len);
        document_printf(r, "</%s>", element);
        line += len;
    }
    document_puts(r, "</pre>\n");
}

/* ---- records ---- */

static void put_summary_line(struct document *r, const struct entry *e)
{
    static const char *const marks[] = {
        [STANDING_PASSED] = "&#10003;", [STANDING_PARTIAL] = "~",       [STANDING_FAILED] = "&#10007;",
        [STANDING_UNGRADED] = "!",      [STANDING_SKIPPED] = "&#8211;", [STANDING_OPEN] = "&#8230;",
    };
    document_printf(r, "<summary><b>%s %s", marks[e->standing], e->word);
    if (e->review.scored)
        document_printf(r, " %d%%", e->review.percent);
    document_puts(r, "</b> <span>");
    document_name(r, e);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</span>");
    if (e->standing != STANDING_OPEN) { /* whose only fact would be the word again */
        document_puts(r, " <small>");
        document_facts(r, &e->review);
        document_quote(r, QUOTE_XML);
        document_puts(r, "</small>");
    }
    document_puts(r, "</summary>\n");
}

static void put_error(struct document *r, const struct review *v)
{
    if (!excerpt_has(v->error_code)) {
        put_section(r, "Error", v->error_message, &document_prose);
        return;
    }
    document_puts(r, "<h2>Error</h2>\n<p>Code: <code>");
    document_value(r, v->error_code, TEXT_LINE);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</code></p>\n<pre class=\"prose\">");
    document_block(r, v->error_message, &document_prose);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</pre>\n");
}

/* What an outcome says beside the result in it. */
static void put_outcome(struct document *r, const struct entry *e)
{
    const struct state *s = r->state;
    struct facts facts;
    facts_init(&facts, &r->plain.paint, SIZE_MAX);
    render_outcome_facts(&facts, e->record);
    if (facts.row.text.len) {
        document_puts(r, "<p>");
        form_html_rich(&s->form, &facts.row);
        document_puts(r, "</p>\n");
    }
    facts_free(&facts);
}

static void put_body(struct document *r, const struct entry *e)
{
    const struct review *v = &e->review;
    if (e->type == RECORD_OUTCOME)
        put_outcome(r, e);
    if (e->standing == STANDING_OPEN && e->type == RECORD_OUTCOME)
        document_printf(r, "<p>%s</p>\n", render_outcome_waits);
    else if (e->standing == STANDING_OPEN)
        document_puts(r, "<p>It has not ended yet, and nothing counts against you.</p>\n");
    else if (!v->graded)
        document_printf(r, "<p>%s %s</p>\n", v->happened, v->next);
    else if (json_kind(v->tests) == JSON_ARRAY)
        put_tests(r, v->tests);
    else
        put_section(r, "Tests", v->tests, &document_prose);
    put_error(r, v);
    put_section(r, "Feedback", v->feedback, &document_prose);
    put_list(r, "Suggestions", v->suggestions);
    if (v->graded)
        put_diff(r, v->diff);
    put_list(r, "Warnings", v->warnings);
    put_section(r, "Output", v->output, &document_output);
    put_section(r, "Error output", v->errors, &document_output);
    put_section(r, "Log", v->logs, &document_output);
}

/* What is no result; rows of the queue become a table. */
static void put_other(struct document *r, const struct entry *e, enum standing look)
{
    struct state *s = r->state;
    s->form.class = classes[look];
    s->form.unfolded = r->totals.standing[STANDING_OTHER] <= OPEN_MAX;
    if (e->type == RECORD_ROW)
        render_rows_add(&s->form, &r->plain.paint, e);
    else
        render_entry(&r->plain, e);
}

static void go_to_rows(struct document *r, bool in_rows)
{
    struct state *s = r->state;
    if (s->in_rows != in_rows)
        (in_rows ? render_rows_begin : render_rows_end)(&s->form);
    s->in_rows = in_rows;
}

static void put_entry(struct document *r, const struct entry *e)
{
    struct state *s = r->state;
    const struct totals *t = &r->totals;
    size_t bad =
        t->standing[STANDING_PARTIAL] + t->standing[STANDING_FAILED] + t->standing[STANDING_UNGRADED];
    enum standing look = entry_look(e);
    s->looks[look]++;
    go_to_rows(r, e->type == RECORD_ROW);
    if (!e->reviewed) {
        put_other(r, e, look);
        return;
    }
    bool unfolded = standing_is_bad(e->standing) && bad <= OPEN_MAX;
    document_printf(r, "<details class=\"%s\"%s>", classes[e->standing], unfolded ? " open" : "");
    put_summary_line(r, e);
    document_puts(r, "<div>\n");
    put_body(r, e);
    document_puts(r, "</div></details>\n");
}

static void finish(struct document *r)
{
    struct state *s = r->state;
    go_to_rows(r, false);
    document_puts(r, "</main>\n");
    render_html_summary(r, classes, s->looks);
    document_puts(r, "</body>\n</html>\n");
    free(s);
}

const struct document_format render_html = {begin, put_entry, finish};
