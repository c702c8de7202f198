/* render_row: a row of the queue: where it stands, since when, and what comes next. */
#ifndef GL_RENDER_ROW_H
#define GL_RENDER_ROW_H

#include "entry.h"
#include "table.h"

void render_row(struct frame *f, const struct entry *e);

#endif
