/* signals: SIGINT and SIGTERM as a flag and a readable descriptor.
 *
 * The first signal asks a program to come to an end in good order (design.md
 * §4); the second one ends it at once.  cli_finish raises the first again, by
 * its default action, so that the caller sees how the program ended. */
#ifndef GL_SIGNALS_H
#define GL_SIGNALS_H

#include <stdint.h>

/* Catches SIGINT and SIGTERM, unless they were ignored from the start. */
void signals_catch(void);

/* For a program that has others to end first: from now on `count` signals are
 * only counted, and the next one ends it at once. */
void signals_allow(int count);

/* How many came.  Takes out what signals_fd has to read, so that a poll(2)
 * waits for the next one. */
int signals_count(void);

/* Forgets what came: a person was asked and goes on. */
void signals_forget(void);

/* The signal that came first, or 0. */
int signals_caught(void);

/* A descriptor that is readable once a signal came, for poll(2). */
int signals_fd(void);

/* For programs that only finish what others send: the moment after which they
 * stop reading, SIGNALS_GRACE_MS after the first signal; CLOCK_NEVER before. */
enum { SIGNALS_GRACE_MS = 10000 };
int64_t signals_deadline(void);

/* Ends the process by the signal that came; returns where none did. */
void signals_raise(void);

#endif
