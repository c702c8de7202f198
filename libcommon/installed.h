/* installed: what a language's runtime on this machine is. */
#ifndef GL_INSTALLED_H
#define GL_INSTALLED_H

#include "language.h"

/* Appends {"language", "version", "runtime", "extension", "aliases"}, without a LF; the
 * version, which the runtime is started for, is null where it does not tell in time. */
void installed_put(struct buf *out, const struct language *l);

#endif
