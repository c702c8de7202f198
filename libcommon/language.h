/* language: what can be run, one row a language.
 *
 * A function is called by a driver, a program in the language itself, where the
 * language can read JSON: it takes what to run as one JSON object from standard
 * input, loads the learner's files, calls or runs the tests, and writes JSON Lines
 * to JAIL_RESULT_FD (tests.h).  It never sees what the tests expect of a function.
 * Elsewhere each call is a command of its own, made by `steps`. */
#ifndef GL_LANGUAGE_H
#define GL_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum { LANGUAGE_ARGS_MAX = 10 };

/* How a function is called, and what it gives is its value. */
enum language_call {
    CALL_BY_DRIVER,  /* by a program in the language, with JSON in and out */
    CALL_BY_WORDS,   /* a shell function: arguments are words, the value is what it prints */
    CALL_BY_HARNESS, /* C: compiled into a program with all calls, one a run */
    CALL_BY_QUERY,   /* SQL: the rows of the learner's file, after the input's statements */
};

struct language {
    const char *name;
    const char *aliases;                  /* further names, each followed by a blank; lower case */
    const char *extension;                /* ".py" */
    const char *version[3];               /* the runtime, and how it tells its version */
    const char *build[LANGUAGE_ARGS_MAX]; /* writes the program to JAIL_RESULT_FD; sources follow; or none */
    const char *part[LANGUAGE_ARGS_MAX];  /* the same, without the tests: an object */
    const char *link[LANGUAGE_ARGS_MAX];  /* makes a program of that and the tests; the function follows */
    const char *run[LANGUAGE_ARGS_MAX];   /* runs a file, whose path and arguments follow */
    enum language_call call;
    const char *driver_path, *driver;               /* CALL_BY_DRIVER: its file, from the root, and text */
    const char *scripts_path, *scripts;             /* what that needs for test scripts besides, or NULL */
    const char *command[LANGUAGE_ARGS_MAX];         /* and what starts it, from the exercise's directory */
    const char *scripts_command[LANGUAGE_ARGS_MAX]; /* the same for test scripts; the entry follows */
    int64_t base_bytes;                             /* address space that the runtime itself needs */
};

/* Where a compiled program lies, from the exercise's directory. */
#define LANGUAGE_PROGRAM "../greenlight/program"

/* Row `i` of the table; NULL past its end. */
const struct language *language_at(size_t i);

/* The language called `name`, in any case, or NULL. */
const struct language *language_find(const char *name);

/* The language of files that end like `path`, or NULL. */
const struct language *language_of_file(const char *path);

/* Whether its runtime is on this machine. */
bool language_is_installed(const struct language *l);

/* Appends the names of those installed, as "python, c". */
void language_put_names(struct buf *out);

#endif
