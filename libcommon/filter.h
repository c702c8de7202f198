/* filter: a user's jq program over records.
 *
 * libjq 1.6 reads numbers as doubles, so a filtered record may change digits:
 * the one place where that is so (design.md §3).  Compiling costs tens of
 * milliseconds, so a program does it only when the user gave one. */
#ifndef GL_FILTER_H
#define GL_FILTER_H

#include "json.h"

struct filter;

/* Compiles `program`, or the text of FILE where it is "@FILE".  False (exit
 * 64, or 74 for a file that cannot be read): *e names `option` and the reason. */
bool filter_open(struct filter **f, const char *option, const char *program, struct err *e);
void filter_close(struct filter *f);

/* Runs it over one record and appends its output to *out as compact text.
 * False (exit 65) unless it gives exactly one value. */
bool filter_apply(struct filter *f, struct json_text record, struct buf *out, struct err *e);

#endif
