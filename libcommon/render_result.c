/* render_result: head line, facts, what happened, the table of tests, and the
 * texts.  What was not graded shows neither score, tests nor the suggested
 * change: these would look like a grade, or give the answer away. */
#include "render_result.h"

#include <string.h>

#include "compare.h"
#include "contrast.h"

enum {
    NAME_BYTES = 2000,
    VALUE_BYTES = 4000,
    BAR_WIDTH = 20,
    LABEL_WIDTH = 8,  /* "expected" */
    COLUMNS_MIN = 56, /* narrower than this, a table's cells stand one below the other */
};

unsigned render_tone_color(enum tone tone)
{
    static const unsigned colors[] = {[TONE_GOOD] = PAINT_GREEN,
                                      [TONE_FAIR] = PAINT_YELLOW,
                                      [TONE_BAD] = PAINT_RED,
                                      [TONE_NONE] = PAINT_MAGENTA};
    return colors[tone];
}

static enum glyph verdict_glyph(const struct review *r)
{
    if (r->status == STATUS_SKIPPED || r->status == STATUS_CANCELLED)
        return GLYPH_SKIP;
    if (!r->graded)
        return GLYPH_STOP;
    static const enum glyph glyphs[] = {[TONE_GOOD] = GLYPH_PASS,
                                        [TONE_FAIR] = GLYPH_PARTIAL,
                                        [TONE_BAD] = GLYPH_FAIL,
                                        [TONE_NONE] = GLYPH_UNKNOWN};
    return glyphs[r->tone];
}

static void show_head(struct frame *f, const struct review *r)
{
    struct rich title, name;
    unsigned style = render_tone_color(r->tone) | PAINT_BOLD;
    rich_init(&title, f->paint);
    rich_init(&name, f->paint);
    rich_printf(&title, style, "%s %s", paint_glyph(f->paint, verdict_glyph(r)), r->verdict);
    if (r->scored)
        rich_printf(&title, style, " %d%%", r->percent);
    excerpt_put(&name, PAINT_BOLD, r->atom_id, NAME_BYTES, TEXT_LINE);
    frame_open(f, &title, &name);
    rich_free(&title);
    rich_free(&name);
}

/* ---- facts ---- */

void render_result_facts(struct facts *facts, const struct review *r)
{
    char text[REVIEW_FACT];
    if (!r->graded)
        facts_value(facts, "", r->status_text);
    else if (!r->scored)
        facts_value(facts, "unusable score: ", r->score_text);
    review_tests(r, text);
    facts_text(facts, r->graded ? text : "");
    review_time(r->time_ms, text);
    facts_text(facts, text);
    facts_value(facts, "class: ", r->error_class);
    if (r->status == STATUS_INCOMPLETE)
        facts_text(facts, "ran out of time: what is here counts");
    if (r->http_status) {
        rich_printf(&facts->one, PAINT_PLAIN, "HTTP %d", (int)r->http_status);
        facts_add(facts);
    }
    if (r->attempts > 1) {
        rich_printf(&facts->one, PAINT_PLAIN, "%lld attempts", (long long)r->attempts);
        facts_add(facts);
    }
}

static void put_bar(struct rich *to, const struct frame *f, const struct review *r)
{
    int filled = (r->percent * BAR_WIDTH + 50) / 100;
    for (int i = 0; i < BAR_WIDTH; i++)
        rich_puts(to, i < filled ? render_tone_color(r->tone) : PAINT_DIM,
                  paint_glyph(f->paint, i < filled ? GLYPH_BAR : GLYPH_TRACK));
}

static void show_facts(struct frame *f, const struct review *r)
{
    bool bar = f->boxed && r->scored;
    size_t widths[] = {BAR_WIDTH, f->inner - BAR_WIDTH - FRAME_GAP};
    struct facts facts;
    struct rich cells[2];
    rich_init(&cells[0], f->paint);
    facts_init(&facts, f->paint, bar ? widths[1] : f->inner);
    render_result_facts(&facts, r);
    cells[1] = facts.row;
    if (bar) {
        put_bar(&cells[0], f, r);
        frame_row(f, cells, widths, 2);
    } else {
        facts_show(&facts, f);
    }
    rich_free(&cells[0]);
    facts_free(&facts);
}

static void show_outage(struct frame *f, const struct review *r)
{
    struct rich text;
    rich_init(&text, f->paint);
    rich_puts(&text, PAINT_PLAIN, r->happened);
    rich_puts(&text, PAINT_PLAIN, " ");
    rich_puts(&text, PAINT_PLAIN, r->next);
    frame_text(f, &text, (struct frame_place){0});
    rich_free(&text);
}

/* ---- tests ---- */

/* The table of tests while it is shown. */
struct tests {
    struct frame *f;
    struct rich verdict, name, message;
    size_t widths[3]; /* of the three in columns; the last is 0 where there is no room for it */
    struct json_object index;
};

static void read_row(struct tests *t, struct json_text element, struct review_test *test)
{
    static const enum glyph glyphs[] = {[TONE_GOOD] = GLYPH_PASS,
                                        [TONE_FAIR] = GLYPH_UNKNOWN,
                                        [TONE_BAD] = GLYPH_FAIL,
                                        [TONE_NONE] = GLYPH_UNKNOWN};
    review_read_test(test, &t->index, element);
    unsigned style = test->tone == TONE_NONE ? PAINT_YELLOW : render_tone_color(test->tone);
    rich_clear(&t->verdict);
    rich_clear(&t->name);
    rich_clear(&t->message);
    rich_printf(&t->verdict, style, "%s %s", paint_glyph(t->f->paint, glyphs[test->tone]), test->word);
    if (excerpt_has(test->name))
        excerpt_put(&t->name, PAINT_PLAIN, test->name, NAME_BYTES, TEXT_LINE);
    else
        rich_puts(&t->name, PAINT_DIM, "(no name)");
    if (excerpt_has(test->message))
        excerpt_put(&t->message, PAINT_PLAIN, test->message, VALUE_BYTES, TEXT_BLOCK);
}

/* The width of the widest line. */
static size_t widest(const struct rich *r)
{
    struct text_line line;
    size_t at = 0, most = 0;
    while (text_wrap(r->text.data, r->text.len, SIZE_MAX, false, &at, &line))
        most = line.width > most ? line.width : most;
    return most;
}

/* Looks at every test once to share the width among the columns. */
static void measure(struct tests *t, struct json_text list)
{
    struct json_text element;
    struct review_test test;
    size_t wanted[3] = {0};
    for (size_t at = 0; json_next(list, &at, &element);) {
        const struct rich *const cells[] = {&t->verdict, &t->name, &t->message};
        read_row(t, element, &test);
        for (size_t i = 0; i < 3; i++) {
            /* A name without a message beside it has the whole row. */
            size_t width = i == 1 && !t->message.text.len ? 0 : widest(cells[i]);
            wanted[i] = width > wanted[i] ? width : wanted[i];
        }
    }
    t->widths[0] = wanted[0];
    if (t->f->inner < COLUMNS_MIN || !wanted[2])
        return;
    table_share(wanted + 1, t->widths + 1, 2, t->f->inner - wanted[0] - 2 * FRAME_GAP);
}

/* A row below a test: its label, and a text beside it. */
static void show_beside(struct tests *t, const char *label, const struct rich *text, bool verbatim)
{
    struct frame *f = t->f;
    struct rich cells[3];
    size_t start = t->widths[0] + FRAME_GAP, inner = f->inner - start - LABEL_WIDTH - FRAME_GAP;
    size_t widths[] = {t->widths[0], LABEL_WIDTH, inner};
    rich_init(&cells[0], f->paint);
    rich_init(&cells[1], f->paint);
    if (f->inner < COLUMNS_MIN) {
        rich_printf(&cells[0], PAINT_DIM, "%-*s", LABEL_WIDTH + FRAME_GAP, label);
        rich_append(&cells[0], text);
        frame_text(f, &cells[0], (struct frame_place){.first = 2, .rest = 4, .verbatim = verbatim});
    } else {
        rich_puts(&cells[1], PAINT_DIM, label);
        cells[2] = *text;
        frame_row(f, cells, widths, 3);
    }
    rich_free(&cells[0]);
    rich_free(&cells[1]);
}

static void put_value(struct rich *to, unsigned style, struct json_text value, bool text)
{
    if (json_kind(value) == JSON_NULL)
        rich_puts(to, PAINT_DIM, "null");
    else if (text)
        excerpt_put(to, style, value, VALUE_BYTES, TEXT_BLOCK);
    else
        excerpt_put_json(to, style, value, VALUE_BYTES);
}

/* Says where two values differ that are too long for marks below them. */
static void tell_difference(struct tests *t, const struct review_test *test, const struct rich *expected,
                            const struct contrast *c)
{
    struct rich text;
    struct buf where;
    size_t line = 1;
    rich_init(&text, t->f->paint);
    buf_init(&where, NAME_BYTES);
    for (size_t i = 0; i < c->from; i++)
        line += expected->text.data[i] == '\n';
    if (!test->as_text && json_kind(test->expected) >= JSON_ARRAY)
        compare_json(test->expected, test->actual, &where);
    if (where.len) {
        rich_puts(&text, PAINT_DIM, "first at ");
        rich_show(&text, PAINT_PLAIN, where.data, where.len, TEXT_LINE);
    } else if (memchr(expected->text.data, '\n', expected->text.len)) {
        rich_printf(&text, PAINT_DIM, "from line %zu on", line);
    } else {
        rich_printf(&text, PAINT_DIM, "from column %zu on", text_width(expected->text.data, c->from) + 1);
    }
    show_beside(t, "differ", &text, false);
    buf_free(&where);
    rich_free(&text);
}

/* Carets below what differs, where both values are one line; else words for it. */
static void show_difference(struct tests *t, const struct review_test *test, const struct rich *values,
                            const struct contrast *c)
{
    const size_t to[] = {c->expected_to, c->actual_to};
    size_t room = t->f->inner - LABEL_WIDTH - FRAME_GAP, most = 1;
    bool fits = true;
    room -= t->f->inner < COLUMNS_MIN ? 2 : t->widths[0] + FRAME_GAP;
    for (size_t i = 0; i < 2; i++) {
        const struct buf *text = &values[i].text;
        size_t width = text_width(text->data + c->from, to[i] - c->from);
        fits = fits && !memchr(text->data, '\n', text->len) && text_width(text->data, text->len) < room;
        most = width > most ? width : most;
    }
    if (!fits) {
        tell_difference(t, test, &values[0], c);
        return;
    }
    struct rich carets;
    rich_init(&carets, t->f->paint);
    for (size_t i = text_width(values[0].text.data, c->from); i > 0; i--)
        rich_puts(&carets, PAINT_PLAIN, " ");
    while (most--)
        rich_puts(&carets, PAINT_YELLOW, "^");
    show_beside(t, "", &carets, true);
    rich_free(&carets);
}

static void show_compared(struct tests *t, const struct review_test *test)
{
    struct rich values[2];
    struct contrast c;
    rich_init(&values[0], t->f->paint);
    rich_init(&values[1], t->f->paint);
    put_value(&values[0], PAINT_GREEN, test->expected, test->as_text);
    put_value(&values[1], PAINT_RED, test->actual, test->as_text);
    bool differ =
        test->expected.at && test->actual.at &&
        contrast_find(&c, values[0].text.data, values[0].text.len, values[1].text.data, values[1].text.len);
    if (differ) {
        rich_mark(&values[0], c.from, c.expected_to, PAINT_BOLD | PAINT_LINED);
        rich_mark(&values[1], c.from, c.actual_to, PAINT_BOLD | PAINT_LINED);
    }
    if (test->expected.at)
        show_beside(t, "expected", &values[0], false);
    if (test->actual.at)
        show_beside(t, "actual", &values[1], false);
    if (differ)
        show_difference(t, test, values, &c);
    rich_free(&values[0]);
    rich_free(&values[1]);
}

static void show_test(struct tests *t, struct json_text element)
{
    struct review_test test;
    read_row(t, element, &test);
    const struct rich cells[] = {t->verdict, t->name, t->message};
    bool beside = t->widths[2] && t->message.text.len;
    size_t start = t->widths[0] + FRAME_GAP;
    size_t alone[] = {t->widths[0], t->f->inner - start};
    frame_row(t->f, cells, beside ? t->widths : alone, beside ? 3 : 2);
    if (!beside && t->message.text.len) {
        size_t indent = t->f->inner < COLUMNS_MIN ? 2 : start;
        frame_text(t->f, &t->message, (struct frame_place){.first = indent, .rest = indent});
    }
    if (test.compared)
        show_compared(t, &test);
}

static void show_tests(struct frame *f, struct json_text list)
{
    struct tests t = {.f = f};
    struct json_text element;
    rich_init(&t.verdict, f->paint);
    rich_init(&t.name, f->paint);
    rich_init(&t.message, f->paint);
    measure(&t, list);
    frame_section(f, "");
    for (size_t at = 0; json_next(list, &at, &element);)
        show_test(&t, element);
    rich_free(&t.verdict);
    rich_free(&t.name);
    rich_free(&t.message);
    json_object_free(&t.index);
}

/* ---- texts ---- */

static unsigned diff_style(const char *line, size_t len)
{
    static const struct {
        const char *start;
        unsigned style;
    } starts[] = {
        {"+++", PAINT_BOLD}, {"---", PAINT_BOLD}, {"diff ", PAINT_BOLD}, {"index ", PAINT_BOLD},
        {"@@", PAINT_CYAN},  {"+", PAINT_GREEN},  {"-", PAINT_RED},
    };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (len >= strlen(starts[i].start) && memcmp(line, starts[i].start, strlen(starts[i].start)) == 0)
            return starts[i].style;
    return PAINT_PLAIN;
}

static const struct excerpt prose = {.head = 200, .tail = 20, .line_bytes = VALUE_BYTES};
static const struct excerpt diff = {
    .head = 200, .tail = 20, .line_bytes = VALUE_BYTES, .verbatim = true, .style = diff_style};
static const struct excerpt output = {.head = 10, .tail = 10, .line_bytes = 1000, .verbatim = true};

static void show_error(struct frame *f, const struct review *r)
{
    if (!excerpt_has(r->error_message) && !excerpt_has(r->error_code))
        return;
    frame_section(f, "Error");
    if (excerpt_has(r->error_code)) {
        struct rich text;
        rich_init(&text, f->paint);
        rich_puts(&text, PAINT_DIM, "code ");
        excerpt_put(&text, PAINT_PLAIN, r->error_code, 200, TEXT_LINE);
        frame_text(f, &text, (struct frame_place){.rest = 2, .gutter = true});
        rich_free(&text);
    }
    if (excerpt_has(r->error_message))
        excerpt_block(f, r->error_message, &prose);
}

void render_result(struct frame *f, const struct review *r, const struct rich *note)
{
    show_head(f, r);
    show_facts(f, r);
    if (note && note->text.len)
        frame_text(f, note, (struct frame_place){0});
    if (!r->graded)
        show_outage(f, r);
    if (r->graded && json_kind(r->tests) == JSON_ARRAY && json_count(r->tests))
        show_tests(f, r->tests);
    else if (r->graded)
        excerpt_section(f, "Tests", r->tests, &prose);
    show_error(f, r);
    excerpt_section(f, "Feedback", r->feedback, &prose);
    excerpt_list(f, "Suggestions", r->suggestions, GLYPH_BULLET, PAINT_CYAN);
    if (r->graded)
        excerpt_section(f, "Suggested change", r->diff, &diff);
    excerpt_list(f, "Warnings", r->warnings, GLYPH_STOP, PAINT_YELLOW);
    excerpt_section(f, "Output", r->output, &output);
    excerpt_section(f, "Error output", r->errors, &output);
    excerpt_section(f, "Log", r->logs, &output);
    frame_close(f);
}
