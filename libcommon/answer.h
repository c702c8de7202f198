/* answer: a server's words, of every shape of design.md §3, as one result.
 *
 * Spans of the answer go into the result as they are; only what has another
 * shape is rebuilt, into buffers of the struct.  Nothing the server says is
 * trusted: what breaks the contract is a fault, what bends it a warning. */
#ifndef GL_ANSWER_H
#define GL_ANSWER_H

#include "answer_base.h"

/* What was asked for. */
struct answer_ask {
    struct json_text atom_id;      /* a JSON string, or absent: unknown */
    struct json_text execution_id; /* for a poll; else absent */
    int http_status;               /* of the answer */
    bool keep_raw;                 /* put the body into the member `raw` */
};

/* Reads the body of a 2xx answer.  FAULT_NONE: a->open, or a->result is
 * filled; it borrows from body, ask and *a.  FAULT_MALFORMED, _MISMATCH: a->why
 * says how it broke the contract. */
enum fault answer_read(struct answer *a, const struct answer_ask *ask, const char *body, size_t len);

/* Fills a->result for an attempt that failed: `fault` and `why` (ours), with the
 * server's own words from the body where it has any (len may be 0). */
void answer_fault(struct answer *a, const struct answer_ask *ask, enum fault fault, const char *why,
                  const char *body, size_t len);

#endif
