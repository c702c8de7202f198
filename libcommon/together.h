/* together: several pieces of work at once, each in a process of its own, so that
 * none can keep the others waiting, nor take them with it. */
#ifndef GL_TOGETHER_H
#define GL_TOGETHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum { TOGETHER_MAX = 8 };

struct together {
    void (*work)(int fd, const void *context); /* writes what it finds to fd */
    struct buf output;                         /* filled: what it wrote; the caller frees it */
    bool ended;                                /* filled: in time, and by itself */
};

/* Does them all, and kills what has not ended after limit_ms.  False (EXIT_OS): they
 * could not be started. */
bool together_do(struct together *jobs, size_t count, const void *context, int64_t limit_ms, struct err *e);

#endif
