/* pick: which rows of the queue a command is about, in batches.
 *
 * An operand that is a uuid is an id; others are files of records, and so is
 * stdin where there is no operand.  A record names a row by `_gl.queue_id`, by
 * `queue_id`, or, as a row does, by `id`.  Records of another kind that name none
 * are passed on as they are; input that should name one and does not becomes a
 * rejected record.  One record leaves for each that comes, in order. */
#ifndef GL_PICK_H
#define GL_PICK_H

#include "buf.h"
#include "cli.h"
#include "jsonl.h"

enum { PICK_ID_LEN = 36, PICK_BATCH = 500, PICK_BYTES = 1 << 20 };

struct pick_item;

/* Initialised by pick_open; `code` and `named` (rows that were named) are for
 * reading after the last batch. */
struct pick {
    char **ids; /* the operands that are ids */
    size_t next_id;
    struct jsonl *in; /* NULL: there are only ids */
    bool ended;       /* nothing of it is left */
    struct pick_item *items;
    size_t count, cap, done, named;
    struct buf bytes, out;
    enum exit_code code;
};

bool pick_is_id(const char *text, size_t len);

/* `operands` is rearranged. */
void pick_open(struct pick *p, char **operands, size_t max_record);
void pick_close(struct pick *p);

/* Gathers what is there, up to PICK_BATCH rows; waits only where nothing is.
 * False: there is no more. */
bool pick_read(struct pick *p);

/* The batch as parameters: the ids, and for each the moment of the outcome that
 * was seen (null where the record does not say).  False: no row is named. */
bool pick_ids(const struct pick *p, struct buf *array);
void pick_moments(const struct pick *p, struct buf *array);

/* Writes what became of the next row of the batch, after what stands before it:
 * a record, the record that named it, or a rejected one that says why. */
void pick_put(struct pick *p, const char *record, size_t len);
void pick_pass(struct pick *p);
void pick_refuse(struct pick *p, const char *why);

/* Writes what stands after the last row of the batch. */
void pick_end(struct pick *p);

#endif
