/* listener: the socket on which a server waits for connections. */
#ifndef GL_LISTENER_H
#define GL_LISTENER_H

#include <stdbool.h>

#include "buf.h"
#include "err.h"

struct listener {
    int fd;
    const char *path; /* of a Unix socket, which is removed at the end; else NULL */
    bool local;       /* nobody but this machine reaches it */
};

/* Listens on ADDRESS:PORT, [ADDRESS]:PORT or PORT (of 127.0.0.1), where the address is numeric
 * and port 0 is any that is free; appends the URL to *url.  False: EXIT_USAGE where the
 * text is none of these, EXIT_OS where it is not to be had. */
bool listener_tcp(struct listener *l, const char *address, struct buf *url, struct err *e);

/* Listens on a Unix socket, for this user alone.  One that a server left behind is
 * replaced, one that somebody listens on is not. */
bool listener_unix(struct listener *l, const char *path, struct buf *url, struct err *e);

void listener_close(struct listener *l);

#endif
