/* sandbox: runs one command in a jail to its end, and keeps what it wrote.
 *
 * Standard output, standard error and the result descriptor are collected,
 * each up to a limit; a wall clock ends the command.  When a run returns,
 * every process of a jail that is not open is gone. */
#ifndef GL_SANDBOX_H
#define GL_SANDBOX_H

#include "buf.h"
#include "jail.h"

struct sandbox_limits {
    int64_t wall_ms;
    int64_t output_bytes; /* kept of stdout and of stderr, each */
    int64_t result_bytes; /* kept of the result descriptor */
};

enum sandbox_end {
    SANDBOX_EXITED,      /* by itself: exit_code, or signal */
    SANDBOX_TIMEOUT,     /* the wall clock ended it */
    SANDBOX_INTERRUPTED, /* a signal to this process did (signals.h) */
};

/* One stream: what was kept, and how many bytes more were thrown away. */
struct sandbox_stream {
    struct buf kept;
    uint64_t cut;
};

struct sandbox_outcome {
    enum sandbox_end end;
    int exit_code, signal; /* signal is 0 where it exited */
    bool whole;            /* the memory limit held for all processes together */
    bool out_of_memory;    /* and ended one of them */
    struct sandbox_stream output, errors, result;
};

/* Runs the job.  False where no sandbox could be made or the command not be
 * started; the error says why.  *outcome is filled either way, for the caller
 * to free.  Makes the process a subreaper, to wait for what is inside; SIGCHLD
 * must not be ignored. */
bool sandbox_run(const struct jail_job *job, const struct sandbox_limits *limits,
                 struct sandbox_outcome *outcome, struct err *e);
void sandbox_outcome_free(struct sandbox_outcome *outcome);

#endif
