/* Unit tests of text and of what table builds on it: widths, graphemes,
 * escaping, cutting, wrapping, tabs, and the sharing of columns. */
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "tap.h"
#include "text.h"

enum { BYTES_MAX = 1024 * 1024 };

/* U+202E and U+2066, not as literals, which would turn round this file too. */
static const char override[] = {'\xe2', '\x80', '\xae', '\0'};
static const char isolate[] = {'\xe2', '\x81', '\xa6', '\0'};

static void check_width(const char *text, size_t want, const char *what)
{
    is_int((int64_t)text_width(text, strlen(text)), (int64_t)want, "%s is %zu columns wide", what, want);
}

static void test_widths(void)
{
    static const struct {
        const char *text, *what;
        size_t width;
    } cases[] = {
        {"", "nothing", 0},
        {"plain", "ASCII", 5},
        {"e\xcc\x81", "a letter with a combining accent", 1},
        {"中文", "CJK", 4},
        {"ｱ", "a halfwidth kana", 1},
        {"Ａ", "a fullwidth letter", 2},
        {"한국", "precomposed Hangul", 4},
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "a syllable of conjoining jamo", 2},
        {"क्षि", "a Devanagari cluster with a spacing vowel", 3},
        {"😀", "an emoji", 2},
        {"❤", "a symbol without its emoji style", 1},
        {"❤\xef\xb8\x8f", "a symbol in emoji style", 2},
        {"1\xef\xb8\x8f\xe2\x83\xa3", "a keycap", 2},
        {"a\xef\xb8\x8f", "a letter that has no emoji style", 1},
        {"🇩🇪", "a flag", 2},
        {"🇩🇪🇫🇷", "two flags", 4},
        {"👍🏽", "an emoji with a skin tone", 2},
        {"a🏽", "a skin tone after a letter", 3},
        {"👍🏽🏽", "an emoji with one tone too many", 4},
        {"👨\xe2\x80\x8d👩\xe2\x80\x8d👧\xe2\x80\x8d👦", "a family", 2},
        {"a\xe2\x80\x8d😀", "a joiner that joins no emoji", 3},
        {"\xff\xfe", "two bytes that are no UTF-8", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_width(cases[i].text, cases[i].width, cases[i].what);
    size_t width, used = text_grapheme("👨\xe2\x80\x8d👩x", 12, &width);
    is_int((int64_t)used, 11, "a grapheme ends where the family does");
}

static void check_escape(const char *text, size_t len, unsigned how, const char *want, const char *what)
{
    struct buf out;
    buf_init(&out, BYTES_MAX);
    text_escape(&out, text, len, how);
    is_text(out.data, want, "%s", what);
    buf_free(&out);
}

static void test_escapes(void)
{
    static const struct {
        const char *text;
        unsigned how;
        const char *want, *what;
    } cases[] = {
        {"plain \\x1b", TEXT_LINE, "plain \\x1b", "printable text stays"},
        {"\x1b[31m\r\b\x7f", TEXT_LINE, "\\x1b[31m\\x0d\\x08\\x7f", "C0 and DEL become visible"},
        {"a\nb\tc", TEXT_LINE, "a\\nb\\tc", "a line has neither LF nor TAB"},
        {"a\nb\tc", TEXT_BLOCK, "a\nb\tc", "a block keeps LF and TAB"},
        {"a\nb\tc", TEXT_KEEP_TAB, "a\\nb\tc", "TAB is kept without LF"},
        {"\xc2\x9b"
         "31m",
         TEXT_LINE, "\\u009b31m", "C1 becomes visible"},
        {"\x9b\xc3", TEXT_LINE, "\\x9b\\xc3", "invalid UTF-8 becomes visible bytes"},
        {"\xed\xa0\x80", TEXT_LINE, "\\xed\\xa0\\x80", "an encoded surrogate is no UTF-8"},
        {"a\xe2\x80\x8b\xe2\x81\xa0\xef\xbb\xbf", TEXT_LINE, "a\\u200b\\u2060\\ufeff",
         "zero-width controls too"},
        {"a\xe2\x81\xa4", TEXT_LINE, "a\\u2064", "and invisible operators"},
        {"\xe2\x80\xa8\xe2\x80\xa9", TEXT_BLOCK, "\\u2028\\u2029", "and line separators, in a block too"},
        {"\xf3\xa0\x81\x81", TEXT_LINE, "\\U000e0041", "a tag character becomes visible"},
        {"\xcd\xb8", TEXT_LINE, "\\u0378", "a code point without a meaning does"},
        {"\xcc\x81x", TEXT_LINE, "\\u0301x", "an accent at the start has nothing to stand on"},
        {"a \xcc\x81", TEXT_LINE, "a \\u0301", "nor after a blank"},
        {"\x1b\xcc\x81", TEXT_LINE, "\\x1b\\u0301", "nor after an escape"},
        {"a\n\xcc\x81", TEXT_BLOCK, "a\n\\u0301", "nor at the start of a line"},
        {"e\xcc\x81", TEXT_LINE, "e\xcc\x81", "an accent on its letter stays"},
        {"👨\xe2\x80\x8d👩", TEXT_LINE, "👨\xe2\x80\x8d👩", "ZWJ stays within a grapheme"},
        {"\xe2\x80\x8d👩", TEXT_LINE, "\\u200d👩", "ZWJ outside of one does not"},
        {"é中😀", TEXT_ASCII, "\\u00e9\\u4e2d\\U0001f600", "ASCII only escapes the rest"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_escape(cases[i].text, strlen(cases[i].text), cases[i].how, cases[i].want, cases[i].what);
    check_escape(override, 3, TEXT_LINE, "\\u202e", "a bidi override becomes visible");
    check_escape(isolate, 3, TEXT_LINE, "\\u2066", "a bidi isolate too");
    check_escape("a\0b", 3, TEXT_BLOCK, "a\\x00b", "NUL becomes visible");
    check_escape("a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81", 19, TEXT_LINE,
                 "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\\u0301",
                 "the ninth accent on one letter is one too many");
    check_escape("👩\xe2\x80\x8d👩\xe2\x80\x8d👩\xe2\x80\x8d👩\xe2\x80\x8d👩\xe2\x80\x8d👩", 39, TEXT_LINE,
                 "👩\xe2\x80\x8d👩\xe2\x80\x8d👩\xe2\x80\x8d👩\xe2\x80\x8d👩\\u200d👩",
                 "a family joins four times at most");
}

/* Every code point there is, alone and after a letter: nothing that acts on a
 * terminal comes out, and what comes out stays as it is. */
static void test_every_code_point(void)
{
    struct buf once, twice;
    size_t raw = 0, unstable = 0;
    buf_init(&once, BYTES_MAX);
    buf_init(&twice, BYTES_MAX);
    for (unsigned point = 0; point < 0x110000; point++) {
        char text[5] = "a";
        size_t len = 1;
        if (point < 0x80) {
            text[len++] = (char)point;
        } else {
            if (point >= 0x10000)
                text[len++] = (char)(0xf0 | point >> 18), text[len++] = (char)(0x80 | (point >> 12 & 0x3f));
            else if (point >= 0x800)
                text[len++] = (char)(0xe0 | point >> 12);
            if (point >= 0x800)
                text[len++] = (char)(0x80 | (point >> 6 & 0x3f));
            else
                text[len++] = (char)(0xc0 | point >> 6);
            text[len++] = (char)(0x80 | (point & 0x3f));
        }
        buf_clear(&once);
        buf_clear(&twice);
        text_escape(&once, text, len, TEXT_LINE);
        text_escape(&twice, once.data, once.len, TEXT_LINE);
        for (size_t i = 0; i < once.len; i++)
            raw += (unsigned char)once.data[i] < 0x20 || once.data[i] == 0x7f;
        raw += strstr(once.data, override) || (point >= 0x80 && point < 0xa0 && strstr(once.data, "\xc2"));
        unstable += strcmp(once.data, twice.data) != 0;
    }
    is_int((int64_t)raw, 0, "no code point comes out as a control");
    is_int((int64_t)unstable, 0, "what was escaped once is not escaped again");
    buf_free(&once);
    buf_free(&twice);
}

static void check_cut(const char *text, size_t width, const char *want)
{
    struct buf out;
    buf_init(&out, BYTES_MAX);
    text_cut(&out, text, strlen(text), width, "…");
    is_text(out.data, want, "\"%s\" cut to %zu columns", text, width);
    buf_free(&out);
}

/* The lines of a wrapped text, joined by '|'. */
static void check_wrap(const char *text, size_t width, bool words, const char *want, const char *what)
{
    struct buf out;
    struct text_line line;
    size_t at = 0, wrong = 0;
    buf_init(&out, BYTES_MAX);
    while (text_wrap(text, strlen(text), width, words, &at, &line)) {
        if (line.from)
            buf_putc(&out, '|');
        buf_add(&out, text + line.from, line.len);
        wrong += line.width != text_width(text + line.from, line.len);
    }
    is_text(out.data, want, "%s", what);
    is_int((int64_t)wrong, 0, "%s: the widths are right", what);
    buf_free(&out);
}

static void test_wrapping(void)
{
    check_wrap("", 5, true, "", "an empty text is one empty line");
    check_wrap("one two three", 8, true, "one two|three", "a text breaks at blanks");
    check_wrap("one  two", 4, true, "one|two", "the blanks at a break are dropped");
    check_wrap("  one two", 6, true, "  one|two", "an indent is kept");
    check_wrap("abcdefgh ij", 5, true, "abcde|fgh|ij", "a word that is too long breaks within");
    check_wrap("a\n\nb", 5, true, "a||b", "line breaks are kept");
    check_wrap("abcde   \nf", 5, true, "abcde|f", "blanks before a line break make no line");
    check_wrap("中文字符", 5, true, "中文|字符", "wide characters break between two");
    check_wrap("ab中文", 4, true, "ab中|文", "also beside narrow ones");
    check_wrap("中中 ab", 4, true, "中中|ab", "a word after wide characters moves down whole");
    check_wrap("中", 1, true, "中", "a grapheme wider than the line has one of its own");
    check_wrap("e\xcc\x81"
               "e\xcc\x81",
               1, true, "e\xcc\x81|e\xcc\x81", "no break within a grapheme");
    check_wrap("a 🏽b", 4, true, "a 🏽|b", "a blank with a skin tone on it is not dropped");
    check_wrap("one two", 5, false, "one t|wo", "verbatim text breaks at the edge");
    check_wrap("a     b", 3, false, "a  |   |b", "and keeps its blanks");
}

static void test_tabs(void)
{
    struct buf out;
    buf_init(&out, BYTES_MAX);
    text_expand_tabs(&out, "\ta\n中\tb\t", 9);
    is_text(out.data, "        a\n中      b       ", "TABs reach to the next multiple of eight columns");
    buf_free(&out);
}

static void check_share(const size_t *wanted, size_t room, size_t first, size_t second)
{
    size_t widths[2];
    table_share(wanted, widths, 2, room);
    ok(widths[0] == first && widths[1] == second,
       "%zu and %zu in %zu columns get %zu and %zu (got %zu and %zu)", wanted[0], wanted[1], room, first,
       second, widths[0], widths[1]);
}

int main(void)
{
    test_widths();
    test_escapes();
    test_every_code_point();
    check_cut("abc", 3, "abc");
    check_cut("abcd", 3, "ab…");
    check_cut("中文字", 4, "中…");
    test_wrapping();
    test_tabs();
    check_share((size_t[]){10, 20}, 40, 10, 20);
    check_share((size_t[]){10, 90}, 60, 10, 50);
    check_share((size_t[]){300, 300}, 61, 30, 31);
    check_share((size_t[]){0, 70}, 60, 0, 60);
    check_share((size_t[]){9, 9}, 3, 2, 2);
    return tap_done();
}
