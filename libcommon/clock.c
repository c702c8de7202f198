/* clock: deadlines are moments, not durations, so that a loop that wakes
 * early never waits twice. */
#define _POSIX_C_SOURCE 200809L
#include "clock.h"

#include <limits.h>
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

int64_t clock_wall(void)
{
    return read_ms(CLOCK_REALTIME);
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
