/* gl-stats: the queue in figures, as a record or for Prometheus.
 *
 * greenlight_stats makes the figures; what is here gives them names.  Every metric
 * is a gauge: the database keeps no counters that only ever grow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "db.h"
#include "durable.h"
#include "json.h"
#include "msg.h"

enum { TEXT_MAX = 1 << 20, PATH_PARTS = 3 };

struct options {
    struct db_options db;
    bool prometheus;
    const char *output;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "prometheus", .member = AT(prometheus), .help = "print metrics for Prometheus instead of a record"},
    {.name = "output", .arg = "FILE", .type = CLI_TEXT, .member = AT(output),
     .help = "write to FILE, which is replaced at once"},
    DB_OPTIONS(struct options, db),
    DB_RETRY_OPTIONS(struct options, db.policy),
    {0},
};

/* A metric: its values are found by these names, one inside the other.  Where one
 * of them is "*", there is a value for each member, with the name as the status. */
static const struct metric {
    const char *name, *help, *path[PATH_PARTS + 1];
} metrics[] = {
    {"rows", "Rows by status.", {"rows", "*", "rows"}},
    {"rows_estimated", "1 where the number of rows is an estimate.", {"rows", "*", "estimated"}},
    {"ready_rows", "Pending rows that may be claimed now.", {"ready", "rows"}},
    {"oldest_ready_age_seconds", "How long the oldest ready row could have been claimed; 0: there is none.",
     {"oldest_ready_age_s"}},
    {"expired_leases", "Leases that have run out and were not swept yet.", {"expired_leases", "rows"}},
    {"unseen_rows", "Rows that ended and were not acknowledged.", {"unseen", "rows"}},
    {"enqueued_rows_per_second", "Rows stored a second, of late.", {"rates", "queued_per_s"}},
    {"ended_rows_per_second", "Rows ended a second, of late.", {"rates", "ended_per_s"}},
    {"pass_ratio", "The part of recent grades that pass, of the last seven days.", {"pass_rate"}},
    {"dead_rows", "Dead row versions that wait for vacuum.", {"dead_rows"}},
    {"size_bytes", "The table on disk, with its indexes.", {"bytes"}},
    {"oldest_xmin_age_transactions", "How many transactions ago the oldest one began that holds vacuum back.",
     {"oldest_xmin_age"}},
    {"oldest_xmin_age_seconds", "How long ago the oldest transaction began that holds vacuum back.",
     {"oldest_xmin_age_s"}},
};
/* clang-format on */

static const struct cli cli = {
    "gl-stats",
    "",
    "Print the queue in figures: one record, or metrics for Prometheus.",
    options,
};

/* ---- the record ---- */

static bool take_text(const char *const *values, void *context, struct err *e)
{
    (void)e;
    json_put_compact(context, values[0], strlen(values[0]));
    return true;
}

static void put_record(struct buf *out, const struct json_object *stats)
{
    static const char type[] = "{\"type\":\"stats\"}";
    json_put_edited(out, stats, (struct json_edit[]){{.name = "_gl", .value = {type, sizeof type - 1}}, {0}});
    buf_putc(out, '\n');
}

/* ---- metrics ---- */

/* A label's value: a backslash, a quote and a line feed have escapes. */
static void put_label(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s=\"", name);
    for (; *value; value++)
        if (*value == '\n')
            buf_puts(out, "\\n");
        else if (*value == '"' || *value == '\\')
            buf_printf(out, "\\%c", *value);
        else
            buf_putc(out, *value);
    buf_putc(out, '"');
}

static void put_sample(struct buf *out, const struct metric *m, const char *database, const char *status,
                       struct json_text value)
{
    enum json_kind kind = json_kind(value);
    if (kind <= JSON_NULL && strcmp(m->name, "pass_ratio") == 0)
        return; /* no grade is no ratio */
    buf_printf(out, "greenlight_queue_%s{", m->name);
    put_label(out, "database", database);
    if (status) {
        buf_putc(out, ',');
        put_label(out, "status", status);
    }
    buf_puts(out, "} ");
    if (kind == JSON_NUMBER)
        json_put(out, value);
    else
        buf_puts(out, kind == JSON_TRUE ? "1" : "0");
    buf_putc(out, '\n');
}

static void put_samples(struct buf *out, const struct metric *m, const char *database, const char *status,
                        const struct json_object *at, const char *const *path)
{
    struct json_object inner = {0};
    for (size_t i = 0; i < at->count; i++) {
        if (strcmp(*path, "*") != 0 && !json_member_is(at, i, *path))
            continue;
        struct json_text value = json_member_value(at, i);
        char *name = strcmp(*path, "*") == 0
                         ? json_strdup((struct json_text){at->text.at + at->members[i].key - 1,
                                                          at->members[i].key_len + 2})
                         : NULL;
        if (!path[1])
            put_sample(out, m, database, status, value);
        else if (json_get_object(value, &inner))
            put_samples(out, m, database, name ? name : status, &inner, path + 1);
        free(name);
    }
    json_object_free(&inner);
}

static void put_metrics(struct buf *out, const struct json_object *stats)
{
    char *database = json_strdup(json_get(stats, "database"));
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        buf_printf(out, "# HELP greenlight_queue_%s %s\n", metrics[i].name, metrics[i].help);
        buf_printf(out, "# TYPE greenlight_queue_%s gauge\n", metrics[i].name);
        put_samples(out, &metrics[i], database ? database : "", NULL, stats, metrics[i].path);
    }
    free(database);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct json_object stats = {0};
    struct db *db;
    struct buf text, out;
    struct err e;
    cli_parse(&cli, &o, argc, argv);
    buf_init(&text, TEXT_MAX);
    buf_init(&out, TEXT_MAX);
    if (!db_open(&db, &o.db, &e) ||
        !db_query(db, "select greenlight_stats()", NULL, 0, take_text, &text, &e) ||
        !json_index(&stats, text.data, text.len, &e))
        die_err(&e);
    if (o.prometheus)
        put_metrics(&out, &stats);
    else
        put_record(&out, &stats);
    if (!o.output)
        cli_write(out.data, out.len);
    else if (!durable_replace(o.output, out.data, out.len, 0644, &e))
        die_err(&e);
    json_object_free(&stats);
    buf_free(&out);
    buf_free(&text);
    db_close(db);
    return cli_finish(EXIT_OK);
}
