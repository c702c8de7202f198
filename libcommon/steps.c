/* steps: one function a way of running; the languages' own parts are in
 * share/greenlight/drivers and `harness`. */
#define _POSIX_C_SOURCE 200809L
#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "xalloc.h"

static const char call_script[] = {
#include "driver_call.h"
    0};

static const char shell_script[] = {
#include "driver_script.h"
    0};

static const char session_script[] = {
#include "driver_session.h"
    0};

void step_init(struct step *s)
{
    *s = (struct step){.file_count = 0};
    buf_init(&s->input, SIZE_MAX / 2);
}

void step_free(struct step *s)
{
    proc_args_free(&s->words);
    buf_free(&s->input);
}

void step_add_file(struct step *s, struct jail_file file)
{
    s->file[s->file_count++] = file;
}

static void add_words(struct step *s, const char *const *words)
{
    while (*words)
        proc_arg(&s->words, *words++);
}

static void add_shell(struct step *s, const char *script)
{
    add_words(s, (const char *const[]){"/usr/bin/bash", "-c", script, "bash", NULL});
}

static void add_number(struct step *s, size_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", number);
    proc_arg(&s->words, text);
}

/* A path that is no option. */
static void add_path(struct step *s, const char *path)
{
    struct buf text;
    buf_init(&text, FILES_PATH_MAX + 2);
    buf_printf(&text, "%s%s", *path == '-' ? "./" : "", path);
    proc_arg(&s->words, text.data);
    buf_free(&text);
}

/* A value as text: a string's characters (up to a NUL), else its JSON. */
static char *value_text(struct json_text value)
{
    char *text = json_strdup(value);
    return text ? text : xmemdup(value.at ? value.at : "", value.len);
}

static void add_value(struct step *s, struct json_text value)
{
    char *text = value_text(value);
    proc_arg(&s->words, text);
    free(text);
}

/* The elements of a list, or one value that is there. */
static void add_values(struct step *s, struct json_text value)
{
    struct json_text element;
    size_t at = 0;
    if (json_kind(value) != JSON_ARRAY && value.at)
        add_value(s, value);
    while (json_next(value, &at, &element))
        add_value(s, element);
}

static void put_value(struct buf *to, struct json_text value)
{
    if (!json_string(value, to) && value.at) {
        json_put(to, value);
        buf_putc(to, '\n');
    }
}

/* ---- drivers ---- */

/* The calls without what is expected of them. */
static void put_calls(struct buf *b, const struct tests *t)
{
    json_key(b, "tests");
    buf_putc(b, '[');
    for (size_t i = 0; i < t->count; i++) {
        json_comma(b);
        buf_putc(b, '{');
        if (t->test[i].input.at) {
            json_key(b, "input");
            json_put(b, t->test[i].input);
        }
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

void steps_driver(struct step *s, const struct exercise *x, const struct tests *t)
{
    struct buf *b = &s->input;
    if (x->language->call == CALL_BY_HARNESS) {
        add_words(s, x->language->run);
        add_number(s, tests_next(t));
        add_number(s, t->count);
        return;
    }
    s->hidden = x->shape.kind == SHAPE_DRIVER;
    add_words(s, s->hidden ? x->language->scripts_command : x->language->command);
    if (s->hidden)
        proc_arg(&s->words, x->entry); /* told before the tests are */
    buf_putc(b, '{');
    json_key(b, "entry");
    json_put_text(b, x->entry);
    json_key(b, "function");
    json_put_text(b, x->function);
    json_key(b, "from");
    json_put_int(b, (int64_t)tests_next(t));
    if (shape_is_list(&x->shape))
        put_calls(b, t);
    else
        files_print(b, &x->shape.scripts, "scripts", "name", "text");
    buf_putc(b, '}');
}

/* ---- compiled languages ---- */

/* The exercise's sources, but for `except`. */
static void add_sources(struct step *s, const struct exercise *x, const char *except)
{
    for (size_t i = 0; i < x->files.count; i++) {
        const char *path = x->files.file[i].path;
        if (language_of_file(path) == x->language && !(except && strcmp(path, except) == 0))
            add_path(s, path);
    }
}

static void add_source(struct step *s, const char *path, const struct buf *text)
{
    step_add_file(s, (struct jail_file){.path = path, .bytes = text->data, .len = text->len});
}

void steps_build(struct step *s, const struct exercise *x, const struct tests *t, struct buf *source)
{
    add_words(s, x->language->build);
    if (x->shape.kind != SHAPE_CALLS) {
        add_sources(s, x, NULL);
        return;
    }
    proc_arg(&s->words, "-Dmain=gl_learner_main");
    add_sources(s, x, x->entry);
    harness_put_calls(source, x, t);
    proc_arg(&s->words, "../greenlight/harness.c");
    add_source(s, "greenlight/harness.c", source);
}

void steps_part(struct step *s, const struct exercise *x)
{
    add_words(s, x->language->part);
    proc_arg(&s->words, "-Dmain=gl_learner_main");
    add_sources(s, x, NULL);
}

void steps_link(struct step *s, const struct exercise *x, const struct tests *t, const struct buf *part,
                const struct jail_file *script, struct buf *source, struct buf *verdict)
{
    add_words(s, x->language->link);
    proc_arg(&s->words, x->function);
    harness_put_script(source, script);
    harness_put_verdict(verdict, t->key);
    add_source(s, "greenlight/part.o", part);
    add_source(s, "greenlight/tests.c", source);
    add_source(s, "greenlight/verdict.c", verdict);
}

void steps_compiled(struct step *s)
{
    proc_arg(&s->words, LANGUAGE_PROGRAM);
}

/* ---- programs ---- */

/* SQL is read by the shell of sqlite3 from its standard input. */
static void put_sql(struct buf *b, const struct exercise *x, struct json_text before, struct json_text after)
{
    buf_puts(b, ".output /dev/null\n");
    put_value(b, atom_get(&x->atom, "setup"));
    buf_puts(b, "\n;\n");
    put_value(b, before);
    buf_puts(b, after.at ? "\n;\n" : "\n;\n.output stdout\n");
    buf_printf(b, ".read \"%s\"\n", x->entry);
    buf_puts(b, after.at ? "\n;\n.output stdout\n" : "");
    put_value(b, after);
    buf_putc(b, '\n');
}

/* Runs the learner's file as a program. */
static void put_program(struct step *s, const struct exercise *x, struct json_text input,
                        struct json_text args)
{
    add_words(s, x->language->run);
    if (x->language->call == CALL_BY_QUERY) {
        put_sql(&s->input, x, input, (struct json_text){NULL, 0});
        return;
    }
    if (!x->language->build[0])
        add_path(s, x->entry);
    add_values(s, args);
    put_value(&s->input, input);
}

void steps_program(struct step *s, const struct exercise *x)
{
    put_program(s, x, atom_get(&x->atom, "input"), atom_get(&x->atom, "args"));
}

/* A shell function: members of an object are variables, elements of a list words. */
static void put_words(struct step *s, const struct exercise *x, struct json_text input)
{
    struct json_object names = {0};
    struct buf word;
    buf_init(&word, input.len + 2);
    add_shell(s, call_script);
    add_path(s, x->entry);
    proc_arg(&s->words, x->function);
    json_get_object(input, &names);
    for (size_t i = 0; i < names.count; i++) {
        char *value = value_text(json_member_value(&names, i));
        buf_add(&word, names.text.at + names.members[i].key, names.members[i].key_len);
        buf_printf(&word, "=%s", value);
        proc_arg(&s->words, word.data);
        buf_clear(&word);
        free(value);
    }
    proc_arg(&s->words, "--");
    if (json_kind(input) != JSON_OBJECT)
        add_values(s, input);
    json_object_free(&names);
    buf_free(&word);
}

static void put_call(struct step *s, const struct exercise *x, const struct test *test)
{
    struct json_object object = {0};
    if (x->language->call == CALL_BY_QUERY) {
        add_words(s, x->language->run);
        proc_arg(&s->words, "-json");
        json_get_object(test->object, &object);
        put_sql(&s->input, x, test->input, json_get(&object, "query"));
        json_object_free(&object);
    } else if (x->function) {
        put_words(s, x, test->input);
    } else {
        add_words(s, x->language->run);
        add_path(s, x->entry);
        add_values(s, test->input);
    }
}

/* ---- sessions ---- */

/* A session's commands: those handed in, or the lines of the learner's file. */
static size_t add_commands(struct step *s, const struct exercise *x, size_t most)
{
    struct json_text element;
    size_t at = 0, count = 0;
    if (x->commands.at) {
        for (; count < most && json_next(x->commands, &at, &element); count++)
            add_value(s, element);
        return count;
    }
    const struct jail_file *file = files_find(&x->files, x->entry);
    const char *line = file->bytes;
    for (; count < most && *line; count++) {
        size_t len = strcspn(line, "\n");
        char *text = xmemdup(line, len);
        proc_arg(&s->words, text);
        free(text);
        line += len + (line[len] == '\n');
    }
    return count;
}

static void add_names(struct step *s, const struct json_object *state, const char *member)
{
    struct json_object names = {0};
    struct buf name;
    buf_init(&name, state->text.len * 2);
    json_get_object(json_get(state, member), &names);
    for (size_t i = 0; i < names.count; i++) {
        struct json_text key = {names.text.at + names.members[i].key - 1, names.members[i].key_len + 2};
        json_string(key, &name);
        proc_arg(&s->words, name.data);
        buf_clear(&name);
    }
    json_object_free(&names);
    buf_free(&name);
}

/* The session up to the command after which the test looks at its state. */
static void put_state(struct step *s, const struct exercise *x, const struct test *test, size_t number)
{
    struct json_object object = {0}, state = {0};
    struct step commands;
    char setup_and[32];
    int64_t after = (int64_t)number + 1;
    json_get_object(test->object, &object);
    json_get_object(json_get(&object, "expected_state"), &state);
    json_int(json_get(&object, "after"), &after);
    step_init(&commands);
    struct json_text setup = atom_get(&x->atom, "setup");
    add_values(&commands, setup);
    add_commands(&commands, x, after > 0 ? (size_t)after : 0);
    add_shell(s, session_script);
    snprintf(setup_and, sizeof setup_and, "%zu", commands.words.count);
    proc_arg(&s->words, setup_and);
    for (size_t i = 0; i < commands.words.count; i++)
        proc_arg(&s->words, commands.words.words[i]);
    add_names(s, &state, "files");
    proc_arg(&s->words, "--");
    add_names(s, &state, "variables");
    step_free(&commands);
    json_object_free(&object);
    json_object_free(&state);
}

void steps_test(struct step *s, const struct exercise *x, const struct test *test, size_t number)
{
    struct json_object object = {0};
    if (x->shape.kind == SHAPE_STATES) {
        put_state(s, x, test, number);
    } else if (x->shape.kind == SHAPE_CALLS) {
        put_call(s, x, test);
    } else {
        json_get_object(test->object, &object);
        put_program(s, x, test->input, json_get(&object, "args"));
        json_object_free(&object);
    }
}

/* ---- scripts ---- */

void steps_shell(struct step *s, const struct jail_file *script)
{
    add_shell(s, shell_script);
    s->hidden = true;
    buf_add(&s->input, script->bytes, script->len);
}
