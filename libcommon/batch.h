/* batch: many rows on their way into one of the queue's SQL functions.
 *
 * greenlight_enqueue and greenlight_settle take one array a parameter, an element
 * a row.  A batch gathers rows, sends them as one statement, and gives each its
 * answer.  Where the database refuses a value (classes 22, 23 and 54) the batch
 * is halved until the row at fault is alone, and the others go in.  A batch may
 * be sent again at any time: the functions see to it that nothing happens twice. */
#ifndef GL_BATCH_H
#define GL_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "db.h"
#include "err.h"

enum { BATCH_COLUMNS_MAX = 12 };

/* A function that takes rows: its name in spool files, its call, the columns
 * that answer after `ord`, and its parameters in order. */
struct batch_call {
    const char *name, *function, *answer;
    struct {
        const char *name, *type;      /* "learner_id", "text" */
    } columns[BATCH_COLUMNS_MAX + 1]; /* the last name is NULL */
};

/* Both functions are in sql/032; their parameters, in order, are those of the enums. */
extern const struct batch_call batch_enqueue, batch_settle;

enum batch_enqueue_column {
    ENQUEUE_REQUEST,
    ENQUEUE_ATOM_ID,
    ENQUEUE_LEARNER_ID,
    ENQUEUE_IDEMPOTENCY_KEY,
    ENQUEUE_EXECUTION_ID,
    ENQUEUE_ENDPOINT,
    ENQUEUE_DEDUPE_KEY,
    ENQUEUE_PRIORITY,
    ENQUEUE_RUN_AT,
    ENQUEUE_MAX_RETRIES,
    ENQUEUE_VERBATIM,
    ENQUEUE_ROW_ID,
    ENQUEUE_COLUMNS
};

enum batch_settle_column {
    SETTLE_ID,
    SETTLE_TOKEN,
    SETTLE_OUTCOME,
    SETTLE_EXECUTION_ID,
    SETTLE_RESULT,
    SETTLE_ERROR,
    SETTLE_RUN_AFTER,
    SETTLE_VERBATIM,
    SETTLE_GIVE_UP,
    SETTLE_COLUMNS
};

/* One value of a row, as Postgres reads its type; at NULL: null. */
struct batch_value {
    const char *at;
    size_t len;
};

/* Initialised by batch_init; `rows` and `bytes` are for reading. */
struct batch {
    const struct batch_call *call;
    size_t rows, bytes;
    char *sql;
    struct batch_column {
        struct buf elements; /* each with its length before it; room for the array's head first */
        size_t values;       /* that are not null */
    } columns[BATCH_COLUMNS_MAX];
    const char *params[BATCH_COLUMNS_MAX]; /* while it is under way */
    int lengths[BATCH_COLUMNS_MAX];
};

void batch_init(struct batch *b, const struct batch_call *call);
void batch_free(struct batch *b);
void batch_clear(struct batch *b);

/* Adds a row: a value for each column, in order.  They are copied. */
void batch_add(struct batch *b, const struct batch_value *values);

/* Reads the rows back: start with a zeroed cursor; false after the last one.
 * The values are borrowed from the batch. */
struct batch_cursor {
    size_t row, at[BATCH_COLUMNS_MAX];
};
bool batch_next(const struct batch *b, struct batch_cursor *c, struct batch_value *values);

/* What becomes of a row, counted from 0: the answer (the columns of
 * call->answer; borrowed), or why the database refuses it. */
struct batch_hooks {
    void (*answered)(size_t row, const char *const *values, void *context);
    void (*refused)(size_t row, const struct err *why, void *context);
    void *context;
};

/* Sends the batch, which has at least one row, and returns without waiting for the answer; until
 * batch_finish neither the batch nor the database may be used otherwise.  What
 * goes wrong is told by batch_finish. */
void batch_start(struct batch *b, struct db *db);

/* Waits for the end of what batch_start began, and calls a hook for each row.
 * False: the database is away, or the program may not use it (db_query says
 * how); rows that had no hook called may or may not be stored. */
bool batch_finish(struct batch *b, struct db *db, const struct batch_hooks *hooks, struct err *e);

/* Both. */
bool batch_send(struct batch *b, struct db *db, const struct batch_hooks *hooks, struct err *e);

#endif
