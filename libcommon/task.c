/* task: reads the members that authors use for the same thing. */
#include "task.h"

#include <string.h>

#include "record.h"

/* Types that an atom may have, by how their names begin, and what each asks for. */
static const struct {
    const char *type, *call;
} calls[] = {
    {"code_submission", "Implement this"},
    {"sandboxed_code", "Implement this"},
    {"implement", "Implement this"},
    {"debugging", "Something is broken: find it"},
    {"bug", "Something is broken: find it"},
    {"minimal_fix", "Something is broken: mend it with the smallest change"},
    {"output_prediction", "Predict what happens"},
    {"predict", "Predict what happens"},
    {"trace", "Predict what happens"},
    {"cli_", "Get this done on the command line"},
    {"refactor", "Make this better, and change nothing of what it does"},
    {"test_case", "Write tests for this"},
    {"test_", "Write tests for this"},
    {"project", "Work on this project"},
};

static const char *call_of(struct json_text type)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        size_t len = strlen(calls[i].type);
        if (json_kind(type) == JSON_STRING && type.len - 2 >= len &&
            memcmp(type.at + 1, calls[i].type, len) == 0)
            return calls[i].call;
    }
    return "Solve this";
}

/* A string with something in it, or absent. */
static struct json_text words(struct json_text value)
{
    return json_kind(value) == JSON_STRING && value.len > 2 ? value : (struct json_text){NULL, 0};
}

/* Tests are counted where each is one: a text can hold many. */
static int64_t count_tests(struct json_text tests)
{
    struct json_text first;
    size_t at = 0;
    return json_next(tests, &at, &first) && json_kind(first) == JSON_OBJECT ? (int64_t)json_count(tests)
                                                                            : TASK_UNKNOWN;
}

static double read_minutes(const struct atom *a)
{
    static const char *const names[] = {"estimated_time_minutes", "estimated_minutes"};
    struct json_object metadata = {0};
    double minutes = -1;
    json_get_object(atom_get(a, "metadata"), &metadata);
    for (size_t i = 0; i < sizeof names / sizeof *names && minutes <= 0; i++)
        if (!json_real(json_get(&metadata, names[i]), &minutes))
            json_real(atom_get(a, names[i]), &minutes);
    json_object_free(&metadata);
    return minutes > 0 && minutes < 10000 ? minutes : -1;
}

void task_read(struct task *t, const struct json_object *record)
{
    *t = (struct task){.atom_id = record_atom_id(record)};
    atom_open(&t->atom, record);
    const struct atom *a = &t->atom;
    struct json_text type = atom_get(a, "atom_type");
    t->call = call_of(type.at ? type : atom_get(a, "type"));
    t->front = words(json_get(record, "front"));
    t->prompt = words(atom_get(a, "prompt"));
    if (t->front.len == t->prompt.len && t->front.at && memcmp(t->front.at, t->prompt.at, t->front.len) == 0)
        t->prompt = (struct json_text){NULL, 0};
    t->language = words(atom_get(a, "language"));
    t->code = words(atom_get(a, "code"));
    if (!t->code.at)
        t->code = words(atom_get(a, "starter_code"));
    t->examples = atom_get(a, "examples");
    t->constraints = atom_get(a, "constraints");
    t->requirements = atom_get(a, "requirements");
    t->goals = atom_get(a, "refactor_goals");
    t->forbidden = atom_get(a, "forbidden_changes");
    t->failing = atom_get(a, "failing_tests");
    t->tests = count_tests(atom_get(a, "tests"));
    t->minutes = read_minutes(a);
}

void task_free(struct task *t)
{
    atom_close(&t->atom);
    *t = (struct task){0};
}
