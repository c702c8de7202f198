/* answer_base: the struct that an answer is read into, and how its members are
 * found and taken. */
#define _GNU_SOURCE /* memmem */
#include "answer_base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_MAX = 64 << 20, WARNINGS_MAX = 16 << 10 };

static const struct json_text absent = {NULL, 0};

/* Every buffer of *a, for those that treat them alike: what(), and whether it is
 * true of one of them. */
static bool each_buffer(struct answer *a, bool (*what)(struct buf *))
{
    struct buf *buffers[] = {&a->compact, &a->tests, &a->warnings, &a->others, &a->suggestions,
                             &a->message, &a->class, &a->score,    &a->id,     &a->raw};
    bool one = false;
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        one = what(buffers[i]) || one;
    return one;
}

static bool init_buffer(struct buf *b)
{
    buf_init(b, ANSWER_MAX);
    return false;
}

static bool clear_buffer(struct buf *b)
{
    buf_clear(b);
    return false;
}

static bool free_buffer(struct buf *b)
{
    buf_free(b);
    return false;
}

static bool has_overflowed(struct buf *b)
{
    return b->overflowed;
}

void answer_init(struct answer *a)
{
    *a = (struct answer){0};
    each_buffer(a, init_buffer);
}

void answer_free(struct answer *a)
{
    struct json_object *indexes[] = {&a->top, &a->nested, &a->error, &a->part};
    each_buffer(a, free_buffer);
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++)
        json_object_free(indexes[i]);
}

void answer_reset(struct answer *a)
{
    each_buffer(a, clear_buffer);
    a->top.count = a->nested.count = a->error.count = 0;
    a->open = a->unknown_word = false;
    a->execution_id = a->wait_seconds = absent;
    result_init(&a->result);
}

bool answer_overflowed(struct answer *a)
{
    return each_buffer(a, has_overflowed);
}

struct json_text answer_span(const struct buf *b)
{
    return b->len ? (struct json_text){b->data, b->len} : absent;
}

/* Adds a warning that is not there yet. */
void answer_put_warning(struct answer *a, struct json_text string)
{
    if (a->warnings.len > WARNINGS_MAX || memmem(a->warnings.data, a->warnings.len, string.at, string.len))
        return;
    if (!a->warnings.len)
        buf_putc(&a->warnings, '[');
    json_comma(&a->warnings);
    json_put(&a->warnings, string);
}

void answer_warn(struct answer *a, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    struct buf string;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&string, 8 * ERR_TEXT_MAX);
    json_put_text(&string, text);
    answer_put_warning(a, (struct json_text){string.data, string.len});
    buf_free(&string);
}

bool answer_is_ours(const struct answer *a)
{
    return json_get(&a->top, "score_source").at != NULL;
}

bool answer_is_null(const struct answer *a, const char *name)
{
    return answer_is_ours(a) && json_kind(answer_get(a, name)) == JSON_NULL;
}

struct json_text answer_get(const struct answer *a, const char *name)
{
    struct json_text value = json_get(&a->nested, name);
    return json_kind(value) > JSON_NULL ? value : json_get(&a->top, name);
}

/* A member that must be of a kind, else a warning. */
struct json_text answer_take(struct answer *a, const char *name, enum json_kind kind)
{
    struct json_text value = answer_get(a, name);
    if (json_kind(value) <= JSON_NULL)
        return absent;
    if (json_kind(value) == kind)
        return value;
    answer_warn(a, "%s has the wrong type and was left out", name);
    return absent;
}

enum fault answer_breach(struct answer *a, enum fault fault, const char *why)
{
    err_set(&a->why, EXIT_PROTOCOL, "%s", why);
    return fault;
}
