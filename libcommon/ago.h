/* ago: moments as people say them, seen from now. */
#ifndef GL_AGO_H
#define GL_AGO_H

#include <stdint.h>

#include "json.h"

enum { AGO_TEXT = 40 };

/* "2 hours", "1 minute", "5 seconds": a length of time, rounded down. */
void ago_length(int64_t ms, char out[AGO_TEXT]);

/* "2 hours ago", "in 5 minutes", "just now"; false, and nothing in *out, where the value
 * is no moment.  `now` as of clock_wall. */
bool ago_moment(struct json_text moment, int64_t now, char out[AGO_TEXT]);

#endif
