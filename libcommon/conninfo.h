/* conninfo: which database is meant, and how to say that without a secret. */
#ifndef GL_CONNINFO_H
#define GL_CONNINFO_H

#include <stdbool.h>

#include "buf.h"
#include "err.h"

/* Whether libpq's own variables say which database is meant. */
bool conninfo_is_in_environment(void);

/* The folder of gl-localdb's socket, to be freed; NULL where there is none or
 * libpq's variables name another database. */
char *conninfo_localdb(void);

/* Whether the string can be read (else EXIT_CONFIG), and has no secret in it unless
 * the environment brought it (else EXIT_USAGE). */
bool conninfo_check(const char *conninfo, struct err *e);

/* Appends which database db_open would use, as `host=... dbname=...`; of a password
 * only that it is set.  True where libpq's own variables have a part in it. */
bool conninfo_put(struct buf *out, const char *conninfo);

#endif
