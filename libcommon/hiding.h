/* hiding: a dynamic loader for the sandbox with which no program can be looked into.
 *
 * The kernel keeps a process from all others of its user (its memory, descriptors,
 * environment) where it could not have read the program, or the loader that it was
 * started by.  So there is a copy of the loader that may be executed only: test scripts
 * and what they start, make(1) say, are then out of reach of the learner's code. */
#ifndef GL_HIDING_H
#define GL_HIDING_H

#include "buf.h"
#include "err.h"
#include "jail.h"

enum { HIDING_FILES = 3 };

/* Zero-initialise; free with hiding_free. */
struct hiding {
    struct jail_file file[HIDING_FILES]; /* to be put into a jail */
    size_t count;
    struct buf loader, library;
};

/* False where this machine's loader is not below /usr, or cannot be read. */
bool hiding_open(struct hiding *h, struct err *e);
void hiding_free(struct hiding *h);

#endif
