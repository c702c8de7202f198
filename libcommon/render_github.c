/* render_github: every record as plain text, folded where it takes several lines, and
 * an annotation for what needs a look: an error for a wrong answer, a warning for what
 * was not graded, a notice for what has not ended.
 *
 * A step may have ten annotations of a level; those over that are dropped without a
 * word.  So the tenth waits for the end, where it gives way to one that says how many
 * more there were.  Everything is in the log besides. */
#include "render_github.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

enum { LEVELS = 3, ANNOTATIONS_MAX = 10, TITLE_BYTES = 150, MESSAGE_BYTES = 3000 };

static const char *const levels[LEVELS] = {"error", "warning", "notice"};

struct state {
    size_t count[LEVELS];
    struct buf last[LEVELS]; /* the tenth of each */
};

static void begin(struct document *r)
{
    struct state *s = r->state = xcalloc(1, sizeof *s);
    for (int i = 0; i < LEVELS; i++)
        buf_init(&s->last[i], 64 * (size_t)1024);
}

static int level_of(const struct entry *e)
{
    switch (e->standing) {
    case STANDING_PARTIAL:
    case STANDING_FAILED:
        return 0;
    case STANDING_UNGRADED:
        return 1;
    case STANDING_OPEN:
        return 2;
    default:
        return -1;
    }
}

/* Fills r->text with the verdict and the name. */
static void make_title(struct document *r, const struct entry *e)
{
    rich_clear(&r->text);
    rich_puts(&r->text, PAINT_PLAIN, e->word);
    if (e->reviewed && e->review.scored)
        rich_printf(&r->text, PAINT_PLAIN, " %d%%", e->review.percent);
    rich_puts(&r->text, PAINT_PLAIN, excerpt_has(e->id) ? "  " : "");
    excerpt_put(&r->text, PAINT_PLAIN, e->id, TITLE_BYTES, TEXT_LINE);
}

/* One line for each test that failed, as far as there is room. */
static void put_failed(struct document *r, struct buf *out, const struct review *v)
{
    struct json_object index = {0};
    struct json_text element;
    struct review_test test;
    size_t from = out->len;
    for (size_t at = 0; v->graded && json_next(v->tests, &at, &element);) {
        review_read_test(&test, &index, element);
        if (test.tone == TONE_GOOD)
            continue;
        if (out->len - from > MESSAGE_BYTES) {
            buf_puts(out, "%0Amore tests: see the log");
            break;
        }
        document_test_name(r, &test);
        if (excerpt_has(test.message)) {
            rich_puts(&r->text, PAINT_PLAIN, ": ");
            excerpt_put(&r->text, PAINT_PLAIN, test.message, DOCUMENT_NAME_BYTES, TEXT_LINE);
        }
        buf_printf(out, "%%0A%s ", test.word);
        quote_put(out, QUOTE_MESSAGE, r->text.text.data, r->text.text.len);
    }
    json_object_free(&index);
}

static void put_annotation(struct document *r, struct buf *out, int level, const struct entry *e)
{
    buf_printf(out, "::%s title=", levels[level]);
    make_title(r, e);
    quote_put(out, QUOTE_PROPERTY, r->text.text.data, r->text.text.len);
    buf_puts(out, "::");
    document_reason(r, e);
    quote_put(out, QUOTE_MESSAGE, r->text.text.data, r->text.text.len);
    if (e->reviewed)
        put_failed(r, out, &e->review);
    buf_putc(out, '\n');
}

static void put_entry(struct document *r, const struct entry *e)
{
    struct state *s = r->state;
    int level = level_of(e);
    document_plain(r, e);
    const char *lf = memchr(r->lines.data, '\n', r->lines.len);
    bool folded = lf && lf + 1 < r->lines.data + r->lines.len;
    if (folded) {
        document_puts(r, "::group::");
        make_title(r, e);
        document_quote(r, QUOTE_MESSAGE);
        document_puts(r, "\n");
    }
    buf_add(&r->out, r->lines.data, r->lines.len);
    document_puts(r, folded ? "::endgroup::\n" : "");
    if (level < 0)
        return;
    s->count[level]++;
    if (s->count[level] <= ANNOTATIONS_MAX)
        put_annotation(r, s->count[level] < ANNOTATIONS_MAX ? &r->out : &s->last[level], level, e);
}

static void finish(struct document *r)
{
    struct state *s = r->state;
    for (int i = 0; i < LEVELS; i++) {
        if (s->count[i] == ANNOTATIONS_MAX)
            buf_add(&r->out, s->last[i].data, s->last[i].len);
        else if (s->count[i] > ANNOTATIONS_MAX)
            document_printf(
                r, "::%s title=%zu more::There is room for %d annotations; all results are in the log.\n",
                levels[i], s->count[i] - ANNOTATIONS_MAX + 1, ANNOTATIONS_MAX);
        buf_free(&s->last[i]);
    }
    free(s);
    if (r->summary) {
        document_plain_totals(r);
        buf_add(&r->out, r->lines.data, r->lines.len);
    }
}

const struct document_format render_github = {begin, put_entry, finish};
