/* checkup_here: what this machine has: the spool, the sandbox, the languages. */
#ifndef GL_CHECKUP_HERE_H
#define GL_CHECKUP_HERE_H

#include <stdint.h>

/* Tells of the spool's folder (NULL: none), and of the sandbox and the languages, to
 * fd, as checks of a report. */
void checkup_spool(int fd, const char *folder);
void checkup_sandbox(int fd, int64_t timeout_ms);

#endif
