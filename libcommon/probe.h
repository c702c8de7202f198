/* probe: one GET, to see how a server is. */
#ifndef GL_PROBE_H
#define GL_PROBE_H

#include "http.h"

struct probe_answer {
    enum fault fault; /* FAULT_NONE: a 2xx */
    int status;       /* the HTTP status; 0: no answer */
    int64_t elapsed_ms;
    struct buf body;        /* up to PROBE_BODY_MAX bytes of it */
    char why[ERR_TEXT_MAX]; /* where there was no answer: why, for people */
};

enum { PROBE_BODY_MAX = 64 * 1024 };

/* Asks once, for timeout_ms at most or until a signal comes.  Fills *a, for
 * probe_free.  False (EXIT_CONFIG): the token cannot be read. */
bool probe_get(struct http *http, const char *path, int64_t timeout_ms, struct probe_answer *a,
               struct err *e);
void probe_free(struct probe_answer *a);

#endif
