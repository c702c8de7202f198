/* render: any record for people, one after another, on standard output. */
#ifndef GL_RENDER_H
#define GL_RENDER_H

#include "json.h"
#include "table.h"

struct render {
    struct paint paint;
    bool boxed; /* panels, where there is room */
    bool any;   /* something was shown */
    bool apart; /* the last record took several lines, a blank line follows */
};

/* Shows a record and returns the exit code that it counts for. */
enum exit_code render_record(struct render *r, const struct json_object *record);

/* Shows one line for input that is no record; why says where and what. */
void render_bad(struct render *r, const char *why);

#endif
