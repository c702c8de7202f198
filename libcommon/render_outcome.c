/* render_outcome: the result in it, with when and for whom; an outcome that waits has
 * no result to show, and says what it waits for. */
#include "render_outcome.h"

#include "ago.h"
#include "clock.h"
#include "render_result.h"

const char render_outcome_waits[] = "It could not be graded now. It is in the queue and will be tried again; "
                                    "nothing counts against the learner.";

void render_outcome_facts(struct facts *facts, const struct json_object *outcome)
{
    char text[REVIEW_FACT], ago[AGO_TEXT];
    double took;
    if (ago_moment(json_get(outcome, "completed_at"), clock_wall(), ago)) {
        rich_printf(&facts->one, PAINT_PLAIN, "ended %s", ago);
        facts_add(facts);
    }
    if (json_real(json_get(outcome, "time_ms"), &took)) {
        review_time(took, text);
        if (*text)
            rich_printf(&facts->one, PAINT_PLAIN, "the learner took %s", text);
        facts_add(facts);
    }
    facts_value(facts, "learner ", json_get(outcome, "learner_id"));
    facts_value(facts, "row ", json_get(outcome, "queue_id"));
}

static void show_waiting(struct frame *f, const struct entry *e, const struct rich *note)
{
    struct rich title, text;
    rich_init(&title, f->paint);
    rich_init(&text, f->paint);
    rich_printf(&title, PAINT_BLUE | PAINT_BOLD, "%s %s", paint_glyph(f->paint, GLYPH_WAIT), e->word);
    excerpt_put(&text, PAINT_BOLD, e->id, 1000, TEXT_LINE);
    frame_open(f, &title, &text);
    if (note->text.len)
        frame_text(f, note, (struct frame_place){0});
    rich_clear(&text);
    rich_puts(&text, PAINT_PLAIN, render_outcome_waits);
    frame_text(f, &text, (struct frame_place){0});
    frame_close(f);
    rich_free(&title);
    rich_free(&text);
}

void render_outcome(struct frame *f, const struct entry *e)
{
    struct facts facts;
    facts_init(&facts, f->paint, f->inner);
    render_outcome_facts(&facts, e->record);
    if (e->standing == STANDING_OPEN)
        show_waiting(f, e, &facts.row);
    else
        render_result(f, &e->review, &facts.row);
    facts_free(&facts);
}
