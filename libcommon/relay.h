/* relay: lines from one descriptor to another, without ever blocking.
 *
 * Whole lines go through a function that looks at them and may hold them back.
 * It reads no further while what was read could not be written, so memory is
 * bounded by the longest line. */
#ifndef GL_RELAY_H
#define GL_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* Looks at a line, its LF included, and says whether it goes on. */
typedef bool relay_line_fn(const char *line, size_t len, void *context);

struct relay {
    int from, to; /* -1: at its end, or closed */
    relay_line_fn *look;
    void *context;
    struct buf in, out;
    size_t sent; /* of out */
    int failed;  /* why writing ended early, an errno value, or 0 */
};

/* Lines longer than max_line end the process (EXIT_BUG): who writes to a relay
 * is one of ours.  The relay closes `from` at its end; `to` is the caller's. */
void relay_init(struct relay *r, int from, int to, size_t max_line, relay_line_fn *look, void *context);
void relay_free(struct relay *r);

/* What to poll for: fills fds[0] and fds[1]. */
enum { RELAY_FDS = 2 };
void relay_prepare(const struct relay *r, struct pollfd fds[RELAY_FDS]);

/* Reads and writes what can be without waiting.  Where writing fails (`failed`),
 * the rest is read and looked at, and goes nowhere. */
void relay_serve(struct relay *r, const struct pollfd fds[RELAY_FDS]);

/* Adds to what is to be written. */
void relay_add(struct relay *r, const char *bytes, size_t len);

/* Whether all has been read; and whether it has also been written. */
bool relay_at_end(const struct relay *r);
bool relay_done(const struct relay *r);

#endif
