/* crew: runs several requests at once, each in a process of its own, and gives their
 * records back in the order in which they came.
 *
 * A record that is passed on takes its place among them.  After a signal (signals.h)
 * the processes end in good order, and are ended outright when this one is. */
#ifndef GL_CREW_H
#define GL_CREW_H

#include <poll.h>

#include "runner.h"

enum { CREW_MAX = 64 };

/* A finished record. */
struct crew_record {
    struct buf line; /* without its LF */
    bool ran;        /* it was a request, with this status and reason */
    enum status status;
    struct err no_sandbox;
    enum exit_code code; /* of a record passed on */
};

struct crew;

/* At most `jobs` (up to CREW_MAX) run at once; *runner is borrowed. */
struct crew *crew_open(const struct runner *runner, size_t jobs);

/* Whether another record may be put in: what is finished and not taken counts, so that
 * little is kept behind a slow one. */
bool crew_has_room(const struct crew *c);
void crew_run(struct crew *c, const struct json_object *request);
void crew_pass(struct crew *c, const struct crew_record *record); /* takes its line over */

/* Fills `polled` (of CREW_MAX) with what to poll for the end of those that run, and
 * returns how many. */
size_t crew_poll(const struct crew *c, struct pollfd *polled);

/* The next record in order, for the caller to free its line; false where it has not
 * ended yet, or there is none. */
bool crew_take(struct crew *c, struct crew_record *record);
bool crew_is_empty(const struct crew *c);
void crew_close(struct crew *c);

#endif
