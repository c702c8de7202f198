/* starter: what a learner begins with: the files of an atom, and its task.
 *
 * Only what a learner may know gets into them (design.md §7.9): no answer, no
 * file or test that is marked as hidden, and no test at all of an atom that asks
 * for what the tests know, such as what a program prints. */
#ifndef GL_STARTER_H
#define GL_STARTER_H

#include "files.h"

/* Zero-initialise, fill with starter_read, end with starter_free. */
struct starter {
    struct files work;  /* what is to be written or changed: always handed in */
    struct files given; /* of the exercise: handed in where they were changed */
    struct files shown; /* the task, and tests: never handed in */
    const char *entry;  /* the file of `work` to begin with */
    const char *task;   /* that of `shown` with the task */
    bool answer;        /* what is asked for is a text, not a program */
};

/* False (EXIT_DATA): a path or content in it cannot be used. */
bool starter_read(struct starter *s, const struct json_object *request, struct err *e);
void starter_free(struct starter *s);

#endif
