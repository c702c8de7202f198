/* chance: random numbers of the kernel, for names that nobody shall guess or
 * meet twice, and for waits that differ. */
#ifndef GL_CHANCE_H
#define GL_CHANCE_H

#include <stddef.h>

/* Fills out[len].  A process that forks must exec in the child before it asks
 * again: both would be given the same. */
void chance_bytes(void *out, size_t len);

/* At least 0, less than 1. */
double chance_share(void);

#endif
