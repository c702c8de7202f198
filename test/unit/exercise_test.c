/* Shows what is said of exercises whose tests cannot be used, before anything is run:
 * each is the author's fault or beyond gl-run, and none a grade. */
#include "exercise.h"

#include <string.h>

#include "tap.h"

struct row {
    const char *what, *members; /* of the runner, beside its language and entrypoint */
    const char *language, *entry;
    enum status status;
    const char *class, *why; /* NULL: it can be run; why is a part of what is said */
};

/* clang-format off */
static const struct row rows[] = {
    {"a list", "'tests':[{'input':[1],'expected':2}]", "python", "a.py", 0, NULL, NULL},
    {"a script", "'tests':'assert f(1) == 2'", "python", "a.py", 0, NULL, NULL},
    {"a command where the list is an empty text", "'tests':'','test_command':'make -s check'", "c", "a.c", 0, NULL, NULL},
    {"no tests", "'x':1", "python", "a.py", STATUS_FAILED, "no_tests", "has no tests"},
    {"an empty list", "'tests':[]", "python", "a.py", STATUS_FAILED, "no_tests", "is empty"},
    {"a number", "'tests':7", "python", "a.py", STATUS_FAILED, "bad_tests", "neither a list nor a text"},
    {"a list with a number in it", "'tests':[{'expected':1},7]", "python", "a.py",
     STATUS_FAILED, "bad_tests", "test 2 is no object"},
    {"a list of numbers", "'tests':[7]", "python", "a.py", STATUS_FAILED, "bad_tests", "neither an object nor a script"},
    {"a test that expects nothing", "'tests':[{'input':[1]}]", "python", "a.py",
     STATUS_FAILED, "bad_tests", "test 1 does not say what is \"expected\""},
    {"tests of two kinds", "'tests':[{'expected':1},{'expected_output':'1'}]", "python", "a.py",
     STATUS_FAILED, "bad_tests", "test 2 says \"expected_output\", those before it \"expected\""},
    {"states of a session in Python", "'tests':[{'expected_state':{}}]", "python", "a.py",
     STATUS_FAILED, "unsupported", "not in python"},
    {"a script in SQL", "'tests':'assert(1 == 1)'", "sql", "a.sql", STATUS_FAILED, "unsupported", "scripts in sql"},
    {"scripts in two languages", "'tests':['assert f(1) == 2','#!/bin/sh\\n[ -s (a) ]']", "python", "a.py",
     STATUS_FAILED, "bad_tests", "several languages"},
    {"a file that is not there", "'tests':'test_a.py'", "python", "a.py", STATUS_FAILED, "no_tests", "\"test_a.py\""},
    {"a file elsewhere", "'tests':'../../etc/passwd'", "python", "a.py", STATUS_REJECTED, "bad_path", "leaves the folder"},
    {"a command that is no text", "'test_command':7", "python", "a.py", STATUS_FAILED, "bad_tests", "test_command"},
};
/* clang-format on */

/* Puts text with double quotes for single ones. */
static void put_quoted(struct buf *to, const char *text)
{
    for (; *text; text++)
        buf_putc(to, *text == '\'' ? '"' : *text);
}

static void check(const struct row *row)
{
    static const struct exercise_maxima maxima = {.time_ms = 60000, .memory_bytes = 1 << 30};
    struct exercise x = {0};
    struct refusal r = {0};
    struct json_object request = {0};
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_printf(&text, "{\"atom_id\":\"a\",\"runner\":{\"language\":\"%s\",\"entrypoint\":\"%s\",",
               row->language, row->entry);
    put_quoted(&text, row->members);
    buf_printf(&text, "},\"submission\":{\"files\":[{\"path\":\"%s\",\"content\":\"x\"}]}}", row->entry);
    ok(json_index(&request, text.data, text.len, NULL), "%s: is JSON", row->what);
    bool runs = exercise_read(&x, &request, &maxima, &r);
    if (row->class) {
        ok(!runs, "%s: is not run", row->what);
        is_int(r.status, row->status, "%s: the status", row->what);
        is_text(r.class, row->class, "%s: the class", row->what);
        ok(strstr(r.why.text, row->why), "%s: says \"%s\"", row->what, r.why.text);
    } else {
        ok(runs, "%s: is run %s", row->what, r.why.text);
    }
    exercise_free(&x);
    json_object_free(&request);
    buf_free(&text);
}

/* One test more than may be. */
static void check_count(void)
{
    struct row row = {.what = "too many tests",
                      .language = "python",
                      .entry = "a.py",
                      .status = STATUS_FAILED,
                      .class = "bad_tests",
                      .why = "more than 10000 tests"};
    struct buf list;
    buf_init(&list, 1 << 20);
    buf_puts(&list, "'tests':[{'expected':0}");
    for (int i = 0; i < SHAPE_TESTS_MAX; i++)
        buf_puts(&list, ",{'expected':0}");
    buf_putc(&list, ']');
    row.members = list.data;
    check(&row);
    buf_free(&list);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i]);
    check_count();
    return tap_done();
}
