/* render_result: one result as a panel, or as the same lines without a box. */
#ifndef GL_RENDER_RESULT_H
#define GL_RENDER_RESULT_H

#include "review.h"
#include "table.h"

/* `note`, which may be NULL, stands below the facts. */
void render_result(struct frame *f, const struct review *r, const struct rich *note);

#endif
