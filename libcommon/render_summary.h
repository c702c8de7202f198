/* render_summary: the end of a stream: totals, a histogram of scores, and what should be
 * looked at. */
#ifndef GL_RENDER_SUMMARY_H
#define GL_RENDER_SUMMARY_H

#include "table.h"
#include "totals.h"

void render_summary(struct frame *f, const struct totals *t);

#endif
