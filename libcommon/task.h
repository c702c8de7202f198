/* task: what an atom asks of a learner, in words for people.
 *
 * Only what a learner may know is read: the task, the code that is given, what to
 * mind; never an answer (design.md §7.9), nor what the content's authors call it. */
#ifndef GL_TASK_H
#define GL_TASK_H

#include "atom.h"

enum { TASK_UNKNOWN = -1 };

/* Zero-initialise, fill with task_read, end with task_free.  Spans borrow from the
 * record; those that are not there are absent. */
struct task {
    struct json_text atom_id;
    const char *call;               /* "Implement this" */
    struct json_text front, prompt; /* one of them, or both where they differ */
    struct json_text language, code, examples, constraints, requirements, goals, forbidden, failing;
    int64_t tests;  /* how many, or TASK_UNKNOWN */
    double minutes; /* it is expected to take, or negative */
    struct atom atom;
};

void task_read(struct task *t, const struct json_object *record);
void task_free(struct task *t);

#endif
