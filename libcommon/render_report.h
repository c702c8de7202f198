/* render_report: a report as tables of settings and checks, and its last line. */
#ifndef GL_RENDER_REPORT_H
#define GL_RENDER_REPORT_H

#include "json.h"
#include "table.h"

/* Shows the record; the last line, below the frame, is what it comes to. */
void render_report(struct frame *f, const struct json_object *record);

#endif
