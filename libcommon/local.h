/* local: an atom that is worked on and run here, without a server: gl-edit, then
 * gl-run.
 *
 * gl-edit goes on with what an earlier time left of the same atom, and leaves its folder
 * until the caller has recorded the result: whoever is killed, the work is there. */
#ifndef GL_LOCAL_H
#define GL_LOCAL_H

#include "errand.h"

struct local {
    struct buf *edited; /* the request with the learner's work; empty: it is to be made */
    struct buf *result; /* the record that came of it */
    char **folder;      /* where the work is kept, for desk_remove; to be freed */
    /* As an errand's; while the editor has the terminal `edited` is empty. */
    bool (*tick)(const struct json_object *event, void *context);
    void *context;
};

/* Has the atom worked on, where that was not done yet, and runs what came of it; as
 * errand_run. */
int local_run(const struct local *l, struct json_text atom, struct err *e);

#endif
