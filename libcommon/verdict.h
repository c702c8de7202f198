/* verdict: what a record means for its row of the queue.
 *
 * The statuses of design.md §3 and the classes of §4, with what they cost, as the
 * outcomes of greenlight_settle. */
#ifndef GL_VERDICT_H
#define GL_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"

struct verdict {
    const char *outcome;           /* of greenlight_settle; NULL: it is not for the queue */
    bool open;                     /* an execution that has not ended */
    bool forget;                   /* the server does not know the execution any more */
    struct json_text execution_id; /* a JSON string, or absent */
    struct json_text error;        /* an object, or absent */
    int64_t run_after_ms;          /* what the server asked to wait; -1: nothing */
};

/* Reads a record and its `_gl`; the texts are spans of them.  Only a result or
 * execution (or what has no type but a status) with a `_gl.queue_id` that has no
 * settlement yet, but that it is saved, is for the queue; with `progress` only
 * an execution that is to be saved is.  False: it is one, with a status that is
 * not known. */
bool verdict_read(struct verdict *v, const struct json_object *record, const struct json_object *gl,
                  bool progress);

/* Whether the value is a string that holds a UUID as the queue writes it. */
bool verdict_is_uuid(struct json_text value);

/* Appends the result for an execution that was given up, without `_gl`. */
void verdict_put_expired(struct buf *out, const struct json_object *record);

#endif
