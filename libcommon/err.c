/* err: the text of a failure, formatted where it happened. */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct err *e, enum exit_code code, const char *format, va_list args)
{
    e->code = code;
    vsnprintf(e->text, sizeof e->text, format, args);
}

bool err_set(struct err *e, enum exit_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (e)
        fill(e, code, format, args);
    va_end(args);
    return false;
}

bool err_errno(struct err *e, enum exit_code code, const char *format, ...)
{
    int number = errno;
    va_list args;
    va_start(args, format);
    if (e) {
        fill(e, code, format, args);
        size_t used = strlen(e->text);
        snprintf(e->text + used, sizeof e->text - used, ": %s", strerror(number));
    }
    va_end(args);
    return false;
}
