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

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<title>Greenlight results</title>\n<style>\n"
    ":root{--ink:#1b1f24;--dim:#59636e;--paper:#fff;--card:#f6f8fa;--line:#d1d9e0;"
    "--passed:#1a7f37;--partial:#8a6100;--failed:#c1121f;--ungraded:#8250df;--other:#59636e}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9aa4af;--paper:#0d1117;--card:#161b22;"
    "--line:#30363d;--passed:#3fb950;--partial:#d29922;--failed:#ff7b72;--ungraded:#bc8cff;--other:#9aa4af}}"
    "\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 "
    "auto;padding:1rem;max-width:64rem;display:flex;flex-direction:column;background:var(--paper);"
    "color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.4rem;margin:0 0 .5rem;order:-3}\n"
    "h2{font-size:1rem;margin:1rem 0 .25rem}\n"
    "footer{order:-2;margin-bottom:1rem}\n"
    "input{position:absolute;opacity:0;pointer-events:none}\n"
    "label{display:inline-block;margin:0 .4rem .4rem 0;padding:.1rem .7rem;border:1px solid var(--line);"
    "border-radius:1rem;cursor:pointer;color:var(--s,var(--ink))}\n"
    "details,.plain{border:1px solid var(--line);border-left:4px solid var(--s);border-radius:6px;"
    "margin:0 0 .5rem;background:var(--card);content-visibility:auto;contain-intrinsic-size:auto 2.6rem}\n"
    "summary{padding:.5rem .75rem;cursor:pointer;overflow-wrap:anywhere}\n"
    "summary b{color:var(--s)}\nsummary small{color:var(--dim)}\n"
    "details>div{padding:0 .75rem .75rem}\n"
    "pre{margin:0;padding:.5rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;"
    "background:var(--paper);border:1px solid var(--line);border-radius:4px;font:13px/1.45 "
    "ui-monospace,monospace}\n"
    ".plain pre{border:0}\n"
    ".wide{overflow-x:auto}\ntable{border-collapse:collapse;width:100%;font-size:.9rem}\n"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid var(--line);"
    "overflow-wrap:anywhere;white-space:pre-wrap}\n"
    "td:first-child{white-space:nowrap;color:var(--s);font-weight:600}\n"
    "ul{margin:0;padding-left:1.25rem}\n"
    "ins{color:var(--passed);text-decoration:none}\ndel{color:var(--failed);text-decoration:none}\n"
    ".passed{--s:var(--passed)}.partial{--s:var(--partial)}.failed{--s:var(--failed)}"
    ".ungraded{--s:var(--ungraded)}.skipped,.open,.other{--s:var(--other)}\n"
    "svg{max-width:100%;height:auto;margin-right:1rem}\n"
    "svg text{fill:var(--ink);font:12px system-ui,sans-serif}\nsvg rect{fill:var(--s,var(--other))}\n";

/* The classes and, after `f-`, the ids of the radio buttons. */
static const char *const classes[] = {
    [STANDING_PASSED] = "passed",     [STANDING_PARTIAL] = "partial", [STANDING_FAILED] = "failed",
    [STANDING_UNGRADED] = "ungraded", [STANDING_SKIPPED] = "skipped", [STANDING_OPEN] = "open",
    [STANDING_OTHER] = "other",
};

static void begin(struct document *r)
{
    document_puts(r, head);
    for (int i = 0; i < STANDING_COUNT; i++)
        document_printf(r,
                        "#f-%s:checked~main>:not(.%s){display:none}\n"
                        "#f-%s:checked~footer label[for=f-%s]{background:var(--line)}\n",
                        classes[i], classes[i], classes[i], classes[i]);
    document_puts(r, "#f-all:checked~footer label[for=f-all]{background:var(--line)}\n"
                     "input:focus-visible~footer label{outline:1px dotted}\n"
                     "</style>\n</head>\n<body>\n<h1>Greenlight results</h1>\n"
                     "<input type=\"radio\" name=\"f\" id=\"f-all\" aria-label=\"all\" checked>\n");
    for (int i = 0; i < STANDING_COUNT; i++)
        document_printf(r, "<input type=\"radio\" name=\"f\" id=\"f-%s\" aria-label=\"%s\">\n", classes[i],
                        standing_name(i));
    document_puts(r, "<main>\n");
}

/* ---- tests ---- */

static void put_cell(struct document *r, const struct review_test *t, struct json_text value)
{
    document_puts(r, "<td>");
    if (t->compared && value.at) {
        document_compared(r, t, value);
        document_puts(r, "<code>");
        document_quote(r, QUOTE_XML);
        document_puts(r, "</code>");
    }
    document_puts(r, "</td>");
}

static void put_test(struct document *r, const struct review_test *t)
{
    static const enum standing standings[] = {[TONE_GOOD] = STANDING_PASSED,
                                              [TONE_FAIR] = STANDING_PARTIAL,
                                              [TONE_BAD] = STANDING_FAILED,
                                              [TONE_NONE] = STANDING_PARTIAL};
    static const char *const marks[] = {
        [TONE_GOOD] = "&#10003;", [TONE_FAIR] = "~", [TONE_BAD] = "&#10007;", [TONE_NONE] = "?"};
    document_printf(r, "<tr class=\"%s\"><td>%s %s</td><td>", classes[standings[t->tone]], marks[t->tone],
                    t->word);
    document_test_name(r, t);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</td><td>");
    document_value(r, t->message, TEXT_BLOCK);
    document_quote(r, QUOTE_XML);
    document_puts(r, "</td>");
    put_cell(r, t, t->expected);
    put_cell(r, t, t->actual);
    document_puts(r, "</tr>\n");
}

static void put_tests(struct document *r, struct json_text list)
{
    struct json_object index = {0};
    struct json_text element;
    struct review_test test;
    if (!json_count(list))
        return;
    document_puts(
        r, "<div class=\"wide\"><table>\n<tr><th>Test</th><th>Name</th><th>Message</th><th>Expected</th>"
           "<th>Actual</th></tr>\n");
    for (size_t at = 0; json_next(list, &at, &element);) {
        review_read_test(&test, &index, element);
        put_test(r, &test);
    }
    document_puts(r, "</table></div>\n");
    json_object_free(&index);
}

/* ---- texts ---- */

static void put_section(struct document *r, const char *label, struct json_text value,
                        const struct excerpt *how)
{
    if (!excerpt_has(value))
        return;
    document_printf(r, "<h2>%s</h2>\n<pre>", label);
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

/* A diff, with the lines that come and go marked. */
static void put_diff(struct document *r, struct json_text value)
{
    if (!excerpt_has(value))
        return;
    document_puts(r, "<h2>Suggested change</h2>\n<pre>");
    document_block(r, value, &document_prose);
    const char *line = r->text.text.data, *stop = line + r->text.text.len;
    while (line < stop) {
        const char *lf = memchr(line, '\n', (size_t)(stop - line));
        const char *tag = *line == '+' ? "ins" : *line == '-' ? "del" : "span";
        size_t len = (size_t)((lf ? lf : stop) - line);
        document_printf(r, "<%s>", tag);
        quote_put(&r->out, QUOTE_XML, line, len);
        document_printf(r, "</%s>\n", tag);
        line += len + 1;
    }
    document_puts(r, "</pre>\n");
}

/* ---- records ---- */

static void put_summary_line(struct document *r, const struct entry *e)
{
    char text[REVIEW_FACT];
    document_printf(r, "<summary><b>%s", e->word);
    if (e->reviewed && e->review.scored)
        document_printf(r, " %d%%", e->review.percent);
    document_puts(r, "</b> ");
    document_name(r, e);
    document_quote(r, QUOTE_XML);
    document_puts(r, " <small>");
    if (e->reviewed) {
        review_tests(&e->review, text);
        if (*text && e->review.graded)
            document_printf(r, "&middot; %s ", text);
        review_time(e->review.time_ms, text);
        if (*text)
            document_printf(r, "&middot; %s", text);
    }
    document_puts(r, "</small></summary>\n");
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
    if (excerpt_has(v->error_class)) {
        document_puts(r, "<p>Class: <code>");
        document_value(r, v->error_class, TEXT_LINE);
        document_quote(r, QUOTE_XML);
        document_puts(r, "</code></p>\n");
    }
    put_section(r, "Error", v->error_message, &document_prose);
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
    document_puts(r, "</main>\n<footer>\n");
    render_html_summary(r, classes);
    document_puts(r, "</footer>\n</body>\n</html>\n");
}

const struct document_format render_html = {begin, put_entry, finish};
