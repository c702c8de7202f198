/* excerpt: values of a record as text to look at, shortened where they are
 * long, with what was left out said.
 *
 * Strings are shown by their characters, everything else as its JSON text. */
#ifndef GL_EXCERPT_H
#define GL_EXCERPT_H

#include "json.h"
#include "table.h"

/* The style of a line, by its own text. */
typedef unsigned excerpt_style(const char *line, size_t len);

/* How a block of lines is shown. */
struct excerpt {
    size_t head, tail;    /* so many lines at the start and at the end */
    size_t line_bytes;    /* of each line, so much */
    bool verbatim;        /* see struct frame_place */
    size_t indent;        /* of every line; continued ones go two columns deeper where verbatim */
    excerpt_style *style; /* NULL: plain */
};

/* Whether there is something to show: not absent, null, or a string, array or
 * object with nothing in it. */
bool excerpt_has(struct json_text value);

/* Shows the value as lines of the frame. */
void excerpt_block(struct frame *f, struct json_text value, const struct excerpt *how);

/* A section under its label: a block, or a list of texts (or what should have been
 * one), each behind a mark.  Nothing where there is nothing to show. */
void excerpt_section(struct frame *f, const char *label, struct json_text value, const struct excerpt *how);
void excerpt_list(struct frame *f, const char *label, struct json_text list, enum glyph glyph,
                  unsigned style);

/* Appends the value to a rich text, at most `bytes` and 30 lines of it;
 * nothing where it is absent. */
void excerpt_put(struct rich *to, unsigned style, struct json_text value, size_t bytes, unsigned how);

/* Appends the value's lines, shortened as `how` says, each line break a LF. */
void excerpt_put_block(struct rich *to, struct json_text value, const struct excerpt *how);

/* As excerpt_put, with the JSON text of a string too, its quotes around it. */
void excerpt_put_json(struct rich *to, unsigned style, struct json_text value, size_t bytes);

#endif
