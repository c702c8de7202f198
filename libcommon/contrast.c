/* contrast: what both begin with and what both end with, grapheme by grapheme; the rest
 * is the difference. */
#include "contrast.h"

#include <string.h>

#include "text.h"

static size_t same_start(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t at = 0, width;
    while (at < a_len && at < b_len) {
        size_t len = text_grapheme(a + at, a_len - at, &width);
        if (len != text_grapheme(b + at, b_len - at, &width) || memcmp(a + at, b + at, len) != 0)
            break;
        at += len;
    }
    return at;
}

/* The first boundary between graphemes at or after `at`, walking from `from`. */
static size_t boundary(const char *text, size_t len, size_t from, size_t at)
{
    size_t width;
    while (from < at)
        from += text_grapheme(text + from, len - from, &width);
    return from;
}

bool contrast_find(struct contrast *c, const char *expected, size_t expected_len, const char *actual,
                   size_t actual_len)
{
    size_t from = same_start(expected, expected_len, actual, actual_len), same = 0, before;
    size_t most = (expected_len < actual_len ? expected_len : actual_len) - from;
    while (same < most && expected[expected_len - same - 1] == actual[actual_len - same - 1])
        same++;
    do {
        before = same;
        same = expected_len - boundary(expected, expected_len, from, expected_len - same);
        same = actual_len - boundary(actual, actual_len, from, actual_len - same);
    } while (same != before);
    *c = (struct contrast){from, expected_len - same, actual_len - same};
    return (from || same) && (from < c->expected_to || from < c->actual_to);
}
