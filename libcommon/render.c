/* render: chooses how a record is shown.  Most kinds have modules of their own;
 * executions and bad input are one line, and records that are not known here a head
 * line and their members. */
#include "render.h"

#include <string.h>

#include "excerpt.h"
#include "record.h"
#include "render_outcome.h"
#include "render_report.h"
#include "render_result.h"
#include "render_row.h"
#include "render_stats.h"
#include "render_summary.h"
#include "render_task.h"

enum { NAME_BYTES = 1000, VALUE_BYTES = 1000, KEY_BYTES = 100, KEY_WIDTH = 24, COLUMNS_MIN = 56 };

/* Starts a record: a blank line parts what takes several lines from others. */
static void part(struct render *r, bool block)
{
    if (r->any && (block || r->apart))
        paint_end_line(&r->paint);
    r->any = true;
    r->apart = block;
}

static void begin_frame(struct render *r, struct frame *f)
{
    if (r->form)
        frame_init_form(f, &r->paint, r->form, r->to);
    else
        frame_init(f, &r->paint, r->boxed);
}

/* A record in one line: a mark and a word, then what `rest` says. */
static void show_line(struct render *r, enum glyph glyph, unsigned style, const char *word,
                      const struct rich *rest)
{
    struct frame f;
    struct rich title;
    part(r, false);
    begin_frame(r, &f);
    rich_init(&title, &r->paint);
    rich_printf(&title, style | PAINT_BOLD, "%s %s", paint_glyph(&r->paint, glyph), word);
    frame_line(&f, &title, rest);
    rich_free(&title);
}

static void show_execution(struct render *r, const struct entry *e)
{
    struct rich rest;
    rich_init(&rest, &r->paint);
    excerpt_put(&rest, PAINT_BOLD, e->id, NAME_BYTES, TEXT_LINE);
    if (excerpt_has(e->review.execution_id)) {
        rich_puts(&rest, PAINT_DIM, "  execution ");
        excerpt_put(&rest, PAINT_DIM, e->review.execution_id, NAME_BYTES, TEXT_LINE);
    }
    show_line(r, GLYPH_WAIT, PAINT_BLUE, e->word, &rest);
    rich_free(&rest);
}

/* A request that says nothing to a learner: its id. */
static void show_id(struct render *r, struct json_text id)
{
    struct rich rest;
    rich_init(&rest, &r->paint);
    if (id.at)
        excerpt_put(&rest, PAINT_PLAIN, id, NAME_BYTES, TEXT_LINE);
    else
        rich_puts(&rest, PAINT_DIM, "without an id");
    show_line(r, GLYPH_BULLET, PAINT_CYAN, "REQUEST", &rest);
    rich_free(&rest);
}

/* An atom or request: the task, and nothing that would answer it. */
static void show_request(struct render *r, const struct json_object *record)
{
    struct task task;
    task_read(&task, record);
    if (task.front.at || task.prompt.at || task.code.at) {
        struct frame f;
        part(r, true);
        begin_frame(r, &f);
        render_task(&f, &task);
    } else {
        show_id(r, task.atom_id);
    }
    task_free(&task);
}

static void show_bad(struct render *r, const char *why)
{
    struct rich rest;
    rich_init(&rest, &r->paint);
    rich_show(&rest, PAINT_PLAIN, why, strlen(why), TEXT_LINE);
    show_line(r, GLYPH_STOP, PAINT_RED, "BAD INPUT", &rest);
    rich_free(&rest);
}

/* ---- records without a view of their own ---- */

/* Members that may hold an answer: they are never shown before grading. */
static bool is_secret(const struct json_object *record, size_t i)
{
    static const char *const names[] = {"back",         "solution_code", "fix_patch",       "expected_output",
                                        "error_line",   "solution",      "request_payload", "request_text",
                                        "content_json", "content",       "grading_logic"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (json_member_is(record, i, names[k]))
            return true;
    return false;
}

/* A member's value: texts and numbers as they are; what has members itself as
 * its JSON text if `open`, else only how large it is. */
static void put_value(struct rich *to, const struct json_object *record, size_t i, bool open)
{
    struct json_text value = json_member_value(record, i);
    enum json_kind kind = json_kind(value);
    bool nested = kind == JSON_ARRAY || kind == JSON_OBJECT;
    if (kind > JSON_NULL && (is_secret(record, i) || (nested && !open)))
        rich_printf(to, PAINT_DIM, "(%zu bytes, not shown)", value.len);
    else
        excerpt_put(to, PAINT_PLAIN, value, VALUE_BYTES, TEXT_BLOCK);
}

static void put_key(struct rich *to, const struct json_object *record, size_t i)
{
    const struct json_member *m = &record->members[i];
    struct json_text quoted = {record->text.at + m->key - 1, m->key_len + 2};
    excerpt_put(to, PAINT_CYAN, quoted, KEY_BYTES, TEXT_LINE);
}

static void show_member(struct frame *f, const struct json_object *record, size_t i, size_t key_width,
                        bool open)
{
    struct rich cells[2];
    size_t widths[] = {key_width, f->inner - key_width - FRAME_GAP};
    bool narrow = f->inner < COLUMNS_MIN;
    rich_init(&cells[0], f->paint);
    rich_init(&cells[1], f->paint);
    put_key(&cells[0], record, i);
    if (narrow)
        rich_puts(&cells[0], PAINT_PLAIN, ": ");
    put_value(&cells[narrow ? 0 : 1], record, i, open);
    if (narrow)
        frame_text(f, &cells[0], (struct frame_place){.rest = 2});
    else
        frame_row(f, cells, widths, 2);
    rich_free(&cells[0]);
    rich_free(&cells[1]);
}

static size_t widest_key(const struct frame *f, const struct json_object *record)
{
    size_t widest = 0;
    struct rich key;
    rich_init(&key, f->paint);
    for (size_t i = 0; i < record->count && widest < KEY_WIDTH; i++) {
        rich_clear(&key);
        put_key(&key, record, i);
        size_t width = text_width(key.text.data, key.text.len);
        widest = width > widest ? width : widest;
    }
    rich_free(&key);
    return widest < KEY_WIDTH ? widest : KEY_WIDTH;
}

static void show_members(struct frame *f, const struct entry *e)
{
    struct rich title, name;
    const struct json_object *record = e->record;
    rich_init(&title, f->paint);
    rich_init(&name, f->paint);
    rich_printf(&title, PAINT_CYAN | PAINT_BOLD, "%s %s", paint_glyph(f->paint, GLYPH_BULLET), e->word);
    if (e->id.at)
        excerpt_put(&name, PAINT_BOLD, e->id, NAME_BYTES, TEXT_LINE);
    frame_open(f, &title, &name);
    size_t key_width = widest_key(f, record);
    for (size_t i = 0; i < record->count; i++)
        if (!json_member_is(record, i, "_gl"))
            show_member(f, record, i, key_width, e->type == RECORD_STATS || e->type == RECORD_REPORT);
    frame_close(f);
    rich_free(&title);
    rich_free(&name);
}

/* ---- all records ---- */

enum exit_code render_record(struct render *r, const struct json_object *record)
{
    struct entry e = {0};
    entry_read(&e, record);
    render_entry(r, &e);
    enum exit_code code = entry_exit(&e);
    entry_free(&e);
    return code;
}

/* Records that take several lines, in a frame. */
static void show_framed(struct render *r, const struct entry *e)
{
    struct frame f;
    part(r, true);
    begin_frame(r, &f);
    if (e->type == RECORD_OUTCOME)
        render_outcome(&f, e);
    else if (e->reviewed)
        render_result(&f, &e->review, NULL);
    else if (e->type == RECORD_ROW)
        render_row(&f, e);
    else if (e->type == RECORD_STATS && render_stats_fits(e->record))
        render_stats(&f, e->record);
    else if (e->type == RECORD_REPORT && json_get(e->record, "checks").at) /* gl-doctor's */
        render_report(&f, e->record);
    else
        show_members(&f, e);
}

void render_entry(struct render *r, const struct entry *e)
{
    if (e->bad)
        show_bad(r, e->bad);
    else if (e->standing == STANDING_OPEN && e->type != RECORD_OUTCOME)
        show_execution(r, e);
    else if (e->type == RECORD_REQUEST && !e->reviewed)
        show_request(r, e->record);
    else
        show_framed(r, e);
}

void render_totals(struct render *r, const struct totals *t)
{
    struct frame f;
    part(r, true);
    begin_frame(r, &f);
    render_summary(&f, t);
}
