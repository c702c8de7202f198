/* front: an HTTP server in one thread, by libmicrohttpd.
 *
 * A request is handed over once it is here whole, and is answered at once or later.
 * What a client can take is bounded: connections, headers, bodies, and the time in
 * which it must have sent its request or taken its answer. */
#ifndef GL_FRONT_H
#define GL_FRONT_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

struct front;

struct front_request {
    struct front *front;
    const char *method;
    char *path; /* decoded, without the query */
    struct buf body;
    bool too_large;             /* the body was, and is not here */
    int64_t arrived;            /* when its headers were here, on the monotonic clock */
    unsigned status;            /* that it was answered with; 0: not yet */
    struct front_request *next; /* the owner's, while it waits */
};

struct front_options {
    int64_t connections, body_max, bodies_max, client_ms;
};

/* `serve` is called for each request, and calls front_answer, or somebody does so later.
  `done` is called when the request is over, however that came. */
struct front_hooks {
    void (*serve)(struct front_request *r, void *context);
    void (*done)(struct front_request *r, void *context);
    void *context;
};

/* fd is a socket that listens, and stays the caller's.  False: EXIT_OS. */
bool front_open(struct front **f, int fd, const struct front_options *o, const struct front_hooks *hooks,
                struct err *e);
void front_close(struct front *f);

/* A header of the request, or NULL. */
const char *front_header(const struct front_request *r, const char *name);

/* Answers with JSON, and with further headers: name, value, ..., NULL (or NULL for none). */
void front_answer(struct front_request *r, unsigned status, const struct buf *json,
                  const char *const *headers);

/* What to poll for, when to come back at the latest, and what is to be done then. */
int front_fd(const struct front *f);
int64_t front_due(const struct front *f);
void front_serve(struct front *f);

/* Takes no new connections; answers go with the word that theirs ends. */
void front_stop(struct front *f);

/* Requests that are not over. */
size_t front_busy(const struct front *f);

#endif
