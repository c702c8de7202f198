/* render_html: the page, and each record as a part of it that unfolds.
 *
 * It is written as records come, so totals and charts are its last part; the style
 * puts them first.  Filtering is a matter of style too: a radio button for each state,
 * before everything, hides what has another state.  There is no script, and the page's
 * own policy forbids scripts and the network. */
#include "render_html.h"

#include <string.h>

#include "render_html_summary.h"

enum { OPEN_MAX = 50 }; /* so many that need a look are unfolded at first */

static const char style[] = {
#include "render_html_css.h"
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
    document_puts(r, "</span> <small>");
    document_facts(r, &e->review);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</small></summary>\n");
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

static void put_body(struct document *r, const struct entry *e)
{
    const struct review *v = &e->review;
    if (e->standing == STANDING_OPEN)
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

static void put_entry(struct document *r, const struct entry *e)
{
    const struct totals *t = &r->totals;
    size_t bad =
        t->standing[STANDING_PARTIAL] + t->standing[STANDING_FAILED] + t->standing[STANDING_UNGRADED];
    if (!e->reviewed) {
        document_plain(r, e);
        document_printf(r, "<div class=\"%s plain\"><pre>", classes[e->standing]);
        quote_put(&r->out, QUOTE_XML, r->lines.data, r->lines.len);
        document_puts(r, "</pre></div>\n");
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
    document_puts(r, "</main>\n");
    render_html_summary(r, classes);
    document_puts(r, "</body>\n</html>\n");
}

const struct document_format render_html = {begin, put_entry, finish};
