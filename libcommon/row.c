/* row: one table of columns gives both the select list and the members.
 *
 * jsonb and numbers come out of Postgres as JSON already; moments are turned
 * into RFC 3339 there, in UTC, whatever the session's time zone is. */
#include "row.h"

#include <string.h>

#include "json.h"

enum kind { TEXT, JSON, MOMENT, PAYLOAD };

static const struct column {
    const char *name;
    enum kind kind;
    const char *text; /* of a payload: the column with the exact text */
} columns[] = {
    {"id", TEXT, NULL},
    {"atom_id", TEXT, NULL},
    {"learner_id", TEXT, NULL},
    {"execution_id", TEXT, NULL},
    {"status", TEXT, NULL},
    {"request_payload", PAYLOAD, "request_text"},
    {"result_payload", PAYLOAD, "result_text"},
    {"queued_at", MOMENT, NULL},
    {"started_at", MOMENT, NULL},
    {"completed_at", MOMENT, NULL},
    {"error_message", TEXT, NULL},
    {"retry_count", JSON, NULL},
    {"max_retries", JSON, NULL},
    {"priority", JSON, NULL},
    {"run_at", MOMENT, NULL},
    {"lease_token", TEXT, NULL},
    {"lease_until", MOMENT, NULL},
    {"claimed_by", TEXT, NULL},
    {"submitted_at", MOMENT, NULL},
    {"dedupe_key", TEXT, NULL},
    {"idempotency_key", TEXT, NULL},
    {"endpoint", TEXT, NULL},
    {"errors", JSON, NULL},
    {"acked_at", MOMENT, NULL},
};

enum { COLUMNS = sizeof columns / sizeof *columns };

static bool is_wanted(const struct column *c, enum row_part part)
{
    return part == ROW_WHOLE || c->kind != PAYLOAD;
}

static void put_expression(struct buf *sql, const struct column *c)
{
    if (c->kind == PAYLOAD)
        buf_printf(sql, "coalesce(q.%s, q.%s::text)", c->text, c->name);
    else if (c->kind == MOMENT)
        buf_printf(sql, "greenlight_moment(q.%s)", c->name);
    else
        buf_printf(sql, "q.%s", c->name);
}

void row_select(struct buf *sql, enum row_part part)
{
    const char *comma = "";
    for (size_t i = 0; i < COLUMNS; i++)
        if (is_wanted(&columns[i], part)) {
            buf_puts(sql, comma);
            put_expression(sql, &columns[i]);
            comma = ", ";
        }
}

void row_column(struct buf *sql, const char *name)
{
    const struct column *c = columns;
    while (strcmp(c->name, name) != 0)
        c++;
    put_expression(sql, c);
}

void row_put(struct buf *out, const char *const *values, enum row_part part)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!is_wanted(&columns[i], part))
            continue;
        const char *value = *values++;
        json_key(out, columns[i].name);
        if (!value)
            buf_puts(out, "null");
        else if (columns[i].kind == TEXT || columns[i].kind == MOMENT)
            json_put_text(out, value);
        else
            json_put_compact(out, value, strlen(value));
    }
}

void row_put_record(struct buf *out, const char *const *values, enum row_part part, const char *marks)
{
    buf_putc(out, '{');
    row_put(out, values, part);
    buf_puts(out, marks);
    buf_puts(out, ",\"_gl\":{\"type\":\"row\"}}");
}
