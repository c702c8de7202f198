/* atom: where an atom says something.
 *
 * Atoms come in many shapes: what is to be done stands in their content
 * (design.md's content_json, content or payload), in a `runner` or `grading_logic`
 * there or beside it, or at the top. */
#ifndef GL_ATOM_H
#define GL_ATOM_H

#include "json.h"

/* The places, in the order in which they are looked through. */
enum atom_place {
    ATOM_CONTENT_RUNNER,
    ATOM_CONTENT,
    ATOM_RUNNER,
    ATOM_TOP,
    ATOM_CONTENT_LOGIC,
    ATOM_LOGIC,
    ATOM_PLACES
};

struct atom {
    struct json_object at[ATOM_PLACES]; /* those that are not there are empty */
    struct buf content;                 /* the content's text, where that was in a string */
};

/* Indexes the record, which *a then borrows. */
void atom_open(struct atom *a, const struct json_object *record);
void atom_close(struct atom *a);

/* The first member of that name that is there and not null. */
struct json_text atom_get(const struct atom *a, const char *name);

#endif
