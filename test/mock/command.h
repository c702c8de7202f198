/* command: runs the command of --exec for requests, a bounded number at once.
 *
 * Jobs are added by any thread and run by the main one, which polls for them.
 * A job's input goes to the command's stdin, its stdout is the output. */
#ifndef MOCK_COMMAND_H
#define MOCK_COMMAND_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"

struct job {
    struct job *next;
    void *request;        /* whom it is for: a request, or */
    struct buf execution; /* the id of an execution */
    struct buf input, output;
    size_t fed;
    bool failed;      /* it could not run, ended otherwise than by exit 0, or wrote too much */
    char reason[128]; /* where failed */
    pid_t pid;
    int in, out, process; /* pipes and a pidfd, or -1 */
};

struct job *job_new(void *request);
void job_free(struct job *job);

/* Notes that the job failed before it began. */
void job_fail(struct job *job, const char *reason);

struct commands;

/* wake is an eventfd(2) that is written to when a job is added. */
struct commands *commands_new(const char *command, size_t at_once, int wake);

/* Ends what runs, and forgets what waits. */
void commands_free(struct commands *c);

/* Takes the job over; false (and it is still the caller's) when too much waits. */
bool commands_add(struct commands *c, struct job *job);

/* For the main thread: starts what there is room for, fills fds (of 3 a
 * command) and returns how many; after poll(2), serves them and returns the
 * jobs that ended, linked by next. */
size_t commands_prepare(struct commands *c, struct pollfd *fds);
struct job *commands_serve(struct commands *c, const struct pollfd *fds);

#endif
