/* contrast: where two texts differ. */
#ifndef GL_CONTRAST_H
#define GL_CONTRAST_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes from `from` to `to` of either text; what stands before and behind is the
 * same in both.  No grapheme is cut. */
struct contrast {
    size_t from, expected_to, actual_to;
};

/* False where the texts are the same, or have nothing in common to set the difference
 * off against.  Both are as text_escape made them. */
bool contrast_find(struct contrast *c, const char *expected, size_t expected_len, const char *actual,
                   size_t actual_len);

#endif
