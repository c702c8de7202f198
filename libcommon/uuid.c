/* uuid: version 4 is chance but for six bits; version 7 has 48 bits of milliseconds,
 * 12 bits of their fraction and 62 bits of chance. */
#define _POSIX_C_SOURCE 200809L
#include "uuid.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "chance.h"

void uuid7(char out[UUID_TEXT])
{
    static uint64_t last;
    struct timespec now;
    uint64_t noise;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t nanos = (uint64_t)now.tv_nsec, tick = ((uint64_t)now.tv_sec * 1000 + nanos / 1000000) << 12;
    tick |= nanos % 1000000 * 4096 / 1000000;
    last = tick > last ? tick : last + 1;
    chance_bytes(&noise, sizeof noise);
    noise = (noise & 0x3fffffffffffffff) | 0x8000000000000000;
    snprintf(out, UUID_TEXT, "%08llx-%04llx-7%03llx-%04llx-%012llx",
             (unsigned long long)(last >> 28 & 0xffffffff), (unsigned long long)(last >> 12 & 0xffff),
             (unsigned long long)(last & 0xfff), (unsigned long long)(noise >> 48),
             (unsigned long long)(noise & 0xffffffffffff));
}

void uuid4(char out[UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char r[16];
    chance_bytes(r, sizeof r);
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof r; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[r[i] >> 4];
        *out++ = digits[r[i] & 15];
    }
    *out = '\0';
}
