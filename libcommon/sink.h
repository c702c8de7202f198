/* sink: standard output for programs that have something to do even where
 * nobody reads it: rows to give back, outcomes to record.
 *
 * A write that fails is remembered and what comes later is dropped; only
 * sink_finish ends the program for it, as cli_finish would have done. */
#ifndef GL_SINK_H
#define GL_SINK_H

#include <stddef.h>

struct sink {
    int error; /* errno of the write that failed; 0: none did */
};

/* Once, before anything is written: a closed pipe then ends nobody. */
void sink_init(struct sink *s);

/* Writes all of it at once, and returns how many bytes were taken. */
size_t sink_write(struct sink *s, const void *bytes, size_t len);

/* Ends a program with `code`: cli_finish, but EXIT_IO after a message where a
 * write failed, and quietly by SIGPIPE where the pipe was closed. */
int sink_finish(const struct sink *s, int code);

#endif
