/* scenario: a list of rules tried in order, and one table for every count. */
#include "scenario.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "jsonl.h"
#include "memory.h"
#include "xalloc.h"

enum { COUNTS_MAX = 1 << 18, RULE_MAX = 64 << 20 };

struct rule {
    char *method, *path, *atom_id; /* NULL: any */
    struct script *script;
    bool whole; /* counted over the whole rule */
    uint64_t taken;
};

struct scenario {
    struct rule *rules;
    size_t count, cap;
    struct memory *counts;
    struct buf key;
};

/* Sets *to from a string member of `match`. */
static bool read_word(const struct json_object *o, size_t i, struct rule *r, struct err *e)
{
    const struct {
        const char *name;
        char **to;
    } words[] = {{"method", &r->method}, {"path", &r->path}, {"atom_id", &r->atom_id}};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        if (!json_member_is(o, i, words[w].name))
            continue;
        free(*words[w].to);
        *words[w].to = json_strdup(json_member_value(o, i));
        return *words[w].to || err_set(e, EXIT_CONFIG, "\"%s\" in \"match\" is no string", words[w].name);
    }
    return err_set(e, EXIT_CONFIG, "\"match\" has no member \"%.*s\"", (int)o->members[i].key_len,
                   o->text.at + o->members[i].key);
}

static bool read_match(struct json_text value, struct rule *r, struct err *e)
{
    struct json_object o = {0};
    bool fine = json_get_object(value, &o) || err_set(e, EXIT_CONFIG, "\"match\" is no object");
    for (size_t i = 0; fine && i < o.count; i++)
        fine = read_word(&o, i, r, e);
    json_object_free(&o);
    return fine;
}

static bool read_count(struct json_text value, struct rule *r, struct err *e)
{
    r->whole = json_is(value, "rule");
    return r->whole || json_is(value, "atom") ||
           err_set(e, EXIT_CONFIG, "\"count\" is neither \"atom\" nor \"rule\"");
}

static bool read_rule(struct scenario *s, const struct json_object *o, struct err *e)
{
    bool fine = true;
    xgrow(&s->rules, &s->cap, s->count + 1, sizeof *s->rules);
    struct rule *r = &s->rules[s->count++];
    *r = (struct rule){0};
    for (size_t i = 0; fine && i < o->count; i++) {
        if (json_member_is(o, i, "match"))
            fine = read_match(json_member_value(o, i), r, e);
        else if (json_member_is(o, i, "count"))
            fine = read_count(json_member_value(o, i), r, e);
        else if (json_member_is(o, i, "answers") && !r->script)
            fine = (r->script = script_read(json_member_value(o, i), e)) != NULL;
        else
            fine = err_set(e, EXIT_CONFIG, "a rule has no member \"%.*s\", or has it once",
                           (int)o->members[i].key_len, o->text.at + o->members[i].key);
    }
    return fine && (r->script || err_set(e, EXIT_CONFIG, "a rule has no \"answers\""));
}

/* Reads every rule of the file, or says where it is wrong. */
static bool read_rules(struct scenario *s, struct jsonl *in, struct err *e)
{
    struct jsonl_record record;
    struct err why;
    enum jsonl_got got;
    while ((got = jsonl_read(in, &record, &why)) == JSONL_RECORD)
        if (!read_rule(s, record.object, &why))
            return err_set(e, EXIT_CONFIG, "%s:%zu: %s", record.file, record.line, why.text);
    if (got == JSONL_BAD)
        return err_set(e, EXIT_CONFIG, "%s", why.text);
    return !jsonl_failed(in) || err_set(e, EXIT_IO, "cannot read the scenario");
}

struct scenario *scenario_load(const char *file, struct err *e)
{
    struct scenario *s = xcalloc(1, sizeof *s);
    char *operands[] = {(char *)file, NULL};
    s->counts = memory_new(COUNTS_MAX, SIZE_MAX, NULL);
    buf_init(&s->key, SIZE_MAX / 2);
    if (!file)
        return s;
    struct jsonl *in = jsonl_open(operands, RULE_MAX);
    bool fine = read_rules(s, in, e);
    jsonl_close(in);
    if (fine)
        return s;
    scenario_free(s);
    return NULL;
}

void scenario_free(struct scenario *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->rules[i].method);
        free(s->rules[i].path);
        free(s->rules[i].atom_id);
        script_drop(s->rules[i].script);
    }
    free(s->rules);
    memory_free(s->counts);
    buf_free(&s->key);
    free(s);
}

static bool path_fits(const char *pattern, const char *path)
{
    size_t len = strlen(pattern);
    if (len && pattern[len - 1] == '*')
        return strncmp(path, pattern, len - 1) == 0;
    return strcmp(path, pattern) == 0;
}

static bool rule_fits(const struct rule *r, const struct asked *asked)
{
    return (!r->method || strcmp(r->method, asked->method) == 0) &&
           (!r->path || path_fits(r->path, asked->path)) &&
           (!r->atom_id || json_is(asked->atom_id, r->atom_id));
}

const struct answer *scenario_answer(struct scenario *s, const struct asked *asked, struct script **script)
{
    for (size_t i = 0; i < s->count; i++) {
        struct rule *r = &s->rules[i];
        if (!rule_fits(r, asked))
            continue;
        *script = script_hold(r->script);
        return script_answer(r->script, r->whole ? ++r->taken : scenario_count(s, (int)i, asked));
    }
    return NULL;
}

uint64_t scenario_count(struct scenario *s, int what, const struct asked *asked)
{
    buf_clear(&s->key);
    buf_add(&s->key, &what, sizeof what);
    buf_add(&s->key, asked->subject, asked->subject_len);
    return ++memory_get(s->counts, s->key.data, s->key.len)->count;
}
