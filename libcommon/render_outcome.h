/* render_outcome: what became of one handoff. */
#ifndef GL_RENDER_OUTCOME_H
#define GL_RENDER_OUTCOME_H

#include "entry.h"
#include "table.h"

void render_outcome(struct frame *f, const struct entry *e);

#endif
