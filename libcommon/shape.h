/* shape: what an atom tests, and so how it is run.
 *
 * The tests are a list of objects, each with what it expects, or scripts, as text or
 * as files of the exercise, or a command. */
#ifndef GL_SHAPE_H
#define GL_SHAPE_H

#include "atom.h"
#include "files.h"
#include "language.h"
#include "refusal.h"

enum { SHAPE_TESTS_MAX = 10000 };

enum shape_kind {
    SHAPE_CALLS,   /* {"input", "expected"}: a function's value */
    SHAPE_OUTPUTS, /* {"input", "args", "expected_output", "expected_status"}: a program's output */
    SHAPE_STATES,  /* {"after", "expected_state"}: a shell session, looked at in between */
    SHAPE_DRIVER,  /* scripts in the learner's language, which its driver runs */
    SHAPE_SHELL,   /* scripts for the shell, and commands: their exit status, or TAP */
    SHAPE_PROGRAM, /* scripts in C: compiled with the learner's files, then as SHAPE_SHELL */
    SHAPE_ANSWER,  /* what the learner says that a program prints */
};

/* Zero-initialise; free with shape_free. */
struct shape {
    enum shape_kind kind;
    struct json_text tests; /* a list of objects; absent where there are scripts */
    struct files scripts;   /* in order */
};

/* Whether the tests are a list of objects, known before anything was run. */
bool shape_is_list(const struct shape *s);

/* Reads the tests of an atom, whose spans *s then borrows; `given` are the
 * exercise's own files.  False: they cannot be run, *r says why. */
bool shape_read(struct shape *s, const struct atom *a, const struct language *l, const struct files *given,
                struct refusal *r);
void shape_free(struct shape *s);

#endif
