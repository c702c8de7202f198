/* durable: files that somebody relies on.
 *
 * One that is replaced is at every moment the old one or the new one, whole.  One
 * that is appended to has, once durable_sync said so, kept all that was added; what
 * could not be kept whole is taken out again. */
#ifndef GL_DURABLE_H
#define GL_DURABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* Writes all of it, however often it takes.  False: see errno. */
bool durable_write(int fd, const void *bytes, size_t len);

/* Puts a file in the place of `path`, with this mode whatever the umask is. */
bool durable_replace(const char *path, const char *text, size_t len, mode_t mode, struct err *e);

/* A regular file that this process alone appends lines to. */
struct durable_log {
    const char *path; /* borrowed */
    int fd;
    int64_t good; /* bytes that are synced */
};

/* Opens the file, makes it (for its owner alone) where it is not there, and locks
 * it: where another process has it, EXIT_AGAIN.  A last line without its end gets
 * one, so that it does not spoil the next. */
bool durable_open(struct durable_log *log, const char *path, struct err *e);

bool durable_append(struct durable_log *log, const char *text, size_t len, struct err *e);
bool durable_sync(struct durable_log *log, struct err *e);

/* Takes out what was not synced. */
void durable_undo(struct durable_log *log);
void durable_close(struct durable_log *log);

#endif
