/* render_task: the task, what is known of it, the code that is given, and lists
 * of what to mind. */
#include "render_task.h"

#include "excerpt.h"

enum { FACT_BYTES = 60, EXAMPLES_MAX = 10, EXAMPLE_BYTES = 500 };

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

static void put_dot(struct rich *row)
{
    if (row->text.len)
        rich_puts(row, PAINT_DIM, row->ascii ? " - " : " · ");
}

static void show_facts(struct frame *f, const struct task *t)
{
    struct rich row;
    rich_init(&row, f->paint);
    excerpt_put(&row, PAINT_PLAIN, t->language, FACT_BYTES, TEXT_LINE);
    if (t->tests != TASK_UNKNOWN) {
        put_dot(&row);
        rich_printf(&row, PAINT_PLAIN, "%lld test%s", (long long)t->tests, t->tests == 1 ? "" : "s");
    }
    if (t->minutes > 0) {
        put_dot(&row);
        rich_printf(&row, PAINT_PLAIN, "about %.0f minute%s", t->minutes < 1 ? 1 : t->minutes,
                    t->minutes < 1.5 ? "" : "s");
    }
    put_dot(&row);
    excerpt_put(&row, PAINT_DIM, t->atom_id, FACT_BYTES, TEXT_LINE);
    frame_text(f, &row, (struct frame_place){0});
    rich_free(&row);
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
        frame_text(f, &row, (struct frame_place){.rest = 2, .gutter = true});
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
