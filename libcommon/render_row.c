/* render_row: the columns that matter in the row's state, as sentences.  The request is
 * never shown, since it holds the answer; of a result only what it came to is. */
#include "render_row.h"

#include "ago.h"
#include "clock.h"
#include "facts.h"
#include "render_result.h"

static const struct look {
    const char *status, *word;
    enum glyph glyph;
    unsigned style;
} looks[] = {
    {"pending", "PENDING", GLYPH_WAIT, PAINT_BLUE},      {"executing", "EXECUTING", GLYPH_WAIT, PAINT_CYAN},
    {"complete", "COMPLETE", GLYPH_BULLET, PAINT_PLAIN}, /* its grade has the colour */
    {"failed", "FAILED", GLYPH_STOP, PAINT_MAGENTA},     {"cancelled", "CANCELLED", GLYPH_SKIP, PAINT_PLAIN},
    {"spooled", "SPOOLED", GLYPH_WAIT, PAINT_BLUE},      {NULL, "ROW", GLYPH_BULLET, PAINT_CYAN},
};

static const struct look *look_of(const struct json_object *row)
{
    const struct look *look = looks;
    struct json_text status = json_get(row, "status");
    while (look->status && !json_is(status, look->status))
        look++;
    return look;
}

/* A moment behind a word: "queued 2 hours ago". */
static bool add_moment(struct facts *facts, const struct json_object *row, const char *word, const char *name)
{
    char text[AGO_TEXT];
    if (!ago_moment(json_get(row, name), clock_wall(), text))
        return false;
    rich_printf(&facts->one, PAINT_PLAIN, "%s %s", word, text);
    facts_add(facts);
    return true;
}

static bool is_ahead(const struct json_object *row, const char *name)
{
    char text[AGO_TEXT];
    return ago_moment(json_get(row, name), clock_wall(), text) && text[0] == 'i';
}

static void add_state(struct facts *facts, const struct json_object *row)
{
    struct json_text status = json_get(row, "status");
    add_moment(facts, row, "queued", "queued_at");
    if (json_is(status, "pending")) {
        if (is_ahead(row, "run_at"))
            add_moment(facts, row, "to be tried", "run_at");
        else if (json_get(row, "run_at").at)
            facts_text(facts, "ready");
    } else if (json_is(status, "executing")) {
        add_moment(facts, row, "claimed", "started_at");
        add_moment(facts, row, is_ahead(row, "lease_until") ? "lease ends" : "lease ran out", "lease_until");
        facts_value(facts, "by ", json_get(row, "claimed_by"));
    } else if (json_is(status, "spooled")) {
        facts_text(facts, "in a file until the database is back");
    } else {
        add_moment(facts, row, "ended", "completed_at");
    }
}

static void add_notes(struct facts *facts, const struct json_object *row)
{
    int64_t retries, most, priority;
    if (json_int(json_get(row, "retry_count"), &retries) && retries > 0) {
        rich_printf(&facts->one, PAINT_PLAIN, "%lld", (long long)retries);
        if (json_int(json_get(row, "max_retries"), &most))
            rich_printf(&facts->one, PAINT_PLAIN, " of %lld", (long long)most);
        rich_puts(&facts->one, PAINT_PLAIN,
                  retries == 1 && !json_get(row, "max_retries").at ? " retry" : " retries");
        facts_add(facts);
    }
    if (json_int(json_get(row, "priority"), &priority) && priority != 0) {
        rich_printf(&facts->one, PAINT_PLAIN, "priority %lld", (long long)priority);
        facts_add(facts);
    }
    facts_text(facts, json_is(json_get(row, "duplicate"), "true") ? "was in the queue already" : "");
    facts_text(facts, json_is(json_get(row, "unchanged"), "true") ? "left as it was" : "");
    add_moment(facts, row, "acknowledged", "acked_at");
    facts_value(facts, "learner ", json_get(row, "learner_id"));
    facts_value(facts, "execution ", json_get(row, "execution_id"));
    facts_value(facts, "row ", json_get(row, "id"));
}

static void add_result(struct facts *facts, const struct json_object *row)
{
    struct json_object result = {0};
    struct review review = {0};
    char tests[REVIEW_FACT];
    if (json_is(json_get(row, "status"), "complete") &&
        json_get_object(json_get(row, "result_payload"), &result)) {
        review_read_as(&review, &result, STATUS_COMPLETE);
        unsigned color = render_tone_color(review.tone);
        rich_puts(&facts->one, color, review.verdict);
        if (review.scored)
            rich_printf(&facts->one, color, " %d%%", review.percent);
        facts_add(facts);
        review_tests(&review, tests);
        facts_text(facts, tests);
        review_free(&review);
    }
    json_object_free(&result);
}

static void put_facts(struct rich *to, const struct paint *p, const struct json_object *row,
                      void (*add)(struct facts *facts, const struct json_object *row))
{
    struct facts facts;
    facts_init(&facts, p, SIZE_MAX);
    add(&facts, row);
    rich_append(to, &facts.row);
    facts_free(&facts);
}

void render_row_state(struct rich *to, const struct paint *p, const struct json_object *row)
{
    const struct look *look = look_of(row);
    rich_printf(to, look->style | PAINT_BOLD, "%s %s", paint_glyph(p, look->glyph), look->word);
}

void render_row_grade(struct rich *to, const struct paint *p, const struct json_object *row)
{
    put_facts(to, p, row, add_result);
}

void render_row_times(struct rich *to, const struct paint *p, const struct json_object *row)
{
    put_facts(to, p, row, add_state);
}

void render_row_notes(struct rich *to, const struct paint *p, const struct json_object *row)
{
    put_facts(to, p, row, add_notes);
}

void render_row(struct frame *f, const struct entry *e)
{
    static const struct excerpt prose = {.head = 20, .tail = 5, .line_bytes = 1000};
    struct rich title, name;
    struct facts facts;
    rich_init(&title, f->paint);
    rich_init(&name, f->paint);
    facts_init(&facts, f->paint, f->inner);
    render_row_state(&title, f->paint, e->record);
    excerpt_put(&name, PAINT_BOLD, e->id, 1000, TEXT_LINE);
    frame_open(f, &title, &name);
    add_result(&facts, e->record);
    add_state(&facts, e->record);
    add_notes(&facts, e->record);
    facts_show(&facts, f);
    excerpt_section(f, "Error", json_get(e->record, "error_message"), &prose);
    frame_close(f);
    rich_free(&title);
    rich_free(&name);
    facts_free(&facts);
}
