/* script: one table of members, as the command line has its table of options.
 * Spans point into the script's own copy of its text. */
#define _POSIX_C_SOURCE 200809L
#include "script.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parse.h"
#include "raw.h"
#include "xalloc.h"

enum { DELAY_MAX_MS = 3600 * 1000, PAD_MAX = 1 << 30, TESTS_MAX = 10000, POLLS_MAX = 1000000 };

struct script {
    char *source;
    struct answer *answers;
    size_t count, cap;
    atomic_uint holders;
};

const struct answer answer_default = {
    .delay_ms = UNSET,
    .pad = UNSET,
    .passed = UNSET,
    .total = UNSET,
    .polls = UNSET,
    .date_in = UNSET,
    .shape = UNSET,
    .status = UNSET,
};

enum kind { INT, CHOICE, ANY, STRING, LIST, HEADERS, RETRY_AFTER, RAW };

struct field {
    const char *name;
    enum kind kind;
    size_t member;
    int64_t min, max;
    const char *choices;
};

static const char *const cut_names[] = {
    "", "drop", "reset", "truncate_length", "truncate_chunked", "truncate_close"};
static const char cuts[] = "|drop|reset|truncate_length|truncate_chunked|truncate_close";
static const char shapes[] = "flat|nested|score|tests_failed|counts|lists|tests|results|errors|details|"
                             "meta_cognitive|correct_only|detail|error|error_message|problem";

static const struct field fields[] = {
    {"status", INT, offsetof(struct answer, status), 200, 599, NULL},
    {"body", ANY, offsetof(struct answer, body), 0, 0, NULL},
    {"text", STRING, offsetof(struct answer, text), 0, 0, NULL},
    {"raw", RAW, offsetof(struct answer, raw), 0, 0, NULL},
    {"headers", HEADERS, offsetof(struct answer, headers), 0, 0, NULL},
    {"retry_after", RETRY_AFTER, offsetof(struct answer, retry_after), 0, 0, NULL},
    {"delay_ms", INT, offsetof(struct answer, delay_ms), 0, DELAY_MAX_MS, NULL},
    {"fault", CHOICE, offsetof(struct answer, cut), 0, 0, cuts},
    {"pad", INT, offsetof(struct answer, pad), 0, PAD_MAX, NULL},
    {"shape", CHOICE, offsetof(struct answer, shape), 0, 0, shapes},
    {"correct", ANY, offsetof(struct answer, correct), 0, 0, NULL},
    {"score", ANY, offsetof(struct answer, score), 0, 0, NULL},
    {"passed", INT, offsetof(struct answer, passed), 0, TESTS_MAX, NULL},
    {"total", INT, offsetof(struct answer, total), 0, TESTS_MAX, NULL},
    {"atom_id", ANY, offsetof(struct answer, atom_id), 0, 0, NULL},
    {"execution_id", ANY, offsetof(struct answer, execution_id), 0, 0, NULL},
    {"estimated_wait_seconds", ANY, offsetof(struct answer, estimated_wait), 0, 0, NULL},
    {"polls", INT, offsetof(struct answer, polls), 0, POLLS_MAX, NULL},
    {"poll_status", LIST, offsetof(struct answer, poll_status), 0, 0, NULL},
    {"result", ANY, offsetof(struct answer, result), 0, 0, NULL},
    {"fail", STRING, offsetof(struct answer, fail), 0, 0, NULL},
};

static bool read_choice(const struct field *f, struct json_text value, int *out)
{
    char *word = json_strdup(value);
    bool known = word && parse_choice(word, f->choices, out);
    free(word);
    return known;
}

static bool read_retry_after(struct json_text value, struct answer *a)
{
    struct json_object o = {0};
    a->retry_after = value;
    if (!json_get_object(value, &o))
        return json_kind(value) == JSON_STRING || json_kind(value) == JSON_NUMBER;
    bool fits = o.count == 1 && json_int(json_get(&o, "date_in"), &a->date_in) && a->date_in > -86400 &&
                a->date_in < 86400;
    a->retry_after = (struct json_text){NULL, 0};
    json_object_free(&o);
    return fits;
}

/* Whether member i can be a header; how long the body is says the mock alone. */
static bool is_header(const struct json_object *o, size_t i)
{
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char *name = xmemdup(o->text.at + o->members[i].key, o->members[i].key_len);
    char *value = json_strdup(json_member_value(o, i));
    bool fits =
        value && *name && name[strspn(name, token)] == '\0' && strcasecmp(name, "Content-Length") != 0;
    for (const char *c = value; fits && *c; c++)
        fits = (unsigned char)*c >= ' ' && *c != 0x7f;
    free(value);
    free(name);
    return fits;
}

static bool read_headers(struct json_text value, struct answer *a)
{
    struct json_object o = {0};
    a->headers = value;
    bool fits = json_get_object(value, &o);
    for (size_t i = 0; fits && i < o.count; i++)
        fits = is_header(&o, i);
    json_object_free(&o);
    return fits;
}

static bool read_field(const struct field *f, struct json_text value, struct answer *a)
{
    void *to = (char *)a + f->member;
    int64_t number;
    switch (f->kind) {
    case INT:
        if (!json_int(value, &number) || number < f->min || number > f->max)
            return false;
        *(int64_t *)to = number;
        return true;
    case CHOICE:
        return read_choice(f, value, to);
    case RETRY_AFTER:
        return read_retry_after(value, a);
    case HEADERS:
        return read_headers(value, a);
    case RAW:
        a->raw = value;
        return raw_is(value);
    case ANY:
    case STRING:
    case LIST:
        break;
    }
    *(struct json_text *)to = value;
    return f->kind == ANY || json_kind(value) == (f->kind == STRING ? JSON_STRING : JSON_ARRAY);
}

/* Reads member i of an answer's object. */
static bool read_member(const struct json_object *o, size_t i, struct answer *a, struct err *e)
{
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        if (json_member_is(o, i, fields[f].name))
            return read_field(&fields[f], json_member_value(o, i), a) ||
                   err_set(e, EXIT_DATA, "an answer's \"%s\" has a value that it cannot have",
                           fields[f].name);
    return err_set(e, EXIT_DATA, "an answer has no member \"%.*s\"", (int)o->members[i].key_len,
                   o->text.at + o->members[i].key);
}

static bool read_object(struct json_text value, struct answer *a, struct err *e)
{
    struct json_object o = {0};
    bool fine = json_get_object(value, &o);
    for (size_t i = 0; fine && i < o.count; i++)
        fine = read_member(&o, i, a, e);
    if (fine && a->body.at && a->text.at)
        fine = err_set(e, EXIT_DATA, "an answer has a \"body\" or a \"text\", not both");
    json_object_free(&o);
    return fine;
}

static struct answer *add_answer(struct script *s)
{
    xgrow(&s->answers, &s->cap, s->count + 1, sizeof *s->answers);
    s->answers[s->count] = answer_default;
    return &s->answers[s->count++];
}

static bool read_status(struct script *s, const char *word, struct err *e)
{
    struct answer *a = add_answer(s);
    return parse_int(word, 200, 599, &a->status) ||
           err_set(e, EXIT_DATA, "\"%s\" is no status of an answer", word);
}

/* Reads "503,503,200". */
static bool read_statuses(struct script *s, struct json_text value, struct err *e)
{
    char *words = json_strdup(value), *at = words;
    bool fine = words || err_set(e, EXIT_DATA, "a list of statuses holds a NUL");
    while (fine && at) {
        char *word = at, *comma = strchr(at, ',');
        at = comma ? comma + 1 : NULL;
        if (comma)
            *comma = '\0';
        fine = read_status(s, word, e);
    }
    free(words);
    return fine;
}

static bool read_answer(struct script *s, struct json_text value, struct err *e)
{
    int64_t status;
    switch (json_kind(value)) {
    case JSON_OBJECT:
        return read_object(value, add_answer(s), e);
    case JSON_STRING:
        return read_statuses(s, value, e);
    case JSON_NUMBER:
        if (!json_int(value, &status) || status < 200 || status > 599)
            return err_set(e, EXIT_DATA, "%.*s is no status of an answer", (int)value.len, value.at);
        add_answer(s)->status = status;
        return true;
    default:
        return err_set(e, EXIT_DATA, "an answer is an object, a status or a text of statuses");
    }
}

struct script *script_read(struct json_text value, struct err *e)
{
    struct script *s = xcalloc(1, sizeof *s);
    struct json_text copy = {xmemdup(value.at, value.len), value.len}, element;
    size_t at = 0;
    bool fine = true;
    s->source = (char *)copy.at;
    atomic_init(&s->holders, 1);
    if (json_kind(copy) == JSON_ARRAY)
        while (fine && json_next(copy, &at, &element))
            fine = read_answer(s, element, e);
    else
        fine = read_answer(s, copy, e);
    if (fine && s->count == 0)
        fine = err_set(e, EXIT_DATA, "a list of answers is empty");
    if (fine)
        return s;
    script_drop(s);
    return NULL;
}

struct script *script_hold(struct script *s)
{
    if (s)
        atomic_fetch_add(&s->holders, 1);
    return s;
}

void script_drop(struct script *s)
{
    if (!s || atomic_fetch_sub(&s->holders, 1) != 1)
        return;
    free(s->answers);
    free(s->source);
    free(s);
}

const struct answer *script_answer(const struct script *s, uint64_t k)
{
    return &s->answers[k < s->count ? k - 1 : s->count - 1];
}

bool answer_tells_execution(const struct answer *a)
{
    return a->polls != UNSET || a->poll_status.at || a->result.at || a->fail.at;
}

const char *cut_name(enum cut cut)
{
    return cut_names[cut];
}

void answer_put_word(struct buf *out, struct json_text word)
{
    if (!json_string(word, out))
        buf_add(out, word.at, word.len);
}
