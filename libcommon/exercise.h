/* exercise: what an atom asks to be run, in all the shapes that atoms have.
 *
 * What to run stands in a `runner` object or beside it; each of its members is
 * looked for in the places of an atom, in their order.  Limits that make no sense
 * fall back to the defaults, and those past the operator's maxima to these, with a
 * warning. */
#ifndef GL_EXERCISE_H
#define GL_EXERCISE_H

#include "atom.h"
#include "files.h"
#include "language.h"
#include "refusal.h"
#include "shape.h"

/* The defaults, where the atom says nothing that makes sense. */
enum { EXERCISE_TIME_MS = 10000, EXERCISE_MEMORY_BYTES = 256 << 20 };

/* Zero-initialise; free with exercise_free. */
struct exercise {
    const struct language *language;
    char *entry;    /* the learner's file, one of `files`; NULL: commands or an answer, no file */
    char *function; /* NULL: to be found out */
    char *version;  /* of the language, as the atom asks; NULL: any */
    struct shape shape;
    struct files files;                /* the learner's, and those of the exercise beside them */
    struct json_text commands, answer; /* what else a learner hands in: a session, a prediction */
    int64_t time_ms, memory_bytes;
    struct buf warnings; /* an array of strings */
    struct atom atom;    /* what spans above point into, besides the request */
};

/* The operator's maxima. */
struct exercise_maxima {
    int64_t time_ms, memory_bytes;
};

/* Reads the request, which *x then borrows.  False where it cannot be run. */
bool exercise_read(struct exercise *x, const struct json_object *request,
                   const struct exercise_maxima *maxima, struct refusal *refusal);
void exercise_free(struct exercise *x);

/* Adds a warning; it may say anything but the content of the learner's files. */
void exercise_warn(struct exercise *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
