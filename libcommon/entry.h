/* entry: one record of a stream as people see it, whatever the format: what kind
 * it is, its name, and what it counts as among many. */
#ifndef GL_ENTRY_H
#define GL_ENTRY_H

#include "record.h"
#include "review.h"

/* Only the first three are grades. */
enum standing {
    STANDING_PASSED,
    STANDING_PARTIAL,
    STANDING_FAILED,
    STANDING_UNGRADED, /* an outage, a rejection, a grade without a usable score, bad input */
    STANDING_SKIPPED,  /* or cancelled */
    STANDING_OPEN,     /* it has not ended yet */
    STANDING_OTHER,    /* no result: a request, a row, figures, … */
    STANDING_COUNT
};

/* "passed", …, for a count of them. */
const char *standing_name(enum standing standing);

/* Whether somebody should look at it: partial, failed or not graded. */
bool standing_is_bad(enum standing standing);

struct entry {
    const struct json_object *record; /* NULL: bad input */
    const char *bad;                  /* why it is */
    enum record_type type;
    enum standing standing;
    const char *word;     /* PASS, NOT GRADED, RUNNING, QUEUED, ROW, BAD INPUT, … */
    struct json_text id;  /* of the atom; may be absent */
    bool reviewed;        /* `review` holds it: a result, an execution, an outcome */
    struct review review; /* of an outcome: of the result in it */
    struct json_object inner;
};

/* Zero-initialise, read, and free before the next one.  Everything borrows from the
 * record, or from the text that says why it is none. */
void entry_read(struct entry *e, const struct json_object *record);
void entry_read_bad(struct entry *e, const char *why);
void entry_free(struct entry *e);

/* What it looks like: a row of the queue and a report are no results, but have a state
 * of their own; everything else is as its standing. */
enum standing entry_look(const struct entry *e);

/* The exit code that it counts for (design.md §6). */
enum exit_code entry_exit(const struct entry *e);

#endif
