/* language: what can be run, one row a language.
 *
 * A driver is a program in the language itself.  It reads what to run as one
 * JSON object from standard input, loads the learner's files, calls or runs
 * the tests, and writes JSON Lines to JAIL_RESULT_FD (see tests.h for both).
 * It never sees what the tests expect of a function. */
#ifndef GL_LANGUAGE_H
#define GL_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum { LANGUAGE_ARGS_MAX = 10 };

struct language {
    const char *name;
    const char *aliases;   /* further names, each followed by a blank; lower case */
    const char *extension; /* ".py" */
    const char *driver;    /* the driver's text */
    const char *driver_name;
    int64_t base_bytes;                     /* address space that the language itself needs */
    const char *command[LANGUAGE_ARGS_MAX]; /* starts the driver, from the exercise's directory */
};

/* The language called `name`, in any case, or NULL. */
const struct language *language_find(const char *name);

/* The language of files that end like `path`, or NULL. */
const struct language *language_of_file(const char *path);

/* Whether its runtime is on this machine. */
bool language_is_installed(const struct language *l);

/* Appends the names of those installed, as "python, c". */
void language_put_names(struct buf *out);

#endif
