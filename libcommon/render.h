/* render: any record for people, one after another, on standard output. */
#ifndef GL_RENDER_H
#define GL_RENDER_H

#include "entry.h"
#include "table.h"
#include "totals.h"

struct render;

/* Shows a record and returns the exit code that it counts for; or only shows an entry
 * that was read from one. */
enum exit_code render_record(struct render *r, const struct json_object *record);

struct render {
    struct paint paint;
    bool boxed;                    /* panels, where there is room */
    const struct frame_form *form; /* NULL: lines; else what takes records instead, and */
    void *to;                      /* what that gets */
    bool any;                      /* something was shown */
    bool apart;                    /* the last record took several lines, a blank line follows */
};

void render_entry(struct render *r, const struct entry *e);

/* Shows what all of them together were. */
void render_totals(struct render *r, const struct totals *t);

#endif
