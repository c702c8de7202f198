/* journal: what a server does, as JSON Lines on stderr for machines.
 *
 * Stderr itself is turned away from everything else, so that no message of a
 * sibling gets in between. */
#ifndef GL_JOURNAL_H
#define GL_JOURNAL_H

#include "json.h"

/* From now on stderr is the terminal (`terminal`), or nothing, to us and to all
 * programs that we start.  A log on a terminal where an editor is would spoil its screen, so
 * there is none. */
bool journal_open(bool terminal, struct err *e);

/* Begins a line with the time and the name of what happened; the caller adds members
 * and ends it.  Where nothing is to be said (--quiet) it is thrown away. */
void journal_begin(struct buf *line, const char *event);
void journal_text(struct buf *line, const char *name, const char *value);
void journal_int(struct buf *line, const char *name, int64_t value);
void journal_end(struct buf *line);

#endif
