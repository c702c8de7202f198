/* render_html_summary: bars are drawn from the totals' bins. */
#include "render_html_summary.h"

#include <stdio.h>

enum { BAR_HEIGHT = 12, BAR_STEP = 18, BAR_START = 96, BAR_LENGTH = 200, CHART_WIDTH = 340 };

static void put_bar(struct document *r, size_t at, const char *class, const char *label, size_t value,
                    size_t most)
{
    size_t y = at * BAR_STEP;
    double length = (double)value / (double)most * BAR_LENGTH;
    length = value && length < 2 ? 2 : length;
    document_printf(r, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">%s</text>", BAR_START - 8, y + 13,
                    label);
    if (value)
        document_printf(r, "<rect class=\"%s\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>",
                        class, BAR_START, y + 3, length, BAR_HEIGHT);
    document_printf(r, "<text x=\"%.1f\" y=\"%zu\">%zu</text>\n", BAR_START + length + 6, y + 13, value);
}

/* A chart of the bins, the first at the top.  Who cannot see it is told what is in it. */
static void put_chart(struct document *r, const char *title, const char (*labels)[TOTALS_LABEL],
                      const char *const *bar_classes, const size_t *bins, size_t count)
{
    size_t most = 1;
    document_printf(r, "<figure><figcaption>%s</figcaption>\n<svg role=\"img\" aria-label=\"%s", title,
                    title);
    for (size_t i = 0; i < count; i++) {
        most = bins[i] > most ? bins[i] : most;
        if (bins[i])
            document_printf(r, ", %s: %zu", labels[i], bins[i]);
    }
    document_printf(r, "\" viewBox=\"0 0 %d %zu\">\n", CHART_WIDTH, count * BAR_STEP);
    for (size_t i = 0; i < count; i++)
        put_bar(r, i, bar_classes[i], labels[i], bins[i], most);
    document_puts(r, "</svg></figure>\n");
}

static void put_scores(struct document *r)
{
    const char *classes[TOTALS_SCORES];
    char labels[TOTALS_SCORES][TOTALS_LABEL];
    size_t bins[TOTALS_SCORES];
    for (size_t i = 0; i < TOTALS_SCORES; i++) {
        size_t bin = TOTALS_SCORES - 1 - i;
        bins[i] = r->totals.scores[bin];
        classes[i] = bin >= 7 ? "passed" : bin >= 4 ? "partial" : "failed";
        totals_score_label(bin, labels[i]);
    }
    put_chart(r, "Scores", labels, classes, bins, TOTALS_SCORES);
}

static void put_times(struct document *r)
{
    const char *classes[TOTALS_TIMES];
    char labels[TOTALS_TIMES][TOTALS_LABEL];
    for (size_t i = 0; i < TOTALS_TIMES; i++) {
        classes[i] = "open";
        snprintf(labels[i], TOTALS_LABEL, "%s", totals_time_label(i));
    }
    put_chart(r, "Times", labels, classes, r->totals.times, TOTALS_TIMES);
}

/* One bar, parted as the records are. */
static void put_share(struct document *r, const char *const *classes, const size_t *looks)
{
    size_t x = 0;
    document_printf(
        r, "<svg class=\"share\" aria-hidden=\"true\" viewBox=\"0 0 %zu 1\" preserveAspectRatio=\"none\">",
        r->totals.shown);
    for (int i = 0; i < STANDING_COUNT; x += looks[i++])
        if (looks[i])
            document_printf(r, "<rect class=\"%s\" x=\"%zu\" width=\"%zu\" height=\"1\"/>", classes[i], x,
                            looks[i]);
    document_puts(r, "</svg>\n");
}

static void put_means(struct document *r)
{
    const struct totals *t = &r->totals;
    const char *dot = paint_glyph(&r->plain.paint, GLYPH_DOT);
    char time[REVIEW_FACT];
    document_printf(r, "<p>Mean score %d%%", totals_percent(t));
    if (t->tests_total)
        document_printf(r, " %s %lld of %lld tests passed", dot, (long long)t->tests_passed,
                        (long long)t->tests_total);
    review_time(t->time_sum, time);
    if (t->timed && *time)
        document_printf(r, " %s %s in all", dot, time);
    document_puts(r, "</p>\n");
}

static void put_filter(struct document *r, const char *const *classes, const size_t *looks)
{
    document_printf(r, "<div class=\"filter\">\n<label for=\"f-all\">%zu in all</label>\n", r->totals.shown);
    for (int i = 0; i < STANDING_COUNT; i++)
        if (looks[i])
            document_printf(r, "<label class=\"%s\" for=\"f-%s\">%zu %s</label>\n", classes[i], classes[i],
                            looks[i], standing_name(i));
    document_puts(r, "</div>\n");
}

void render_html_summary(struct document *r, const char *const *classes, const size_t *looks)
{
    const struct totals *t = &r->totals;
    document_puts(r, "<footer>\n<h2>Totals</h2>\n");
    put_filter(r, classes, looks);
    if (t->shown)
        put_share(r, classes, looks);
    if (t->scored)
        put_means(r);
    document_puts(r, t->scored || t->timed ? "<div class=\"charts\">\n" : "");
    if (t->scored)
        put_scores(r);
    if (t->timed)
        put_times(r);
    document_puts(r, t->scored || t->timed ? "</div>\n" : "");
    document_puts(r, "</footer>\n");
}
