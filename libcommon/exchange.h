/* exchange: requests through all their attempts (design.md §4).
 *
 * Calls wait on one heap of deadlines – new ones, those between two attempts,
 * those to be polled again – and take a slot only while an attempt is under
 * way.  What concerns the whole origin is decided here: Retry-After, the retry
 * budget, the circuit, the rate, the deadline, 401, a signal. */
#ifndef GL_EXCHANGE_H
#define GL_EXCHANGE_H

#include "heap.h"
#include "http.h"

struct exchange;

struct exchange_options {
    struct http_options http;
    struct retry_policy policy;
    int64_t jobs;        /* attempts under way at most */
    int64_t deadline_ms; /* for the whole run; 0: none */
    double rate;         /* attempts started a second; 0: no limit */
    int64_t circuit_pause_ms;
    int64_t status_fd; /* where attempts are told, a JSON line each; 0: nowhere */
};

/* The options of every program that exchanges, as rows of its table. */
/* clang-format off */
#define EXCHANGE_OPTIONS(T, m, default_jobs)                                                         \
    HTTP_OPTIONS(T, m.http),                                                                         \
    {.letter = 'j', .name = "jobs", .arg = "N", .type = CLI_INT, .member = offsetof(T, m.jobs),      \
     .min = 1, .max = 1024, .preset = default_jobs, .help = "have N requests under way at once"},    \
    {.name = "deadline", .arg = "D", .type = CLI_DURATION, .member = offsetof(T, m.deadline_ms),     \
     .help = "end the run after D"},                                                                 \
    {.name = "rate", .arg = "N", .type = CLI_REAL, .member = offsetof(T, m.rate), .max = 1000000,    \
     .help = "start at most N requests a second"},                                                   \
    {.name = "circuit-pause", .arg = "D", .type = CLI_DURATION, .preset = "10s",                     \
     .member = offsetof(T, m.circuit_pause_ms),                                                      \
     .help = "after ten failed connections in a row pause for D"},                                   \
    {.name = "status-fd", .arg = "FD", .type = CLI_INT, .member = offsetof(T, m.status_fd), .min = 1, \
     .max = 1048576, .help = "tell of each attempt on the descriptor FD, as JSON Lines"},            \
    RETRY_CAP_OPTION(T, m.policy, "never wait longer than D, also where the server asks for it")
/* clang-format on */

/* One request and its history.  The caller embeds it, fills the upper half and
 * keeps it until `ended`. */
struct exchange_call {
    bool post;
    bool once;     /* one attempt: the caller decides about the next */
    bool key_came; /* the key came with the record: a 409 may be its own */
    const char *path, *key, *body;
    size_t body_len;
    int64_t last; /* the moment (monotonic) after which no attempt starts */

    struct heap_node node, last_node; /* ours from here on */
    int64_t attempt, timeouts;
    bool ambiguous, probe;
    struct buf attempts; /* the elements of _gl.attempts, comma between them */
};

/* What the program does with what comes back. */
struct exchange_hooks {
    /* Reads a 2xx body: FAULT_NONE, or how it broke the contract. */
    enum fault (*judge)(struct exchange_call *call, const struct http_answer *answer, void *context);
    /* The call has ended.  FAULT_NONE: what judge read last is the outcome.
     * answer is NULL where no attempt ended it (deadline, circuit, signal …).
     * The call may be started again or freed. */
    void (*ended)(struct exchange_call *call, enum fault fault, const struct http_answer *answer,
                  void *context);
    void *context;
};

/* False (exit 78, or 64 for status_fd) where a file of the options cannot be used. */
bool exchange_open(struct exchange **x, const struct exchange_options *options,
                   const struct exchange_hooks *hooks, struct err *e);
void exchange_close(struct exchange *x);

/* Prepares a call's own half, and that there is no last moment; exchange_call_free gives its memory back. */
void exchange_call_init(struct exchange_call *call);
void exchange_call_free(struct exchange_call *call);

/* Queues the call for `due` (monotonic, ms).  Where the run is over it ends at
 * once, within the next exchange_run. */
void exchange_start(struct exchange *x, struct exchange_call *call, int64_t due);

/* Sends what is due, waits until something happened or input is readable on
 * `fd` (-1: none), and calls the hooks.  Returns whether fd was readable. */
bool exchange_run(struct exchange *x, int fd);

/* While the program holds more than it should: starts no attempt but `but`'s.
 * NULL: all go on. */
void exchange_hold(struct exchange *x, const struct exchange_call *but);

/* Whether the program should still read input: no more after a signal, nor once
 * nothing is sent any more and none has come for ten seconds. */
bool exchange_takes(const struct exchange *x);

/* How long the origin asks to be left alone from now on, in ms; 0: it does not. */
int64_t exchange_pause(const struct exchange *x);

/* Why nothing is sent any more (deadline, circuit, unauthorised, interrupted),
 * or FAULT_NONE while the run goes on. */
enum fault exchange_over(const struct exchange *x);

/* Calls that have been started and have not ended. */
size_t exchange_open_calls(const struct exchange *x);

/* Why a call ended, for people: from the fault and answer that `ended` was told
 * and, where judge found the fault, its words. */
void exchange_explain(const struct exchange *x, char *out, size_t room, enum fault fault,
                      const struct http_answer *answer, const char *judged);

/* Says on stderr, once for each class in a run, that a call ended so. */
void exchange_tell(struct exchange *x, const struct exchange_call *call, enum fault fault, const char *why);

#endif
