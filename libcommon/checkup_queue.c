/* checkup_queue: the database's own word for everything but its schema, which
 * gl-migrate knows. */
#define _GNU_SOURCE /* memfd_create */
#include "checkup_queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "errand.h"
#include "forward.h"
#include "json.h"
#include "msg.h"
#include "parse.h"
#include "report.h"
#include "xalloc.h"

enum { CLOCK_APART_MS = 5000, OLDEST_S = 3600, TEXT_MAX = 1 << 20 };

static const char migrate[] = "run gl-migrate";

struct queue {
    int fd;
    struct db *db;
    const struct db_options *options;
};

static void put_unchecked(int fd, const char *const *names, const char *why)
{
    for (; *names; names++)
        report_put(fd, &(struct report_check){.name = *names, .status = REPORT_NOT_CHECKED}, "%s", why);
}

/* ---- the database ---- */

/* Values of one row. */
struct answer {
    size_t count;
    char *values[4];
};

static bool take_row(const char *const *values, void *context, struct err *e)
{
    struct answer *a = context;
    (void)e;
    for (size_t i = 0; i < a->count; i++) {
        free(a->values[i]);
        a->values[i] = xstrdup(values[i] ? values[i] : "");
    }
    return true;
}

static void free_answer(struct answer *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->values[i]);
}

static bool ask(struct queue *q, const char *sql, struct answer *a, struct err *e)
{
    if (!db_query(q->db, sql, NULL, 0, take_row, a, e))
        return false;
    return a->values[0] || err_set(e, EXIT_BUG, "the database gave no row");
}

static void put_failure(int fd, const char *name, const struct err *e)
{
    struct report_check check = {.name = name, .status = REPORT_FAILURE, .code = EXIT_CONFIG};
    check.next = "correct --db or GREENLIGHT_DATABASE_URL, or what the database grants";
    if (e->code == EXIT_AGAIN) {
        check.code = EXIT_AGAIN;
        check.next = "start the database (gl-localdb start), or correct --db or GREENLIGHT_DATABASE_URL";
    }
    report_put(fd, &check, "%s", e->text);
}

static void check_encoding(int fd, const char *encoding)
{
    struct report_check check = {.name = "encoding", .code = EXIT_CONFIG};
    check.status = strcmp(encoding, "UTF8") == 0 ? REPORT_OK : REPORT_FAILURE;
    check.next = "make the database anew with encoding UTF8 (createdb -E UTF8 -T template0)";
    report_put(fd, &check, "%s", encoding);
}

/* The database said what time it is somewhere between the two moments. */
static void check_clock(int fd, const char *text, int64_t before, int64_t after)
{
    struct report_check check = {.name = "clock", .unit = "ms", .next = "set both clocks by NTP"};
    int64_t there = 0;
    if (!parse_int(text, 0, INT64_MAX, &there)) {
        put_unchecked(fd, (const char *const[]){"clock", NULL}, "the database did not tell the time");
        return;
    }
    int64_t apart = there < before ? there - before : there > after ? there - after : 0;
    check.value = (double)apart;
    check.status = llabs(apart) > CLOCK_APART_MS ? REPORT_WARNING : REPORT_OK;
    if (apart)
        report_put(fd, &check, "the database's is %lld ms %s", llabs(apart), apart > 0 ? "ahead" : "behind");
    else
        report_put(fd, &check, "no difference");
}

/* Whether the database answers at all. */
static bool check_database(struct queue *q)
{
    struct answer a = {.count = 4};
    struct err e;
    bool good = db_query(q->db, "select 1", NULL, 0, NULL, NULL, &e); /* so that connecting is not timed */
    int64_t before = clock_wall();
    good = good && ask(q,
                       "select floor(extract(epoch from clock_timestamp()) * 1000)::bigint, "
                       "current_setting('server_encoding'), current_setting('server_version'), current_user",
                       &a, &e);
    if (good) {
        report_put(q->fd, &(struct report_check){.name = "queue"}, "PostgreSQL %s, as %s", a.values[2],
                   a.values[3]);
        check_encoding(q->fd, a.values[1]);
        check_clock(q->fd, a.values[0], before, clock_wall());
    } else {
        put_failure(q->fd, "queue", &e);
    }
    free_answer(&a);
    return good;
}

/* ---- the schema ---- */

/* Runs gl-migrate --status.  What it says on stderr goes to *said. */
static int ask_migrate(struct queue *q, struct buf *output, struct buf *said, struct err *e)
{
    struct proc_args args = {0};
    struct errand r = {.programs = &args, .count = 1, .out = -1, .output = output};
    int errors = memfd_create("said", MFD_CLOEXEC), kept = dup(STDERR_FILENO);
    proc_arg(&args, "gl-migrate");
    proc_arg(&args, "--status");
    forward_int(&args, "--attempts", 1, "");
    forward_int(&args, "--db-timeout", q->options->timeout_ms, "ms");
    if (q->options->conninfo)
        setenv("GREENLIGHT_DATABASE_URL", q->options->conninfo, 1);
    dup2(errors, STDERR_FILENO);
    int code = errand_run(&r, "", 0, e);
    dup2(kept, STDERR_FILENO);
    close(kept);
    char *to = buf_reserve(said, TEXT_MAX / 2);
    ssize_t got = to ? pread(errors, to, TEXT_MAX / 2, 0) : 0;
    said->len = got > 0 ? (size_t)got : 0;
    said->data[said->len] = '\0';
    close(errors);
    proc_args_free(&args);
    return code;
}

/* What of `text` people need: its first line, without the program's name. */
static const char *first_line(struct buf *text)
{
    static const char name[] = "gl-migrate: ";
    text->data[strcspn(text->data, "\n")] = '\0';
    return text->data + (strncmp(text->data, name, sizeof name - 1) == 0 ? sizeof name - 1 : 0);
}

static void count_lines(const struct buf *output, size_t *applied, size_t *pending)
{
    *applied = *pending = 0;
    for (const char *at = output->data; *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : "") {
        *applied += strncmp(at, "applied ", 8) == 0;
        *pending += strncmp(at, "pending ", 8) == 0;
    }
}

/* True where the rest of the checks can be made. */
static bool check_schema(struct queue *q)
{
    struct report_check check = {.name = "schema", .code = EXIT_CONFIG};
    struct buf output, said;
    struct err e = {.text = ""};
    size_t applied, pending;
    buf_init(&output, TEXT_MAX);
    buf_init(&said, TEXT_MAX);
    int code = ask_migrate(q, &output, &said, &e);
    count_lines(&output, &applied, &pending);
    if (pending) {
        check.status = REPORT_FAILURE;
        check.next = migrate;
        report_put(q->fd, &check, "%zu of %zu steps applied", applied, applied + pending);
    } else if (code != EXIT_OK) {
        check.status = REPORT_FAILURE;
        check.code = code == EXIT_AGAIN ? EXIT_AGAIN : EXIT_CONFIG;
        check.next = "see gl-migrate --status";
        report_put(q->fd, &check, "%s", code < 0 ? e.text : first_line(&said));
    } else if (said.len) {
        check.status = REPORT_WARNING;
        check.next = "install the version of the tools that the database was brought to";
        report_put(q->fd, &check, "%s", first_line(&said));
    } else {
        report_put(q->fd, &check, "%zu steps applied, as this version has them", applied);
    }
    buf_free(&output);
    buf_free(&said);
    return !pending && code == EXIT_OK;
}

/* ---- what may be done ---- */

static void check_grants(struct queue *q)
{
    struct report_check check = {.name = "grants", .code = EXIT_CONFIG};
    struct answer a = {.count = 2};
    struct err e;
    check.next = "grant them, to the role that the tools run as";
    if (!ask(q,
             "select concat_ws(', ', (select string_agg(lower(p), ', ' order by n) "
             "from unnest(array['SELECT', 'INSERT', 'UPDATE']) with ordinality as w(p, n) "
             "where not has_table_privilege('greenlight_queue', p)), "
             "(select 'execute on ' || string_agg(distinct f.proname, ', ') from pg_proc f "
             "where f.pronamespace = (select relnamespace from pg_class where oid = "
             "'greenlight_queue'::regclass) and f.proname like 'greenlight\\_%' "
             "and not has_function_privilege(f.oid, 'EXECUTE'))), "
             "has_table_privilege('greenlight_queue', 'DELETE')",
             &a, &e)) {
        put_failure(q->fd, check.name, &e);
    } else if (*a.values[0]) {
        check.status = REPORT_FAILURE;
        report_put(q->fd, &check, "missing: %s", a.values[0]);
    } else if (*a.values[1] != 't') {
        check.status = REPORT_WARNING;
        report_put(q->fd, &check, "missing: delete, which gl-purge needs");
    } else {
        report_put(q->fd, &check, "all that the tools need");
    }
    free_answer(&a);
}

/* ---- how it moves ---- */

static bool take_text(const char *const *values, void *context, struct err *e)
{
    (void)e;
    buf_puts(context, values[0]);
    return true;
}

/* stats.NAME.rows */
static int64_t rows_of(const struct json_object *stats, const char *name)
{
    struct json_object inner = {0};
    int64_t rows = 0;
    if (json_get_object(json_get(stats, name), &inner))
        json_int(json_get(&inner, "rows"), &rows);
    json_object_free(&inner);
    return rows;
}

static void put_figures(int fd, const struct json_object *stats)
{
    double age = 0;
    int64_t ready = rows_of(stats, "ready"), expired = rows_of(stats, "expired_leases");
    bool waits = json_real(json_get(stats, "oldest_ready_age_s"), &age);
    report_put(fd, &(struct report_check){.name = "depth", .unit = "rows", .value = (double)ready},
               ready == 1 ? "%lld row is ready" : "%lld rows are ready", (long long)ready);
    struct report_check oldest = {.name = "oldest pending",
                                  .status = age > OLDEST_S ? REPORT_WARNING : REPORT_OK,
                                  .unit = waits ? "s" : NULL,
                                  .value = age,
                                  .next = "see that gl-drain runs, from cron or a timer"};
    if (waits)
        report_put(fd, &oldest, "ready for %.0f s", age);
    else
        report_put(fd, &oldest, "nothing waits");
    struct report_check leases = {.name = "expired leases",
                                  .status = expired ? REPORT_WARNING : REPORT_OK,
                                  .unit = "rows",
                                  .value = (double)expired,
                                  .next = "run gl-drain: a worker died, and the next one takes them back"};
    report_put(fd, &leases, "%lld", (long long)expired);
}

static void check_figures(struct queue *q)
{
    struct buf text;
    struct json_object stats = {0};
    struct err e;
    buf_init(&text, TEXT_MAX);
    if (db_query(q->db, "select greenlight_stats()", NULL, 0, take_text, &text, &e) &&
        json_index(&stats, text.data, text.len, &e))
        put_figures(q->fd, &stats);
    else
        put_failure(q->fd, "depth", &e);
    json_object_free(&stats);
    buf_free(&text);
}

void checkup_queue(int fd, const struct db_options *options)
{
    struct queue q = {.fd = fd, .options = options};
    struct err e;
    if (!db_open(&q.db, options, &e)) {
        put_failure(fd, "queue", &e);
        return;
    }
    if (!check_database(&q)) {
        put_unchecked(fd, (const char *const[]){"encoding", "clock", "schema", "grants", "depth", NULL},
                      "the database did not answer");
    } else if (!check_schema(&q)) {
        put_unchecked(fd, (const char *const[]){"grants", "depth", NULL}, "the schema is not in order");
    } else {
        check_grants(&q);
        check_figures(&q);
    }
    db_close(q.db);
}
