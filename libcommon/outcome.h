/* outcome: what cortex needs to record of one handoff (design.md §3).
 *
 * Only a grade says anything of the learner: whatever else became of a handoff,
 * what counts for or against them is null. */
#ifndef GL_OUTCOME_H
#define GL_OUTCOME_H

#include "answer_base.h"
#include "buf.h"
#include "json.h"

/* Values are JSON texts; absent ones come out as null. */
struct outcome {
    const char
        *word; /* "queued", "failed", "cancelled", …; NULL: graded where `result` is a grade, else failed */
    struct json_text atom_id, learner_id, queue_id, completed_at;
    struct json_text request; /* for the learner's answer */
    struct json_text result;  /* an object, as the tools or an application stored it */
};

/* Appends the record.  *a is room for reading the result (answer_init), and may
 * be used again for the next one. */
void outcome_put(struct buf *out, const struct outcome *o, struct answer *a);

#endif
