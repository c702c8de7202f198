/* render_outcome: what became of one handoff. */
#ifndef GL_RENDER_OUTCOME_H
#define GL_RENDER_OUTCOME_H

#include "entry.h"
#include "facts.h"

/* What is said of one that waits in the queue. */
extern const char render_outcome_waits[];

/* Adds when it ended, how long the learner took, who that is, and the row. */
void render_outcome_facts(struct facts *facts, const struct json_object *outcome);

void render_outcome(struct frame *f, const struct entry *e);

#endif
