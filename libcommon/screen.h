/* screen: the terminal of somebody who waits, beside a stdout that is for programs.
 *
 * What is said goes to stderr where that is a terminal, else nowhere; what is
 * asked goes to the controlling terminal.  The terminal stays in its usual mode
 * all the time, so nothing has to be put right when the program is killed. */
#ifndef GL_SCREEN_H
#define GL_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

struct screen {
    int fd; /* -1: nobody is watching */
    bool drawn;
};

void screen_open(struct screen *s, bool quiet);

/* Draws one line over the last one, cut to the terminal's width. */
void screen_status(struct screen *s, const char *text);

/* Takes that line off, for what is written by others. */
void screen_clear(struct screen *s);

/* A line that stays; control characters in it are escaped. */
void screen_say(struct screen *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Asks on the controlling terminal, until one of the characters of `answers` begins
 * a line (returned in lower case).  '\0' where there is no terminal, it was closed,
 * a signal came or `wait_ms` have passed. */
char screen_ask(struct screen *s, const char *question, const char *answers, int64_t wait_ms);

#endif
