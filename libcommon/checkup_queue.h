/* checkup_queue: whether the queue is there, as this build needs it, and moves. */
#ifndef GL_CHECKUP_QUEUE_H
#define GL_CHECKUP_QUEUE_H

#include "db.h"

/* Tells of it to fd, as checks of a report.  Runs gl-migrate --status, and its
 * standard error with it is lost: the process should do nothing else. */
void checkup_queue(int fd, const struct db_options *options);

#endif
