/* answer: a server's words, of every shape of design.md §3, as one result.
 *
 * Spans of the answer go into the result as they are; only what has another
 * shape is rebuilt, into buffers of the struct.  Nothing the server says is
 * trusted: what breaks the contract is a fault, what bends it a warning. */
#ifndef GL_ANSWER_H
#define GL_ANSWER_H

#include "result.h"

/* What was asked for. */
struct answer_ask {
    struct json_text atom_id;      /* a JSON string, or absent: unknown */
    struct json_text execution_id; /* for a poll; else absent */
    int http_status;               /* of the answer */
    bool keep_raw;                 /* put the body into the member `raw` */
};

/* Zero-initialise with answer_init; reuse for the next answer as it is. */
struct answer {
    struct result result;
    bool open;                                   /* an execution that has not ended: */
    enum status open_status;                     /* pending or running */
    struct json_text execution_id;               /* of an open one, a JSON string */
    struct json_text wait_seconds;               /* estimated_wait_seconds, a number, or absent */
    bool unknown_word;                           /* the status was none we know */
    struct err why;                              /* what the fault was */
    struct json_object top, nested, error, part; /* indexes, reused */
    struct buf compact, tests, warnings, others, suggestions, message, class, score, id, raw;
};

void answer_init(struct answer *a);
void answer_free(struct answer *a);

/* Reads the body of a 2xx answer.  FAULT_NONE: a->open, or a->result is
 * filled; it borrows from body, ask and *a.  FAULT_MALFORMED, _MISMATCH: a->why
 * says how it broke the contract. */
enum fault answer_read(struct answer *a, const struct answer_ask *ask, const char *body, size_t len);

/* Fills a->result for an attempt that failed: `fault` and `why` (ours), with the
 * server's own words from the body where it has any (len may be 0). */
void answer_fault(struct answer *a, const struct answer_ask *ask, enum fault fault, const char *why,
                  const char *body, size_t len);

/* Reads the shapes of test results into a->tests and a->result (answer_tests.c). */
void answer_read_tests(struct answer *a);

/* Adds a line to the result's warnings. */
void answer_warn(struct answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether the answer is a result in our own shape: it names its score_source. */
bool answer_is_ours(const struct answer *a);

/* Whether such a result says that the member is not known; from others a null
 * is no more than a default. */
bool answer_is_null(const struct answer *a, const char *name);

/* The member, in the nested result or else beside it. */
struct json_text answer_get(const struct answer *a, const char *name);

#endif
