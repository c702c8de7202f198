/* source: option values that are a text or, as @FILE, a file's content. */
#ifndef GL_SOURCE_H
#define GL_SOURCE_H

#include "err.h"

/* A copy of `value`, or the content of FILE where it is "@FILE", to be freed.
 * NULL (exit 74) where the file cannot be read or is larger than 8 MiB; *e
 * names `option` and the file. */
char *source_read(const char *option, const char *value, struct err *e);

#endif
