/* forward: options of a program, as arguments for a sibling that it runs.
 *
 * Each is handed on by the name that it has there.  A database's conninfo is
 * never among them, for it may hold a password: that goes by the environment. */
#ifndef GL_FORWARD_H
#define GL_FORWARD_H

#include <stdint.h>

#include "http.h"
#include "proc.h"
#include "retry.h"

/* Adds `option value`; nothing where the value is NULL. */
void forward_text(struct proc_args *a, const char *option, const char *value);

/* The same with a number and its unit ("ms", or "" for none). */
void forward_int(struct proc_args *a, const char *option, int64_t value, const char *unit);
void forward_real(struct proc_args *a, const char *option, double value);

/* The program's name, and how much is to be said. */
void forward_begin(struct proc_args *a, const char *name);

/* Where the server is, and what to show it; not the timeout. */
void forward_server(struct proc_args *a, const struct http_options *o);

/* All of the policy, for RETRY_OPTIONS and RETRY_CAP_OPTION. */
void forward_retries(struct proc_args *a, const struct retry_policy *p);

#endif
