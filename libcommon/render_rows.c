/* render_rows: a row's error is the last thing in its line, to be unfolded where it is
 * long.  On a page a line has the class of its state, which gives the state its colour. */
#include "render_rows.h"

#include "excerpt.h"
#include "render_row.h"

enum { ID_BYTES = 300, SHORT_BYTES = 160, ERROR_BYTES = 4000, COLUMNS = 5 };

static const char *const heads[COLUMNS] = {"State", "Atom", "Grade", "When", "Notes"};

void render_rows_begin(const struct form_html *form)
{
    buf_puts(form->out, form->comment ? "<table>\n<tr>" : "<table class=\"rows\">\n<tr>");
    for (int i = 0; i < COLUMNS; i++)
        buf_printf(form->out, "<th>%s</th>", heads[i]);
    buf_puts(form->out, "</tr>\n");
}

static void put_error(const struct form_html *form, struct rich *text, struct json_text error)
{
    if (!excerpt_has(error))
        return;
    rich_clear(text);
    excerpt_put(text, PAINT_PLAIN, error, ERROR_BYTES, TEXT_BLOCK);
    bool brief = text->text.len <= SHORT_BYTES;
    buf_puts(form->out, brief ? "<br>Error: " : "<details><summary><b>Error</b></summary>");
    form_html_rich(form, text);
    buf_puts(form->out, brief ? "" : "</details>");
}

static void put_id(struct rich *to, const struct paint *p, const struct json_object *row)
{
    (void)p;
    excerpt_put(to, PAINT_PLAIN, record_atom_id(row), ID_BYTES, TEXT_LINE);
}

void render_rows_add(const struct form_html *form, const struct paint *p, const struct entry *e)
{
    static void (*const put[COLUMNS])(struct rich *, const struct paint *, const struct json_object *) = {
        render_row_state, put_id, render_row_grade, render_row_times, render_row_notes};
    struct rich text;
    rich_init(&text, p);
    if (form->comment)
        buf_puts(form->out, "<tr>");
    else
        buf_printf(form->out, "<tr class=\"%s\">", form->class);
    for (int i = 0; i < COLUMNS; i++) {
        rich_clear(&text);
        put[i](&text, p, e->record);
        buf_puts(form->out, "<td>");
        (i ? form_html_rich : form_html_title)(form, &text);
        if (i == COLUMNS - 1)
            put_error(form, &text, json_get(e->record, "error_message"));
        buf_puts(form->out, "</td>");
    }
    buf_puts(form->out, "</tr>\n");
    rich_free(&text);
}

void render_rows_end(const struct form_html *form)
{
    buf_puts(form->out, "</table>\n");
}
