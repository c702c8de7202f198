/* msg: formats into a fixed buffer, escapes what is not plain text, and
 * writes once, so that lines of several programs on one stderr stay whole. */
#define _GNU_SOURCE /* program_invocation_short_name */
#include "msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048 };

/* The one piece of state of this module: set once, before any message. */
static enum msg_level current = MSG_NORMAL;

void msg_set_level(enum msg_level level)
{
    current = level;
}

enum msg_level msg_level(void)
{
    return current;
}

/* Copies text to out, controls as \xNN; returns the bytes written, at most
 * room.  C1 controls arrive as the UTF-8 pair C2 80…C2 9F. */
static size_t escape_line(char *out, size_t room, const char *text)
{
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        if (used + 8 > room)
            break;
        if (*at < 0x20 || *at == 0x7f || c1)
            used += (size_t)snprintf(out + used, room - used, "\\x%02x", c1 ? *++at : *at);
        else
            out[used++] = (char)*at;
    }
    return used;
}

static void say(const char *format, va_list args)
{
    char text[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES + 64];
    int saved = errno;
    vsnprintf(text, sizeof text, format, args);
    size_t used = (size_t)snprintf(line, 64, "%.48s: ", program_invocation_short_name);
    used += escape_line(line + used, sizeof line - used - 1, text);
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* there is nobody left to tell */
    errno = saved;
}

void msg_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void msg_warn(const char *format, ...)
{
    if (current == MSG_QUIET)
        return;
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void msg_info(const char *format, ...)
{
    if (current != MSG_VERBOSE)
        return;
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void die(enum exit_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    exit(code);
}

void die_err(const struct err *e)
{
    die(e->code, "%s", e->text);
}
