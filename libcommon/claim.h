/* claim: one worker's claims, and what it has to remember between them.
 *
 * While an old snapshot is held anywhere, Postgres keeps the index entries of all
 * rows that were ever ready or held since.  So a claim begins where the last one
 * came to, and what is still held is counted among the very rows that were
 * claimed: both cost the same however many rows went before. */
#ifndef GL_CLAIM_H
#define GL_CLAIM_H

#include <stdint.h>

#include "db.h"

struct claim_options {
    const char *worker, *atom_id, *learner_id; /* NULL: any atom, any learner */
    int64_t lease_ms;
    int64_t max_held; /* rows claimed that are neither settled nor saved; 0: no bound */
};

/* A row as it was claimed; texts are borrowed for the call. */
struct claim_row {
    const char *request, *id, *token, *idempotency_key, *endpoint, *retry_count;
    const char *atom_id, *learner_id, *execution_id; /* atom_id and execution_id may be NULL */
};

typedef void claim_row_fn(const struct claim_row *row, void *context);

struct claim;

/* The options are copied, their texts borrowed; so is db. */
struct claim *claim_open(struct db *db, const struct claim_options *o);
void claim_close(struct claim *c);

/* How many of up to `wanted` rows may be claimed: what max_held leaves, but 0
 * unless that is `wanted` or a quarter of max_held, so that rows do not trickle.
 * It asks the database only where that may have changed. */
bool claim_room(struct claim *c, int64_t wanted, int64_t *room, struct err *e);

/* Claims up to `count` rows, in order.  *got says how many came; nothing is ready
 * where none did. */
bool claim_rows(struct claim *c, int64_t count, claim_row_fn *take, void *context, int64_t *got,
                struct err *e);

#endif
