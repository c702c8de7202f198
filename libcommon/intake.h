/* intake: a number of requests on their way into the queue.
 *
 * A set has rows, and the text of records that are no rows and only wait for their
 * turn among them.  It is sent as a batch; then each row has its fate, and the
 * caller prints them all in order and clears the set. */
#ifndef GL_INTAKE_H
#define GL_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "batch.h"
#include "clock.h"
#include "db.h"
#include "enqueue.h"
#include "json.h"
#include "jsonl.h"
#include "uuid.h"

enum intake_fate {
    INTAKE_UNSTORED, /* as far as is known */
    INTAKE_STORED,   /* as it was sent, at queued_at */
    INTAKE_KNOWN,    /* as `text` says: members of its record, as row_put gives them */
    INTAKE_REFUSED,  /* the database will not have it: `text` says why */
    INTAKE_SPOOLED,  /* kept in a file */
};

/* One row. */
struct intake_item {
    enum intake_fate fate;
    bool duplicate;   /* of a row that was there */
    const char *file; /* where its request stood */
    size_t line;
    size_t ready, end; /* in texts: the end of the records before it, and of its `_gl` after them */
    char id[UUID_TEXT], queued_at[CLOCK_TEXT];
    char *text; /* or NULL */
};

/* All of it is for reading; initialised by intake_init. */
struct intake {
    struct batch rows;
    struct intake_item *items; /* one a row */
    size_t cap;
    struct buf texts;
    int64_t since; /* when the first row came, by clock_now */
};

void intake_init(struct intake *set);
void intake_free(struct intake *set);
void intake_clear(struct intake *set);

/* Adds a row for a request with its `_gl`.  False (EXIT_DATA): it cannot be one. */
bool intake_add(struct intake *set, const struct enqueue_options *o, const struct jsonl_record *in,
                const struct json_object *gl, struct err *e);

/* Adds a record that only waits for its turn, without its LF. */
void intake_put(struct intake *set, const char *text, size_t len);

/* batch_start, and batch_finish with the fates.  False: the database is away, or
 * cannot be used; what is not known to be stored then is INTAKE_UNSTORED. */
void intake_start(struct intake *set, struct db *db);
bool intake_finish(struct intake *set, struct db *db, struct err *e);

/* Writes the unstored rows to the spool.  False (EXIT_IO): they stay unstored. */
bool intake_spool(struct intake *set, const char *folder, struct err *e);

#endif
