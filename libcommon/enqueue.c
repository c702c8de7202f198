/* enqueue: a row's id is made here, before it is first sent, and is its
 * idempotency key unless the request came with one; so whoever has to send a row
 * again names the same row. */
#define _POSIX_C_SOURCE 200809L
#include "enqueue.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "filter.h"
#include "jsonb.h"
#include "record.h"
#include "result.h"
#include "row.h"
#include "uuid.h"

enum { OUT_MAX = 256 << 20 };

/* ---- requests in ---- */

/* The values of one row in the making, with what they borrow. */
struct row {
    struct request request;
    struct buf atom_id, learner, execution_id, dedupe;
    char id[UUID_TEXT], run_at[CLOCK_TEXT];
    struct batch_value values[ENQUEUE_COLUMNS];
};

static void row_init(struct row *r)
{
    memset(r->values, 0, sizeof r->values);
    buf_init(&r->request.body, OUT_MAX);
    buf_init(&r->atom_id, OUT_MAX);
    buf_init(&r->learner, OUT_MAX);
    buf_init(&r->execution_id, OUT_MAX);
    buf_init(&r->dedupe, OUT_MAX);
}

static void row_free(struct row *r)
{
    buf_free(&r->request.body);
    buf_free(&r->atom_id);
    buf_free(&r->learner);
    buf_free(&r->execution_id);
    buf_free(&r->dedupe);
}

static struct batch_value value_of(const char *text)
{
    return (struct batch_value){text, text ? strlen(text) : 0};
}

/* A JSON string as what Postgres takes for a text: anything but NULs. */
static bool set_text(struct batch_value *value, struct json_text text, struct buf *decoded, const char *name,
                     struct err *e)
{
    if (!json_string(text, decoded))
        return true;
    if (memchr(decoded->data, '\0', decoded->len))
        return err_set(e, EXIT_DATA, "%s has a NUL in it", name);
    *value = (struct batch_value){decoded->data, decoded->len};
    return true;
}

static struct json_text learner_in(const struct json_object *o, const char *member)
{
    struct json_object context = {0};
    struct json_text learner = {NULL, 0};
    if (o && json_get_object(json_get(o, member), &context))
        learner = json_get(&context, "learner_id");
    json_object_free(&context);
    return learner;
}

static bool is_named(struct json_text text)
{
    return json_kind(text) == JSON_STRING && text.len > 2;
}

/* The learner, by the order of design.md §3. */
static bool set_learner(struct row *r, const struct enqueue_options *o, const struct json_object *record,
                        struct err *e)
{
    const struct json_object *option = o->request.session_context;
    struct json_text learner = option ? json_get(option, "learner_id") : (struct json_text){NULL, 0};
    struct batch_value *value = &r->values[ENQUEUE_LEARNER_ID];
    *value = value_of(o->learner);
    if (value->at)
        return true;
    if (!is_named(learner))
        learner = learner_in(record, "session_context");
    if (!is_named(learner))
        learner = json_get(record, "learner_id");
    if (!is_named(learner))
        *value = value_of(o->other_learner);
    else if (!set_text(value, learner, &r->learner, "learner_id", e))
        return false;
    return value->at || err_set(e, EXIT_DATA,
                                "no learner: neither session_context.learner_id nor learner_id, "
                                "nor --learner");
}

/* The program sees what will be posted, with the learner that was found. */
static bool set_dedupe_key(struct row *r, struct filter *filter, struct err *e)
{
    const struct batch_value *learner = &r->values[ENQUEUE_LEARNER_ID];
    struct json_object body = {0};
    struct buf input, name, output;
    buf_init(&input, OUT_MAX);
    buf_init(&name, OUT_MAX);
    buf_init(&output, OUT_MAX);
    json_put_string(&name, learner->at, learner->len);
    json_index(&body, r->request.body.data, r->request.body.len, NULL);
    json_put_edited(&input, &body,
                    (struct json_edit[]){{.name = "learner_id", .value = {name.data, name.len}}, {0}});
    bool good = filter_apply(filter, (struct json_text){input.data, input.len}, &output, e);
    struct json_text key = {output.data, output.len};
    if (good && json_kind(key) == JSON_STRING)
        good = set_text(&r->values[ENQUEUE_DEDUPE_KEY], key, &r->dedupe, "the key that --dedupe gave", e);
    else if (good && json_kind(key) != JSON_NULL && json_kind(key) != JSON_FALSE &&
             buf_add(&r->dedupe, key.at, key.len))
        r->values[ENQUEUE_DEDUPE_KEY] = (struct batch_value){r->dedupe.data, r->dedupe.len};
    json_object_free(&body);
    buf_free(&input);
    buf_free(&name);
    buf_free(&output);
    return good;
}

static void set_run_at(struct row *r, const struct enqueue_options *o)
{
    r->values[ENQUEUE_RUN_AT] = value_of(o->run_at);
    if (o->run_at || !o->delay_ms)
        return;
    clock_format(clock_after(clock_wall(), o->delay_ms), r->run_at);
    r->values[ENQUEUE_RUN_AT] = value_of(r->run_at);
}

static bool fill(struct row *r, const struct enqueue_options *o, const struct json_object *record,
                 const struct json_object *gl, struct err *e)
{
    struct batch_value *v = r->values;
    if (!request_prepare(&r->request, &o->request, record, gl, e) ||
        !set_text(&v[ENQUEUE_ATOM_ID], r->request.atom_id, &r->atom_id, "atom_id", e) ||
        !set_text(&v[ENQUEUE_EXECUTION_ID], json_get(gl, "execution_id"), &r->execution_id,
                  "_gl.execution_id", e) ||
        !set_learner(r, o, record, e) || (o->dedupe && !set_dedupe_key(r, o->dedupe, e)))
        return false;
    struct json_text body = {r->request.body.data, r->request.body.len};
    uuid7(r->id);
    v[ENQUEUE_REQUEST] = (struct batch_value){body.at, body.len};
    v[ENQUEUE_IDEMPOTENCY_KEY] = value_of(r->request.key_came ? r->request.key : NULL);
    v[ENQUEUE_ENDPOINT] = value_of(request_endpoint(&r->request));
    v[ENQUEUE_PRIORITY] = value_of(o->priority);
    v[ENQUEUE_MAX_RETRIES] = value_of(o->max_retries);
    v[ENQUEUE_VERBATIM] = value_of(r->request.key_came || !jsonb_keeps(body) ? "t" : "f");
    v[ENQUEUE_ROW_ID] = value_of(r->id);
    set_run_at(r, o);
    return true;
}

bool enqueue_add(struct batch *rows, const struct enqueue_options *o, const struct json_object *record,
                 const struct json_object *gl, struct err *e)
{
    struct row r;
    row_init(&r);
    bool good = fill(&r, o, record, gl, e);
    if (good)
        batch_add(rows, r.values);
    row_free(&r);
    return good;
}

/* ---- records out ---- */

/* The columns as libcommon/row has them, but for the payloads: each has a value of
 * the batch or, where there is none, this JSON; NULL is for what is set here. */
static const struct column {
    const char *name;
    int value; /* -1: none */
    const char *otherwise;
    bool number;
} columns[] = {
    {"id", ENQUEUE_ROW_ID, "null", false},
    {"atom_id", ENQUEUE_ATOM_ID, "null", false},
    {"learner_id", ENQUEUE_LEARNER_ID, "null", false},
    {"execution_id", ENQUEUE_EXECUTION_ID, "null", false},
    {"status", -1, NULL, false},
    {"queued_at", -1, NULL, false},
    {"started_at", -1, "null", false},
    {"completed_at", -1, "null", false},
    {"error_message", -1, "null", false},
    {"retry_count", -1, "0", false},
    {"max_retries", ENQUEUE_MAX_RETRIES, "3", true},
    {"priority", ENQUEUE_PRIORITY, "0", true},
    {"run_at", ENQUEUE_RUN_AT, NULL, false},
    {"lease_token", -1, "null", false},
    {"lease_until", -1, "null", false},
    {"claimed_by", -1, "null", false},
    {"submitted_at", -1, "null", false},
    {"dedupe_key", ENQUEUE_DEDUPE_KEY, "null", false},
    {"idempotency_key", ENQUEUE_IDEMPOTENCY_KEY, "null", false},
    {"endpoint", ENQUEUE_ENDPOINT, "null", false},
    {"errors", -1, "[]", false},
    {"acked_at", -1, "null", false},
};

/* The request's `_gl` with the record's type and, where row is not NULL, how
 * the request is to be sent. */
static void put_gl(struct buf *out, const struct json_object *gl, const char *type,
                   const struct batch_value *row)
{
    struct json_object own = {0};
    struct buf text;
    if (!row && gl->count == 0) {
        buf_printf(out, "{\"type\":\"%s\"}", type);
        return;
    }
    buf_init(&text, OUT_MAX);
    buf_putc(&text, '{');
    if (row) {
        const struct batch_value *key = &row[ENQUEUE_IDEMPOTENCY_KEY];
        if (!key->at)
            key = &row[ENQUEUE_ROW_ID];
        json_key(&text, "idempotency_key");
        json_put_string(&text, key->at, key->len);
        json_key(&text, "endpoint");
        json_put_string(&text, row[ENQUEUE_ENDPOINT].at, row[ENQUEUE_ENDPOINT].len);
    }
    buf_putc(&text, '}');
    json_index(&own, text.data, text.len, NULL);
    record_put_gl(out, gl, type, &own);
    json_object_free(&own);
    buf_free(&text);
}

void enqueue_put_row(struct buf *out, const struct batch_value *row, const char *status,
                     const char *queued_at, const struct json_object *gl)
{
    buf_putc(out, '{');
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const struct column *c = &columns[i];
        const struct batch_value *value = c->value < 0 ? NULL : &row[c->value];
        json_key(out, c->name);
        if (value && value->at && c->number)
            buf_add(out, value->at, value->len);
        else if (value && value->at)
            json_put_string(out, value->at, value->len);
        else if (c->otherwise)
            buf_puts(out, c->otherwise);
        else
            json_put_text(out, strcmp(c->name, "status") == 0 ? status : queued_at);
    }
    json_key(out, "_gl");
    put_gl(out, gl, "row", NULL);
    buf_putc(out, '}');
}

void enqueue_put_whole(struct buf *out, struct json_text members, bool duplicate,
                       const struct json_object *gl)
{
    buf_putc(out, '{');
    json_put(out, members);
    if (duplicate)
        buf_puts(out, ",\"duplicate\":true");
    json_key(out, "_gl");
    put_gl(out, gl, "row", NULL);
    buf_putc(out, '}');
}

void enqueue_put_result(struct buf *out, const struct batch_value *row, enum fault fault, const char *why,
                        const struct json_object *gl)
{
    struct result r;
    struct buf atom_id, message, own;
    buf_init(&atom_id, OUT_MAX);
    buf_init(&message, 16 * ERR_TEXT_MAX);
    buf_init(&own, OUT_MAX);
    json_put_string(&atom_id, row[ENQUEUE_ATOM_ID].at, row[ENQUEUE_ATOM_ID].len);
    json_put_text(&message, why);
    put_gl(&own, gl, "result", row);
    result_init(&r);
    r.atom_id = (struct json_text){atom_id.data, atom_id.len};
    r.status = fault_status(fault);
    r.error = (struct result_error){.class = fault_name(fault),
                                    .message = {message.data, message.len},
                                    .retryable = r.status == STATUS_UNAVAILABLE};
    result_put(out, &r, (struct json_text){own.data, own.len});
    buf_free(&atom_id);
    buf_free(&message);
    buf_free(&own);
}

void enqueue_put_request(struct buf *out, const struct batch_value *row, const struct json_object *gl)
{
    struct json_object body = {0};
    struct buf own;
    buf_init(&own, OUT_MAX);
    put_gl(&own, gl, NULL, row);
    json_index(&body, row[ENQUEUE_REQUEST].at, row[ENQUEUE_REQUEST].len, NULL);
    json_put_edited(out, &body, (struct json_edit[]){{.name = "_gl", .value = {own.data, own.len}}, {0}});
    json_object_free(&body);
    buf_free(&own);
}
