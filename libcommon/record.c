/* record: reads the few members that decide what happens to a record. */
#include "record.h"

#include <string.h>

bool record_gl(const struct json_object *record, struct json_object *gl)
{
    return json_get_object(json_get(record, "_gl"), gl);
}

enum record_type record_type(const struct json_object *record)
{
    static const struct {
        const char *name;
        enum record_type type;
    } types[] = {
        {"execution", RECORD_EXECUTION}, {"result", RECORD_RESULT}, {"row", RECORD_ROW},
        {"outcome", RECORD_OUTCOME},     {"stats", RECORD_STATS},   {"report", RECORD_REPORT},
    };
    struct json_object gl = {0};
    record_gl(record, &gl);
    struct json_text type = json_get(&gl, "type");
    enum record_type found = json_kind(type) > JSON_NULL ? RECORD_OTHER : RECORD_REQUEST;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (json_is(type, types[i].name))
            found = types[i].type;
    json_object_free(&gl);
    return found;
}

/* A string with something in it. */
static bool is_id(struct json_text value)
{
    return json_kind(value) == JSON_STRING && value.len > 2;
}

struct json_text record_atom_id(const struct json_object *record)
{
    struct json_text id = json_get(record, "atom_id");
    if (!is_id(id))
        id = json_get(record, "id");
    return is_id(id) ? id : (struct json_text){NULL, 0};
}

bool record_content(const struct json_object *atom, struct json_object *content, struct buf *text)
{
    static const char *const names[] = {"content_json", "content", "payload"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct json_text value = json_get(atom, names[i]);
        if (json_get_object(value, content))
            return true;
        buf_clear(text);
        if (json_string(value, text) && json_index(content, text->data, text->len, NULL))
            return true;
    }
    content->count = 0;
    return false;
}

/* What an atom says of itself, in its content and beside it. */
struct parts {
    const struct json_object *atom;
    struct json_object content;
    struct buf text;
};

static void parts_open(struct parts *p, const struct json_object *atom)
{
    *p = (struct parts){.atom = atom};
    buf_init(&p->text, atom->text.len * 2);
    record_content(atom, &p->content, &p->text);
}

static void parts_close(struct parts *p)
{
    json_object_free(&p->content);
    buf_free(&p->text);
}

/* The member as a string, in the content or else beside it. */
static struct json_text part(const struct parts *p, const char *name)
{
    struct json_text value = json_get(&p->content, name);
    return json_kind(value) > JSON_NULL ? value : json_get(p->atom, name);
}

static struct json_text mode_of(const struct json_object *o)
{
    struct json_object logic = {0};
    struct json_text mode = json_get(o, "grading_mode");
    if (json_kind(mode) != JSON_STRING && json_get_object(json_get(o, "grading_logic"), &logic))
        mode = json_get(&logic, "mode");
    json_object_free(&logic);
    return mode;
}

bool record_is_greenlights(const struct json_object *atom)
{
    struct parts p;
    parts_open(&p, atom);
    struct json_text mode = mode_of(&p.content);
    if (json_kind(mode) != JSON_STRING)
        mode = mode_of(atom);
    bool ours =
        json_is(part(&p, "owner"), "greenlight") || json_is(mode, "runtime") || json_is(mode, "hybrid");
    parts_close(&p);
    return ours;
}

bool record_is_async(const struct json_object *atom)
{
    struct parts p;
    parts_open(&p, atom);
    struct json_text asked = part(&p, "async_execution");
    int64_t number;
    bool async = json_kind(asked) == JSON_TRUE || (json_int(asked, &number) && number == 1);
    parts_close(&p);
    return async;
}

enum status record_status(struct json_text word)
{
    return json_kind(word) == JSON_STRING ? status_parse(word.at + 1, word.len - 2) : STATUS_UNKNOWN;
}

enum exit_code record_exit(const struct json_object *record)
{
    enum record_type type = record_type(record);
    struct json_object error = {0};
    if (type != RECORD_RESULT && type != RECORD_EXECUTION)
        return EXIT_OK;
    json_get_object(json_get(record, "error"), &error);
    bool by_server = json_kind(json_get(&error, "http_status")) == JSON_NUMBER;
    json_object_free(&error);
    return status_exit(record_status(json_get(record, "status")), by_server);
}

void record_put_gl(struct buf *out, const struct json_object *before, const char *type,
                   const struct json_object *own)
{
    struct json_object over = {0};
    struct buf text;
    buf_init(&text, out->max);
    buf_putc(&text, '{');
    if (type) {
        json_key(&text, "type");
        json_put_text(&text, type);
    }
    for (size_t i = 0; own && i < own->count; i++)
        json_put_member(&text, own, i);
    buf_putc(&text, '}');
    if (!before || !before->count)
        buf_add(out, text.data, text.len);
    else if (json_index(&over, text.data, text.len, NULL))
        json_put_merged(out, before, &over);
    json_object_free(&over);
    buf_free(&text);
}
