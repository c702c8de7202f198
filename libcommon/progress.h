/* progress: one line on stderr that tells how far a run has come. */
#ifndef GL_PROGRESS_H
#define GL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli.h"

struct progress {
    bool shown, drawn;
    int64_t started, next;
};

/* --progress, as a row of a program's table of options. */
/* clang-format off */
#define PROGRESS_OPTION(T, m)                                                                        \
    {.name = "progress", .member = offsetof(T, m), .help = "show progress on stderr wherever that goes"}
/* clang-format on */

/* Shows progress where `always` or where stderr is a terminal and stdout is
 * none, unless --quiet; nothing before the first second has passed, and nothing
 * by itself in the background: there others have the terminal. */
void progress_start(struct progress *p, bool always);

/* Draws the line, at most five times a second.  open: what is under way, or
 * PROGRESS_UNKNOWN; fraction: of the input that is done, or negative where its
 * length is unknown. */
#define PROGRESS_UNKNOWN SIZE_MAX
void progress_update(struct progress *p, size_t done, size_t failed, size_t open, double fraction);

/* Takes the line off the screen. */
void progress_end(struct progress *p);

#endif
