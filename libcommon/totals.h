/* totals: what a stream of records was, in figures that take the same room however
 * long it is. */
#ifndef GL_TOTALS_H
#define GL_TOTALS_H

#include "entry.h"
#include "paint.h"

enum {
    TOTALS_SCORES = 10,  /* scores from 0 to under 10 %, …, from 90 to 100 % */
    TOTALS_TIMES = 6,    /* times under 10 ms, 100 ms, 1 s, 10 s, 1 min, and longer */
    TOTALS_LISTED = 100, /* so many that should be looked at are listed */
};

struct totals {
    size_t standing[STANDING_COUNT];
    size_t shown; /* records in all */
    size_t scores[TOTALS_SCORES], times[TOTALS_TIMES];
    size_t scored, timed;
    double score_sum, time_sum; /* the times in milliseconds */
    int64_t tests_passed, tests_total;
    struct totals_item {
        const char *word;
        enum standing standing;
        int percent; /* or -1 */
        struct rich name;
    } listed[TOTALS_LISTED];
    size_t listed_count;
};

/* Zero-initialise.  `p` says whether names are kept as ASCII. */
void totals_add(struct totals *t, const struct entry *e, const struct paint *p);
void totals_free(struct totals *t);

/* How many of those that should be looked at are not listed. */
size_t totals_unlisted(const struct totals *t);

/* How many are results, whatever became of them. */
size_t totals_results(const struct totals *t);

/* The mean of the scores in whole percent, rounded down. */
int totals_percent(const struct totals *t);

/* The label of a bin: "90-100%", "under 1 s". */
enum { TOTALS_LABEL = 16 };
void totals_score_label(size_t bin, char out[TOTALS_LABEL]);
const char *totals_time_label(size_t bin);

#endif
