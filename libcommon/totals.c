/* totals: only the names of the first that should be looked at are kept. */
#include "totals.h"

#include <stdio.h>
#include <string.h>

#include "excerpt.h"

enum { NAME_BYTES = 200 };

static void list(struct totals *t, const struct entry *e, const struct paint *p)
{
    if (t->listed_count == TOTALS_LISTED)
        return;
    struct totals_item *item = &t->listed[t->listed_count++];
    item->word = e->word;
    item->standing = e->standing;
    item->percent = e->reviewed && e->review.scored ? e->review.percent : -1;
    rich_init(&item->name, p);
    if (e->bad)
        rich_show(&item->name, PAINT_PLAIN, e->bad, strlen(e->bad), TEXT_LINE);
    else
        excerpt_put(&item->name, PAINT_PLAIN, e->id, NAME_BYTES, TEXT_LINE);
}

static void add_time(struct totals *t, double ms)
{
    static const double below[] = {10, 100, 1000, 10000, 60000};
    size_t bin = 0;
    if (!(ms >= 0 && ms < 1e12))
        return;
    while (bin < TOTALS_TIMES - 1 && ms >= below[bin])
        bin++;
    t->times[bin]++;
    t->timed++;
    t->time_sum += ms;
}

static void add_grade(struct totals *t, const struct review *r)
{
    if (r->scored) {
        size_t bin = (size_t)r->percent * TOTALS_SCORES / 100;
        t->scores[bin < TOTALS_SCORES ? bin : TOTALS_SCORES - 1]++;
        t->scored++;
        t->score_sum += r->score;
    }
    if (r->tests_passed >= 0 && r->tests_total >= r->tests_passed && r->tests_total < INT32_MAX) {
        t->tests_passed += r->tests_passed;
        t->tests_total += r->tests_total;
    }
    add_time(t, r->time_ms);
}

void totals_add(struct totals *t, const struct entry *e, const struct paint *p)
{
    t->shown++;
    t->standing[e->standing]++;
    if (e->reviewed && e->review.graded)
        add_grade(t, &e->review);
    if (standing_is_bad(e->standing))
        list(t, e, p);
}

void totals_free(struct totals *t)
{
    for (size_t i = 0; i < t->listed_count; i++)
        rich_free(&t->listed[i].name);
    t->listed_count = 0;
}

size_t totals_unlisted(const struct totals *t)
{
    return t->standing[STANDING_PARTIAL] + t->standing[STANDING_FAILED] + t->standing[STANDING_UNGRADED] -
           t->listed_count;
}

size_t totals_results(const struct totals *t)
{
    return t->shown - t->standing[STANDING_OTHER];
}

int totals_percent(const struct totals *t)
{
    /* A mean that is a whole percent must not fall below it for what a sum rounds off. */
    return t->scored ? (int)(t->score_sum / (double)t->scored * 100 + 1e-9) : 0;
}

void totals_score_label(size_t bin, char out[TOTALS_LABEL])
{
    unsigned from = (unsigned)bin % TOTALS_SCORES * 10;
    snprintf(out, TOTALS_LABEL, "%u-%u%%", from, from < 90 ? from + 9 : 100);
}

const char *totals_time_label(size_t bin)
{
    static const char *const labels[TOTALS_TIMES] = {"under 10 ms", "under 100 ms", "under 1 s",
                                                     "under 10 s",  "under 1 min",  "longer"};
    return labels[bin];
}
