/* row: a row of greenlight_queue as a record (design.md §3).
 *
 * A record has the columns under their own names.  The payloads are the exact
 * texts where the table keeps them beside the jsonb copies, so request_text and
 * result_text are no members of their own. */
#ifndef GL_ROW_H
#define GL_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* Without the payloads: for whoever has just sent them, or only wants to count. */
enum row_part { ROW_WHOLE, ROW_WITHOUT_PAYLOADS };

/* Appends the list of a `select` from `greenlight_queue q`, in the order in which
 * row_put reads the columns. */
void row_select(struct buf *sql, enum row_part part);

/* Appends the expression for one column, whose name must be a member's. */
void row_column(struct buf *sql, const char *name);

/* Appends the members of a row's record, from the values that the list gave,
 * without braces; a comma goes first where one is due. */
void row_put(struct buf *out, const char *const *values, enum row_part part);

/* Appends the whole record, with `marks` (members, each after a comma, or "")
 * behind the columns. */
void row_put_record(struct buf *out, const char *const *values, enum row_part part, const char *marks);

#endif
