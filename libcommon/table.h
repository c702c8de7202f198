/* table: a frame around text, and columns within it.
 *
 * A frame is a box as wide as the terminal, or, where a box would take too
 * much room or the output is no terminal, the same lines indented.  No line is
 * wider than the terminal, and text can neither leave its column nor begin a
 * line with what a CI log takes for a command. */
#ifndef GL_TABLE_H
#define GL_TABLE_H

#include "paint.h"

/* What a frame becomes where it is no lines (see form_html.h): its functions get what the
 * frame's own do, which then do nothing else. */
struct frame;
struct frame_place;
struct frame_form {
    void (*line)(struct frame *f, const struct rich *title, const struct rich *name);
    void (*open)(struct frame *f, const struct rich *title, const struct rich *name);
    void (*section)(struct frame *f, const char *label);
    void (*text)(struct frame *f, const struct rich *text, struct frame_place place);
    void (*head)(struct frame *f, const char *const *names, size_t count);
    void (*row)(struct frame *f, const struct rich *cells, size_t count);
    void (*close)(struct frame *f);
};

/* The narrowest terminal that gets boxes. */
enum { FRAME_BOX_MIN = 60 };

struct frame {
    struct paint *paint;
    bool boxed;
    size_t inner;                  /* the columns for content */
    size_t column;                 /* of them, how many the line being made has */
    bool inked;                    /* and whether something stands in them */
    const struct frame_form *form; /* NULL: lines */
    void *to;                      /* the form's own, as are */
    int part;                      /* what it is in the midst of */
    size_t columns;                /* and of a table, how many it has */
};

/* The frame for this terminal: boxed if asked for and where there is room. */
void frame_init(struct frame *f, struct paint *p, bool boxed);

/* The frame in a form instead, which gets `to`; there is room for everything. */
void frame_init_form(struct frame *f, struct paint *p, const struct frame_form *form, void *to);

/* A frame that is nothing but its head, in no box; it is not closed. */
void frame_line(struct frame *f, const struct rich *title, const struct rich *name);

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
    bool item;          /* of a list: it begins with a mark and a blank */
};

void frame_text(struct frame *f, const struct rich *text, struct frame_place place);

/* The names of the columns that come next.  False: lines do not show them, the rows are
 * clear enough, or begin with one that says it. */
bool frame_head(struct frame *f, const char *const *names, size_t count);

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
