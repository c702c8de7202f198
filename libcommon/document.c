/* document: documents are made record by record; nothing but the totals and what a
 * format notes of its own stays from one to the next. */
#include "document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "contrast.h"
#include "render_result.h"

enum { PLAIN_WIDTH = 80, BYTES_MAX = 64 * 1024 * 1024 };

const struct excerpt document_output = {.head = 50, .tail = 50, .line_bytes = 1000, .verbatim = true};
const struct excerpt document_prose = {.head = 200, .tail = 20, .line_bytes = DOCUMENT_VALUE_BYTES};

static void flush(struct document *r)
{
    cli_write(r->out.data, r->out.len);
    r->written += r->out.len;
    buf_clear(&r->out);
}

void document_begin(struct document *r, const struct document_format *format, bool ascii, bool summary)
{
    *r = (struct document){.format = format, .summary = summary};
    buf_init(&r->out, BYTES_MAX);
    buf_init(&r->lines, BYTES_MAX);
    paint_init(&r->plain.paint, false, ascii, PLAIN_WIDTH);
    r->plain.paint.to = &r->lines;
    rich_init(&r->text, &r->plain.paint);
    rich_init(&r->other, &r->plain.paint);
    format->begin(r);
    flush(r);
}

void document_entry(struct document *r, const struct entry *e)
{
    totals_add(&r->totals, e, &r->plain.paint);
    r->format->entry(r, e);
    flush(r);
}

void document_end(struct document *r)
{
    r->format->end(r);
    flush(r);
    totals_free(&r->totals);
    rich_free(&r->text);
    rich_free(&r->other);
    paint_free(&r->plain.paint);
    buf_free(&r->lines);
    buf_free(&r->out);
}

void document_name(struct document *r, const struct entry *e)
{
    rich_clear(&r->text);
    if (e->bad)
        rich_show(&r->text, PAINT_PLAIN, e->bad, strlen(e->bad), TEXT_LINE);
    else if (excerpt_has(e->id))
        excerpt_put(&r->text, PAINT_PLAIN, e->id, DOCUMENT_NAME_BYTES, TEXT_LINE);
    else
        rich_puts(&r->text, PAINT_PLAIN, "(no id)");
}

void document_test_name(struct document *r, const struct review_test *t)
{
    rich_clear(&r->text);
    if (excerpt_has(t->name))
        excerpt_put(&r->text, PAINT_PLAIN, t->name, DOCUMENT_NAME_BYTES, TEXT_LINE);
    else
        rich_puts(&r->text, PAINT_PLAIN, "(no name)");
}

void document_value(struct document *r, struct json_text value, unsigned how)
{
    rich_clear(&r->text);
    excerpt_put(&r->text, PAINT_PLAIN, value, DOCUMENT_VALUE_BYTES, how);
}

static void put_compared(struct rich *to, struct json_text value, bool as_text, size_t bytes)
{
    rich_clear(to);
    if (!value.at)
        return;
    if (as_text && json_kind(value) == JSON_STRING)
        excerpt_put(to, PAINT_PLAIN, value, bytes, TEXT_BLOCK);
    else
        excerpt_put_json(to, PAINT_PLAIN, value, bytes);
}

void document_compared(struct document *r, const struct review_test *t, struct json_text value)
{
    put_compared(&r->text, value, t->as_text, DOCUMENT_VALUE_BYTES);
}

void document_marked(struct document *r, const struct review_test *t, bool actual, bool as_text, size_t bytes)
{
    struct contrast c;
    const struct buf *expected = &r->text.text, *found = &r->other.text;
    const struct buf *shown = actual ? found : expected;
    put_compared(&r->text, t->expected, as_text, bytes);
    put_compared(&r->other, t->actual, as_text, bytes);
    if (!t->expected.at || !t->actual.at ||
        !contrast_find(&c, expected->data, expected->len, found->data, found->len)) {
        quote_put(&r->out, QUOTE_XML, shown->data, shown->len);
        return;
    }
    size_t to = actual ? c.actual_to : c.expected_to;
    quote_put(&r->out, QUOTE_XML, shown->data, c.from);
    document_puts(r, to > c.from ? "<mark>" : "");
    quote_put(&r->out, QUOTE_XML, shown->data + c.from, to - c.from);
    document_puts(r, to > c.from ? "</mark>" : "");
    quote_put(&r->out, QUOTE_XML, shown->data + to, shown->len - to);
}

void document_block(struct document *r, struct json_text value, const struct excerpt *how)
{
    rich_clear(&r->text);
    excerpt_put_block(&r->text, value, how);
}

void document_facts(struct document *r, const struct review *review)
{
    struct facts facts;
    rich_clear(&r->text);
    facts_init(&facts, &r->plain.paint, SIZE_MAX);
    render_result_facts(&facts, review);
    rich_append(&r->text, &facts.row);
    facts_free(&facts);
}

void document_quote(struct document *r, enum quote how)
{
    quote_put(&r->out, how, r->text.text.data, r->text.text.len);
}

void document_reason(struct document *r, const struct entry *e)
{
    char tests[REVIEW_FACT];
    const struct review *review = &e->review;
    rich_clear(&r->text);
    if (e->bad) {
        rich_show(&r->text, PAINT_PLAIN, e->bad, strlen(e->bad), TEXT_LINE);
    } else if (e->standing == STANDING_OPEN) {
        rich_puts(&r->text, PAINT_PLAIN, "it has not ended yet");
    } else if (!review->graded) {
        rich_puts(&r->text, PAINT_PLAIN, review->happened);
        rich_puts(&r->text, PAINT_PLAIN, excerpt_has(review->error_message) ? " " : "");
        excerpt_put(&r->text, PAINT_PLAIN, review->error_message, DOCUMENT_VALUE_BYTES, TEXT_LINE);
    } else {
        review_tests(review, tests);
        if (review->scored)
            rich_printf(&r->text, PAINT_PLAIN, "score %d%%", review->percent);
        else
            rich_puts(&r->text, PAINT_PLAIN, "graded without a usable score");
        rich_printf(&r->text, PAINT_PLAIN, "%s%s", *tests ? ", " : "", tests);
    }
}

void document_plain(struct document *r, const struct entry *e)
{
    buf_clear(&r->lines);
    r->plain.any = false;
    render_entry(&r->plain, e);
}

void document_plain_totals(struct document *r)
{
    buf_clear(&r->lines);
    r->plain.any = false;
    render_totals(&r->plain, &r->totals);
}

void document_puts(struct document *r, const char *text)
{
    buf_puts(&r->out, text);
}

void document_printf(struct document *r, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_puts(&r->out, text);
}
