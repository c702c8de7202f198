/* form_html: what a frame is in the midst of (a table, a text, a list) is ended by whatever
 * does not go on with it. */
#include "form_html.h"

#include <string.h>

#include "quote.h"

enum part { PART_NONE, PART_TABLE, PART_CODE, PART_PROSE, PART_LIST };

/* ---- texts ---- */

/* Text with something else for each line break. */
static void put_text(struct buf *out, const char *text, size_t len, const char *lf)
{
    const char *stop = text + len;
    while (text < stop) {
        const char *end = memchr(text, '\n', (size_t)(stop - text));
        quote_put(out, QUOTE_XML, text, (size_t)((end ? end : stop) - text));
        buf_puts(out, end ? lf : "");
        text = end ? end + 1 : stop;
    }
}

/* The styles that a form has elements for. */
static unsigned elements(const struct form_html *m)
{
    return m->comment ? PAINT_BOLD | PAINT_OTHERS : PAINT_BOLD | PAINT_COLOR;
}

static void put_run(const struct form_html *m, unsigned style, const char *text, size_t len, const char *lf)
{
    static const char *const classes[PAINT_COLOR + 1] = {
        [PAINT_GREEN] = "passed",     [PAINT_YELLOW] = "partial", [PAINT_RED] = "failed",
        [PAINT_MAGENTA] = "ungraded", [PAINT_BLUE] = "open",
    };
    const char *class = classes[style & PAINT_COLOR];
    if (!len)
        return;
    if (class)
        buf_printf(m->out, "<span class=\"%s\">", class);
    buf_puts(m->out, style & PAINT_BOLD ? "<b>" : "");
    buf_puts(m->out, style & PAINT_OTHERS ? "<code>" : "");
    put_text(m->out, text, len, lf);
    buf_puts(m->out, style & PAINT_OTHERS ? "</code>" : "");
    buf_puts(m->out, style & PAINT_BOLD ? "</b>" : "");
    buf_puts(m->out, class ? "</span>" : "");
}

/* The text from a byte of it on, with the elements for `styles`. */
static void put_rich(const struct form_html *m, const struct rich *text, size_t from, unsigned styles,
                     const char *lf)
{
    unsigned style = PAINT_PLAIN;
    for (size_t i = 0; i < text->count; i++) {
        unsigned next = text->runs[i].style & styles;
        size_t stop = text->runs[i].from;
        if (next != style && stop > from) {
            put_run(m, style, text->text.data + from, stop - from, lf);
            from = stop;
        }
        style = next;
    }
    put_run(m, style, text->text.data + from, text->text.len - from, lf);
}

void form_html_rich(const struct form_html *m, const struct rich *text)
{
    put_rich(m, text, 0, elements(m), "<br>");
}

void form_html_title(const struct form_html *m, const struct rich *title)
{
    const char *words = m->mark && *m->mark ? strchr(title->text.data, ' ') : NULL;
    buf_puts(m->out, words ? m->mark : "");
    put_rich(m, title, words ? (size_t)(words + 1 - title->text.data) : 0, PAINT_PLAIN, " ");
}

/* ---- parts ---- */

/* Goes on with a part, or ends the one that is and begins another. */
static bool begin_part(struct frame *f, enum part part)
{
    static const char *const begins[][2] = {[PART_NONE] = {"", ""},
                                            [PART_TABLE] = {"<table>\n", "<table>\n"},
                                            [PART_CODE] = {"<pre>", "<pre><code>"},
                                            [PART_PROSE] = {"<pre class=\"prose\">", "<pre><code>"},
                                            [PART_LIST] = {"<ul>\n", "<ul>\n"}};
    static const char *const ends[][2] = {[PART_NONE] = {"", ""},
                                          [PART_TABLE] = {"</table>\n", "</table>\n"},
                                          [PART_CODE] = {"</pre>\n", "</code></pre>\n"},
                                          [PART_PROSE] = {"</pre>\n", "</code></pre>\n"},
                                          [PART_LIST] = {"</ul>\n", "</ul>\n"}};
    const struct form_html *m = f->to;
    if (part == (enum part)f->part && part != PART_NONE)
        return false;
    buf_puts(m->out, ends[f->part][m->comment]);
    buf_puts(m->out, begins[part][m->comment]);
    f->part = part;
    return true;
}

/* Its colour is that of the whole frame. */
static void put_head(struct frame *f, const struct rich *title, const struct rich *name)
{
    const struct form_html *m = f->to;
    buf_puts(m->out, "<b>");
    form_html_title(m, title);
    buf_puts(m->out, m->comment ? "</b> " : "</b> <span>");
    put_rich(m, name, 0, elements(m) & PAINT_OTHERS, " ");
    buf_puts(m->out, m->comment ? "" : "</span>");
}

static void put_line(struct frame *f, const struct rich *title, const struct rich *name)
{
    const struct form_html *m = f->to;
    if (m->comment)
        buf_puts(m->out, "<p>");
    else
        buf_printf(m->out, "<p class=\"%s line\">", m->class);
    put_head(f, title, name);
    buf_puts(m->out, "</p>\n");
}

static void put_open(struct frame *f, const struct rich *title, const struct rich *name)
{
    const struct form_html *m = f->to;
    buf_puts(m->out, "<details");
    if (!m->comment)
        buf_printf(m->out, " class=\"%s\"", m->class);
    buf_puts(m->out, m->unfolded ? " open><summary>" : "><summary>");
    put_head(f, title, name);
    buf_puts(m->out, m->comment ? "</summary>\n" : "</summary>\n<div>\n");
}

static void put_section(struct frame *f, const char *label)
{
    const struct form_html *m = f->to;
    begin_part(f, PART_NONE);
    if (*label)
        buf_printf(m->out, m->comment ? "<p><b>%s</b></p>\n" : "<h2>%s</h2>\n", label);
}

static void put_place(struct frame *f, const struct rich *text, struct frame_place place)
{
    const struct form_html *m = f->to;
    const char *item = place.item ? strchr(text->text.data, ' ') : NULL;
    if (f->part == PART_TABLE && !place.gutter) { /* between two rows, it says more of the first */
        buf_puts(m->out, m->comment ? "<tr>" : "<tr class=\"more\">");
        buf_printf(m->out, "<td></td><td colspan=\"%zu\">", f->columns - 1);
        form_html_rich(m, text);
        buf_puts(m->out, "</td></tr>\n");
    } else if (item) {
        begin_part(f, PART_LIST);
        buf_puts(m->out, "<li>");
        put_rich(m, text, (size_t)(item + 1 - text->text.data), elements(m), "<br>");
        buf_puts(m->out, "</li>\n");
    } else if (place.gutter) {
        if (!begin_part(f, place.verbatim ? PART_CODE : PART_PROSE))
            buf_puts(m->out, m->comment ? "&#10;" : "\n");
        put_text(m->out, text->text.data, text->text.len, m->comment ? "&#10;" : "\n");
    } else {
        begin_part(f, PART_NONE);
        buf_puts(m->out, "<p>");
        form_html_rich(m, text);
        buf_puts(m->out, "</p>\n");
    }
}

/* ---- tables ---- */

static void begin_table(struct frame *f, size_t columns)
{
    if (f->columns != columns)
        begin_part(f, PART_NONE);
    begin_part(f, PART_TABLE);
    f->columns = columns;
}

static void put_names(struct frame *f, const char *const *names, size_t count)
{
    const struct form_html *m = f->to;
    begin_part(f, PART_NONE);
    begin_table(f, count);
    buf_puts(m->out, "<tr>");
    for (size_t i = 0; i < count; i++)
        buf_printf(m->out, "<th>%s</th>", names[i]);
    buf_puts(m->out, "</tr>\n");
}

/* The blanks that set what is ours to the right. */
static size_t blanks_before(const struct rich *cell)
{
    bool others = cell->count && cell->runs[0].style & PAINT_OTHERS;
    return others ? 0 : strspn(cell->text.data, " ");
}

/* What was set to the right stays there; of two columns, the first names what is in the
 * other. */
static void put_row(struct frame *f, const struct rich *cells, size_t count)
{
    const struct form_html *m = f->to;
    begin_table(f, count);
    buf_puts(m->out, "<tr>");
    for (size_t i = 0; i < count; i++) {
        const char *name = count == 2 && !i ? "th" : "td";
        size_t blanks = blanks_before(&cells[i]);
        buf_printf(m->out, "<%s%s>", name,
                   !blanks      ? ""
                   : m->comment ? " align=\"right\""
                                : " class=\"right\"");
        put_rich(m, &cells[i], blanks, elements(m), "<br>");
        buf_printf(m->out, "</%s>", name);
    }
    buf_puts(m->out, "</tr>\n");
}

static void put_close(struct frame *f)
{
    const struct form_html *m = f->to;
    begin_part(f, PART_NONE);
    buf_puts(m->out, m->comment ? "</details>\n" : "</div></details>\n");
}

const struct frame_form form_html = {put_line,  put_open, put_section, put_place,
                                     put_names, put_row,  put_close};
