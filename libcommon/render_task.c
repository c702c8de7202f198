/* render_task: the task, what is known of it, the code that is given, and lists
 * of what to mind. */
#include "render_task.h"

#include "facts.h"

enum { EXAMPLES_MAX = 10, EXAMPLE_BYTES = 500 };

static const struct excerpt prose = {.head = 100, .tail = 20, .line_bytes = 4000};
static const struct excerpt code = {.head = 60, .tail = 20, .line_bytes = 1000, .verbatim = true};

static void show_head(struct frame *f, const struct task *t)
{
    struct rich title, name;
    rich_init(&title, f->paint);
    rich_init(&name, f->paint);
    rich_puts(&title, PAINT_CYAN | PAINT_BOLD, "Greenlight Handoff");
    rich_puts(&name, PAINT_BOLD, t->call);
    frame_open(f, &title, &name);
    rich_free(&title);
    rich_free(&name);
}

static void show_facts(struct frame *f, const struct task *t)
{
    struct facts facts;
    facts_init(&facts, f->paint, f->inner);
    facts_value(&facts, "", t->language);
    if (t->tests != TASK_UNKNOWN) {
        rich_printf(&facts.one, PAINT_PLAIN, "%lld test%s", (long long)t->tests, t->tests == 1 ? "" : "s");
        facts_add(&facts);
    }
    if (t->minutes > 0) {
        rich_printf(&facts.one, PAINT_PLAIN, "about %.0f minute%s", t->minutes < 1 ? 1 : t->minutes,
                    t->minutes < 1.5 ? "" : "s");
        facts_add(&facts);
    }
    facts_value(&facts, "", t->atom_id);
    facts_show(&facts, f);
    facts_free(&facts);
}

/* Examples as `input → output`. */
static void show_examples(struct frame *f, struct json_text list)
{
    struct json_object example = {0};
    struct json_text element;
    struct rich row;
    size_t at = 0, shown = 0;
    if (json_kind(list) != JSON_ARRAY || !json_count(list))
        return;
    frame_section(f, "Examples");
    rich_init(&row, f->paint);
    for (; shown < EXAMPLES_MAX && json_next(list, &at, &element); shown++) {
        rich_clear(&row);
        rich_printf(&row, PAINT_DIM, "%s ", paint_glyph(f->paint, GLYPH_BULLET));
        if (json_get_object(element, &example)) {
            excerpt_put_json(&row, PAINT_PLAIN, json_get(&example, "input"), EXAMPLE_BYTES);
            rich_puts(&row, PAINT_DIM, row.ascii ? " -> " : " → ");
            excerpt_put_json(&row, PAINT_PLAIN, json_get(&example, "output"), EXAMPLE_BYTES);
        } else {
            excerpt_put(&row, PAINT_PLAIN, element, EXAMPLE_BYTES, TEXT_LINE);
        }
        frame_text(f, &row, (struct frame_place){.rest = 2, .gutter = true, .item = true});
    }
    rich_free(&row);
    json_object_free(&example);
}

void render_task(struct frame *f, const struct task *t)
{
    show_head(f, t);
    if (t->front.at)
        excerpt_block(f, t->front, &prose);
    if (t->prompt.at)
        excerpt_block(f, t->prompt, &prose);
    show_facts(f, t);
    excerpt_section(f, "Given", t->code, &code);
    show_examples(f, t->examples);
    excerpt_list(f, "Requirements", t->requirements, GLYPH_BULLET, PAINT_CYAN);
    excerpt_list(f, "Goals", t->goals, GLYPH_BULLET, PAINT_CYAN);
    excerpt_list(f, "Constraints", t->constraints, GLYPH_BULLET, PAINT_CYAN);
    excerpt_list(f, "Not to be changed", t->forbidden, GLYPH_BULLET, PAINT_CYAN);
    excerpt_list(f, "Tests that fail now", t->failing, GLYPH_BULLET, PAINT_CYAN);
    frame_close(f);
}
