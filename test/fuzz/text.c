/* text: what escaping lets through, and that measuring, cutting, wrapping and
 * TABs agree with each other on what was escaped. */
#include "text.h"

#include "fuzz.h"

enum { BYTES_MAX = 1 << 20 };

/* Whether the code point may come out of text_escape. */
static bool may_come_out(uint32_t point, unsigned how)
{
    if (point == '\n' || point == '\t')
        return how & (point == '\n' ? TEXT_KEEP_LF : TEXT_KEEP_TAB);
    return !fuzz_acts(point) && (point < 0x80 || !(how & TEXT_ASCII));
}

/* Escaped text is UTF-8 without anything that acts, and escaping it again
 * changes nothing; plain ASCII comes through as it is. */
FUZZ_BLIND static void check_escape(const char *text, size_t len, unsigned how, struct buf *out)
{
    struct buf again;
    uint32_t point;
    bool plain = true;
    for (size_t i = 0; i < len; i++)
        plain = plain && ((text[i] >= 0x20 && text[i] < 0x7f));
    buf_clear(out);
    text_escape(out, text, len, how);
    CHECK(!plain || fuzz_same(out->data, out->len, text, len));
    for (size_t at = 0, used; at < out->len; at += used) {
        used = fuzz_utf8((const uint8_t *)out->data + at, out->len - at, &point);
        CHECK(used && may_come_out(point, how));
    }
    buf_init(&again, BYTES_MAX);
    text_escape(&again, out->data, out->len, how);
    CHECK(fuzz_same(again.data, again.len, out->data, out->len));
    buf_free(&again);
}

/* Graphemes cover the text; widths and what fits are sums over them. */
static void check_width(const char *text, size_t len, size_t room)
{
    size_t total = 0, fits = 0, width, used;
    bool fitting = true;
    for (size_t at = 0; at < len; at += used) {
        used = text_grapheme(text + at, len - at, &width);
        CHECK(used && used <= len - at && width <= 2 * used);
        total += width;
        fitting = fitting && total <= room;
        fits += fitting ? used : 0;
    }
    CHECK(text_width(text, len) == total);
    CHECK(text_fit(text, len, room) == fits);
}

static void check_cut(const char *text, size_t len, size_t room)
{
    struct buf out;
    buf_init(&out, BYTES_MAX);
    text_cut(&out, text, len, room, "..");
    bool whole = text_width(text, len) <= room;
    CHECK(text_width(out.data, out.len) <= room);
    CHECK(whole ? fuzz_same(out.data, out.len, text, len)
                : out.len >= 2 && memcmp(out.data + out.len - 2, "..", 2) == 0);
    CHECK(whole || memcmp(out.data, text, out.len - 2) == 0);
    buf_free(&out);
}

/* What lies between two lines, or after the last: blanks where words are
 * wrapped, and at most one LF. */
static void check_gap(const char *text, size_t from, size_t to, bool words)
{
    size_t feeds = 0;
    for (; from < to; from++) {
        CHECK(text[from] == '\n' || (words && text[from] == ' '));
        feeds += text[from] == '\n';
    }
    CHECK(feeds <= 1);
}

/* No line is too wide but for one grapheme, and none begins or ends within a
 * grapheme; nothing of the text is lost but what may lie in a gap. */
static void check_wrap(const char *text, size_t len, size_t room, bool words)
{
    struct text_line line;
    size_t at = 0, done = 0, width;
    bool *edge = calloc(len + 2, sizeof *edge);
    edge[len] = true;
    for (size_t pos = 0; pos < len; pos += text_grapheme(text + pos, len - pos, &width))
        edge[pos] = true;
    while (text_wrap(text, len, room, words, &at, &line)) {
        CHECK(line.from >= done && line.from + line.len <= len && at > line.from);
        CHECK(edge[line.from] && edge[line.from + line.len]);
        CHECK(line.width == text_width(text + line.from, line.len));
        if (line.width > room)
            CHECK(text_grapheme(text + line.from, line.len, &width) == line.len);
        CHECK(!memchr(text + line.from, '\n', line.len));
        check_gap(text, done, line.from, words);
        done = line.from + line.len;
    }
    CHECK(at > len);
    check_gap(text, done, len, words);
    free(edge);
}

/* Blanks instead of TABs, up to columns that are multiples of eight. */
FUZZ_BLIND static void check_tabs(const char *text, size_t len)
{
    struct buf out;
    buf_init(&out, BYTES_MAX * 8);
    text_expand_tabs(&out, text, len);
    CHECK(!memchr(out.data, '\t', out.len) && out.len <= 8 * len);
    size_t k = 0, start = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\t') {
            CHECK(k < out.len && out.data[k++] == text[i]);
            start = text[i] == '\n' ? k : start;
            continue;
        }
        size_t from = k;
        do
            CHECK(k < out.len && out.data[k++] == ' ');
        while (text_width(out.data + start, k - start) % 8);
        CHECK(k - from <= 8);
    }
    CHECK(k == out.len);
    buf_free(&out);
}

static void check_layout(const char *text, size_t len, size_t room)
{
    check_width(text, len, room);
    check_cut(text, len, room + 2);
    check_wrap(text, len, room, true);
    check_wrap(text, len, room, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    uint64_t chance = fuzz_hash(data, size);
    struct buf escaped;
    buf_init(&escaped, BYTES_MAX);
    check_width(text, size, 1 + fuzz_next(&chance, 40));
    for (unsigned how = 0; how < 8; how++) {
        check_escape(text, size, how, &escaped);
        check_layout(escaped.data, escaped.len, 1 + fuzz_next(&chance, 40));
        check_tabs(escaped.data, escaped.len);
    }
    buf_free(&escaped);
    return 0;
}
