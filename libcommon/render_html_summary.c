/* render_html_summary: bars are drawn from the totals's bins. */
#include "render_html_summary.h"

enum { BAR_HEIGHT = 14, BAR_STEP = 20, BAR_START = 90, BAR_LENGTH = 200, CHART_WIDTH = 350 };

static size_t largest(const size_t *bins, size_t count)
{
    size_t most = 1;
    for (size_t i = 0; i < count; i++)
        most = bins[i] > most ? bins[i] : most;
    return most;
}

static void put_bar(struct document *r, size_t at, const char *class, const char *label, size_t value,
                    size_t most)
{
    size_t y = at * BAR_STEP;
    double length = (double)value / (double)most * BAR_LENGTH;
    document_printf(r, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">%s</text>", BAR_START - 6, y + 12,
                    label);
    if (value)
        document_printf(r, "<rect class=\"%s\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"%d\"/>", class,
                        BAR_START, y + 1, length < 1 ? 1 : length, BAR_HEIGHT);
    document_printf(r, "<text x=\"%.1f\" y=\"%zu\">%zu</text>\n", BAR_START + length + 6, y + 12, value);
}

static void open_chart(struct document *r, const char *title, size_t bars)
{
    document_printf(
        r, "<svg role=\"img\" aria-label=\"%s\" width=\"%d\" height=\"%zu\" viewBox=\"0 0 %d %zu\">\n", title,
        CHART_WIDTH, bars * BAR_STEP, CHART_WIDTH, bars * BAR_STEP);
}

static void put_scores(struct document *r)
{
    const struct totals *t = &r->totals;
    char label[TOTALS_LABEL];
    size_t most = largest(t->scores, TOTALS_SCORES);
    open_chart(r, "How many results had which score", TOTALS_SCORES);
    for (size_t i = 0; i < TOTALS_SCORES; i++) {
        size_t bin = TOTALS_SCORES - 1 - i;
        totals_score_label(bin, label);
        put_bar(r, i, bin >= 7 ? "passed" : bin >= 4 ? "partial" : "failed", label, t->scores[bin], most);
    }
    document_puts(r, "</svg>\n");
}

static void put_times(struct document *r)
{
    const struct totals *t = &r->totals;
    size_t most = largest(t->times, TOTALS_TIMES);
    open_chart(r, "How many results took how long", TOTALS_TIMES);
    for (size_t i = 0; i < TOTALS_TIMES; i++)
        put_bar(r, i, "open", totals_time_label(i), t->times[i], most);
    document_puts(r, "</svg>\n");
}

void render_html_summary(struct document *r, const char *const *classes)
{
    const struct totals *t = &r->totals;
    document_printf(r, "<label for=\"f-all\">%zu in all</label>\n", t->shown);
    for (int i = 0; i < STANDING_COUNT; i++)
        if (t->standing[i])
            document_printf(r, "<label class=\"%s\" for=\"f-%s\">%zu %s</label>\n", classes[i], classes[i],
                            t->standing[i], standing_name(i));
    if (t->scored)
        document_printf(r, "<p>Mean score %d%%", totals_percent(t));
    if (t->scored && t->tests_total)
        document_printf(r, "; %lld of %lld tests passed", (long long)t->tests_passed,
                        (long long)t->tests_total);
    document_puts(r, t->scored ? ".</p>\n" : "");
    if (t->scored)
        put_scores(r);
    if (t->timed)
        put_times(r);
}
