/* table: a frame around text, and columns within it.
 *
 * A frame is a box as wide as the terminal, or, where a box would take too
 * much room or the output is no terminal, the same lines indented.  No line is
 * wider than the terminal, and text can neither leave its column nor begin a
 * line with what a CI log takes for a command. */
#ifndef GL_TABLE_H
#define GL_TABLE_H

#include "paint.h"

/* The narrowest terminal that gets boxes. */
enum { FRAME_BOX_MIN = 60 };

struct frame {
    struct paint *paint;
    bool boxed;
    size_t inner;  /* the columns for content */
    size_t column; /* of them, how many the line being made has */
    bool inked;    /* and whether something stands in them */
};

/* The frame for this terminal: boxed if asked for and where there is room. */
void frame_init(struct frame *f, struct paint *p, bool boxed);

/* The head: a title of at most 18 columns, and a name of any length, which goes
 * into the border where it fits, else below it. */
void frame_open(struct frame *f, const struct rich *title, const struct rich *name);

/* Begins a part of the frame under a short label of ours. */
void frame_section(struct frame *f, const char *label);

/* How frame_text places a text. */
struct frame_place {
    size_t first, rest; /* the indent of the first line and of the others */
    bool verbatim;      /* break only where the width ends, not at words */
    bool gutter;        /* without a box, a bar before each line sets the text apart */
};

void frame_text(struct frame *f, const struct rich *text, struct frame_place place);

/* One row of a table: each cell wraps within its own column; there are
 * FRAME_GAP columns between two. */
enum { FRAME_GAP = 2, FRAME_CELLS_MAX = 8 };
void frame_row(struct frame *f, const struct rich *cells, const size_t *widths, size_t count);

void frame_close(struct frame *f);

/* Shares `room` columns among `count` table columns that would like `wanted`
 * each: those that want less than an even share get what they want, the
 * others the rest in even parts, never less than 2. */
void table_share(const size_t *wanted, size_t *widths, size_t count, size_t room);

#endif
