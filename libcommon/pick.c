/* pick: a batch is a list of items whose texts lie one after the other in a buffer. */
#define _POSIX_C_SOURCE 200809L
#include "pick.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "db.h"
#include "msg.h"
#include "record.h"
#include "result.h"
#include "signals.h"
#include "xalloc.h"

enum { TEXT_MAX = 1 << 30, MOMENT_MAX = 40 };

/* One record or operand.  It names a row where id is not empty, else it is
 * rejected where `why` says so, else passed on. */
struct pick_item {
    char id[PICK_ID_LEN + 1];
    char moment[MOMENT_MAX]; /* "": not said */
    size_t at, len;          /* the record's text in p->bytes; len 0: an operand, or no record */
    const char *file;        /* NULL: an operand */
    size_t line;
    char *why;
};

bool pick_is_id(const char *text, size_t len)
{
    if (len != PICK_ID_LEN)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]) || !text[i])
            return false;
    }
    return true;
}

void pick_open(struct pick *p, char **operands, size_t max_record)
{
    size_t count = 0, ids = 0;
    *p = (struct pick){.code = EXIT_OK};
    buf_init(&p->bytes, TEXT_MAX);
    buf_init(&p->out, TEXT_MAX);
    while (operands[count])
        count++;
    p->ids = xcalloc(count + 1, sizeof *p->ids);
    for (size_t i = 0; i < count; i++) {
        if (pick_is_id(operands[i], strlen(operands[i])))
            p->ids[ids++] = operands[i];
        else
            operands[i - ids] = operands[i];
    }
    operands[count - ids] = NULL;
    if (!ids || *operands)
        p->in = jsonl_open(operands, max_record);
}

static void clear(struct pick *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i].why);
    p->count = p->done = 0;
    buf_clear(&p->bytes);
}

void pick_close(struct pick *p)
{
    clear(p);
    jsonl_close(p->in);
    free(p->ids);
    free(p->items);
    buf_free(&p->bytes);
    buf_free(&p->out);
}

/* ---- records in ---- */

static struct pick_item *add_item(struct pick *p)
{
    xgrow(&p->items, &p->cap, p->count + 1, sizeof *p->items);
    struct pick_item *item = &p->items[p->count++];
    *item = (struct pick_item){.at = p->bytes.len};
    return item;
}

static void add_operand(struct pick *p, const char *id)
{
    struct pick_item *item = add_item(p);
    memcpy(item->id, id, PICK_ID_LEN);
    p->named++;
}

/* The id of the row that a record names, without its quotes; absent where it
 * names none. */
static struct json_text find_id(const struct json_object *record, enum record_type type)
{
    struct json_object gl = {0};
    record_gl(record, &gl);
    struct json_text id = json_get(&gl, "queue_id");
    json_object_free(&gl);
    if (json_kind(id) <= JSON_NULL)
        id = json_get(record, "queue_id");
    if (json_kind(id) <= JSON_NULL && (type == RECORD_ROW || type == RECORD_REQUEST))
        id = json_get(record, "id");
    if (json_kind(id) != JSON_STRING)
        return id;
    return (struct json_text){id.at + 1, id.len - 2};
}

/* The outcome that was seen: a row that had not ended has none. */
static void take_moment(struct pick_item *item, const struct json_object *record)
{
    struct json_text moment = json_get(record, "completed_at");
    if (json_kind(moment) == JSON_NULL)
        snprintf(item->moment, sizeof item->moment, "none");
    else if (json_kind(moment) == JSON_STRING)
        snprintf(item->moment, sizeof item->moment, "%.*s", (int)moment.len - 2, moment.at + 1);
}

static void add_record(struct pick *p, const struct jsonl_record *in)
{
    struct pick_item *item = add_item(p);
    enum record_type type = record_type(in->object);
    struct json_text id = find_id(in->object, type);
    json_put(&p->bytes, in->object->text);
    item->len = p->bytes.len - item->at;
    item->file = in->file;
    item->line = in->line;
    if (id.at && pick_is_id(id.at, id.len)) {
        memcpy(item->id, id.at, PICK_ID_LEN);
        take_moment(item, in->object);
        p->named++;
    } else if (json_kind(id) > JSON_NULL || type == RECORD_ROW || type == RECORD_REQUEST) {
        item->why = xstrdup("the record names no row by a uuid");
    } else {
        p->code = exit_worse(p->code, record_exit(in->object));
    }
}

/* Whether the input has more without waiting for it. */
static bool is_readable(const struct jsonl *in)
{
    struct pollfd fd = {.fd = jsonl_fd(in), .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

static void read_records(struct pick *p)
{
    struct jsonl_record record;
    struct err e;
    while (p->count < PICK_BATCH && p->bytes.len < PICK_BYTES && clock_now() < signals_deadline()) {
        enum jsonl_got got = p->count ? jsonl_next(p->in, &record, &e) : jsonl_read(p->in, &record, &e);
        if (got == JSONL_WAIT && !is_readable(p->in))
            return;
        if (got == JSONL_WAIT)
            jsonl_fill(p->in);
        else if (got == JSONL_RECORD)
            add_record(p, &record);
        else if (got == JSONL_BAD)
            add_item(p)->why = xstrdup(e.text);
        else
            break;
    }
    p->ended = p->count < PICK_BATCH && p->bytes.len < PICK_BYTES;
    if (p->ended && jsonl_failed(p->in))
        p->code = EXIT_IO;
}

bool pick_read(struct pick *p)
{
    clear(p);
    while (p->ids[p->next_id] && p->count < PICK_BATCH)
        add_operand(p, p->ids[p->next_id++]);
    if (p->in && !p->ended && p->count < PICK_BATCH)
        read_records(p);
    return p->count > 0;
}

/* ---- parameters ---- */

bool pick_ids(const struct pick *p, struct buf *array)
{
    bool any = false;
    db_array_start(array);
    for (size_t i = 0; i < p->count; i++) {
        if (!*p->items[i].id)
            continue;
        db_array_add(array, p->items[i].id, PICK_ID_LEN);
        any = true;
    }
    db_array_end(array);
    return any;
}

void pick_moments(const struct pick *p, struct buf *array)
{
    db_array_start(array);
    for (size_t i = 0; i < p->count; i++)
        if (*p->items[i].id)
            db_array_add(array, *p->items[i].moment ? p->items[i].moment : NULL, strlen(p->items[i].moment));
    db_array_end(array);
}

/* ---- records out ---- */

static void put_line(const char *text, size_t len)
{
    cli_write(text, len);
    cli_write("\n", 1);
}

static void reject(struct pick *p, const struct pick_item *item, const char *why)
{
    struct json_object record = {0}, gl = {0};
    json_index(&record, p->bytes.data + item->at, item->len, NULL);
    record_gl(&record, &gl);
    msg_error("%s", why);
    buf_clear(&p->out);
    result_put_rejected(&p->out, record_atom_id(&record), &gl, fault_name(FAULT_BAD_REQUEST), why);
    put_line(p->out.data, p->out.len);
    p->code = exit_worse(p->code, EXIT_DATA);
    json_object_free(&gl);
    json_object_free(&record);
}

static void reject_at(struct pick *p, const struct pick_item *item, const char *why)
{
    char text[ERR_TEXT_MAX];
    if (item->file)
        snprintf(text, sizeof text, "%s:%zu: %s", item->file, item->line, why);
    else
        snprintf(text, sizeof text, "%s: %s", item->id, why);
    reject(p, item, text);
}

/* Writes items up to the next one that names a row, and returns that; NULL
 * where none is left. */
static const struct pick_item *advance(struct pick *p)
{
    for (; p->done < p->count; p->done++) {
        const struct pick_item *item = &p->items[p->done];
        if (*item->id)
            return item;
        if (item->why && item->file)
            reject_at(p, item, item->why);
        else if (item->why)
            reject(p, item, item->why);
        else
            put_line(p->bytes.data + item->at, item->len);
    }
    return NULL;
}

void pick_put(struct pick *p, const char *record, size_t len)
{
    advance(p);
    p->done++;
    put_line(record, len);
}

void pick_pass(struct pick *p)
{
    const struct pick_item *item = advance(p);
    p->done++;
    if (item->len)
        put_line(p->bytes.data + item->at, item->len);
    else
        printf("{\"id\":\"%s\"}\n", item->id);
}

void pick_refuse(struct pick *p, const char *why)
{
    const struct pick_item *item = advance(p);
    p->done++;
    reject_at(p, item, why);
}

void pick_end(struct pick *p)
{
    advance(p);
}
