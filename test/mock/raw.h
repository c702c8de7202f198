/* raw: answers that are bytes and nothing else, for what libmicrohttpd would
 * not send: broken HTTP, headers or bodies that never end, or trickle.
 *
 * In JSON a raw answer is a text or a list of parts:
 *
 *   "HTTP/1.1 200 OK\r\n"      bytes: the characters U+0000 to U+00FF
 *   {"bytes": "x",             the same,
 *    "times": 9,               so often; 0: until the client goes away
 *    "wait_ms": 100}           with a pause before each time
 *
 * Then the connection is closed.  The bytes go right into the socket, also
 * where it should speak TLS. */
#ifndef MOCK_RAW_H
#define MOCK_RAW_H

#include "json.h"
#include "park.h"

/* Whether the value is a raw answer. */
bool raw_is(struct json_text value);

struct raws;

struct raws *raws_new(struct park *park);

/* Ends what is being sent, and takes no more. */
void raws_stop(struct raws *all);
void raws_free(struct raws *all);

/* Parks the connection, sends the raw answer (which is copied) from a thread of
 * its own, and has the connection go on when that is done; false when the
 * server is being stopped. */
bool raws_send(struct raws *all, struct json_text raw, struct parked *place,
               struct MHD_Connection *connection);

#endif
