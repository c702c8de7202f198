/* render_report: a row a setting and a row a check, with what to do below it.  On a
 * narrow terminal a row is a text. */
#include "render_report.h"

#include "excerpt.h"

enum {
    VALUE_BYTES = 1000,
    NAME_WIDTH = 16,
    SOURCE_WIDTH = 11,  /* "environment" */
    VERDICT_WIDTH = 13, /* a mark and "not checked" */
    COLUMNS_MIN = 56,
};

static bool is_narrow(const struct frame *f)
{
    return f->inner < COLUMNS_MIN;
}

static void init_cells(struct rich cells[3], const struct frame *f)
{
    for (size_t i = 0; i < 3; i++)
        rich_init(&cells[i], f->paint);
}

static void free_cells(struct rich cells[3])
{
    for (size_t i = 0; i < 3; i++)
        rich_free(&cells[i]);
}

static void show_setting(struct frame *f, const struct json_object *setting)
{
    struct rich cells[3];
    bool narrow = is_narrow(f);
    size_t widths[] = {NAME_WIDTH, f->inner - NAME_WIDTH - SOURCE_WIDTH - 2 * FRAME_GAP, SOURCE_WIDTH};
    struct json_text value = json_get(setting, "value");
    init_cells(cells, f);
    struct rich *second = &cells[narrow ? 0 : 1], *third = &cells[narrow ? 0 : 2];
    excerpt_put(&cells[0], PAINT_CYAN, json_get(setting, "name"), VALUE_BYTES, TEXT_LINE);
    if (narrow)
        rich_puts(&cells[0], PAINT_PLAIN, ": ");
    if (excerpt_has(value))
        excerpt_put(second, PAINT_PLAIN, value, VALUE_BYTES, TEXT_LINE);
    else
        rich_puts(second, PAINT_DIM, "not set");
    if (narrow)
        rich_puts(&cells[0], PAINT_PLAIN, ", ");
    excerpt_put(third, PAINT_DIM, json_get(setting, "source"), VALUE_BYTES, TEXT_LINE);
    if (narrow)
        frame_text(f, &cells[0], (struct frame_place){.rest = 2});
    else
        frame_row(f, cells, widths, 3);
    free_cells(cells);
}

/* ---- checks ---- */

static void put_verdict(struct rich *to, const struct frame *f, struct json_text status)
{
    static const struct {
        const char *word;
        enum glyph glyph;
        unsigned style;
    } verdicts[] = {
        {"ok", GLYPH_PASS, PAINT_GREEN},
        {"warning", GLYPH_STOP, PAINT_YELLOW},
        {"failure", GLYPH_FAIL, PAINT_RED},
        {"not checked", GLYPH_SKIP, PAINT_DIM},
    };
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        if (json_is(status, verdicts[i].word))
            rich_printf(to, verdicts[i].style, "%s %s", paint_glyph(f->paint, verdicts[i].glyph),
                        verdicts[i].word);
}

static void show_next(struct frame *f, struct json_text next, size_t indent)
{
    struct rich text;
    rich_init(&text, f->paint);
    rich_printf(&text, PAINT_BOLD, "%s ", paint_glyph(f->paint, GLYPH_BULLET));
    excerpt_put(&text, PAINT_BOLD, next, VALUE_BYTES, TEXT_LINE);
    frame_text(f, &text, (struct frame_place){.first = indent, .rest = indent + 2});
    rich_free(&text);
}

static void show_check(struct frame *f, const struct json_object *check)
{
    struct rich cells[3];
    bool narrow = is_narrow(f);
    size_t start = VERDICT_WIDTH + FRAME_GAP + NAME_WIDTH + FRAME_GAP;
    size_t widths[] = {VERDICT_WIDTH, NAME_WIDTH, narrow ? 0 : f->inner - start};
    struct json_text status = json_get(check, "status"), next = json_get(check, "next");
    init_cells(cells, f);
    put_verdict(&cells[0], f, status);
    if (narrow)
        rich_puts(&cells[0], PAINT_PLAIN, "  ");
    excerpt_put(&cells[narrow ? 0 : 1], PAINT_CYAN, json_get(check, "name"), VALUE_BYTES, TEXT_LINE);
    if (narrow)
        rich_puts(&cells[0], PAINT_PLAIN, ": ");
    excerpt_put(&cells[narrow ? 0 : 2], PAINT_PLAIN, json_get(check, "found"), VALUE_BYTES, TEXT_LINE);
    if (narrow)
        frame_text(f, &cells[0], (struct frame_place){.rest = 4});
    else
        frame_row(f, cells, widths, 3);
    if (excerpt_has(next))
        show_next(f, next, narrow ? 4 : start);
    free_cells(cells);
}

/* ---- all of it ---- */

static void show_list(struct frame *f, const char *label, const char *const heads[3], struct json_text list,
                      void (*show)(struct frame *f, const struct json_object *element))
{
    struct json_object element = {0};
    struct json_text each;
    frame_section(f, label);
    frame_head(f, heads, 3);
    if (json_kind(list) == JSON_ARRAY)
        for (size_t at = 0; json_next(list, &at, &each);)
            if (json_get_object(each, &element))
                show(f, &element);
    json_object_free(&element);
}

static void show_head(struct frame *f, const struct json_object *record, bool ready)
{
    struct rich title, name;
    rich_init(&title, f->paint);
    rich_init(&name, f->paint);
    rich_printf(&title, PAINT_BOLD | (ready ? PAINT_GREEN : PAINT_RED), "%s %s",
                paint_glyph(f->paint, ready ? GLYPH_PASS : GLYPH_FAIL), ready ? "READY" : "NOT READY");
    rich_puts(&name, PAINT_BOLD, "Greenlight tools ");
    excerpt_put(&name, PAINT_BOLD, json_get(record, "version"), VALUE_BYTES, TEXT_LINE);
    frame_open(f, &title, &name);
    rich_free(&title);
    rich_free(&name);
}

/* The last thing that is said. */
static void show_end(struct frame *f, const struct json_object *record, bool ready)
{
    struct rich text;
    rich_init(&text, f->paint);
    rich_puts(&text, PAINT_BOLD, "Integration status: ");
    if (ready)
        rich_puts(&text, PAINT_BOLD | PAINT_GREEN, "READY");
    else
        excerpt_put(&text, PAINT_BOLD | PAINT_RED, json_get(record, "next"), VALUE_BYTES, TEXT_LINE);
    frame_section(f, "");
    frame_text(f, &text, (struct frame_place){.rest = 2});
    rich_free(&text);
}

void render_report(struct frame *f, const struct json_object *record)
{
    static const char *const setting[] = {"Setting", "Value", "From"}, *const check[] = {"State", "Check",
                                                                                         "Found"};
    bool ready = json_is(json_get(record, "ready"), "true");
    show_head(f, record, ready);
    show_list(f, "Configuration", setting, json_get(record, "settings"), show_setting);
    show_list(f, "Checks", check, json_get(record, "checks"), show_check);
    show_end(f, record, ready);
    frame_close(f);
}
