/* render_task: a task as it is handed over to Greenlight, for the learner. */
#ifndef GL_RENDER_TASK_H
#define GL_RENDER_TASK_H

#include "table.h"
#include "task.h"

void render_task(struct frame *f, const struct task *t);

#endif
