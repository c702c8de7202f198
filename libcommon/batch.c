/* batch: each column is kept as the elements of a text[] in Postgres' binary
 * form, so that nothing is escaped here or parsed there, and a part of a batch is
 * a part of each buffer.  The SQL casts the arrays to their types. */
#include "batch.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

enum {
    COLUMN_MAX = 1 << 30,
    NONE = UINT32_MAX, /* the length of a null */
    TEXT_OID = 25,
    HEAD_WORDS = 5, /* dimensions, whether it has nulls, type, elements, first index */
    HEAD = HEAD_WORDS * 4,
    KEEP = 4 << 20,
};

/* clang-format off */
const struct batch_call batch_enqueue = {
    "enqueue", "greenlight_enqueue",
    "id, duplicate, to_char(queued_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    {{"request", "text"}, {"atom_id", "text"}, {"learner_id", "text"}, {"idempotency_key", "text"},
     {"execution_id", "text"}, {"endpoint", "text"}, {"dedupe_key", "text"}, {"priority", "int"},
     {"run_at", "timestamptz"}, {"max_retries", "int"}, {"verbatim", "boolean"}, {"row_id", "uuid"},
     {NULL, NULL}},
};

const struct batch_call batch_settle = {
    "settle", "greenlight_settle", "settlement, status",
    {{"id", "uuid"}, {"token", "uuid"}, {"outcome", "text"}, {"execution_id", "text"}, {"result", "text"},
     {"error", "text"}, {"run_after", "interval"}, {"verbatim", "boolean"}, {"give_up", "interval"},
     {NULL, NULL}},
};
/* clang-format on */

static size_t count_columns(const struct batch_call *call)
{
    size_t count = 0;
    while (call->columns[count].name)
        count++;
    return count;
}

/* The call, by name: its answer and its order of parameters are ours to choose. */
static char *make_sql(const struct batch_call *call)
{
    struct buf sql;
    buf_init(&sql, 4096);
    buf_printf(&sql, "select ord, %s from %s(", call->answer, call->function);
    for (size_t i = 0; call->columns[i].name; i++)
        buf_printf(&sql, "%s%s => $%zu::text[]::%s[]", i ? ", " : "", call->columns[i].name, i + 1,
                   call->columns[i].type);
    buf_putc(&sql, ')');
    return buf_detach(&sql);
}

void batch_init(struct batch *b, const struct batch_call *call)
{
    *b = (struct batch){.call = call, .sql = make_sql(call)};
    for (size_t i = 0; i < BATCH_COLUMNS_MAX; i++)
        buf_init(&b->columns[i].elements, COLUMN_MAX);
    batch_clear(b);
}

void batch_free(struct batch *b)
{
    for (size_t i = 0; i < BATCH_COLUMNS_MAX; i++)
        buf_free(&b->columns[i].elements);
    free(b->sql);
    b->sql = NULL;
}

void batch_clear(struct batch *b)
{
    static const char head[HEAD];
    b->rows = b->bytes = 0;
    for (size_t i = 0; i < BATCH_COLUMNS_MAX; i++) {
        struct batch_column *c = &b->columns[i];
        if (c->elements.cap > KEEP) /* what one large row left behind */
            buf_free(&c->elements);
        c->elements.len = 0;
        c->values = 0;
        buf_add(&c->elements, head, HEAD);
    }
}

/* ---- rows in and out ---- */

static void put_word(struct buf *to, uint32_t number)
{
    number = htonl(number);
    buf_add(to, &number, sizeof number);
}

void batch_add(struct batch *b, const struct batch_value *values)
{
    for (size_t i = 0; b->call->columns[i].name; i++) {
        struct batch_column *c = &b->columns[i];
        put_word(&c->elements, values[i].at ? (uint32_t)values[i].len : NONE);
        if (!values[i].at)
            continue;
        buf_add(&c->elements, values[i].at, values[i].len);
        b->bytes += values[i].len;
        c->values++;
    }
    b->rows++;
}

/* The element at *at of a column, which moves on to the next one. */
static struct batch_value take_element(const struct batch_column *c, size_t *at)
{
    uint32_t len;
    memcpy(&len, c->elements.data + *at, sizeof len);
    len = ntohl(len);
    *at += sizeof len;
    if (len == NONE)
        return (struct batch_value){NULL, 0};
    struct batch_value value = {c->elements.data + *at, len};
    *at += len;
    return value;
}

bool batch_next(const struct batch *b, struct batch_cursor *c, struct batch_value *values)
{
    if (c->row == b->rows)
        return false;
    for (size_t i = 0; b->call->columns[i].name; i++) {
        if (c->row == 0)
            c->at[i] = HEAD;
        values[i] = take_element(&b->columns[i], &c->at[i]);
    }
    c->row++;
    return true;
}

/* ---- sending ---- */

static void put_head(const struct batch *b, struct batch_column *c)
{
    uint32_t head[HEAD_WORDS] = {htonl(1), htonl(1), htonl(TEXT_OID), htonl((uint32_t)b->rows), htonl(1)};
    memcpy(c->elements.data, head, HEAD);
}

void batch_start(struct batch *b, struct db *db)
{
    size_t count = count_columns(b->call);
    for (size_t i = 0; i < count; i++) {
        struct batch_column *c = &b->columns[i];
        put_head(b, c);
        b->params[i] = c->values ? c->elements.data : NULL; /* the functions have defaults for all null */
        b->lengths[i] = (int)c->elements.len;
    }
    db_start(db, b->sql, b->params, b->lengths, count);
}

struct give {
    const struct batch_hooks *hooks;
    size_t first;
};

static bool give_answer(const char *const *values, void *context, struct err *e)
{
    const struct give *g = context;
    int64_t ord;
    if (!values[0] || !parse_int(values[0], 1, INT32_MAX, &ord))
        return err_set(e, EXIT_BUG, "the database answers for a row that there is not");
    g->hooks->answered(g->first + (size_t)ord - 1, values + 1, g->hooks->context);
    return true;
}

static bool finish(struct batch *b, struct db *db, const struct batch_hooks *hooks, size_t first,
                   struct err *e);

/* Rows `from` to `to` of a batch whose first row is the caller's row `first`. */
static bool send_part(const struct batch *b, size_t from, size_t to, struct db *db,
                      const struct batch_hooks *hooks, size_t first, struct err *e)
{
    struct batch part;
    struct batch_cursor c = {0};
    struct batch_value values[BATCH_COLUMNS_MAX] = {{NULL, 0}};
    batch_init(&part, b->call);
    while (c.row < to && batch_next(b, &c, values))
        if (c.row > from)
            batch_add(&part, values);
    batch_start(&part, db);
    bool good = finish(&part, db, hooks, first + from, e);
    batch_free(&part);
    return good;
}

static bool finish(struct batch *b, struct db *db, const struct batch_hooks *hooks, size_t first,
                   struct err *e)
{
    struct give g = {hooks, first};
    if (db_finish(db, give_answer, &g, e))
        return true;
    if (e->code != EXIT_DATA)
        return false;
    if (b->rows == 1) {
        hooks->refused(first, e, hooks->context);
        return true;
    }
    return send_part(b, 0, b->rows / 2, db, hooks, first, e) &&
           send_part(b, b->rows / 2, b->rows, db, hooks, first, e);
}

bool batch_finish(struct batch *b, struct db *db, const struct batch_hooks *hooks, struct err *e)
{
    return finish(b, db, hooks, 0, e);
}

bool batch_send(struct batch *b, struct db *db, const struct batch_hooks *hooks, struct err *e)
{
    batch_start(b, db);
    return batch_finish(b, db, hooks, e);
}
