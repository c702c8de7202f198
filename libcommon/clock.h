/* clock: time in milliseconds, and deadlines on the monotonic clock. */
#ifndef GL_CLOCK_H
#define GL_CLOCK_H

#include <stdint.h>

/* A moment on the monotonic clock that never comes. */
#define CLOCK_NEVER INT64_MAX

/* Milliseconds of the monotonic clock: only differences mean anything. */
int64_t clock_now(void);

/* Its microseconds, for what is over in less than one of those. */
int64_t clock_micros(void);

/* Milliseconds since 1970 UTC, for comparing with dates that others sent. */
int64_t clock_wall(void);

/* Writes such a moment, of the years 1970 to 9999, as RFC 3339 in UTC and with
 * microseconds, as the queue's records have it. */
enum { CLOCK_TEXT = 32 };
void clock_format(int64_t wall_ms, char out[CLOCK_TEXT]);

/* The moment `ms` from `now`; CLOCK_NEVER where that would overflow. */
int64_t clock_after(int64_t now, int64_t ms);

/* Milliseconds from `now` until `moment`, never negative, at most INT_MAX, as
 * poll(2) takes them; -1 ("for ever") for CLOCK_NEVER. */
int clock_poll_ms(int64_t now, int64_t moment);

#endif
