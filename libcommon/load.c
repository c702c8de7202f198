/* load: from records to rows of greenlight_settle, and from its answers back. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonb.h"
#include "msg.h"
#include "record.h"
#include "result.h"
#include "verdict.h"
#include "xalloc.h"

enum { RECORD_MAX = 256 << 20, FIRST_RECORDS = 64 };

struct load_record {
    struct buf text;   /* as it came */
    struct buf result; /* what the row gets, without `_gl`; else empty */
    enum exit_code code;
    bool open;           /* an execution that has not ended */
    bool expired;        /* and was given up */
    bool refused;        /* the database does not store it */
    char settlement[16]; /* the answer; empty: there is none */
};

void load_init(struct load *l, const struct load_options *o)
{
    *l = (struct load){.o = *o};
    batch_init(&l->batch, &batch_settle);
}

void load_free(struct load *l)
{
    for (size_t i = 0; i < l->cap; i++) {
        buf_free(&l->records[i].text);
        buf_free(&l->records[i].result);
    }
    free(l->records);
    free(l->asked);
    batch_free(&l->batch);
    json_object_free(&l->record);
    json_object_free(&l->gl);
}

void load_clear(struct load *l)
{
    l->count = l->bytes = 0;
    batch_clear(&l->batch);
}

/* ---- records in ---- */

static struct load_record *new_record(struct load *l)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? 2 * l->cap : FIRST_RECORDS;
        l->records = xrealloc(l->records, l->cap * sizeof *l->records);
        for (size_t i = l->count; i < l->cap; i++) {
            buf_init(&l->records[i].text, RECORD_MAX);
            buf_init(&l->records[i].result, RECORD_MAX);
        }
    }
    struct load_record *r = &l->records[l->count++];
    buf_clear(&r->text);
    buf_clear(&r->result);
    *r = (struct load_record){.text = r->text, .result = r->result};
    return r;
}

/* Indexes the record, and its `_gl`, as the one at hand. */
static void look_at(struct load *l, const struct load_record *r)
{
    json_index(&l->record, r->text.data, r->text.len, NULL);
    record_gl(&l->record, &l->gl);
}

static struct batch_value literal(const char *text)
{
    return (struct batch_value){text, strlen(text)};
}

static struct batch_value span(struct json_text value)
{
    return (struct batch_value){value.at, value.len};
}

/* What is between the quotes; null where that is no UUID. */
static struct batch_value uuid(struct json_text value)
{
    return verdict_is_uuid(value) ? (struct batch_value){value.at + 1, value.len - 2}
                                  : (struct batch_value){NULL, 0};
}

/* A string's characters; null where it is absent or holds a NUL. */
static struct batch_value decoded(struct buf *room, struct json_text value)
{
    if (!value.at || !json_string(value, room) || memchr(room->data, '\0', room->len))
        return (struct batch_value){NULL, 0};
    return (struct batch_value){room->data, room->len};
}

/* The row that says who the record at hand is from. */
static void start_row(struct load *l, struct batch_value row[SETTLE_COLUMNS], const char *outcome)
{
    for (size_t i = 0; i < SETTLE_COLUMNS; i++)
        row[i] = (struct batch_value){NULL, 0};
    row[SETTLE_ID] = uuid(json_get(&l->gl, "queue_id"));
    row[SETTLE_TOKEN] = uuid(json_get(&l->gl, "lease_token"));
    row[SETTLE_OUTCOME] = literal(outcome);
}

/* What the row gets as its result: nothing where it only goes back. */
static void make_result(struct load *l, struct load_record *r, const struct verdict *v)
{
    if (v->open && !l->o.progress)
        verdict_put_expired(&r->result, &l->record);
    else if (!v->open && strcmp(v->outcome, "release") != 0)
        json_put_edited(&r->result, &l->record, (struct json_edit[]){{.name = "_gl"}, {0}});
}

/* Puts a row for the record at hand into the batch. */
static void ask(struct load *l, struct load_record *r, const struct verdict *v)
{
    struct batch_value row[SETTLE_COLUMNS];
    char wait[48], give_up[48];
    struct buf id;
    start_row(l, row, v->outcome);
    if (!row[SETTLE_ID].at) { /* no row is called so */
        snprintf(r->settlement, sizeof r->settlement, "gone");
        return;
    }
    buf_init(&id, RECORD_MAX);
    make_result(l, r, v);
    struct json_text result = {r->result.data, r->result.len};
    row[SETTLE_EXECUTION_ID] = v->forget ? literal("") : decoded(&id, v->execution_id);
    row[SETTLE_ERROR] = span(v->error);
    if (result.len) {
        row[SETTLE_RESULT] = span(result);
        row[SETTLE_VERBATIM] = literal(jsonb_keeps(result) ? "false" : "true");
    }
    if (v->run_after_ms >= 0) {
        snprintf(wait, sizeof wait, "%lld milliseconds", (long long)v->run_after_ms);
        row[SETTLE_RUN_AFTER] = literal(wait);
    }
    if (v->open && !l->o.progress) {
        snprintf(give_up, sizeof give_up, "%lld milliseconds", (long long)l->o.give_up_ms);
        row[SETTLE_GIVE_UP] = literal(give_up);
    }
    xgrow(&l->asked, &l->asked_cap, l->batch.rows + 1, sizeof *l->asked);
    l->asked[l->batch.rows] = l->count - 1;
    batch_add(&l->batch, row);
    buf_free(&id);
}

void load_add(struct load *l, const struct jsonl_record *in)
{
    struct verdict v;
    struct load_record *r = new_record(l);
    json_put(&r->text, in->object->text);
    look_at(l, r);
    r->code = record_exit(&l->record);
    l->bytes += r->text.len;
    if (!verdict_read(&v, &l->record, &l->gl, l->o.progress)) {
        msg_error("%s:%zu: a status that is not known; the row is left to its lease", in->file, in->line);
        r->code = EXIT_DATA;
    }
    r->open = v.open;
    if (v.outcome)
        ask(l, r, &v);
}

void load_add_bad(struct load *l, const char *why)
{
    static const struct json_text none = {NULL, 0};
    struct load_record *r = new_record(l);
    msg_error("%s", why);
    result_put_rejected(&r->text, none, NULL, fault_name(FAULT_BAD_REQUEST), why);
    r->code = EXIT_DATA;
}

/* ---- answers ---- */

static void take_answer(struct load_record *r, const char *const *values)
{
    snprintf(r->settlement, sizeof r->settlement, "%s", values[0] ? values[0] : "");
    r->expired = r->open && strcmp(r->settlement, "settled") == 0;
    if (r->expired)
        r->code = EXIT_FAILED;
}

static void answered(size_t row, const char *const *values, void *context)
{
    const struct load *l = context;
    take_answer(&l->records[l->asked[row]], values);
}

/* A row that the database refuses, alone or in a batch. */
struct alone {
    struct load *l;
    struct load_record *r;
};

static void refuse(struct load *l, struct load_record *r, const struct err *why)
{
    look_at(l, r);
    struct batch_value id = uuid(json_get(&l->gl, "queue_id"));
    msg_error("row %.*s: what came of it cannot be stored: %s", (int)id.len, id.at, why->text);
    r->refused = true;
    r->code = EXIT_DATA;
}

static void refused(size_t row, const struct err *why, void *context)
{
    struct load *l = context;
    refuse(l, &l->records[l->asked[row]], why);
}

static void answered_alone(size_t row, const char *const *values, void *context)
{
    const struct alone *a = context;
    (void)row;
    take_answer(a->r, values);
}

static void refused_alone(size_t row, const struct err *why, void *context)
{
    const struct alone *a = context;
    (void)row;
    refuse(a->l, a->r, why);
}

/* Charges a retry for the record in place of what was refused. */
static bool charge(struct load *l, struct load_record *r, struct db *db, struct err *e)
{
    struct alone a = {l, r};
    const struct batch_hooks hooks = {answered_alone, refused_alone, &a};
    struct batch_value row[SETTLE_COLUMNS];
    struct batch one;
    look_at(l, r);
    start_row(l, row, "retry");
    row[SETTLE_ERROR] =
        literal("{\"class\":\"refused\",\"message\":\"the database does not store the result\"}");
    batch_init(&one, &batch_settle);
    batch_add(&one, row);
    bool good = batch_send(&one, db, &hooks, e);
    batch_free(&one);
    return good;
}

bool load_finish(struct load *l, struct db *db, struct err *e)
{
    const struct batch_hooks hooks = {answered, refused, l};
    bool good = batch_finish(&l->batch, db, &hooks, e);
    for (size_t i = 0; good && i < l->count; i++)
        if (l->records[i].refused)
            good = charge(l, &l->records[i], db, e);
    return good;
}

size_t load_unanswered(const struct load *l, bool *skip)
{
    size_t count = 0;
    for (size_t i = 0; i < l->batch.rows; i++) {
        const struct load_record *r = &l->records[l->asked[i]];
        skip[i] = *r->settlement || r->refused;
        count += !skip[i];
    }
    return count;
}

/* ---- records out ---- */

/* With its settlement; an execution that was given up as the result that it is. */
static void put_settled(struct load *l, const struct load_record *r, struct buf *out)
{
    struct json_object own = {0};
    struct buf gl, text;
    buf_init(&gl, RECORD_MAX);
    buf_init(&text, RECORD_MAX);
    buf_putc(&text, '{');
    json_key(&text, "settlement");
    json_put_text(&text, r->settlement);
    buf_putc(&text, '}');
    json_index(&own, text.data, text.len, NULL);
    look_at(l, r);
    record_put_gl(&gl, &l->gl, r->expired ? "result" : NULL, &own);
    if (r->expired)
        json_index(&l->record, r->result.data, r->result.len, NULL);
    json_put_edited(out, &l->record, (struct json_edit[]){{.name = "_gl", .value = {gl.data, gl.len}}, {0}});
    json_object_free(&own);
    buf_free(&gl);
    buf_free(&text);
}

enum exit_code load_put(struct load *l, size_t i, struct buf *out)
{
    const struct load_record *r = &l->records[i];
    if (*r->settlement)
        put_settled(l, r, out);
    else
        buf_add(out, r->text.data, r->text.len);
    buf_putc(out, '\n');
    return r->code;
}
