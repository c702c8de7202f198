/* buf: a growing byte buffer with a mandatory maximum.
 *
 * What would grow a buffer past its maximum is not added and marks the buffer
 * as overflowed; a writer adds piece by piece and asks once at the end.  The
 * bytes are always followed by a NUL that len does not count; they may hold
 * NULs themselves. */
#ifndef GL_BUF_H
#define GL_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* never NULL after buf_init */
    size_t len, cap, max;
    bool overflowed;
};

/* An empty buffer of at most `max` bytes; it allocates at the first byte. */
void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);

/* Empties the buffer and keeps its memory for the next use, but gives back
 * what one large use left behind (more than BUF_KEEP bytes). */
enum { BUF_KEEP = 64 * 1024 };
void buf_clear(struct buf *b);

/* Makes room for `more` bytes and returns where they go, or NULL (and
 * overflowed) past the maximum.  The caller then adds to len. */
char *buf_reserve(struct buf *b, size_t more);

/* Each returns false when the buffer has overflowed, now or before. */
bool buf_add(struct buf *b, const void *bytes, size_t len);
bool buf_puts(struct buf *b, const char *text);
bool buf_putc(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes `count` bytes out at the front. */
void buf_drop(struct buf *b, size_t count);

/* Hands over the bytes (the caller frees them) and leaves an empty buffer. */
char *buf_detach(struct buf *b);

#endif
