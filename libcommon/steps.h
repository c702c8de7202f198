/* steps: the commands that build and run what a learner wrote.
 *
 * Each is one command for the sandbox: its words, its standard input, and files of
 * its own besides the exercise's.  What a test expects is in none of them. */
#ifndef GL_STEPS_H
#define GL_STEPS_H

#include "exercise.h"
#include "jail.h"
#include "proc.h"
#include "tests.h"

enum { STEP_FILES_MAX = 4 };

/* Zero-initialise with step_init; free with step_free. */
struct step {
    struct proc_args words;
    struct buf input;
    struct jail_file file[STEP_FILES_MAX]; /* paths from the root; all borrowed */
    size_t file_count;
    bool hidden; /* its processes cannot look into one another */
};

void step_init(struct step *s);
void step_free(struct step *s);

/* Adds a file to put there; both texts are borrowed. */
void step_add_file(struct step *s, struct jail_file file);

/* The driver at the first test that has not ended. */
void steps_driver(struct step *s, const struct exercise *x, const struct tests *t);

/* The compiler; *source (an empty buffer) is filled with what it needs besides, and
 * is borrowed. */
void steps_build(struct step *s, const struct exercise *x, const struct tests *t, struct buf *source);

/* For a C script: the compiler for the learner's files alone, then what makes a program of
 * the object and the script; both sources are filled and borrowed.  The program tells
 * t->key with its end. */
void steps_part(struct step *s, const struct exercise *x);
void steps_link(struct step *s, const struct exercise *x, const struct tests *t, const struct buf *part,
                const struct jail_file *script, struct buf *source, struct buf *verdict);

/* One test of a list. */
void steps_test(struct step *s, const struct exercise *x, const struct test *test, size_t number);

/* The program that is asked about in a prediction. */
void steps_program(struct step *s, const struct exercise *x);

/* A shell script, or the program that a C script was compiled into. */
void steps_shell(struct step *s, const struct jail_file *script);
void steps_compiled(struct step *s);

#endif
