/* load: records that go through gl-settle together.
 *
 * Each record is kept as it came, and where it is for the queue there is a row
 * for it in a batch of greenlight_settle.  Once the batch has been answered the
 * records leave in order, each with its settlement.  Those without an answer
 * leave as they came. */
#ifndef GL_LOAD_H
#define GL_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "jsonl.h"

struct load_options {
    bool progress;      /* only save executions */
    int64_t give_up_ms; /* fail executions that were saved longer ago and have not ended */
};

struct load_record;

/* `count`, `bytes` and `batch.rows` are for reading. */
struct load {
    struct load_options o;
    struct load_record *records;
    size_t count, cap, bytes;
    struct batch batch;
    size_t *asked; /* the record of each row of the batch */
    size_t asked_cap;
    struct json_object record, gl; /* of the record at hand */
};

void load_init(struct load *l, const struct load_options *o);
void load_free(struct load *l);
void load_clear(struct load *l);

/* Adds a record, or the result that says what was wrong with the input. */
void load_add(struct load *l, const struct jsonl_record *in);
void load_add_bad(struct load *l, const char *why);

/* Waits for the answers to the batch, which batch_start has sent.  A row that the
 * database refuses to store is charged a retry in its place, so that it comes to
 * an end.  False as batch_finish. */
bool load_finish(struct load *l, struct db *db, struct err *e);

/* Which rows of the batch have no answer: skip[row] is true for the others.
 * Returns their number. */
size_t load_unanswered(const struct load *l, bool *skip);

/* Appends record i as it leaves, with its LF, and returns what it counts for. */
enum exit_code load_put(struct load *l, size_t i, struct buf *out);

#endif
