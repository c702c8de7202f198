/* text: what a terminal does with text: how wide it is, where it may break,
 * and what of it must not get there.
 *
 * Width is counted in columns, by grapheme (UAX #29): what a reader takes for
 * one character counts once, however many code points it is made of.  Text
 * from a record reaches people through text_escape only; the other functions
 * expect its output, and take a byte that is no UTF-8 as one column. */
#ifndef GL_TEXT_H
#define GL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* What text_escape lets through, or not, besides what it must. */
enum text_how {
    TEXT_LINE = 0, /* one line: LF and TAB become `\n` and `\t` */
    TEXT_KEEP_LF = 1,
    TEXT_KEEP_TAB = 2,
    TEXT_BLOCK = 3, /* both: a text of several lines */
    TEXT_ASCII = 4, /* everything outside ASCII becomes `\u00e9` */
};

/* Appends text so that nothing in it acts on a terminal, hides or joins what
 * stands beside it.  Visible escapes (`\x1b`, `\u202e`, `\U000e0041`) replace
 * controls (C0, DEL, C1), bidi and zero-width controls and every other format
 * character, line and paragraph separators, code points without a meaning (and
 * so without a known width), bytes that are not UTF-8, combining marks and
 * joiners with nothing to combine with, and those after the eighth in a row,
 * which would climb over other lines.  ZWJ and ZWNJ stay within a grapheme. */
void text_escape(struct buf *out, const char *text, size_t len, unsigned how);

/* The bytes of the first grapheme of a text that is not empty, and its width:
 * two columns for CJK and emoji (an emoji with U+FE0F, a keycap, a flag, a
 * ZWJ family and an emoji with a skin tone are one), none for what combines. */
size_t text_grapheme(const char *text, size_t len, size_t *width);

/* The width of one line; LF and TAB count as one column each. */
size_t text_width(const char *text, size_t len);

/* The bytes of the graphemes at the front that fit into `width` columns. */
size_t text_fit(const char *text, size_t len, size_t width);

/* Appends the line, cut to `width` columns with `ellipsis` as its end where it
 * is wider; `ellipsis` must fit. */
void text_cut(struct buf *out, const char *text, size_t len, size_t width, const char *ellipsis);

/* Appends text with blanks for its TABs, up to the next multiple of eight
 * columns from the start of the line. */
void text_expand_tabs(struct buf *out, const char *text, size_t len);

/* One line of a wrapped text: where it is, and how wide. */
struct text_line {
    size_t from, len, width;
};

/* Walks the lines of at most `width` columns into which text breaks; start
 * with *at = 0.  It breaks at every LF, else with `words` at blanks (which it
 * drops) and beside wide characters, and where that does not help, or without
 * `words`, between any two graphemes.  An empty text is one empty line; a
 * grapheme wider than `width` gets a line of its own.  `width` may differ from
 * call to call, as for hanging indents.  False after the last line. */
bool text_wrap(const char *text, size_t len, size_t width, bool words, size_t *at, struct text_line *line);

#endif
