/* handler: one request from its first line until its answer is queued, and the
 * callbacks by which libmicrohttpd brings it here. */
#ifndef MOCK_HANDLER_H
#define MOCK_HANDLER_H

#include "park.h"
#include "reply.h"

enum { REQUEST_BODY_MAX = 64 << 20 };

enum stage { STAGE_NEW, STAGE_BODY, STAGE_WAITING, STAGE_LEFT };

struct request {
    struct MHD_Connection *connection;
    const char *method; /* libmicrohttpd's */
    char *target;       /* as it was sent, with its query */
    char *path;         /* the target without its query */
    struct buf body;    /* overflowed: it was too large */
    int64_t arrived;    /* on the monotonic clock */
    unsigned in_flight; /* how many there were at its arrival, with this one */
    enum stage stage;
    struct parked parked;

    /* filled by serve */
    uint64_t count;  /* which request of its atom it is */
    const char *key; /* Idempotency-Key where keys are honoured; libmicrohttpd's, or NULL */
    struct reply reply;
    bool logged;
};

struct mock; /* serve.h */

/* For MHD_start_daemon; cls is a struct mock. */
void *request_begins(void *cls, const char *target, struct MHD_Connection *connection);
enum MHD_Result request_goes_on(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_len, void **request);
void request_ends(void *cls, struct MHD_Connection *connection, void **request,
                  enum MHD_RequestTerminationCode how);

#endif
