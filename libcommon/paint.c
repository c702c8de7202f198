/* paint: SGR sequences around runs of text; every line ends in the terminal's
 * own style, so that no line depends on another. */
#define _DEFAULT_SOURCE /* TIOCGWINSZ */
#include "paint.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "parse.h"
#include "xalloc.h"

enum { WIDTH_MIN = 20, WIDTH_MAX = 1000, WIDTH_DEFAULT = 80, LINE_BYTES_MAX = 4 * 1024 * 1024 };

static const char *const glyphs[GLYPH_COUNT][2] = {
    [GLYPH_PASS] = {"✓", "+"},        [GLYPH_PARTIAL] = {"~", "~"},      [GLYPH_FAIL] = {"✗", "x"},
    [GLYPH_UNKNOWN] = {"?", "?"},     [GLYPH_STOP] = {"!", "!"},         [GLYPH_WAIT] = {"…", "."},
    [GLYPH_SKIP] = {"–", "-"},        [GLYPH_BULLET] = {"•", "*"},       [GLYPH_DOT] = {"·", "-"},
    [GLYPH_ELLIPSIS] = {"…", "..."},  [GLYPH_BAR] = {"━", "#"},          [GLYPH_TRACK] = {"─", "."},
    [GLYPH_RULE] = {"─", "-"},        [GLYPH_SIDE] = {"│", "|"},         [GLYPH_TOP_LEFT] = {"╭", "+"},
    [GLYPH_TOP_RIGHT] = {"╮", "+"},   [GLYPH_TEE_LEFT] = {"├", "+"},     [GLYPH_TEE_RIGHT] = {"┤", "+"},
    [GLYPH_BOTTOM_LEFT] = {"╰", "+"}, [GLYPH_BOTTOM_RIGHT] = {"╯", "+"},
};

/* ---- rich text ---- */

void rich_init(struct rich *r, const struct paint *p)
{
    *r = (struct rich){.ascii = p->ascii, .notes = p->notes};
    buf_init(&r->text, RICH_MAX);
}

void rich_free(struct rich *r)
{
    buf_free(&r->text);
    free(r->runs);
    r->runs = NULL;
    r->count = r->cap = 0;
}

void rich_clear(struct rich *r)
{
    buf_clear(&r->text);
    r->count = 0;
}

static void begin_run(struct rich *r, unsigned style)
{
    unsigned before = r->count ? r->runs[r->count - 1].style : PAINT_PLAIN;
    if (style == before)
        return;
    xgrow(&r->runs, &r->cap, r->count + 1, sizeof *r->runs);
    r->runs[r->count++] = (struct rich_run){r->text.len, style};
}

void rich_puts(struct rich *r, unsigned style, const char *text)
{
    begin_run(r, style);
    buf_puts(&r->text, text);
}

void rich_printf(struct rich *r, unsigned style, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    rich_puts(r, style, text);
}

void rich_show(struct rich *r, unsigned style, const char *text, size_t len, unsigned how)
{
    struct buf escaped;
    begin_run(r, r->notes ? style | PAINT_OTHERS : style);
    if (r->ascii)
        how |= TEXT_ASCII;
    if (!(how & TEXT_KEEP_TAB) || !memchr(text, '\t', len)) {
        text_escape(&r->text, text, len, how);
        return;
    }
    buf_init(&escaped, RICH_MAX);
    text_escape(&escaped, text, len, how);
    text_expand_tabs(&r->text, escaped.data, escaped.len);
    buf_free(&escaped);
}

void rich_append(struct rich *r, const struct rich *other)
{
    size_t start = r->text.len;
    begin_run(r, PAINT_PLAIN);
    xgrow(&r->runs, &r->cap, r->count + other->count + 1, sizeof *r->runs);
    for (size_t i = 0; i < other->count; i++)
        r->runs[r->count++] = (struct rich_run){start + other->runs[i].from, other->runs[i].style};
    buf_add(&r->text, other->text.data, other->text.len);
}

void rich_mark(struct rich *r, size_t from, size_t to, unsigned style)
{
    struct rich_run *old = r->runs;
    size_t count = r->count, i = 0;
    unsigned now = PAINT_PLAIN;
    r->runs = NULL;
    r->count = r->cap = 0;
    xgrow(&r->runs, &r->cap, count + 2, sizeof *r->runs);
    for (; i < count && old[i].from <= from; i++) {
        r->runs[r->count++] = old[i];
        now = old[i].style;
    }
    r->runs[r->count++] = (struct rich_run){from, now | style};
    for (; i < count && old[i].from <= to; i++) {
        now = old[i].style;
        if (old[i].from < to)
            r->runs[r->count++] = (struct rich_run){old[i].from, now | style};
    }
    r->runs[r->count++] = (struct rich_run){to, now};
    for (; i < count; i++)
        r->runs[r->count++] = old[i];
    free(old);
}

/* ---- settings ---- */

/* A variable that is there and neither empty nor 0. */
static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0") != 0;
}

bool paint_wants_color(enum paint_choice asked)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (asked != PAINT_AUTO)
        return asked == PAINT_ALWAYS;
    if (none && *none)
        return false;
    if (is_set("CLICOLOR_FORCE") || is_set("FORCE_COLOR"))
        return true;
    return isatty(STDOUT_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

size_t paint_width(int64_t asked)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int64_t width = asked;
    if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0 && !(columns && parse_int(columns, 1, INT32_MAX, &width)))
        width = WIDTH_DEFAULT;
    return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : (size_t)width;
}

bool paint_is_utf8(void)
{
    return setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- lines ---- */

void paint_init(struct paint *p, bool color, bool ascii, size_t width)
{
    *p = (struct paint){.color = color, .ascii = ascii, .width = width};
    buf_init(&p->line, LINE_BYTES_MAX);
}

void paint_free(struct paint *p)
{
    buf_free(&p->line);
}

const char *paint_glyph(const struct paint *p, enum glyph glyph)
{
    return glyphs[glyph][p->ascii];
}

static bool begin_style(struct paint *p, unsigned style)
{
    if (!p->color || style == PAINT_PLAIN)
        return false;
    buf_puts(&p->line, "\033[");
    if (style & PAINT_BOLD)
        buf_puts(&p->line, "1;");
    if (style & PAINT_DIM)
        buf_puts(&p->line, "2;");
    if (style & PAINT_LINED)
        buf_puts(&p->line, "4;");
    if (style & PAINT_COLOR)
        buf_printf(&p->line, "%u;", 30 + (style & PAINT_COLOR));
    p->line.data[p->line.len - 1] = 'm';
    return true;
}

static void add(struct paint *p, unsigned style, const char *text, size_t len)
{
    bool styled = len && begin_style(p, style);
    buf_add(&p->line, text, len);
    if (styled)
        buf_puts(&p->line, "\033[0m");
}

/* Blanks at the end of a run stand outside its style, where they may have to go; the
 * only style that shows on them is a line. */
static void paint_bytes(struct paint *p, unsigned style, const char *text, size_t len)
{
    size_t ink = len;
    while (ink && text[ink - 1] == ' ')
        ink--;
    add(p, style, text, ink);
    p->inked = ink ? p->line.len : p->inked;
    add(p, style & PAINT_LINED ? style : PAINT_PLAIN, text + ink, len - ink);
}

void paint_puts(struct paint *p, unsigned style, const char *text)
{
    paint_bytes(p, style, text, strlen(text));
}

void paint_repeat(struct paint *p, unsigned style, const char *text, size_t count)
{
    bool styled = count && begin_style(p, style);
    while (count--)
        buf_puts(&p->line, text);
    if (styled)
        buf_puts(&p->line, "\033[0m");
    p->inked = p->line.len;
}

void paint_blanks(struct paint *p, size_t count)
{
    while (count--)
        buf_putc(&p->line, ' ');
}

void paint_rich(struct paint *p, const struct rich *r, size_t from, size_t len)
{
    size_t end = from + len, low = 0, high = r->count;
    while (low < high) { /* the first run that begins after `from` */
        size_t middle = (low + high) / 2;
        if (r->runs[middle].from <= from)
            low = middle + 1;
        else
            high = middle;
    }
    while (from < end) {
        size_t stop = low < r->count && r->runs[low].from < end ? r->runs[low].from : end;
        paint_bytes(p, low ? r->runs[low - 1].style : PAINT_PLAIN, r->text.data + from, stop - from);
        from = stop;
        low++;
    }
}

void paint_end_line(struct paint *p)
{
    struct buf *line = &p->line;
    line->len = p->inked;
    p->inked = 0;
    buf_putc(line, '\n');
    if (p->to)
        buf_add(p->to, line->data, line->len);
    else
        cli_write(line->data, line->len);
    buf_clear(line);
}
