/* refusal: the exit code follows from the status. */
#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>

bool refuse(struct refusal *r, enum status status, const char *class, const char *format, ...)
{
    va_list args;
    r->status = status;
    r->class = class;
    r->why.code = status_exit(status, false);
    va_start(args, format);
    vsnprintf(r->why.text, sizeof r->why.text, format, args);
    va_end(args);
    return false;
}

bool refuse_err(struct refusal *r, const char *class, const struct err *why)
{
    return refuse(r, STATUS_REJECTED, class, "%s", why->text);
}
