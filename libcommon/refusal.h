/* refusal: why an exercise is not run, as its result then says it. */
#ifndef GL_REFUSAL_H
#define GL_REFUSAL_H

#include "err.h"
#include "status.h"

struct refusal {
    enum status status;
    const char *class; /* a constant; NULL: none */
    struct err why;
};

/* Each fills *r and returns false. */
bool refuse(struct refusal *r, enum status status, const char *class, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A request that is at fault: `rejected`. */
bool refuse_err(struct refusal *r, const char *class, const struct err *why);

#endif
