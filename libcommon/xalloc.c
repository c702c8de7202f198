/* xalloc: a program of this kind cannot go on without memory; saying so at
 * one place keeps every other place free of tests that cannot be tested. */
#include "xalloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

static void *checked(void *memory, size_t size)
{
    if (!memory)
        die(EXIT_OS, "out of memory: cannot allocate %zu bytes", size);
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1), size);
}

void *xrealloc(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1), size);
}

char *xmemdup(const void *text, size_t len)
{
    char *copy = checked(malloc(len + 1), len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *xstrdup(const char *text)
{
    return xmemdup(text, strlen(text));
}

void xgrow(void *array_address, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return;
    size_t more = *cap ? *cap + *cap / 2 : 8;
    if (more < need)
        more = need;
    if (more > SIZE_MAX / size)
        die(EXIT_OS, "out of memory: %zu elements of %zu bytes", more, size);
    void *array;
    memcpy(&array, array_address, sizeof array);
    array = xrealloc(array, more * size);
    memcpy(array_address, &array, sizeof array);
    *cap = more;
}
