/* render_row: a row of the queue: where it stands, since when, and what comes next. */
#ifndef GL_RENDER_ROW_H
#define GL_RENDER_ROW_H

#include "entry.h"
#include "table.h"

void render_row(struct frame *f, const struct entry *e);

/* Each appends a part of it to an empty text: the state as a mark and a word, what it
 * came to, when, and what else is known. */
void render_row_state(struct rich *to, const struct paint *p, const struct json_object *row);
void render_row_grade(struct rich *to, const struct paint *p, const struct json_object *row);
void render_row_times(struct rich *to, const struct paint *p, const struct json_object *row);
void render_row_notes(struct rich *to, const struct paint *p, const struct json_object *row);

#endif
