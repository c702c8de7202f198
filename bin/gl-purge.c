/* gl-purge: deletes rows that ended long ago and were taken note of.
 *
 * A batch is listed, exported and synced, and then deleted: of its rows those that
 * are still as they were listed (greenlight_purge looks at their versions).  So what
 * changes meanwhile stays, and several at once do no harm. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "db.h"
#include "durable.h"
#include "json.h"
#include "msg.h"
#include "pick.h"
#include "row.h"
#include "signals.h"

enum { BATCH = 1000, MOMENT_MAX = 40, LINE_MAX_BYTES = 256 << 20 };

struct options {
    struct db_options db;
    int64_t older_than_ms;
    const char *export;
    bool dry_run, exit_status;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "older-than", .arg = "D", .type = CLI_DURATION, .member = AT(older_than_ms), .preset = "30d",
     .max = INT64_C(36500) * 86400000, .help = "delete what ended longer than D ago"},
    {.name = "export", .arg = "FILE", .type = CLI_TEXT, .member = AT(export),
     .help = "append the rows to FILE, and delete them when they are safe there"},
    {.name = "dry-run", .member = AT(dry_run), .help = "count the rows, and change nothing"},
    DB_OPTIONS(struct options, db),
    DB_RETRY_OPTIONS(struct options, db.policy),
    CLI_EXIT_STATUS(struct options, exit_status, "there was nothing to delete"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-purge",
    "",
    "Delete old rows that ended and were acknowledged.",
    options,
};

struct purge {
    struct options o;
    struct db *db;
    struct durable_log log;
    struct buf query, ids, versions, line;
    char after[PICK_ID_LEN + 1], since[MOMENT_MAX]; /* the last row that was listed */
    int64_t found, exported, deleted;
};

/* ---- a batch ---- */

static bool take_row(const char *const *values, void *context, struct err *e)
{
    struct purge *p = context;
    db_array_add(&p->ids, values[0], strlen(values[0]));
    db_array_add(&p->versions, values[1], strlen(values[1]));
    snprintf(p->after, sizeof p->after, "%s", values[0]);
    snprintf(p->since, sizeof p->since, "%s", values[2]);
    p->found++;
    if (!p->o.export || p->o.dry_run)
        return true;
    buf_clear(&p->line);
    row_put_record(&p->line, values + 3, ROW_WHOLE, "");
    buf_putc(&p->line, '\n');
    p->exported++;
    return durable_append(&p->log, p->line.data, p->line.len, e);
}

static bool take_count(const char *const *values, void *context, struct err *e)
{
    struct purge *p = context;
    const struct json_text number = {values[0], strlen(values[0])};
    int64_t count = 0;
    (void)e;
    json_int(number, &count);
    p->deleted += count;
    return true;
}

/* Lists the next rows, and exports them. */
static bool list_batch(struct purge *p, struct err *e)
{
    char older_than[40], batch[16];
    snprintf(older_than, sizeof older_than, "%lld ms", (long long)p->o.older_than_ms);
    snprintf(batch, sizeof batch, "%d", BATCH);
    const char *const params[] = {older_than, batch, *p->since ? p->since : "-infinity",
                                  *p->after ? p->after : NULL};
    db_array_start(&p->ids);
    db_array_start(&p->versions);
    int64_t before = p->exported;
    bool good = db_query(p->db, p->query.data, params, 4, take_row, p, e);
    if (good && p->exported > before)
        good = durable_sync(&p->log, e);
    if (!good && p->exported > before) {
        durable_undo(&p->log);
        p->exported = before;
    }
    db_array_end(&p->ids);
    db_array_end(&p->versions);
    return good;
}

static bool delete_batch(struct purge *p, struct err *e)
{
    const char *const params[] = {p->ids.data, p->versions.data};
    return p->o.dry_run ||
           db_query(p->db, "select greenlight_purge($1::uuid[], $2::xid[])", params, 2, take_count, p, e);
}

/* ---- the run ---- */

static void prepare(struct purge *p)
{
    buf_init(&p->query, 8192);
    buf_init(&p->ids, BATCH * 64);
    buf_init(&p->versions, BATCH * 64);
    buf_init(&p->line, LINE_MAX_BYTES);
    buf_puts(&p->query, "select o.id, o.version, greenlight_moment(o.completed_at)");
    if (!p->o.export || p->o.dry_run) {
        buf_puts(&p->query, " from greenlight_old($1::interval, $2::int, $3::timestamptz, $4::uuid) o");
    } else {
        buf_puts(&p->query, ", ");
        row_select(&p->query, ROW_WHOLE);
        buf_printf(&p->query,
                   " from (select s.*, sum(s.size) over (order by s.completed_at, s.id) - s.size as before"
                   " from greenlight_old($1::interval, $2::int, $3::timestamptz, $4::uuid) s) o"
                   " join greenlight_queue q on q.id = o.id and q.xmin = o.version where o.before < %d",
                   1 << 20);
    }
    buf_puts(&p->query, " order by o.completed_at, o.id");
}

static bool purge(struct purge *p, struct err *e)
{
    while (!signals_caught()) {
        int64_t before = p->found;
        if (!list_batch(p, e))
            return false;
        if (p->found == before)
            break;
        if (!delete_batch(p, e))
            return false;
    }
    return true;
}

static void print_report(struct purge *p)
{
    buf_clear(&p->line);
    buf_putc(&p->line, '{');
    json_key(&p->line, "found");
    json_put_int(&p->line, p->found);
    json_key(&p->line, "exported");
    json_put_int(&p->line, p->exported);
    json_key(&p->line, "deleted");
    json_put_int(&p->line, p->deleted);
    buf_puts(&p->line, ",\"_gl\":{\"type\":\"report\"}}\n");
    cli_write(p->line.data, p->line.len);
}

int main(int argc, char **argv)
{
    static struct purge p;
    struct err e;
    cli_parse(&cli, &p.o, argc, argv);
    signals_catch();
    p.log.fd = -1;
    if (!db_open(&p.db, &p.o.db, &e) || (p.o.export && !p.o.dry_run && !durable_open(&p.log, p.o.export, &e)))
        die_err(&e);
    prepare(&p);
    enum exit_code code = purge(&p, &e) ? EXIT_OK : e.code;
    if (code != EXIT_OK)
        msg_error("%s", e.text);
    print_report(&p);
    if (code == EXIT_OK && p.o.exit_status && !p.found)
        code = EXIT_NOTHING;
    durable_close(&p.log);
    buf_free(&p.line);
    buf_free(&p.versions);
    buf_free(&p.ids);
    buf_free(&p.query);
    db_close(p.db);
    return cli_finish(code);
}
