/* gate: keeps a wrong URL's 404s away from the rows of the queue.
 *
 * Where GET /health is not answered 2xx, any web server might be there.  Then
 * gl-submit's records go through this gate: those that were refused with 404 or
 * 405 are held until another one shows that the URL is right, and then go on; or
 * until so many are held as requests go out at once, VERDICT_MS have passed, or
 * nothing more comes: then it is wrong, and no record passes any more. */
#ifndef GL_GATE_H
#define GL_GATE_H

#include "relay.h"
#include "tally.h"

struct gate {
    struct relay relay;
    int to; /* -1: closed */
    enum tally_url url;
    struct buf held;
    int64_t held_count, held_max;
    int64_t due; /* the moment of the verdict, or CLOCK_NEVER */
    struct tally scratch;
};

/* Both descriptors are the gate's from here on; it closes them at its end.
 * Records have at most max_line bytes. */
void gate_open(struct gate *g, int from, int to, size_t max_line, int64_t held_max);

/* Closed: there is nothing to poll for and all calls do nothing. */
void gate_init_closed(struct gate *g);
void gate_close(struct gate *g);

/* As those of relay. */
void gate_prepare(const struct gate *g, struct pollfd fds[RELAY_FDS]);
void gate_serve(struct gate *g, const struct pollfd fds[RELAY_FDS]);

/* Whether the verdict is that the URL is wrong. */
bool gate_says_wrong(const struct gate *g);

#endif
