/* errand: siblings in a row that are given a text, and what they write.
 *
 * While they run, a hook is called for each line of their status descriptor and
 * ten times a second besides, so that somebody can be told what goes on. */
#ifndef GL_ERRAND_H
#define GL_ERRAND_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "json.h"
#include "proc.h"

enum { ERRAND_PROGRAMS_MAX = 4 };

struct errand {
    const struct proc_args *programs;
    size_t count;
    int out;    /* where the last one writes; -1: into `output` */
    int status; /* filled: the descriptor for --status-fd; call errand_open first */
    int status_read;
    struct buf *output;

    /* `event` is a line of the status descriptor, or NULL.  With how many signals
     * there were it says whether the programs shall end. */
    bool (*tick)(const struct json_object *event, void *context);
    void *context;
};

/* Makes the status descriptor, before the programs' arguments are. */
bool errand_open(struct errand *r, struct err *e);

/* Runs the programs with `input` on the first one's stdin until all have ended.
 * Once tick says so, SIGTERM goes to one after another, each after those before it have
 * ended, so that what these give it comes through.  Returns the exit code that
 * ends a run worst (a signal: EXIT_BUG), and -1 with *e where they could not be run. */
int errand_run(struct errand *r, const char *input, size_t len, struct err *e);

#endif
