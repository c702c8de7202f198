/* listen: the socket that the mock serves, on loopback or in the file system. */
#ifndef MOCK_LISTEN_H
#define MOCK_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/* Listens on 127.0.0.1, any port where *port is 0, and sets *port; returns the
 * descriptor, or -1. */
int listen_tcp(int64_t *port, struct err *e);

/* Listens on a Unix socket; a socket that an earlier server left there is
 * replaced. */
int listen_unix(const char *path, struct err *e);

#endif
