/* render_stats: the queue in figures, as a page to look at. */
#ifndef GL_RENDER_STATS_H
#define GL_RENDER_STATS_H

#include "json.h"
#include "table.h"

/* Whether a record has the figures of gl-stats; else it is shown member by member. */
bool render_stats_fits(const struct json_object *stats);

void render_stats(struct frame *f, const struct json_object *stats);

#endif
