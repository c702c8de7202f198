/* text: grapheme boundaries and the widths of code points are utf8proc's.
 * Plain ASCII, nearly all there is, takes short cuts past it. */
#include "text.h"

#include <string.h>
#include <utf8proc.h>

enum {
    ZWNJ = 0x200c,
    ZWJ = 0x200d,
    EMOJI_STYLE = 0xfe0f,
    TONE_FIRST = 0x1f3fb,
    TONE_LAST = 0x1f3ff,
    MARKS_MAX = 8,
    JOINS_MAX = 4, /* the longest families there are join three times */
    TAB_STOP = 8,
};

/* The code point at `text` and its bytes; -1 and 1 where it is no UTF-8. */
static size_t decode(const char *text, size_t len, int32_t *point)
{
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, point);
    if (used > 0)
        return (size_t)used;
    *point = -1;
    return 1;
}

static int boundclass(int32_t point)
{
    return utf8proc_get_property(point)->boundclass;
}

/* The columns that terminals give a code point: utf8proc's, but one for a
 * spacing mark and none for the vowels and finals of conjoining jamo, which
 * stand in the cells of their leading consonant. */
static size_t point_width(int32_t point)
{
    int class = boundclass(point);
    if (class == UTF8PROC_BOUNDCLASS_V || class == UTF8PROC_BOUNDCLASS_T)
        return 0;
    if (utf8proc_category(point) == UTF8PROC_CATEGORY_MC)
        return 1;
    return (size_t)utf8proc_charwidth(point);
}

/* Whether a code point joins what stands before it. */
static bool combines(int32_t point)
{
    int class = boundclass(point);
    return class == UTF8PROC_BOUNDCLASS_EXTEND || class == UTF8PROC_BOUNDCLASS_SPACINGMARK ||
           point_width(point) == 0;
}

/* Whether a code point never reaches a terminal. */
static bool is_unfit(int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    case UTF8PROC_CATEGORY_CF:
        return point != ZWJ && point != ZWNJ;
    default:
        return false;
    }
}

static bool is_tone(int32_t point)
{
    return point >= TONE_FIRST && point <= TONE_LAST;
}

static void put_escaped(struct buf *out, int32_t point, unsigned how)
{
    if ((point == '\n' && how & TEXT_KEEP_LF) || (point == '\t' && how & TEXT_KEEP_TAB))
        buf_putc(out, (char)point);
    else if (point == '\n' || point == '\t')
        buf_puts(out, point == '\n' ? "\\n" : "\\t");
    else if (point < 0x80)
        buf_printf(out, "\\x%02x", (unsigned)point);
    else if (point < 0x10000)
        buf_printf(out, "\\u%04x", (unsigned)point);
    else
        buf_printf(out, "\\U%08x", (unsigned)point);
}

/* The length of the run of printable ASCII at the front. */
static size_t plain_run(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && text[i] >= 0x20 && text[i] < 0x7f)
        i++;
    return i;
}

/* Where text_escape is in a grapheme. */
struct cluster {
    unsigned marks; /* in a row; as many as may be where there is nothing to combine with */
    unsigned joins; /* by ZWJ */
    bool joined;    /* the last code point was a ZWJ */
};

static const struct cluster no_base = {.marks = MARKS_MAX};

/* Whether the code point may stand where it is; takes it into *c if so. */
static bool admit(struct cluster *c, int32_t point)
{
    bool joins = combines(point) && !is_tone(point);
    if (is_unfit(point) || (joins && c->marks >= MARKS_MAX) || (point == ZWJ && c->joins >= JOINS_MAX))
        return false;
    c->joins = point == ZWJ ? c->joins + 1 : combines(point) || c->joined ? c->joins : 0;
    c->marks = joins ? c->marks + 1 : 0;
    c->joined = point == ZWJ;
    return true;
}

void text_escape(struct buf *out, const char *text, size_t len, unsigned how)
{
    struct cluster c = no_base;
    for (size_t at = 0, used; at < len; at += used) {
        int32_t point;
        used = plain_run(text + at, len - at);
        if (used) {
            buf_add(out, text + at, used);
            c = (struct cluster){.marks = text[at + used - 1] == ' ' ? MARKS_MAX : 0};
            continue;
        }
        used = decode(text + at, len - at, &point);
        if (point >= 0x80 && !(how & TEXT_ASCII) && admit(&c, point)) {
            buf_add(out, text + at, used);
            continue;
        }
        if (point < 0)
            buf_printf(out, "\\x%02x", (unsigned char)text[at]);
        else
            put_escaped(out, point, how);
        c = no_base;
    }
}

static bool is_emoji(int32_t point)
{
    return boundclass(point) == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

/* What a code point adds to the grapheme that `before` belongs to. */
static size_t added_width(int32_t before, int32_t point)
{
    bool merges = (is_tone(point) && is_emoji(before)) || (is_emoji(point) && before == ZWJ);
    return merges ? 0 : point_width(point);
}

/* Whether U+FE0F makes an emoji of what stands before it. */
static bool takes_emoji_style(int32_t before)
{
    return is_emoji(before) || (before >= '0' && before <= '9') || before == '#' || before == '*';
}

size_t text_grapheme(const char *text, size_t len, size_t *width)
{
    bool plain = text[0] >= 0x20 && text[0] < 0x7f;
    *width = 1;
    if (text[0] == '\n' || text[0] == '\t' || (plain && (len < 2 || (signed char)text[1] >= 0)))
        return 1;
    int32_t first, before, point, state = 0;
    size_t used = decode(text, len, &first);
    if (first < 0)
        return 1;
    *width = point_width(first);
    before = first;
    while (used < len) {
        size_t more = decode(text + used, len - used, &point);
        if (point < 0 || utf8proc_grapheme_break_stateful(before, point, &state))
            break;
        *width += added_width(before, point);
        if (point == EMOJI_STYLE && *width == 1 && takes_emoji_style(before))
            *width = 2;
        used += more;
        before = point;
    }
    return used;
}

size_t text_width(const char *text, size_t len)
{
    size_t total = 0, width;
    for (size_t at = 0; at < len; total += width)
        at += text_grapheme(text + at, len - at, &width);
    return total;
}

size_t text_fit(const char *text, size_t len, size_t width)
{
    size_t at = 0, total = 0, wide;
    while (at < len) {
        size_t used = text_grapheme(text + at, len - at, &wide);
        if (total + wide > width)
            break;
        total += wide;
        at += used;
    }
    return at;
}

void text_cut(struct buf *out, const char *text, size_t len, size_t width, const char *ellipsis)
{
    size_t fits = text_fit(text, len, width);
    if (fits == len) {
        buf_add(out, text, len);
        return;
    }
    buf_add(out, text, text_fit(text, fits, width - text_width(ellipsis, strlen(ellipsis))));
    buf_puts(out, ellipsis);
}

void text_expand_tabs(struct buf *out, const char *text, size_t len)
{
    size_t column = 0;
    for (size_t at = 0; at < len;) {
        size_t width, used = text_grapheme(text + at, len - at, &width);
        if (text[at] == '\t') {
            width = TAB_STOP - column % TAB_STOP;
            buf_add(out, "        ", width);
        } else {
            buf_add(out, text + at, used);
        }
        column = text[at] == '\n' ? 0 : column + width;
        at += used;
    }
}

/* A line being filled, and the last place where it may break. */
struct fill {
    size_t width;     /* columns so far */
    size_t end, next; /* the break: where the line would end and the next begin */
    size_t end_width;
    bool inked; /* something but blanks is on the line */
};

/* Whether a blank is at `at`: a skin tone after it would make one grapheme. */
static bool is_blank(const char *text, size_t len, size_t at)
{
    size_t width;
    return at < len && text[at] == ' ' && text_grapheme(text + at, len - at, &width) == 1;
}

/* Notes the places to break that the grapheme [pos, pos + used) offers. */
static void note_break(struct fill *f, const char *text, size_t pos, size_t used, size_t width)
{
    bool blank = text[pos] == ' ' && used == 1;
    if (blank && f->inked) {
        if (f->next != pos || text[pos - 1] != ' ')
            f->end = pos, f->end_width = f->width;
        f->next = pos + used;
    } else if (width == 2) {
        f->end = f->next = pos + used;
        f->end_width = f->width + width;
    }
    f->inked = f->inked || !blank;
}

/* Ends the line before the grapheme at `pos`, which does not fit. */
static void break_line(const struct fill *f, const char *text, size_t len, size_t pos, bool wide, bool words,
                       size_t *at, struct text_line *line)
{
    size_t end = pos, next = pos;
    line->width = f->width;
    if (words && is_blank(text, len, pos)) {
        while (end > line->from && text[end - 1] == ' ')
            end--, line->width--;
        while (is_blank(text, len, next))
            next++;
    } else if (words && f->next > line->from && !(wide && text[pos - 1] != ' ')) {
        end = f->end;
        next = f->next;
        line->width = f->end_width;
    }
    /* Blanks before a line's own end, or the text's, make no further line. */
    if (next == len || (next > pos && text[next] == '\n'))
        next++;
    line->len = end - line->from;
    *at = next;
}

bool text_wrap(const char *text, size_t len, size_t width, bool words, size_t *at, struct text_line *line)
{
    struct fill f = {0};
    size_t pos = *at;
    if (pos > len)
        return false;
    line->from = pos;
    while (pos < len && text[pos] != '\n') {
        size_t wide, used = text_grapheme(text + pos, len - pos, &wide);
        if (f.width + wide > width && pos > line->from) {
            break_line(&f, text, len, pos, wide == 2, words, at, line);
            return true;
        }
        if (words)
            note_break(&f, text, pos, used, wide);
        f.width += wide;
        pos += used;
    }
    *line = (struct text_line){line->from, pos - line->from, f.width};
    *at = pos + 1;
    return true;
}
