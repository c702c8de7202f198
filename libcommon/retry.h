/* retry: whether and when to try again (design.md §4), as pure functions.
 *
 * Time and chance come in as arguments, so that every case is a row of a
 * table in the tests.  All times are milliseconds. */
#ifndef GL_RETRY_H
#define GL_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "status.h"

struct retry_policy {
    int64_t attempts; /* in all, at least 1 */
    int64_t timeouts; /* how many of them may time out; 0: all */
    int64_t base_ms;  /* the wait after the first attempt; it doubles */
    int64_t cap_ms;   /* no wait is longer; a longer Retry-After ends the record */
    double jitter;    /* adds up to this part of the nominal wait */
};

/* The options of every program that tries again, as rows of its table; `help` of
 * the first says what is tried, of the cap what it holds for. */
/* clang-format off */
#define RETRY_OPTIONS(T, m, text)                                                                    \
    {.name = "attempts", .arg = "N", .type = CLI_INT, .member = offsetof(T, m.attempts), .min = 1,   \
     .max = 100, .preset = "3", .env = "GREENLIGHT_RETRY_ATTEMPTS", .help = text},                   \
    {.name = "backoff-base", .arg = "D", .type = CLI_DURATION, .member = offsetof(T, m.base_ms),     \
     .preset = "1s", .env = "GREENLIGHT_BACKOFF_BASE_MS",                                            \
     .help = "wait D after the first attempt, then twice as long each time"},                        \
    {.name = "jitter", .arg = "F", .type = CLI_REAL, .member = offsetof(T, m.jitter), .max = 10,     \
     .preset = "0.2", .help = "add up to the part F of a wait, by chance"}
#define RETRY_CAP_OPTION(T, m, text)                                                                 \
    {.name = "backoff-cap", .arg = "D", .type = CLI_DURATION, .member = offsetof(T, m.cap_ms),       \
     .preset = "60s", .env = "GREENLIGHT_BACKOFF_CAP_MS", .help = text}
/* clang-format on */

enum { RETRY_AFTER_NONE = -1 };

/* One failed attempt, as the policy sees it. */
struct retry_case {
    int64_t attempt; /* the one that failed, from 1 */
    enum fault fault;
    int64_t retry_after_ms; /* what the server asked for, or RETRY_AFTER_NONE */
    int64_t left_ms;        /* until the deadline; INT64_MAX: there is none */
    double chance;          /* uniform in [0, 1) */
    int64_t timeouts;       /* attempts that timed out so far, this one too */
};

struct retry_decision {
    bool again;
    int64_t nominal_ms; /* the wait before jitter and Retry-After */
    int64_t wait_ms;    /* the wait as it is */
    const char *source; /* "backoff" or "retry_after" */
    enum fault ends_as; /* where !again: the class that ends the record */
};

struct retry_decision retry_decide(const struct retry_policy *policy, const struct retry_case *failed);

/* The value of a Retry-After header (RFC 9110, 10.2.3): seconds, or a date in
 * one of the three HTTP forms, relative to wall_ms (a past date is 0).  False
 * where it is neither; a number too large is INT64_MAX. */
bool retry_after_parse(const char *text, int64_t wall_ms, int64_t *out_ms);

/* The budget of retries: a retry takes 5 of 500 tokens, a success gives one
 * back, so that retries cannot outnumber what works for long. */
struct retry_budget {
    int64_t tokens;
};

enum { RETRY_BUDGET_FULL = 500, RETRY_BUDGET_COST = 5 };

bool retry_budget_take(struct retry_budget *b);
void retry_budget_give(struct retry_budget *b);

/* The circuit: after ten connection failures in a row nothing is sent for
 * pause_ms, then one probe; three failed probes end the run. */
struct retry_circuit {
    int64_t pause_ms;
    int64_t failures;
    int64_t probes; /* that failed since it opened */
    bool open, probing;
    int64_t until; /* while open: the moment of the next probe */
};

enum { RETRY_CIRCUIT_FAILURES = 10, RETRY_CIRCUIT_PROBES = 3 };

/* Whether a request may be sent at `now`; where the circuit is open this one
 * is the probe, and no other until it has ended. */
bool retry_circuit_allows(struct retry_circuit *c, int64_t now);

/* Takes note of how an attempt (the probe or another one that was still under
 * way) ended: reached the server or not. */
void retry_circuit_note(struct retry_circuit *c, enum fault fault, bool probe, int64_t now);

/* Whether the run is over: three probes failed. */
bool retry_circuit_is_dead(const struct retry_circuit *c);

#endif
