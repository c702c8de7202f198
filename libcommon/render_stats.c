/* render_stats: depth and ages first, then what ended in the last seven days, with a
 * sparkline of all that ended.  `~` stands before what is estimated. */
#include "render_stats.h"

#include <stdio.h>
#include <string.h>

#include "ago.h"
#include "clock.h"
#include "facts.h"

enum { DAYS_MAX = 31, NUMBER_TEXT = 32, COLUMNS = 5, LABEL_WIDTH = 12, BESIDE_MIN = 36 };

/* ---- figures ---- */

/* A whole number; false where it is none. */
static bool number(struct json_text value, bool estimated, char out[NUMBER_TEXT])
{
    int64_t n;
    *out = '\0';
    if (!json_int(value, &n))
        return false;
    snprintf(out, NUMBER_TEXT, "%s%lld", estimated ? "~" : "", (long long)n);
    return true;
}

/* A count {"rows", "estimated"}. */
static bool count_of(const struct json_object *o, const char *name, char out[NUMBER_TEXT])
{
    struct json_object count = {0};
    bool known = json_get_object(json_get(o, name), &count) &&
                 number(json_get(&count, "rows"), json_is(json_get(&count, "estimated"), "true"), out);
    json_object_free(&count);
    return known;
}

static void add_age(struct facts *facts, const char *before, struct json_text seconds, const char *after)
{
    char length[AGO_TEXT];
    double s;
    if (!json_real(seconds, &s) || !(s >= 0 && s < 1e12))
        return;
    ago_length((int64_t)(s * 1000), length);
    rich_printf(&facts->one, PAINT_PLAIN, "%s%s%s", before, length, after);
    facts_add(facts);
}

static void add_count(struct facts *facts, const struct json_object *stats, const char *name,
                      const char *word)
{
    char text[NUMBER_TEXT];
    if (!count_of(stats, name, text))
        return;
    rich_printf(&facts->one, PAINT_PLAIN, "%s %s", text, word);
    facts_add(facts);
}

static void add_bytes(struct facts *facts, struct json_text bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double n;
    size_t unit = 0;
    if (!json_real(bytes, &n) || !(n >= 0 && n < 1e15))
        return;
    for (; n >= 1024 && unit < 4; unit++)
        n /= 1024;
    rich_printf(&facts->one, PAINT_PLAIN, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
    facts_add(facts);
}

static void add_percent(struct facts *facts, struct json_text rate)
{
    double r;
    if (!json_real(rate, &r) || !(r >= 0 && r <= 1))
        return;
    rich_printf(&facts->one, PAINT_PLAIN, "%.1f%% of grades pass", r * 100);
    facts_add(facts);
}

/* ---- parts ---- */

/* The columns for facts: beside their label, or, where there are few, below it. */
static size_t facts_room(const struct frame *f)
{
    return f->inner - (f->inner < BESIDE_MIN ? 2 : LABEL_WIDTH + FRAME_GAP);
}

/* A label and the facts that were added since it was cleared. */
static void show_facts(struct frame *f, const char *label, struct facts *facts)
{
    struct rich cells[2];
    size_t widths[] = {LABEL_WIDTH, facts_room(f)};
    if (facts->row.text.len) {
        rich_init(&cells[0], f->paint);
        rich_puts(&cells[0], PAINT_DIM, label);
        cells[1] = facts->row;
        if (f->inner < BESIDE_MIN) {
            frame_text(f, &cells[0], (struct frame_place){0});
            frame_text(f, &cells[1], (struct frame_place){.first = 2, .rest = 2});
        } else {
            frame_row(f, cells, widths, 2);
        }
        rich_free(&cells[0]);
    }
    rich_clear(&facts->row);
    facts->used = 0;
}

static void show_depth(struct frame *f, const struct json_object *stats)
{
    static const char *const words[] = {"pending", "executing", "complete", "failed", "cancelled"};
    struct json_object rows = {0}, rates = {0};
    struct facts facts;
    char text[NUMBER_TEXT];
    double queued, ended;
    facts_init(&facts, f->paint, facts_room(f));
    json_get_object(json_get(stats, "rows"), &rows);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add_count(&facts, &rows, words[i], words[i]);
    show_facts(f, "rows", &facts);
    add_count(&facts, stats, "ready", "ready");
    add_age(&facts, "the oldest for ", json_get(stats, "oldest_ready_age_s"), "");
    if (count_of(stats, "expired_leases", text)) {
        rich_printf(&facts.one, PAINT_PLAIN, "expired leases: %s", text);
        facts_add(&facts);
    }
    show_facts(f, "waiting", &facts);
    add_count(&facts, stats, "unseen", "not acknowledged");
    add_percent(&facts, json_get(stats, "pass_rate"));
    show_facts(f, "outcomes", &facts);
    if (json_get_object(json_get(stats, "rates"), &rates) &&
        json_real(json_get(&rates, "queued_per_s"), &queued) &&
        json_real(json_get(&rates, "ended_per_s"), &ended)) {
        rich_printf(&facts.one, PAINT_PLAIN, "%.3g queued and %.3g ended a second", queued, ended);
        facts_add(&facts);
    }
    show_facts(f, "rate", &facts);
    add_bytes(&facts, json_get(stats, "bytes"));
    facts_value(&facts, "dead rows: ", json_get(stats, "dead_rows"));
    add_age(&facts, "vacuum held back for ", json_get(stats, "oldest_xmin_age_s"), "");
    show_facts(f, "table", &facts);
    json_object_free(&rows);
    json_object_free(&rates);
    facts_free(&facts);
}

/* The cells of a day, and how many rows ended on it. */
static double read_day(const struct json_object *day, struct rich cells[COLUMNS])
{
    static const char *const names[] = {"complete", "failed", "cancelled"};
    char text[NUMBER_TEXT];
    double all = 0, n, rate;
    for (int i = 0; i < COLUMNS; i++)
        rich_clear(&cells[i]);
    excerpt_put(&cells[0], PAINT_PLAIN, json_get(day, "day"), 20, TEXT_LINE);
    for (int i = 0; i < 3; i++) {
        number(json_get(day, names[i]), json_is(json_get(day, "estimated"), "true"), text);
        rich_printf(&cells[i + 1], i == 1 ? PAINT_MAGENTA : PAINT_PLAIN, "%10s", text);
        if (json_real(json_get(day, names[i]), &n) && n >= 0 && n < 1e15)
            all += n;
    }
    if (json_real(json_get(day, "pass_rate"), &rate) && rate >= 0 && rate <= 1)
        rich_printf(&cells[4], PAINT_GREEN, "%6.1f%%", rate * 100);
    return all;
}

static void show_sparkline(struct frame *f, const double *values, size_t count)
{
    static const char *const bars[2][8] = {{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
                                           {"_", ".", "-", "=", "+", "*", "#", "@"}};
    struct facts facts;
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    facts_init(&facts, f->paint, f->inner);
    for (size_t i = 0; i < count; i++) {
        size_t level = most > 0 ? (size_t)(values[i] / most * 7 + 0.5) : 0;
        rich_puts(&facts.row, PAINT_CYAN, bars[f->paint->ascii][level]);
    }
    rich_printf(&facts.row, PAINT_PLAIN, "  at most %.0f a day", most);
    show_facts(f, "ended", &facts);
    facts_free(&facts);
}

/* A day where there is no room for columns: without what there was none of. */
static void show_narrow(struct frame *f, const struct rich cells[COLUMNS], const char *const *heads)
{
    struct rich line;
    rich_init(&line, f->paint);
    bool any = false, known = false;
    rich_append(&line, &cells[0]);
    for (int i = 1; i < COLUMNS; i++) {
        const char *figure = cells[i].text.data;
        figure += strspn(figure, " ");
        known = known || *figure;
        if (!*figure || strcmp(figure, "0") == 0 || strcmp(figure, "~0") == 0)
            continue;
        rich_printf(&line, PAINT_PLAIN, "%s %s %s", any ? "," : ":", figure, heads[i]);
        any = true;
    }
    rich_puts(&line, PAINT_PLAIN, any || !known ? "" : ": none ended");
    frame_text(f, &line, (struct frame_place){.rest = 2});
    rich_free(&line);
}

static void show_days(struct frame *f, struct json_text days)
{
    static const char *const heads[COLUMNS] = {"day", "complete", "failed", "cancelled", "pass"};
    const size_t widths[COLUMNS] = {10, 10, 10, 10, 7};
    struct json_object day = {0};
    struct json_text element;
    struct rich cells[COLUMNS];
    double ended[DAYS_MAX];
    size_t count = 0;
    bool wide = f->inner >= 10 + 10 + 10 + 10 + 7 + 4 * FRAME_GAP;
    frame_section(f, "Last days");
    for (int i = 0; i < COLUMNS; i++) {
        rich_init(&cells[i], f->paint);
        rich_printf(&cells[i], PAINT_DIM, i == 4 ? "%7s" : i ? "%10s" : "%s", heads[i]);
    }
    if (!frame_head(f, heads, COLUMNS) && wide)
        frame_row(f, cells, widths, COLUMNS);
    for (size_t at = 0; count < DAYS_MAX && json_next(days, &at, &element); count++) {
        json_get_object(element, &day);
        ended[count] = read_day(&day, cells);
        if (wide)
            frame_row(f, cells, widths, COLUMNS);
        else
            show_narrow(f, cells, heads);
    }
    show_sparkline(f, ended, count);
    for (int i = 0; i < COLUMNS; i++)
        rich_free(&cells[i]);
    json_object_free(&day);
}

bool render_stats_fits(const struct json_object *stats)
{
    return json_kind(json_get(stats, "rows")) == JSON_OBJECT;
}

void render_stats(struct frame *f, const struct json_object *stats)
{
    struct rich title, name;
    char ago[AGO_TEXT];
    rich_init(&title, f->paint);
    rich_init(&name, f->paint);
    rich_printf(&title, PAINT_CYAN | PAINT_BOLD, "%s QUEUE", paint_glyph(f->paint, GLYPH_BULLET));
    excerpt_put(&name, PAINT_BOLD, json_get(stats, "database"), 200, TEXT_LINE);
    if (ago_moment(json_get(stats, "at"), clock_wall(), ago))
        rich_printf(&name, PAINT_DIM, "%s%s", name.text.len ? "  " : "", ago);
    frame_open(f, &title, &name);
    show_depth(f, stats);
    if (json_kind(json_get(stats, "days")) == JSON_ARRAY && json_count(json_get(stats, "days")))
        show_days(f, json_get(stats, "days"));
    frame_close(f);
    rich_free(&title);
    rich_free(&name);
}
