/* serve: what each endpoint answers (design.md §4), by the scenario, by the
 * atom's own "mock" member, by --exec, or by default. */
#ifndef MOCK_SERVE_H
#define MOCK_SERVE_H

#include <pthread.h>
#include <stdatomic.h>

#include "command.h"
#include "execution.h"
#include "handler.h"
#include "log.h"
#include "park.h"
#include "raw.h"
#include "replay.h"
#include "scenario.h"

/* The server.  What is not const or atomic is used under lock, but for what
 * locks itself (park, raws, commands, log). */
struct mock {
    const char *token; /* NULL: nobody is asked for one */
    int64_t delay_ms;
    struct log *log;           /* or NULL */
    struct commands *commands; /* or NULL */
    struct park *park;
    struct raws *raws;
    atomic_uint in_flight;

    pthread_mutex_t lock;
    struct scenario *scenario;
    struct executions *executions;
    struct replays *replays; /* or NULL */
    uint64_t made;           /* executions */
    int64_t born;            /* tells their ids from those of a server before */
};

/* Decides the reply to a request that is here whole.  SERVE_RUN: it takes a
 * command, to be started by serve_run once the request is parked. */
enum serve_next { SERVE_ANSWER, SERVE_RUN };
enum serve_next serve(struct mock *m, struct request *r);

/* Starts the command for a parked request. */
void serve_run(struct mock *m, struct request *r);

/* Takes note of a job that ended, and frees it. */
void serve_ran(struct mock *m, struct job *job);

/* How long the request's answer waits. */
int64_t serve_delay(const struct mock *m, const struct request *r);

#endif
