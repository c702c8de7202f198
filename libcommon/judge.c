/* judge: what a step came to, as the end of a test. */
#define _GNU_SOURCE /* sigdescr_np, memmem */
#include "judge.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

/* ---- how a step ended ---- */

bool judge_ran_out(const struct sandbox_outcome *o)
{
    return o->end == SANDBOX_TIMEOUT || o->signal == SIGXCPU;
}

/* What ended a step other than itself: TEST_OK where nothing did, or what a test that
 * it ended comes to, with *why (an empty buffer) saying so. */
enum test_class judge_limit(const struct exercise *x, const struct sandbox_outcome *o, struct buf *why)
{
    if (judge_ran_out(o)) {
        buf_printf(why, "the time limit of %lld ms was reached", (long long)x->time_ms);
        return TEST_TIMEOUT;
    }
    if (o->out_of_memory) {
        buf_printf(why, "the memory limit of %lld MiB was reached", (long long)(x->memory_bytes >> 20));
        return TEST_MEMORY;
    }
    if (o->signal == SIGXFSZ) {
        buf_printf(why, "the limit of %d MiB for a file was reached", JUDGE_DISK_BYTES >> 20);
        return TEST_DISK;
    }
    return TEST_OK;
}

/* The last line with something in it, for a person to see what went wrong. */
void judge_put_last_line(struct buf *to, const struct sandbox_stream *stream)
{
    const char *text = stream->kept.data;
    size_t end = stream->kept.len;
    while (end && strchr(" \n\r\t", text[end - 1]))
        end--;
    size_t start = end;
    while (start && text[start - 1] != '\n')
        start--;
    buf_printf(to, "%s%.*s", end > start ? ": " : "", (int)(end - start < 500 ? end - start : 500),
               text + start);
}

void judge_put_end(struct buf *to, const struct sandbox_outcome *o)
{
    const char *what = o->signal ? sigdescr_np(o->signal) : NULL;
    if (o->signal)
        buf_printf(to, "the program was ended by signal %d (%s)", o->signal, what ? what : "unknown");
    else
        buf_printf(to, "the program ended with exit status %d", o->exit_code);
}

enum test_class judge_cut_off(const struct sandbox_outcome *o, struct buf *why)
{
    bool asserted = o->signal == SIGABRT && strstr(o->errors.kept.data, "Assertion `");
    if (!asserted) {
        buf_puts(why, "the tests did not come to their end: ");
        judge_put_end(why, o);
    } else {
        buf_puts(why, "an assertion failed");
    }
    judge_put_last_line(why, &o->errors);
    return asserted ? TEST_LOGIC : TEST_RUNTIME;
}

/* ---- what came of it ---- */

static struct json_text span(const struct buf *b)
{
    return (struct json_text){b->data, b->len};
}

/* Compares text with the string that is expected, line by line. */
void judge_text(struct test *test, const struct sandbox_stream *output)
{
    struct json_text value = {test->expected, strlen(test->expected)};
    struct buf expected, actual, message;
    size_t line;
    bool lenient;
    buf_init(&expected, value.len * 2);
    buf_init(&actual, SIZE_MAX / 2);
    buf_init(&message, 256);
    if (!json_string(value, &expected))
        buf_add(&expected, value.at, value.len);
    json_put_string(&actual, output->kept.data, output->kept.len);
    bool equal =
        compare_text(expected.data, expected.len, output->kept.data, output->kept.len, &line, &lenient);
    if (equal && !output->cut) {
        test_end(test, TEST_OK, lenient ? "equal but for trailing blanks" : NULL);
    } else {
        buf_printf(&message, "wrong output, different in line %zu", line);
        test_end(test, TEST_LOGIC, output->cut ? "wrong output: more than is kept of it" : message.data);
    }
    test->actual = buf_detach(&actual);
    buf_free(&expected);
    buf_free(&message);
}

/* Rows as sqlite3 prints them, objects, become lists where lists are expected. */
static void put_rows(struct buf *to, struct json_text rows, struct json_text expected)
{
    struct json_object row = {0};
    struct json_text first = {NULL, 0}, element;
    size_t at = 0;
    json_next(expected, &at, &first);
    if (json_kind(first) != JSON_ARRAY || json_kind(rows) != JSON_ARRAY) {
        json_put(to, rows);
        return;
    }
    buf_putc(to, '[');
    for (at = 0; json_next(rows, &at, &element);) {
        json_comma(to);
        if (!json_get_object(element, &row)) {
            json_put(to, element);
            continue;
        }
        buf_putc(to, '[');
        for (size_t i = 0; i < row.count; i++) {
            json_comma(to);
            json_put(to, json_member_value(&row, i));
        }
        buf_putc(to, ']');
    }
    buf_putc(to, ']');
    json_object_free(&row);
}

/* Compares what was printed with a value: as JSON, where it is. */
void judge_value(const struct exercise *x, struct test *test, const struct sandbox_stream *output)
{
    struct json_object wrapped = {0};
    struct buf text;
    bool is_query = x->language->call == CALL_BY_QUERY;
    if (*test->expected == '"') {
        judge_text(test, output);
        return;
    }
    buf_init(&text, SIZE_MAX / 2);
    buf_puts(&text, "{\"value\":");
    buf_add(&text, output->kept.data, output->kept.len);
    if (is_query && !output->kept.len)
        buf_puts(&text, "[]"); /* sqlite3 prints nothing for no rows */
    buf_putc(&text, '}');
    if (json_index(&wrapped, text.data, text.len, NULL) && wrapped.count == 1) {
        struct buf rows;
        buf_init(&rows, text.len * 2);
        put_rows(&rows, json_get(&wrapped, "value"),
                 (struct json_text){test->expected, strlen(test->expected)});
        test_compare(test, span(&rows), false);
        buf_free(&rows);
    } else {
        buf_clear(&text);
        json_put_string(&text, output->kept.data, output->kept.len);
        test_compare(test, span(&text), false);
    }
    json_object_free(&wrapped);
    buf_free(&text);
}

/* Compares those members of the session's state that are expected. */
void judge_state(struct tests *t, struct test *test)
{
    struct json_object state = {0}, expected = {0};
    struct buf asked;
    buf_init(&asked, SIZE_MAX / 2);
    if (t->state)
        json_index(&state, t->state, strlen(t->state), NULL);
    json_get_object((struct json_text){test->expected, strlen(test->expected)}, &expected);
    buf_putc(&asked, '{');
    for (size_t i = 0; i < state.count; i++)
        for (size_t k = 0; k < expected.count; k++)
            if (expected.members[k].key_len == state.members[i].key_len &&
                memcmp(expected.text.at + expected.members[k].key, state.text.at + state.members[i].key,
                       state.members[i].key_len) == 0)
                json_put_member(&asked, &state, i);
    buf_putc(&asked, '}');
    test_compare(test, span(&asked), true);
    free(t->state);
    t->state = NULL;
    json_object_free(&state);
    json_object_free(&expected);
    buf_free(&asked);
}

/* Whether it ended with the exit status that is expected, or the one by default; any
 * is fine where that is negative. */
bool judge_status(struct test *test, const struct sandbox_outcome *o, int64_t by_default)
{
    struct json_object object = {0};
    int64_t wanted = by_default;
    struct buf why;
    json_get_object(test->object, &object);
    json_int(json_get(&object, "expected_status"), &wanted);
    json_object_free(&object);
    if (!o->signal && (wanted < 0 || wanted == o->exit_code))
        return true;
    buf_init(&why, 1024);
    judge_put_end(&why, o);
    if (wanted > 0)
        buf_printf(&why, ", not %lld", (long long)wanted);
    judge_put_last_line(&why, &o->errors);
    bool syntax = memmem(o->errors.kept.data, o->errors.kept.len, "yntax error", 11) ||
                  memmem(o->errors.kept.data, o->errors.kept.len, "unexpected EOF", 14) ||
                  memmem(o->errors.kept.data, o->errors.kept.len, "SyntaxError", 11);
    test_end(test, syntax ? TEST_SYNTAX : TEST_RUNTIME, why.data);
    buf_free(&why);
    return false;
}
