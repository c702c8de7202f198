/* tap: the few assertions of the unit tests, printed as TAP.
 *
 * A check that fails says where and, with values, what was got and wanted; the
 * rest go on.  A test program's main ends with `return tap_done();`. */
#ifndef GL_TAP_H
#define GL_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* Each prints one line of TAP and returns whether it held.  NULL is a text
 * that equals only NULL. */
#define ok(condition, ...) tap_ok((condition), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...) tap_is_int((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_text(got, want, ...) tap_is_text((got), (want), __FILE__, __LINE__, __VA_ARGS__)

bool tap_ok(bool held, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool tap_is_int(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool tap_is_text(const char *got, const char *want, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Prints the plan; 0 when every check held and there was one, else 1. */
int tap_done(void);

#endif
