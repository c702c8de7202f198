/* facts: a fact that does not fit behind the others begins a line. */
#include "facts.h"

enum { VALUE_BYTES = 200 };

void facts_init(struct facts *facts, const struct paint *p, size_t room)
{
    *facts = (struct facts){.room = room, .dot = paint_glyph(p, GLYPH_DOT)};
    rich_init(&facts->row, p);
    rich_init(&facts->one, p);
}

void facts_free(struct facts *facts)
{
    rich_free(&facts->row);
    rich_free(&facts->one);
}

void facts_add(struct facts *facts)
{
    size_t width = text_width(facts->one.text.data, facts->one.text.len);
    if (!width)
        return;
    if (facts->used && facts->used + 3 + width > facts->room) {
        rich_puts(&facts->row, PAINT_PLAIN, "\n");
        facts->used = 0;
    } else if (facts->used) {
        rich_printf(&facts->row, PAINT_DIM, " %s ", facts->dot);
        facts->used += 3;
    }
    rich_append(&facts->row, &facts->one);
    rich_clear(&facts->one);
    facts->used += width;
}

void facts_text(struct facts *facts, const char *text)
{
    rich_puts(&facts->one, PAINT_PLAIN, text);
    facts_add(facts);
}

void facts_value(struct facts *facts, const char *label, struct json_text value)
{
    if (!excerpt_has(value))
        return;
    rich_puts(&facts->one, PAINT_PLAIN, label);
    excerpt_put(&facts->one, PAINT_PLAIN, value, VALUE_BYTES, TEXT_LINE);
    facts_add(facts);
}

void facts_show(struct facts *facts, struct frame *f)
{
    if (facts->row.text.len)
        frame_text(f, &facts->row, (struct frame_place){0});
}
