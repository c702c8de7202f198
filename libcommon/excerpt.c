/* excerpt: decodes a value, then walks its lines; only those that are shown
 * are escaped and measured, so that a large value costs no more than reading
 * it once. */
#include "excerpt.h"

#include <string.h>

enum { LINES_MAX = 30, ITEMS_MAX = 50, ITEM_BYTES = 4000 }; /* lines: of a value within a row */

/* The characters of a string, decoded into *scratch, or the JSON text. */
static struct json_text characters(struct json_text value, struct buf *scratch)
{
    if (json_kind(value) != JSON_STRING)
        return value;
    json_string(value, scratch);
    return (struct json_text){scratch->data, scratch->len};
}

/* At most `bytes` and LINES_MAX lines of a text, not ending within a
 * character. */
static size_t cut(const char *text, size_t len, size_t bytes)
{
    size_t at = 0;
    if (bytes > len)
        bytes = len;
    while (bytes && bytes < len && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes--;
    for (int lines = 0; lines < LINES_MAX; lines++) {
        const char *lf = memchr(text + at, '\n', bytes - at);
        if (!lf)
            return bytes;
        at = (size_t)(lf - text) + 1;
    }
    return at - 1;
}

static void put_cut(struct rich *to, unsigned style, struct json_text text, size_t bytes, unsigned how)
{
    size_t shown = cut(text.at, text.len, bytes);
    rich_show(to, style, text.at, shown, how);
    if (shown < text.len)
        rich_printf(to, PAINT_DIM, " %s %zu more bytes", to->ascii ? "..." : "…", text.len - shown);
}

bool excerpt_has(struct json_text value)
{
    switch (json_kind(value)) {
    case JSON_ABSENT:
    case JSON_NULL:
        return false;
    case JSON_STRING:
        return value.len > 2;
    case JSON_ARRAY:
        return json_count(value) > 0;
    case JSON_OBJECT:
        return memchr(value.at, '"', value.len);
    default:
        return true;
    }
}

void excerpt_put(struct rich *to, unsigned style, struct json_text value, size_t bytes, unsigned how)
{
    struct buf scratch;
    if (!value.at)
        return;
    buf_init(&scratch, value.len * 2);
    put_cut(to, style, characters(value, &scratch), bytes, how);
    buf_free(&scratch);
}

void excerpt_put_json(struct rich *to, unsigned style, struct json_text value, size_t bytes)
{
    put_cut(to, style, value, bytes, TEXT_LINE);
}

/* The first line of *rest, which loses it. */
static struct json_text next_line(struct json_text *rest)
{
    const char *lf = memchr(rest->at, '\n', rest->len);
    struct json_text line = {rest->at, lf ? (size_t)(lf - rest->at) : rest->len};
    size_t used = line.len + (lf != NULL);
    *rest = (struct json_text){rest->at + used, rest->len - used};
    return line;
}

static size_t count_lines(struct json_text rest)
{
    size_t count = 0;
    for (; rest.len; count++)
        next_line(&rest);
    return count;
}

static void show_line(struct frame *f, struct rich *row, struct json_text line, const struct excerpt *how)
{
    struct frame_place place = {how->indent, how->indent + (how->verbatim ? 2 : 0), how->verbatim, true};
    rich_clear(row);
    put_cut(row, how->style ? how->style(line.at, line.len) : PAINT_PLAIN, line, how->line_bytes,
            TEXT_KEEP_TAB);
    frame_text(f, row, place);
}

static void show_gap(struct frame *f, struct rich *row, size_t lines, const struct excerpt *how)
{
    struct frame_place place = {how->indent, how->indent, false, true};
    rich_clear(row);
    rich_printf(row, PAINT_DIM, "%s %zu lines left out %s", paint_glyph(f->paint, GLYPH_ELLIPSIS), lines,
                paint_glyph(f->paint, GLYPH_ELLIPSIS));
    frame_text(f, row, place);
}

void excerpt_block(struct frame *f, struct json_text value, const struct excerpt *how)
{
    struct buf scratch;
    struct rich row;
    buf_init(&scratch, value.len * 2);
    rich_init(&row, f->paint);
    struct json_text rest = characters(value, &scratch);
    while (rest.len && rest.at[rest.len - 1] == '\n')
        rest.len--;
    size_t count = count_lines(rest);
    /* A gap of one line would take as much room as the line. */
    bool all = count <= how->head + how->tail + 1;
    for (size_t i = 0; i < count; i++) {
        struct json_text line = next_line(&rest);
        if (all || i < how->head || i >= count - how->tail)
            show_line(f, &row, line, how);
        else if (i == how->head)
            show_gap(f, &row, count - how->head - how->tail, how);
    }
    rich_free(&row);
    buf_free(&scratch);
}

void excerpt_section(struct frame *f, const char *label, struct json_text value, const struct excerpt *how)
{
    if (!excerpt_has(value))
        return;
    frame_section(f, label);
    excerpt_block(f, value, how);
}

static void show_item(struct frame *f, enum glyph glyph, unsigned style, struct json_text value)
{
    struct rich text;
    rich_init(&text, f->paint);
    rich_printf(&text, style, "%s ", paint_glyph(f->paint, glyph));
    excerpt_put(&text, PAINT_PLAIN, value, ITEM_BYTES, TEXT_BLOCK);
    frame_text(f, &text, (struct frame_place){.rest = 2, .gutter = true});
    rich_free(&text);
}

void excerpt_list(struct frame *f, const char *label, struct json_text list, enum glyph glyph, unsigned style)
{
    struct json_text element;
    size_t at = 0, shown = 0, count = json_count(list);
    if (!excerpt_has(list))
        return;
    frame_section(f, label);
    if (json_kind(list) != JSON_ARRAY)
        show_item(f, glyph, style, list);
    while (shown < ITEMS_MAX && json_next(list, &at, &element)) {
        show_item(f, glyph, style, element);
        shown++;
    }
    if (shown < count) {
        struct rich text;
        rich_init(&text, f->paint);
        rich_printf(&text, PAINT_DIM, "%s %zu more left out", paint_glyph(f->paint, GLYPH_ELLIPSIS),
                    count - shown);
        frame_text(f, &text, (struct frame_place){.gutter = true});
        rich_free(&text);
    }
}
