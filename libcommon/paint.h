/* paint: coloured text for a terminal, one line at a time.
 *
 * A rich text is plain text and where its styles begin, so that layout can
 * measure and break it as text and colour is put in only when a line leaves.
 * Text that is not ours enters it through rich_show, which escapes it. */
#ifndef GL_PAINT_H
#define GL_PAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "text.h"

/* A style: one of the colours, with bold, dim or a line below. */
enum paint_style {
    PAINT_PLAIN,
    PAINT_RED,
    PAINT_GREEN,
    PAINT_YELLOW,
    PAINT_BLUE,
    PAINT_MAGENTA,
    PAINT_CYAN,
    PAINT_COLOR = 7, /* the mask of the above */
    PAINT_BOLD = 8,
    PAINT_DIM = 16,
    PAINT_LINED = 32,  /* underlined */
    PAINT_OTHERS = 64, /* text of others, where that is noted (struct paint) */
};

/* Marks and lines, in UTF-8 or ASCII. */
enum glyph {
    GLYPH_PASS,
    GLYPH_PARTIAL,
    GLYPH_FAIL,
    GLYPH_UNKNOWN,
    GLYPH_STOP,
    GLYPH_WAIT,
    GLYPH_SKIP,
    GLYPH_BULLET,
    GLYPH_DOT,
    GLYPH_ELLIPSIS,
    GLYPH_BAR,
    GLYPH_TRACK,
    GLYPH_RULE,
    GLYPH_SIDE,
    GLYPH_TOP_LEFT,
    GLYPH_TOP_RIGHT,
    GLYPH_TEE_LEFT,
    GLYPH_TEE_RIGHT,
    GLYPH_BOTTOM_LEFT,
    GLYPH_BOTTOM_RIGHT,
    GLYPH_COUNT,
};

struct paint {
    bool color;
    bool ascii;      /* nothing but ASCII is written */
    size_t width;    /* columns of the terminal */
    struct buf line; /* what will be written next */
    size_t inked;    /* its bytes up to the last that is no blank */
    struct buf *to;  /* where lines go; NULL: standard output */
    bool notes;      /* rich texts made for it note what is of others; only what makes no lines asks */
};

/* ---- rich text ---- */

struct rich {
    struct buf text;
    struct rich_run {
        size_t from; /* the byte of text where the style begins */
        unsigned style;
    } * runs;
    size_t count, cap;
    bool ascii, notes;
};

enum { RICH_MAX = 1024 * 1024 };

/* An empty rich text; what is over RICH_MAX bytes is left out. */
void rich_init(struct rich *r, const struct paint *p);
void rich_free(struct rich *r);
void rich_clear(struct rich *r);

/* Appends text of ours: printable, without escapes. */
void rich_puts(struct rich *r, unsigned style, const char *text);
void rich_printf(struct rich *r, unsigned style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends text of others, escaped (see text_escape for `how`), with blanks for
 * TABs that were kept. */
void rich_show(struct rich *r, unsigned style, const char *text, size_t len, unsigned how);

/* Appends another text with its styles. */
void rich_append(struct rich *r, const struct rich *other);

/* Adds to the styles of what stands from one byte to another. */
void rich_mark(struct rich *r, size_t from, size_t to, unsigned style);

/* ---- lines ---- */

/* The answers of --color, in the order of its choices. */
enum paint_choice { PAINT_AUTO, PAINT_ALWAYS, PAINT_NEVER };

/* Whether to colour standard output: what was asked for, else NO_COLOR, then
 * CLICOLOR_FORCE and FORCE_COLOR, else whether it is a terminal that can. */
bool paint_wants_color(enum paint_choice asked);

/* The columns to fill: those asked for (0: none were), else the terminal's,
 * else COLUMNS, else 80; never below 20 or above 1000. */
size_t paint_width(int64_t asked);

/* Whether the locale, set from the environment, is UTF-8. */
bool paint_is_utf8(void);

void paint_init(struct paint *p, bool color, bool ascii, size_t width);
void paint_free(struct paint *p);

const char *paint_glyph(const struct paint *p, enum glyph glyph);

/* Each appends to the line; what is repeated is no blank. */
void paint_puts(struct paint *p, unsigned style, const char *text);
void paint_repeat(struct paint *p, unsigned style, const char *text, size_t count);
void paint_blanks(struct paint *p, size_t count);
void paint_rich(struct paint *p, const struct rich *r, size_t from, size_t len);

/* Writes the line, without blanks at its end, styled or not. */
void paint_end_line(struct paint *p);

#endif
