/* fuzz: what the fuzzers share: promises to check, and bits of chance that
 * depend on the input alone, so that an input always does the same. */
#ifndef GL_FUZZ_H
#define GL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that must hold whatever the input. */
#define CHECK(promise)                                                                                       \
    do {                                                                                                     \
        if (!(promise)) {                                                                                    \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise);                            \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* For what looks at every byte of a check's own: the fuzzer need not follow it. */
#ifdef __clang__
#define FUZZ_BLIND __attribute__((no_sanitize("coverage")))
#else
#define FUZZ_BLIND
#endif

/* FNV-1a of the input. */
FUZZ_BLIND static inline uint64_t fuzz_hash(const uint8_t *data, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* The next number of a sequence below `below`. */
static inline size_t fuzz_next(uint64_t *state, size_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((*state >> 33) % below);
}

static inline bool fuzz_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && (!a_len || memcmp(a, b, a_len) == 0);
}

static inline bool fuzz_same_text(struct json_text a, struct json_text b)
{
    return !a.at == !b.at && fuzz_same(a.at, a.len, b.at, b.len);
}

/* The bytes of the UTF-8 character at `at` by the table of RFC 3629, and its
 * code point; 0 where it is none. */
FUZZ_BLIND static inline size_t fuzz_utf8(const uint8_t *at, size_t left, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = at[0] < 0x80   ? 1
                 : at[0] < 0xc0 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf8 ? 4
                                : 0;
    if (!len || len > left)
        return 0;
    *point = len == 1 ? at[0] : at[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (at[i] & 0x3f);
    }
    return *point < least[len] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000) ? 0 : len;
}

/* Whether a code point acts on a terminal or hides there: controls, what turns
 * text round or joins it, what breaks lines, tags. */
FUZZ_BLIND static inline bool fuzz_acts(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
        {0x180e, 0x180e}, {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };
    if (point >= 0x20 && point < 0x7f)
        return false;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

#endif
