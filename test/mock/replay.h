/* replay: answers kept by Idempotency-Key, for --honour-keys.
 *
 * What was answered 2xx is answered again, whole, to the same key at the same
 * endpoint; also when the answer got lost in a fault or a delay that the
 * client would not wait for, as a server which has done the work would.  The
 * oldest are forgotten past 262,144 answers or 256 MiB.  Not thread-safe. */
#ifndef MOCK_REPLAY_H
#define MOCK_REPLAY_H

#include "reply.h"

struct replays;

struct replays *replays_new(void);
void replays_free(struct replays *r);

enum replay { REPLAY_NONE, REPLAY_WORKING, REPLAY_DONE };

/* What is known of the key; fills *reply (which is empty) where it is done. */
enum replay replays_find(struct replays *r, const char *path, const char *key, struct reply *reply);

/* Notes that work for the key has begun, or what it was answered. */
void replays_begin(struct replays *r, const char *path, const char *key);
void replays_end(struct replays *r, const char *path, const char *key, const struct reply *reply);

#endif
