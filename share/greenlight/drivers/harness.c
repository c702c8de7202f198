/* harness: calls a learner's C function and says what it returns.
 *
 * It stands below the learner's file, and above a function gl_call that has the
 * calls of all tests; the program's argument is the first one to make.  What goes to
 * descriptor 3 is described in libcommon/tests.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wunused-function"

static FILE *gl_report;

static void gl_put_text(const char *text)
{
    if (!text) {
        fputs("null", gl_report);
        return;
    }
    putc('"', gl_report);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fprintf(gl_report, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(gl_report, "\\u%04x", (unsigned)*text);
        else
            putc(*text, gl_report);
    putc('"', gl_report);
}

static void gl_put_bool(_Bool value)
{
    fputs(value ? "true" : "false", gl_report);
}

static void gl_put_char(char value)
{
    gl_put_text((char[]){value, 0});
}

static void gl_put_int(long long value)
{
    fprintf(gl_report, "%lld", value);
}

static void gl_put_unsigned(unsigned long long value)
{
    fprintf(gl_report, "%llu", value);
}

/* The shortest text that is the same number. */
static void gl_put_double(double value)
{
    char text[40];
    int digits = 15;
    do
        snprintf(text, sizeof text, "%.*g", digits++, value);
    while (digits <= 17 && strtod(text, NULL) != value);
    if (isfinite(value))
        fputs(text, gl_report);
    else
        gl_put_text(text);
}

static void gl_put_float(float value)
{
    char text[40];
    int digits = 6;
    do
        snprintf(text, sizeof text, "%.*g", digits++, value);
    while (digits <= 9 && strtof(text, NULL) != value);
    gl_put_double(strtod(text, NULL));
}

#define GL_PUT(value)                                                                                        \
    _Generic((value),                                                                                        \
        _Bool: gl_put_bool,                                                                                  \
        char: gl_put_char,                                                                                   \
        signed char: gl_put_int,                                                                             \
        short: gl_put_int,                                                                                   \
        int: gl_put_int,                                                                                     \
        long: gl_put_int,                                                                                    \
        long long: gl_put_int,                                                                               \
        unsigned char: gl_put_unsigned,                                                                      \
        unsigned short: gl_put_unsigned,                                                                     \
        unsigned: gl_put_unsigned,                                                                           \
        unsigned long: gl_put_unsigned,                                                                      \
        unsigned long long: gl_put_unsigned,                                                                 \
        float: gl_put_float,                                                                                 \
        double: gl_put_double,                                                                               \
        long double: gl_put_double,                                                                          \
        char *: gl_put_text,                                                                                 \
        const char *: gl_put_text)(value)

/* What a function without a value left in its first array. */
#define GL_PUT_ARRAY(array)                                                                                  \
    do {                                                                                                     \
        putc('[', gl_report);                                                                                \
        for (size_t gl_i = 0; gl_i < sizeof array / sizeof *array; gl_i++) {                                 \
            fputs(gl_i ? "," : "", gl_report);                                                               \
            GL_PUT(array[gl_i]);                                                                             \
        }                                                                                                    \
        putc(']', gl_report);                                                                                \
    } while (0)

static void gl_call(int test);

int main(int argc, char **argv)
{
    gl_report = fdopen(3, "w");
    for (int test = atoi(argv[argc - 2]), count = atoi(argv[argc - 1]); test < count; test++) {
        fprintf(gl_report, "{\"kind\":\"start\",\"test\":%d}\n", test);
        fflush(gl_report);
        fprintf(gl_report, "{\"kind\":\"end\",\"test\":%d,\"value\":", test);
        gl_call(test);
        fputs("}\n", gl_report);
        fflush(gl_report);
        fflush(stdout);
    }
    return 0;
}
