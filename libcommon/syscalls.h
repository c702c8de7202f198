/* syscalls: what of the kernel is out of reach in the sandbox, as a seccomp filter. */
#ifndef GL_SYSCALLS_H
#define GL_SYSCALLS_H

#include "err.h"

/* A new descriptor (close-on-exec, at its beginning) to read the filter from, as
 * bubblewrap takes it; -1 where it cannot be made. */
int syscalls_filter(struct err *e);

#endif
