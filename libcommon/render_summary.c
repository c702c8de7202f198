/* render_summary: bars share the width that labels and counts leave, and the longest
 * fills it; a bin with anything in it has a bar. */
#include "render_summary.h"

#include <stdio.h>

enum { BAR_MAX = 40, COUNT_WIDTH = 8, LABEL_WIDTH = 7 };

static const struct look {
    enum glyph glyph;
    unsigned style;
} looks[STANDING_COUNT] = {
    [STANDING_PASSED] = {GLYPH_PASS, PAINT_GREEN},  [STANDING_PARTIAL] = {GLYPH_PARTIAL, PAINT_YELLOW},
    [STANDING_FAILED] = {GLYPH_FAIL, PAINT_RED},    [STANDING_UNGRADED] = {GLYPH_STOP, PAINT_MAGENTA},
    [STANDING_SKIPPED] = {GLYPH_SKIP, PAINT_PLAIN}, [STANDING_OPEN] = {GLYPH_WAIT, PAINT_BLUE},
    [STANDING_OTHER] = {GLYPH_BULLET, PAINT_CYAN},
};

static void show_head(struct frame *f, const struct totals *t)
{
    struct rich title, name;
    size_t results = totals_results(t);
    rich_init(&title, f->paint);
    rich_init(&name, f->paint);
    rich_puts(&title, PAINT_BOLD, "SUMMARY");
    rich_printf(&name, PAINT_PLAIN, "%zu result%s", results, results == 1 ? "" : "s");
    frame_open(f, &title, &name);
    rich_free(&title);
    rich_free(&name);
}

/* One line for each standing that there is, the count before the word. */
static void show_counts(struct frame *f, const struct totals *t)
{
    struct rich row;
    rich_init(&row, f->paint);
    for (int i = 0; i < STANDING_COUNT; i++) {
        if (!t->standing[i])
            continue;
        rich_clear(&row);
        rich_printf(&row, looks[i].style, "%s %6zu %s", paint_glyph(f->paint, looks[i].glyph), t->standing[i],
                    standing_name(i));
        frame_text(f, &row, (struct frame_place){.rest = 9});
    }
    rich_free(&row);
}

static void show_means(struct frame *f, const struct totals *t)
{
    struct rich row;
    char time[REVIEW_FACT];
    const char *dot = paint_glyph(f->paint, GLYPH_DOT);
    if (!t->scored)
        return;
    rich_init(&row, f->paint);
    rich_printf(&row, PAINT_PLAIN, "mean score %d%%", totals_percent(t));
    if (t->tests_total)
        rich_printf(&row, PAINT_PLAIN, " %s %lld/%lld tests passed", dot, (long long)t->tests_passed,
                    (long long)t->tests_total);
    review_time(t->time_sum, time);
    if (t->timed && *time)
        rich_printf(&row, PAINT_PLAIN, " %s %s in all", dot, time);
    frame_text(f, &row, (struct frame_place){0});
    rich_free(&row);
}

/* Scores from the highest down; the bins follow the thresholds of the verdicts. */
static void show_scores(struct frame *f, const struct totals *t)
{
    struct rich row;
    char label[TOTALS_LABEL];
    size_t most = 1, room = f->inner - LABEL_WIDTH - 2 - COUNT_WIDTH;
    room = room < BAR_MAX ? room : BAR_MAX;
    for (size_t i = 0; i < TOTALS_SCORES; i++)
        most = t->scores[i] > most ? t->scores[i] : most;
    frame_section(f, "Scores");
    rich_init(&row, f->paint);
    for (size_t bin = TOTALS_SCORES; bin-- > 0;) {
        unsigned style = bin >= 7 ? PAINT_GREEN : bin >= 4 ? PAINT_YELLOW : PAINT_RED;
        size_t length = (t->scores[bin] * room + most - 1) / most;
        rich_clear(&row);
        totals_score_label(bin, label);
        rich_printf(&row, PAINT_DIM, "%*s  ", LABEL_WIDTH, label);
        for (size_t i = 0; i < length; i++)
            rich_puts(&row, style, paint_glyph(f->paint, GLYPH_BAR));
        rich_printf(&row, PAINT_PLAIN, "%s%zu", length ? " " : "", t->scores[bin]);
        frame_text(f, &row, (struct frame_place){.verbatim = true});
    }
    rich_free(&row);
}

static void show_listed(struct frame *f, const struct totals *t)
{
    struct rich row;
    if (!t->listed_count)
        return;
    frame_section(f, "Not passed");
    rich_init(&row, f->paint);
    for (size_t i = 0; i < t->listed_count; i++) {
        const struct totals_item *item = &t->listed[i];
        rich_clear(&row);
        rich_printf(&row, looks[item->standing].style, "%s %s",
                    paint_glyph(f->paint, looks[item->standing].glyph), item->word);
        if (item->percent >= 0)
            rich_printf(&row, looks[item->standing].style, " %d%%", item->percent);
        rich_puts(&row, PAINT_PLAIN, "  ");
        rich_puts(&row, PAINT_PLAIN, item->name.text.data);
        frame_text(f, &row, (struct frame_place){.rest = 4, .gutter = true});
    }
    if (totals_unlisted(t)) {
        rich_clear(&row);
        rich_printf(&row, PAINT_DIM, "%s %zu more", paint_glyph(f->paint, GLYPH_ELLIPSIS),
                    totals_unlisted(t));
        frame_text(f, &row, (struct frame_place){.gutter = true});
    }
    rich_free(&row);
}

void render_summary(struct frame *f, const struct totals *t)
{
    show_head(f, t);
    show_counts(f, t);
    show_means(f, t);
    if (t->scored)
        show_scores(f, t);
    show_listed(f, t);
    frame_close(f);
}
