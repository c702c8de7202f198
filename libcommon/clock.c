/* clock: deadlines are moments, not durations, so that a loop that wakes
 * early never waits twice. */
#define _POSIX_C_SOURCE 200809L
#include "clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_micros(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall(void)
{
    return read_ms(CLOCK_REALTIME);
}

void clock_format(int64_t wall_ms, char out[CLOCK_TEXT])
{
    struct tm tm;
    time_t seconds = (time_t)(wall_ms / 1000);
    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, CLOCK_TEXT - len, ".%03d000Z", (int)(wall_ms % 1000));
}

int64_t clock_after(int64_t now, int64_t ms)
{
    return ms > CLOCK_NEVER - now ? CLOCK_NEVER : now + ms;
}

int clock_poll_ms(int64_t now, int64_t moment)
{
    if (moment == CLOCK_NEVER)
        return -1;
    if (moment <= now)
        return 0;
    return moment - now > INT_MAX ? INT_MAX : (int)(moment - now);
}
