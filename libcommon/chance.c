/* chance: bytes are fetched many at a time, since a system call costs more than
 * all else that is done to make a key of them. */
#define _DEFAULT_SOURCE /* getentropy */
#include "chance.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STORE = 256 }; /* as many as getentropy gives */

void chance_bytes(void *out, size_t len)
{
    static unsigned char store[STORE];
    static size_t left;
    for (unsigned char *at = out; len > 0;) {
        if (left == 0 && getentropy(store, left = STORE) != 0)
            abort(); /* cannot fail for so few bytes once the kernel is up */
        size_t some = len < left ? len : left;
        left -= some;
        memcpy(at, store + left, some);
        memset(store + left, 0, some);
        at += some;
        len -= some;
    }
}

double chance_share(void)
{
    uint32_t number;
    chance_bytes(&number, sizeof number);
    return number / 4294967296.0;
}
