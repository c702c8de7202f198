/* park: connections that wait – for a delay to pass or a command to end –
 * without a thread of their own.
 *
 * A handler suspends its connection here; the main thread lets it go on when
 * it is due.  Thread-safe. */
#ifndef MOCK_PARK_H
#define MOCK_PARK_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "heap.h"

struct park;

/* A place in it, part of the request; zeroed at first. */
struct parked {
    struct heap_node node; /* comes first */
    struct MHD_Connection *connection;
};

/* wake is an eventfd(2) that is written to when park_resume_due must be called
 * earlier than it said. */
struct park *park_new(int wake);
void park_free(struct park *p);

/* Suspends the connection until `due` (CLOCK_NEVER: until park_move says when);
 * false when the server is being stopped. */
bool park_add(struct park *p, struct parked *place, struct MHD_Connection *connection, int64_t due);
void park_move(struct park *p, struct parked *place, int64_t due);

/* Resumes what is due; returns when the next one is. */
int64_t park_resume_due(struct park *p, int64_t now);

/* Resumes all and takes no more. */
void park_stop(struct park *p);

#endif
