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
        const char *lf = at < bytes ? memchr(text + at, '\n', bytes - at) : NULL;
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

static void put_line(struct rich *to, struct json_text line, const struct excerpt *how)
{
    put_cut(to, how->style ? how->style(line.at, line.len) : PAINT_PLAIN, line, how->line_bytes,
            TEXT_KEEP_TAB);
}

static void put_gap(struct rich *to, size_t lines)
{
    const char *ellipsis = to->ascii ? "..." : "…";
    rich_printf(to, PAINT_DIM, "%s %zu lines left out %s", ellipsis, lines, ellipsis);
}

/* The lines of a value that are shown, one after another. */
struct lines {
    const struct excerpt *how;
    struct buf scratch;
    struct json_text rest;
    size_t count, at;
    bool all, gap; /* nothing is left out; the line is where something is */
};

static void open_lines(struct lines *l, struct json_text value, const struct excerpt *how)
{
    *l = (struct lines){.how = how};
    buf_init(&l->scratch, value.len * 2);
    l->rest = characters(value, &l->scratch);
    while (l->rest.len && l->rest.at[l->rest.len - 1] == '\n')
        l->rest.len--;
    l->count = count_lines(l->rest);
    /* A gap of one line would take as much room as the line. */
    l->all = l->count <= how->head + how->tail + 1;
}

/* Puts the next line into *row, which is emptied first; false after the last one. */
static bool next_shown(struct lines *l, struct rich *row)
{
    rich_clear(row);
    l->gap = !l->all && l->at == l->how->head;
    if (l->at >= l->count)
        return false;
    if (!l->gap) {
        put_line(row, next_line(&l->rest), l->how);
        l->at++;
        return true;
    }
    put_gap(row, l->count - l->how->head - l->how->tail);
    for (; l->at < l->count - l->how->tail; l->at++)
        next_line(&l->rest);
    l->all = true;
    return true;
}

static void close_lines(struct lines *l)
{
    buf_free(&l->scratch);
}

void excerpt_block(struct frame *f, struct json_text value, const struct excerpt *how)
{
    const struct frame_place gap = {.first = how->indent, .rest = how->indent, .gutter = true};
    struct frame_place line = gap;
    struct lines lines;
    struct rich row;
    line.verbatim = how->verbatim;
    line.rest += how->verbatim ? 2 : 0;
    rich_init(&row, f->paint);
    open_lines(&lines, value, how);
    while (next_shown(&lines, &row))
        frame_text(f, &row, lines.gap ? gap : line);
    close_lines(&lines);
    rich_free(&row);
}

void excerpt_put_block(struct rich *to, struct json_text value, const struct excerpt *how)
{
    struct lines lines;
    struct rich row = *to; /* for whether it is ASCII only */
    bool first = true;
    row.runs = NULL;
    row.count = row.cap = 0;
    buf_init(&row.text, RICH_MAX);
    open_lines(&lines, value, how);
    for (; next_shown(&lines, &row); first = false) {
        if (!first)
            rich_puts(to, PAINT_PLAIN, "\n");
        rich_puts(to, PAINT_PLAIN, row.text.data);
    }
    close_lines(&lines);
    rich_free(&row);
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
    frame_text(f, &text, (struct frame_place){.rest = 2, .gutter = true, .item = true});
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
