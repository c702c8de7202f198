/* tap: counts the checks and prints them. */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int checks, failures;

static void print_line(bool held, const char *file, int line, const char *format, va_list args)
{
    char name[512];
    checks++;
    failures += !held;
    printf("%sok %d - ", held ? "" : "not ", checks);
    vsnprintf(name, sizeof name, format, args);
    for (const char *at = name; *at; at++) /* a name is one line */
        putchar((unsigned char)*at < ' ' ? ' ' : *at);
    putchar('\n');
    if (!held)
        printf("#   at %s:%d\n", file, line);
}

bool tap_ok(bool held, const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(held, file, line, format, args);
    va_end(args);
    return held;
}

bool tap_is_int(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(got == want, file, line, format, args);
    va_end(args);
    if (got != want)
        printf("#      got: %lld\n#   wanted: %lld\n", (long long)got, (long long)want);
    return got == want;
}

bool tap_is_text(const char *got, const char *want, const char *file, int line, const char *format, ...)
{
    bool held = got && want ? strcmp(got, want) == 0 : got == want;
    va_list args;
    va_start(args, format);
    print_line(held, file, line, format, args);
    va_end(args);
    if (!held)
        printf("#      got: %s\n#   wanted: %s\n", got ? got : "(null)", want ? want : "(null)");
    return held;
}

int tap_done(void)
{
    printf("1..%d\n", checks);
    return failures || !checks;
}
