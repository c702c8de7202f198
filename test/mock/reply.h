/* reply: what one request is answered, and its way out through libmicrohttpd. */
#ifndef MOCK_REPLY_H
#define MOCK_REPLY_H

#include <microhttpd.h>

#include "script.h"

struct reply {
    unsigned status; /* 0: not decided */
    struct buf body;
    const char *type;            /* a constant; NULL: application/json */
    const char *header, *value;  /* one more header, constants; or NULL */
    struct script *script;       /* held, or NULL */
    const struct answer *answer; /* its headers, padding and fault apply */
    bool whole;                  /* without the fault and the delay: a replay */
};

void reply_init(struct reply *r);
void reply_free(struct reply *r);

/* Follows `answer` of `script`, which is handed over. */
void reply_follow(struct reply *r, struct script *script, const struct answer *answer);

/* A copy that shares the script; for answers that are kept to be replayed. */
void reply_copy(struct reply *to, const struct reply *from);

/* How the answer is broken on purpose. */
enum cut reply_cut(const struct reply *r);

/* Queues the reply, whose body goes with it; MHD_NO closes the connection
 * instead. */
enum MHD_Result reply_send(struct reply *r, struct MHD_Connection *connection);

#endif
