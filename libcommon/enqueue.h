/* enqueue: from request records to rows of the queue, and back to records.
 *
 * What a row is made of stands in a batch of batch_enqueue; all that comes out, be
 * it the row's record, the request again, or a result that tells why there is no
 * row, is made of the values there and of the request's own `_gl`. */
#ifndef GL_ENQUEUE_H
#define GL_ENQUEUE_H

#include <stdint.h>

#include "batch.h"
#include "json.h"
#include "request.h"

struct filter;

struct enqueue_options {
    struct request_options request;
    const char *learner, *other_learner; /* before and after those of a request; NULL: none */
    struct filter *dedupe;               /* NULL: no key */
    const char *priority, *max_retries;  /* numbers; NULL: the table's defaults */
    const char *run_at;                  /* NULL: delay_ms from the moment a request is read */
    int64_t delay_ms;                    /* 0: at once */
};

/* Adds a row for a request.  False (EXIT_DATA): it cannot be one, *e says why. */
bool enqueue_add(struct batch *rows, const struct enqueue_options *o, const struct json_object *record,
                 const struct json_object *gl, struct err *e);

/* Appends the record of a row that was stored, or kept (status "spooled", queued_at NULL), from
 * its values in the batch.  gl is what the request had as `_gl`, or empty. */
void enqueue_put_row(struct buf *out, const struct batch_value *row, const char *status,
                     const char *queued_at, const struct json_object *gl);

/* Appends the record of a row from the members that row_put gave. */
void enqueue_put_whole(struct buf *out, struct json_text members, bool duplicate,
                       const struct json_object *gl);

/* Appends an `unavailable` or `rejected` result for a row that is not stored. */
void enqueue_put_result(struct buf *out, const struct batch_value *row, enum fault fault, const char *why,
                        const struct json_object *gl);

/* Appends the request, with the key that it had, to be enqueued again. */
void enqueue_put_request(struct buf *out, const struct batch_value *row, const struct json_object *gl);

#endif
