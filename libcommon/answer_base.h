/* answer_base: what an answer is read into, for the modules that read it. */
#ifndef GL_ANSWER_BASE_H
#define GL_ANSWER_BASE_H

#include "result.h"

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

/* Makes *a ready for the next answer. */
void answer_reset(struct answer *a);

/* Adds a line to the result's warnings. */
void answer_warn(struct answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether the answer is a result in our own shape: it names its score_source. */
bool answer_is_ours(const struct answer *a);

/* Whether such a result says that the member is not known; from others a null
 * is no more than a default. */
bool answer_is_null(const struct answer *a, const char *name);

/* The member, in the nested result or else beside it. */
struct json_text answer_get(const struct answer *a, const char *name);

/* A member that must be of a kind; absent, with a warning, where it is another
 * one, and without one where there is none or null. */
struct json_text answer_take(struct answer *a, const char *name, enum json_kind kind);

/* Adds a warning of the server's, a JSON string, unless it is there already. */
void answer_put_warning(struct answer *a, struct json_text string);

/* Whether something did not fit into one of the buffers. */
bool answer_overflowed(struct answer *a);

/* What was written into one of the buffers; absent where that is nothing. */
struct json_text answer_span(const struct buf *b);

/* Fills a->why and returns the fault. */
enum fault answer_breach(struct answer *a, enum fault fault, const char *why);

#endif
