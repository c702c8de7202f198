/* stages: the command lines of the five programs that drain the queue. */
#ifndef GL_STAGES_H
#define GL_STAGES_H

#include "db.h"
#include "http.h"
#include "proc.h"
#include "retry.h"

enum stage { CLAIM, SUBMIT, SAVE, POLL, SETTLE, STAGES };

/* What gl-drain was told and hands on.  A text that is NULL, and a limit or rate
 * of 0, was not given. */
struct stages_options {
    struct http_options http;
    struct retry_policy policy;
    struct db_options db;
    int64_t limit, jobs, circuit_pause_ms, lease_ms, max_wait_ms, give_up_ms;
    double rate;
    const char *atom, *learner, *spool;
    bool follow;
};

/* Fills the five.  The database's conninfo is left out, for it may hold a
 * password: it goes to them by the environment. */
void stages_make(struct proc_args args[STAGES], const struct stages_options *o, const char *worker);

#endif
