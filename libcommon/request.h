/* request: from an atom or request record to what is sent to Greenlight.
 *
 * The text sent is the record's own, byte for byte, but for `_gl` (never sent),
 * an atom's `id` (sent as atom_id), what --session-context merges in, and what
 * --filter makes of it. */
#ifndef GL_REQUEST_H
#define GL_REQUEST_H

#include "json.h"

struct filter;

enum { REQUEST_KEY_MAX = 255 };

struct request_options {
    const struct json_object *session_context; /* NULL: none */
    struct filter *filter;                     /* NULL: none */
    bool async;                                /* queue-atom for all */
};

struct request {
    struct json_text atom_id; /* borrowed from the record */
    struct buf body;
    bool async;
    bool key_came;                 /* with the record, in _gl */
    char key[REQUEST_KEY_MAX + 1]; /* Idempotency-Key; empty: none came */
};

/* Prepares r (whose body was buf_init'ed) from a record and its _gl.  False
 * (exit 65): the record cannot be a request, *e says why. */
bool request_prepare(struct request *r, const struct request_options *o, const struct json_object *record,
                     const struct json_object *gl, struct err *e);

/* Appends the record's session_context with what the option sets in it. */
void request_merge_context(struct buf *merged, const struct json_object *record,
                           const struct json_object *option);

/* "run-atom" or "queue-atom". */
const char *request_endpoint(const struct request *r);

#endif
