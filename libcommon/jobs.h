/* jobs: requests that a server runs, so many at once, and their results for a
 * while after.
 *
 * Each is run by siblings in a row, the request on the first one's stdin and the
 * result, one record, from the last one's stdout.  A job is found by its id, and by
 * the Idempotency-Key that it came with.  One that was not run (no sandbox, a signal, a
 * program that broke) keeps neither: who asks again has another try. */
#ifndef GL_JOBS_H
#define GL_JOBS_H

#include <poll.h>

#include "json.h"
#include "proc.h"
#include "status.h"
#include "uuid.h"

enum { JOBS_PROGRAMS_MAX = 2, JOBS_FDS = 2 };

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_ENDED };

struct job {
    char id[UUID_TEXT];
    char *key;   /* NULL: it came without */
    char *asked; /* the request as it came */
    size_t asked_len;
    struct json_text request; /* as it is run; borrows from nobody */
    enum job_state state;
    enum status status;          /* once ended: STATUS_UNKNOWN where no result came */
    struct buf result;           /* once ended: the record, without `_gl` */
    int64_t added, began, ended; /* on the monotonic clock */
    void *waiters;               /* the owner's */
    bool wanted;                 /* by its id: it is kept without a key too */
    struct job *newer;
};

struct jobs_options {
    const struct proc_args *programs;
    size_t programs_count;
    int64_t at_once, waiting_max, bytes_max, keep_ms, limit_ms; /* limit_ms: how long one may run */
};

struct jobs;

/* `ended` is called for each job at its end; afterwards it may be gone. */
struct jobs *jobs_new(const struct jobs_options *o, void (*ended)(struct job *, void *), void *context);
void jobs_free(struct jobs *j);

struct job *jobs_find(struct jobs *j, const char *id);
struct job *jobs_find_key(struct jobs *j, const char *key);

/* Adds a job that asks for `asked` (copied) and runs `request` (taken over).  NULL where as
 * many wait as may, or hold as many bytes. */
struct job *jobs_add(struct jobs *j, const char *key, const struct buf *asked, struct buf *request);

/* What to poll for, at most JOBS_FDS * at_once; when to come back at the latest; and
 * what is to be done then. */
size_t jobs_prepare(struct jobs *j, struct pollfd *fds);
int64_t jobs_due(const struct jobs *j);
void jobs_serve(struct jobs *j);

/* How many run and wait. */
size_t jobs_running(const struct jobs *j);
size_t jobs_waiting(const struct jobs *j);

/* Ends those that wait, as not run; and tells those that run to end, and kills them
 * 2 s later. */
void jobs_drop_waiting(struct jobs *j);
void jobs_end(struct jobs *j);

#endif
