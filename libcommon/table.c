/* table: lines are put together piece by piece in the paint's line; a frame
 * knows how many columns it has used and fills up the rest. */
#include "table.h"

#include <string.h>

enum { INDENT = 2, CELL_MIN = 2 };

static const unsigned border = PAINT_DIM;

void frame_init(struct frame *f, struct paint *p, bool boxed)
{
    *f = (struct frame){.paint = p, .boxed = boxed && p->width >= FRAME_BOX_MIN};
    f->inner = p->width - (f->boxed ? 4 : INDENT);
}

void frame_init_form(struct frame *f, struct paint *p, const struct frame_form *form, void *to)
{
    *f = (struct frame){.paint = p, .inner = SIZE_MAX / 2, .form = form, .to = to};
}

static void begin_line(struct frame *f)
{
    f->column = 0;
    f->inked = false;
    if (f->boxed)
        paint_puts(f->paint, border, paint_glyph(f->paint, GLYPH_SIDE));
    paint_blanks(f->paint, f->boxed ? 1 : INDENT);
}

static void end_line(struct frame *f)
{
    if (f->boxed) {
        paint_blanks(f->paint, f->inner - f->column + 1);
        paint_puts(f->paint, border, paint_glyph(f->paint, GLYPH_SIDE));
    }
    paint_end_line(f->paint);
}

/* Fills up with blanks to `column` of the content. */
static void go_to(struct frame *f, size_t column)
{
    if (column > f->column) {
        paint_blanks(f->paint, column - f->column);
        f->column = column;
    }
}

/* Puts a bar into the blank before text that would begin a line, but for
 * blanks, with `::` or `##`: CI systems take such a line for a command. */
static void keep_from_ci(struct frame *f, const char *text, size_t len)
{
    size_t blanks = 0;
    struct buf *line = &f->paint->line;
    while (blanks < len && text[blanks] == ' ')
        blanks++;
    bool command =
        len - blanks >= 2 && (memcmp(text + blanks, "::", 2) == 0 || memcmp(text + blanks, "##", 2) == 0);
    if (command && line->len && line->data[line->len - 1] == ' ')
        line->data[line->len - 1] = '|';
    f->inked = blanks < len;
}

static void put(struct frame *f, const struct rich *r, const struct text_line *piece)
{
    if (!f->boxed && !f->inked)
        keep_from_ci(f, r->text.data + piece->from, piece->len);
    paint_rich(f->paint, r, piece->from, piece->len);
    f->column += piece->width;
}

static size_t rich_width(const struct rich *r)
{
    return text_width(r->text.data, r->text.len);
}

/* The border at the top or between two parts, with texts in it:
 * `╭─ TITLE ── NAME ────╮`; either text may be NULL. */
static void put_border(struct frame *f, enum glyph left, enum glyph right, const struct rich *title,
                       const struct rich *name)
{
    struct paint *p = f->paint;
    const char *rule = paint_glyph(p, GLYPH_RULE);
    const struct rich *parts[] = {title, name};
    size_t used = 2;
    paint_puts(p, border, paint_glyph(p, left));
    for (size_t i = 0; i < 2; i++) {
        if (!parts[i])
            continue;
        paint_puts(p, border, rule);
        paint_blanks(p, 1);
        paint_rich(p, parts[i], 0, parts[i]->text.len);
        paint_blanks(p, 1);
        used += rich_width(parts[i]) + 3;
    }
    paint_repeat(p, border, rule, p->width - used);
    paint_puts(p, border, paint_glyph(p, right));
    paint_end_line(p);
}

/* The title and the name without a box: `TITLE  NAME`, at the very left. */
static void open_plain(struct frame *f, const struct rich *title, const struct rich *name)
{
    struct text_line line;
    size_t at = 0, start = rich_width(title) + 2, room = f->paint->width - start;
    paint_rich(f->paint, title, 0, title->text.len);
    paint_blanks(f->paint, 2);
    if (rich_width(name) > room && room < 24) {
        paint_end_line(f->paint);
        start = INDENT;
        room = f->paint->width - start;
        paint_blanks(f->paint, start);
    }
    f->inked = false;
    while (text_wrap(name->text.data, name->text.len, room, true, &at, &line)) {
        if (line.from) {
            paint_end_line(f->paint);
            paint_blanks(f->paint, start);
            f->inked = false;
        }
        put(f, name, &line);
    }
    paint_end_line(f->paint);
}

void frame_line(struct frame *f, const struct rich *title, const struct rich *name)
{
    f->boxed = false;
    if (f->form)
        f->form->line(f, title, name);
    else
        open_plain(f, title, name);
}

void frame_open(struct frame *f, const struct rich *title, const struct rich *name)
{
    if (f->form) {
        f->form->open(f, title, name);
        return;
    }
    if (!f->boxed) {
        open_plain(f, title, name);
        return;
    }
    bool fits = name->text.len && rich_width(title) + rich_width(name) + 9 <= f->paint->width;
    put_border(f, GLYPH_TOP_LEFT, GLYPH_TOP_RIGHT, title, fits ? name : NULL);
    if (name->text.len && !fits)
        frame_text(f, name, (struct frame_place){0});
}

void frame_section(struct frame *f, const char *label)
{
    struct rich text;
    if (f->form) {
        f->form->section(f, label);
        return;
    }
    rich_init(&text, f->paint);
    rich_puts(&text, PAINT_BOLD, label);
    if (f->boxed) {
        put_border(f, GLYPH_TEE_LEFT, GLYPH_TEE_RIGHT, *label ? &text : NULL, NULL);
    } else if (*label) {
        begin_line(f);
        paint_rich(f->paint, &text, 0, text.text.len);
        end_line(f);
    }
    rich_free(&text);
}

void frame_text(struct frame *f, const struct rich *text, struct frame_place place)
{
    struct text_line line;
    size_t at = 0;
    bool gutter = place.gutter && !f->boxed;
    if (f->form) {
        f->form->text(f, text, place);
        return;
    }
    for (;;) {
        size_t indent = (at ? place.rest : place.first) + (gutter ? 2 : 0);
        if (!text_wrap(text->text.data, text->text.len, f->inner - indent, !place.verbatim, &at, &line))
            return;
        begin_line(f);
        if (gutter) {
            paint_puts(f->paint, border, paint_glyph(f->paint, GLYPH_SIDE));
            f->column = 1;
            f->inked = true;
        }
        go_to(f, indent);
        put(f, text, &line);
        end_line(f);
    }
}

bool frame_head(struct frame *f, const char *const *names, size_t count)
{
    if (f->form)
        f->form->head(f, names, count);
    return f->form;
}

void frame_row(struct frame *f, const struct rich *cells, const size_t *widths, size_t count)
{
    size_t at[FRAME_CELLS_MAX] = {0};
    struct text_line lines[FRAME_CELLS_MAX];
    if (f->form) {
        f->form->row(f, cells, count);
        return;
    }
    for (;;) {
        bool more[FRAME_CELLS_MAX], any = false;
        for (size_t i = 0; i < count; i++) {
            more[i] = text_wrap(cells[i].text.data, cells[i].text.len, widths[i], true, &at[i], &lines[i]);
            any = any || more[i];
        }
        if (!any)
            return;
        begin_line(f);
        for (size_t i = 0, column = 0; i < count; column += widths[i++] + FRAME_GAP) {
            if (!more[i] || !lines[i].len)
                continue;
            go_to(f, column);
            put(f, &cells[i], &lines[i]);
        }
        end_line(f);
    }
}

void frame_close(struct frame *f)
{
    if (f->form)
        f->form->close(f);
    else if (f->boxed)
        put_border(f, GLYPH_BOTTOM_LEFT, GLYPH_BOTTOM_RIGHT, NULL, NULL);
}

void table_share(const size_t *wanted, size_t *widths, size_t count, size_t room)
{
    size_t left = count, rest = room;
    bool settled[FRAME_CELLS_MAX] = {false}, changed = true;
    while (left && changed) {
        size_t share = rest / left;
        changed = false;
        for (size_t i = 0; i < count; i++)
            if (!settled[i] && wanted[i] <= share) {
                settled[i] = changed = true;
                widths[i] = wanted[i];
                rest -= wanted[i];
                left--;
            }
    }
    for (size_t i = 0; i < count; i++)
        if (!settled[i]) {
            widths[i] = rest / left > CELL_MIN ? rest / left : CELL_MIN;
            rest -= rest / left--;
        }
}
