/* tests: names tests after their calls, takes in a driver's lines, compares. */
#define _POSIX_C_SOURCE 200809L
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "xalloc.h"

enum { NAME_MAX_BYTES = 100, VALUE_SHOWN_MAX = 60, MESSAGE_MAX = 2048 };

static const char *const class_names[] = {
    [TEST_OK] = NULL,         [TEST_LOGIC] = "logic",     [TEST_RUNTIME] = "runtime", [TEST_DISK] = "disk",
    [TEST_MEMORY] = "memory", [TEST_TIMEOUT] = "timeout", [TEST_SYNTAX] = "syntax",
};

const char *test_class_name(enum test_class class)
{
    return class_names[class];
}

static enum test_class read_class(struct json_text word)
{
    for (size_t i = 1; i < sizeof class_names / sizeof *class_names; i++)
        if (json_is(word, class_names[i]))
            return (enum test_class)i;
    return TEST_RUNTIME;
}

static char *copy_text(struct json_text value)
{
    return value.at ? xmemdup(value.at, value.len) : NULL;
}

/* ---- names ---- */

/* Appends at most NAME_MAX_BYTES in all, whole characters. */
static void add_shortened(struct buf *name, const char *text, size_t len)
{
    size_t room = name->len < NAME_MAX_BYTES ? NAME_MAX_BYTES - name->len : 0;
    if (len <= room) {
        buf_add(name, text, len);
        return;
    }
    while (room && ((unsigned char)text[room] & 0xc0) == 0x80)
        room--;
    buf_add(name, text, room);
    if (name->len && strcmp(name->data + name->len - 1, "\xa6") != 0)
        buf_puts(name, "\xe2\x80\xa6");
}

/* The members of an object by name, or the elements of a list. */
static void add_arguments(struct buf *name, struct json_text input)
{
    struct json_object o = {0};
    struct json_text element;
    size_t at = 0;
    json_get_object(input, &o);
    for (size_t i = 0; i < o.count; i++) {
        const struct json_member *m = &o.members[i];
        struct json_text value = json_member_value(&o, i);
        if (i)
            add_shortened(name, ", ", 2);
        add_shortened(name, o.text.at + m->key, m->key_len);
        add_shortened(name, "=", 1);
        add_shortened(name, value.at, value.len);
    }
    for (size_t i = 0; json_next(input, &at, &element); i++) {
        if (i)
            add_shortened(name, ", ", 2);
        add_shortened(name, element.at, element.len);
    }
    json_object_free(&o);
}

/* A call as a person would write it. */
static void add_call(struct buf *name, const char *function, const struct test *test)
{
    enum json_kind kind = json_kind(test->input);
    add_shortened(name, function, strlen(function));
    buf_putc(name, '(');
    if (!test->one_value && (kind == JSON_OBJECT || kind == JSON_ARRAY))
        add_arguments(name, test->input);
    else if (test->input.at)
        add_shortened(name, test->input.at, test->input.len);
    buf_putc(name, ')');
}

/* A run of a program as a person would write it. */
static void add_program(struct buf *name, const char *entry, const struct test *test)
{
    struct json_object object = {0};
    struct json_text element;
    size_t at = 0;
    add_shortened(name, entry, strlen(entry));
    json_get_object(test->object, &object);
    struct json_text args = json_get(&object, "args");
    while (json_next(args, &at, &element)) {
        add_shortened(name, " ", 1);
        add_shortened(name, element.at, element.len);
    }
    if (test->input.at) {
        add_shortened(name, " < ", 3);
        add_shortened(name, test->input.at, test->input.len);
    }
    json_object_free(&object);
}

/* The function that was called, or would have been. */
static char *function_name(const struct tests *t)
{
    const char *entry = t->exercise->entry ? t->exercise->entry : "session", *slash = strrchr(entry, '/');
    if (t->function || t->exercise->function)
        return xstrdup(t->function ? t->function : t->exercise->function);
    const char *start = slash ? slash + 1 : entry;
    return xmemdup(start, strcspn(start, "."));
}

static struct json_text expected_of(const struct json_object *test)
{
    static const char *const names[] = {"expected_output", "expected_state", "expected"};
    struct json_text value = {NULL, 0};
    for (size_t i = 0; !value.at && i < sizeof names / sizeof *names; i++)
        value = json_get(test, names[i]);
    return value;
}

void tests_open(struct tests *t, const struct exercise *x)
{
    struct json_object call = {0};
    struct json_text element;
    size_t at = 0, i = 0;
    *t = (struct tests){.exercise = x, .known = shape_is_list(&x->shape)};
    t->count = json_count(x->shape.tests);
    t->test = xcalloc(t->count, sizeof *t->test);
    while (json_next(x->shape.tests, &at, &element)) {
        struct test *test = &t->test[i++];
        json_get_object(element, &call);
        test->name = json_strdup(json_get(&call, "name"));
        test->object = element;
        test->input = json_get(&call, "input");
        test->expected = copy_text(expected_of(&call));
    }
    json_object_free(&call);
}

void tests_free(struct tests *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->test[i].name);
        free(t->test[i].message);
        free(t->test[i].expected);
        free(t->test[i].actual);
    }
    free(t->test);
    free(t->state);
    free(t->function);
    free(t->fault);
    free(t->version);
    free(t->unfit_class);
    free(t->unfit);
    *t = (struct tests){0};
}

/* ---- ends ---- */

void test_end(struct test *test, enum test_class class, const char *message)
{
    if (test->ended)
        return;
    test->ended = true;
    test->class = class;
    test->message = message ? xstrdup(message) : NULL;
}

void tests_end_all(struct tests *t, enum test_class class, const char *message)
{
    for (size_t i = 0; i < t->count; i++)
        test_end(&t->test[i], class, message);
}

void tests_doubt(struct tests *t, size_t from, enum test_class class, const char *message)
{
    for (size_t i = from; i < t->count; i++) {
        struct test *test = &t->test[i];
        test->ended = test->class != TEST_OK;
        test_end(test, class, message);
    }
}

size_t tests_next(const struct tests *t)
{
    size_t i = 0;
    while (i < t->count && t->test[i].ended)
        i++;
    return i;
}

size_t tests_passed(const struct tests *t)
{
    size_t passed = 0;
    for (size_t i = 0; i < t->count; i++)
        passed += t->test[i].ended && t->test[i].class == TEST_OK;
    return passed;
}

enum test_class tests_class(const struct tests *t)
{
    enum test_class worst = TEST_OK;
    for (size_t i = 0; i < t->count; i++)
        if (t->test[i].class > worst)
            worst = t->test[i].class;
    return worst;
}

/* ---- the driver's lines ---- */

void test_compare(struct test *test, struct json_text actual, bool trim)
{
    struct json_text expected = {test->expected, strlen(test->expected)};
    struct buf where, message;
    bool lenient;
    buf_init(&where, VALUE_SHOWN_MAX);
    buf_init(&message, MESSAGE_MAX);
    if (test->ended)
        return;
    test->actual = copy_text(actual);
    if (compare_values(expected, actual, trim, &where, &lenient)) {
        test_end(test, TEST_OK,
                 !lenient ? NULL
                 : trim   ? "equal but for trailing blanks"
                          : "equal within a relative difference of 1e-9");
    } else {
        buf_puts(&message, "wrong result"); /* the values stand beside it */
        if (where.len && !where.overflowed)
            buf_printf(&message, ", different at %s", where.data);
        test_end(test, TEST_LOGIC, message.data);
    }
    buf_free(&where);
    buf_free(&message);
}

void tests_add(struct tests *t, const char *name, enum test_class class, const char *message)
{
    xgrow(&t->test, &t->cap, t->count + 1, sizeof *t->test);
    struct test *test = &t->test[t->count++];
    *test = (struct test){.name = xstrdup(name), .started = true};
    test_end(test, class, message);
}

static void take_end(struct tests *t, size_t index, const struct json_object *line)
{
    struct test *test = &t->test[index];
    struct json_text value = json_get(line, "value"), class = json_get(line, "class");
    char *message = json_strdup(json_get(line, "message"));
    bool is_call = shape_is_list(&t->exercise->shape);
    if (is_call && value.at) {
        test_compare(test, value, false);
    } else if (is_call && json_get(line, "odd").at) {
        free(message);
        message = json_strdup(json_get(line, "odd"));
        test->actual = copy_text(json_get(line, "shown"));
        test_end(test, TEST_LOGIC, message);
    } else if (class.at) {
        test_end(test, read_class(class), message);
        if (!is_call) {
            test->expected = copy_text(json_get(line, "expected"));
            test->actual = copy_text(json_get(line, "actual"));
        }
    } else if (!is_call && json_is(json_get(line, "passed"), "true")) {
        test_end(test, TEST_OK, NULL);
    }
    free(message);
}

static void take_names(struct tests *t, struct json_text names)
{
    struct json_text element;
    size_t at = 0, count = json_count(names);
    if (t->known || !count || count > SHAPE_TESTS_MAX)
        return;
    t->known = true;
    free(t->test);
    t->test = xcalloc(count, sizeof *t->test);
    while (json_next(names, &at, &element)) {
        char *name = json_strdup(element);
        t->test[t->count++].name = name ? name : xstrdup("?");
    }
}

void tests_assume(struct tests *t)
{
    const struct files *scripts = &t->exercise->shape.scripts;
    t->known = true;
    free(t->test);
    t->test = xcalloc(scripts->count, sizeof *t->test);
    for (t->count = 0; t->count < scripts->count; t->count++)
        t->test[t->count].name = xstrdup(scripts->file[t->count].path);
}

static void keep_first(char **to, struct json_text value)
{
    if (!*to)
        *to = json_strdup(value);
}

static bool has_key(const struct tests *t, const struct json_object *line)
{
    int64_t key = 0;
    return !t->key || (json_int(json_get(line, "key"), &key) && key == t->key);
}

static void take_line(struct tests *t, const struct json_object *line)
{
    struct json_text kind = json_get(line, "kind");
    int64_t index;
    bool of_test = json_int(json_get(line, "test"), &index) && index >= 0 && (uint64_t)index < t->count;
    if (json_is(kind, "start") && of_test) {
        t->test[index].started = true;
        t->test[index].one_value = json_is(json_get(line, "one_value"), "true");
    } else if (json_is(kind, "end") && of_test && t->test[index].started && !t->test[index].ended) {
        take_end(t, (size_t)index, line);
    } else if (json_is(kind, "tests")) {
        take_names(t, json_get(line, "names"));
    } else if (json_is(kind, "exit") && !t->exited && has_key(t, line)) {
        t->exited = json_int(json_get(line, "code"), &t->exit_code);
    } else if (json_is(kind, "state") && !t->state) {
        t->state = copy_text(json_get(line, "value"));
    } else if (json_is(kind, "runtime")) {
        keep_first(&t->version, json_get(line, "version"));
    } else if (json_is(kind, "function")) {
        keep_first(&t->function, json_get(line, "name"));
    } else if (json_is(kind, "fault")) {
        keep_first(&t->fault, json_get(line, "message"));
        tests_end_all(t, read_class(json_get(line, "class")), t->fault);
    } else if (json_is(kind, "unfit")) {
        keep_first(&t->unfit_class, json_get(line, "class"));
        keep_first(&t->unfit, json_get(line, "message"));
    }
}

void tests_take(struct tests *t, const char *report, size_t len)
{
    const char *at = report, *end = report + len, *lf;
    struct json_object line = {0};
    while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (json_index(&line, at, (size_t)(lf - at), NULL))
            take_line(t, &line);
        at = lf + 1;
    }
    json_object_free(&line);
}

/* ---- writing ---- */

static void put_name(struct buf *out, const struct test *test, const char *function, const struct exercise *x,
                     size_t number)
{
    struct buf name;
    buf_init(&name, 4 * NAME_MAX_BYTES);
    if (test->name)
        add_shortened(&name, test->name, strlen(test->name));
    else if (x->shape.kind == SHAPE_STATES)
        buf_printf(&name, "state %zu", number);
    else if (x->shape.kind == SHAPE_OUTPUTS)
        add_program(&name, x->entry, test);
    else
        add_call(&name, function, test);
    json_key(out, "name");
    json_put_string(out, name.data, name.len);
    buf_free(&name);
}

/* A member that is left out where there is no value: null would be one. */
static void put_value(struct buf *out, const char *name, const char *value, size_t *room)
{
    size_t len = value ? strlen(value) : 0;
    bool fits = len <= *room;
    if (!value)
        return;
    json_key(out, name);
    buf_puts(out, fits ? value : "null");
    *room = fits ? *room - len : 0;
}

bool tests_put(const struct tests *t, struct buf *out, size_t room)
{
    bool cut = false;
    char *function = function_name(t);
    buf_putc(out, '[');
    for (size_t i = 0; i < t->count; i++) {
        const struct test *test = &t->test[i];
        json_comma(out);
        buf_putc(out, '{');
        put_name(out, test, function, t->exercise, i + 1);
        json_key(out, "passed");
        buf_puts(out, test->ended && test->class == TEST_OK ? "true" : "false");
        json_key(out, "message");
        json_put_text(out, test->message);
        size_t before = room;
        put_value(out, "expected", test->expected, &room);
        put_value(out, "actual", test->actual, &room);
        cut = cut || (before && !room);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
    free(function);
    return cut;
}
