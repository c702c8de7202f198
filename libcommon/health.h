/* health: whether the server is up, before anything is taken into hand for it. */
#ifndef GL_HEALTH_H
#define GL_HEALTH_H

#include "http.h"

enum { HEALTH_TIMEOUT_MS = 5000 };

/* Asks GET /health once, for HEALTH_TIMEOUT_MS at most or until a signal comes.
 * True: it is up; *status is the HTTP status, which is any but 5xx, since not
 * every server has that path.  False: it is down (EXIT_AGAIN), or a file of the
 * options cannot be used (EXIT_CONFIG). */
bool health_ask(const struct http_options *options, int *status, struct err *e);

#endif
