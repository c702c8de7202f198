/* uuid: 48 bits of milliseconds, 12 bits of their fraction, 62 bits of chance. */
#define _POSIX_C_SOURCE 200809L
#include "uuid.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

void uuid7(char out[UUID_TEXT])
{
    static uint64_t last;
    struct timespec now;
    uint64_t noise;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t nanos = (uint64_t)now.tv_nsec, tick = ((uint64_t)now.tv_sec * 1000 + nanos / 1000000) << 12;
    tick |= nanos % 1000000 * 4096 / 1000000;
    last = tick > last ? tick : last + 1;
    if (getrandom(&noise, sizeof noise, 0) != sizeof noise)
        abort(); /* cannot fail for so few bytes once the kernel is up */
    noise = (noise & 0x3fffffffffffffff) | 0x8000000000000000;
    snprintf(out, UUID_TEXT, "%08llx-%04llx-7%03llx-%04llx-%012llx",
             (unsigned long long)(last >> 28 & 0xffffffff), (unsigned long long)(last >> 12 & 0xffff),
             (unsigned long long)(last & 0xfff), (unsigned long long)(noise >> 48),
             (unsigned long long)(noise & 0xffffffffffff));
}
