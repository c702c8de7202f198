/* render_rows: rows of the queue that come one after another, as one table of HTML. */
#ifndef GL_RENDER_ROWS_H
#define GL_RENDER_ROWS_H

#include "entry.h"
#include "form_html.h"

/* The head of the table, a line of it for each row, and its end. */
void render_rows_begin(const struct form_html *form);
void render_rows_add(const struct form_html *form, const struct paint *p, const struct entry *e);
void render_rows_end(const struct form_html *form);

#endif
