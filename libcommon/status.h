/* status: the words of the contract: how a record ended (design.md §3), what
 * went wrong (§4), and what exit code that makes (§6). */
#ifndef GL_STATUS_H
#define GL_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum status {
    STATUS_PENDING,
    STATUS_RUNNING,
    STATUS_COMPLETE,
    STATUS_INCOMPLETE,
    STATUS_FAILED,
    STATUS_REJECTED,
    STATUS_UNAVAILABLE,
    STATUS_PROTOCOL_ERROR,
    STATUS_SKIPPED,
    STATUS_CANCELLED,
    STATUS_UNKNOWN, /* a word that is none of these */
};

/* The word in records ("unknown" for STATUS_UNKNOWN); status_parse also takes what servers call them:
 * queued, executing, completed. */
const char *status_name(enum status status);
enum status status_parse(const char *word, size_t len);

/* pending and running: the record is an execution, not a result. */
bool status_is_open(enum status status);

/* complete and incomplete: Greenlight graded. */
bool status_is_graded(enum status status);

/* What went wrong: the classes of design.md §4, in the order of its table. */
enum fault {
    FAULT_NONE,
    FAULT_DNS,
    FAULT_CONNECT,
    FAULT_TLS,
    FAULT_CERTIFICATE,
    FAULT_RATE_LIMITED,
    FAULT_TIMEOUT,
    FAULT_RESET,
    FAULT_TRUNCATED,
    FAULT_HTTP_5XX,
    FAULT_CONFLICT,
    FAULT_HTTP_501,
    FAULT_HTTP_505,
    FAULT_REDIRECT,
    FAULT_CIRCUIT,
    FAULT_RETRY_BUDGET,
    FAULT_DEADLINE,
    FAULT_UNAUTHORISED,
    FAULT_INTERRUPTED,
    FAULT_NO_SANDBOX,
    FAULT_NO_EDITOR,
    FAULT_BAD_REQUEST,
    FAULT_HTTP_4XX,
    FAULT_MALFORMED,
    FAULT_MISMATCH,
    FAULT_TOO_LARGE,
    FAULT_EXECUTION_UNKNOWN,
    FAULT_FAILED,
    FAULT_CANCELLED,
    FAULT_EXPIRED,
    FAULT_COUNT,
};

const char *fault_name(enum fault fault);             /* "http_5xx"; NULL for FAULT_NONE */
enum fault fault_parse(const char *word, size_t len); /* FAULT_NONE: the word is no class */
bool fault_is_retried(enum fault fault);              /* at once, in the same run */
bool fault_is_ambiguous(enum fault fault);            /* the server may have acted on the request */
bool fault_is_unreached(enum fault fault);            /* no request was sent: dns, connect, tls */
bool fault_is_charged(enum fault fault);              /* costs a row of the queue a retry; FAULT_NONE does */
enum status fault_status(enum fault fault);           /* the status that a record ends in */

/* The exit code for one record; by_server: `rejected` was the server's word. */
enum exit_code status_exit(enum status status, bool by_server);

/* The exit code for several: 75 wins over 76 over 69 over 65 over 0. */
enum exit_code exit_worse(enum exit_code a, enum exit_code b);

#endif
