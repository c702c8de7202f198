/* gl-doctor: whether everything is in order for the tools to work, and if not, what
 * to do first.
 *
 * The checks run at once, in processes of their own, so that what hangs keeps nobody
 * waiting.  The table is made from the record that --json prints. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkup_api.h"
#include "checkup_here.h"
#include "checkup_queue.h"
#include "cli.h"
#include "conninfo.h"
#include "handoff.h"
#include "msg.h"
#include "render.h"
#include "report.h"
#include "spool.h"
#include "together.h"

/* A group of checks may take so many time-outs, one after another. */
enum { TURNS = 3, TEXT_MAX = 4 << 20 };

struct options {
    struct http_options http;
    struct db_options db;
    const char *spool;
    bool json;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "json", .member = AT(json), .help = "print the report as a record"},
    {.name = "timeout", .arg = "D", .type = CLI_DURATION, .member = AT(http.timeout_ms), .min = 1, .max = 86400000,
     .preset = "5s", .help = "give up an answer after D, and all of the checks after three times that"},
    HTTP_SERVER_OPTIONS(struct options, http),
    {.name = "db", .arg = "CONNINFO", .type = CLI_TEXT, .member = AT(db.conninfo),
     .env = "GREENLIGHT_DATABASE_URL", .help = "the database, as a URL or connection string"},
    {.name = "spool", .arg = "DIR", .type = CLI_TEXT, .member = AT(spool), .env = "GREENLIGHT_SPOOL_DIR",
     .help = "the folder for what the database was not there for"},
    {0},
};

/* What other programs read from the environment, and gl-doctor only looks at. */
struct others {
    struct handoff_options handoff;
    int64_t timeout_ms;
    const char *learner;
};

#define OTHER(m) offsetof(struct others, m)

static const struct cli_option others[] = {
    HANDOFF_FALLBACK_OPTIONS(struct others, handoff),
    {.name = "timeout", .type = CLI_DURATION, .member = OTHER(timeout_ms), .min = 1, .max = 86400000,
     .preset = "30s", .env = "GREENLIGHT_HANDOFF_TIMEOUT_MS"},
    RETRY_OPTIONS(struct others, handoff.policy, ""),
    RETRY_CAP_OPTION(struct others, handoff.policy, ""),
    {.name = "learner", .type = CLI_TEXT, .member = OTHER(learner), .env = "GREENLIGHT_LEARNER_ID"},
    {0},
};
/* clang-format on */

enum { OPTIONS = sizeof options / sizeof *options, OTHERS = sizeof others / sizeof *others };

static const struct cli cli = {
    "gl-doctor",
    "",
    "See whether Greenlight, the queue and this machine are in order, and what to do if not.",
    options,
};

struct doctor {
    struct options o;
    struct others other;
    enum cli_source sources[OPTIONS], other_sources[OTHERS];
    char *spool;
};

/* ---- the configuration ---- */

/* The value to show, into *value; false where there is none. */
static bool show_value(const struct doctor *d, const struct cli_option *row, const void *from,
                       enum cli_source *source, struct buf *value)
{
    buf_clear(value);
    if (strcmp(row->name, "db") == 0) {
        if (conninfo_put(value, d->o.db.conninfo))
            *source = CLI_FROM_ENVIRONMENT;
        if (!value->len && d->o.db.conninfo)
            buf_puts(value, "set"); /* and cannot be read */
    } else if (strcmp(row->name, "spool") == 0) {
        buf_puts(value, d->spool ? d->spool : "");
    } else {
        cli_put_value(value, row, from);
        if (value->len && strcmp(row->name, "token-file") == 0) {
            buf_clear(value);
            buf_puts(value, "set");
        }
    }
    return value->len > 0;
}

/* A row for what has a variable, and for what a flag gave. */
static void put_table(struct buf *settings, const struct doctor *d, const struct cli_option *table,
                      const void *from, const enum cli_source *sources)
{
    struct buf value;
    buf_init(&value, TEXT_MAX);
    for (const struct cli_option *row = table; row->name; row++, sources++) {
        enum cli_source source = *sources;
        bool own = row->member == AT(http.timeout_ms) && from == &d->o; /* no other program's */
        if (own || row->type == CLI_FLAG || (!row->env && source != CLI_FROM_FLAG))
            continue;
        bool any = show_value(d, row, from, &source, &value);
        report_put_setting(settings, row->name, row->env, any ? value.data : NULL, source);
    }
    buf_free(&value);
}

static size_t check_values(int fd, const struct cli_option *table, const enum cli_source *sources)
{
    char what[160];
    size_t wrong = 0;
    for (const struct cli_option *row = table; row->name; row++, sources++) {
        if (*sources != CLI_WRONG)
            continue;
        wrong++;
        report_put(fd,
                   &(struct report_check){.name = "configuration",
                                          .status = REPORT_FAILURE,
                                          .code = EXIT_CONFIG,
                                          .next = "correct the variable, or take it away"},
                   "%s is not %s", row->env, cli_expected(row, what, sizeof what));
    }
    return wrong;
}

/* ---- the checks ---- */

static void work_configuration(int fd, const void *context)
{
    const struct doctor *d = context;
    struct report_check check = {.name = "configuration"};
    size_t wrong = check_values(fd, options, d->sources) + check_values(fd, others, d->other_sources);
    if (wrong)
        return;
    if (d->other.handoff.disabled % 2) {
        check.status = REPORT_WARNING;
        check.next = "set GREENLIGHT_ENABLED=true for sessions to use Greenlight";
        report_put(fd, &check, "Greenlight is disabled: gl-handoff falls back at once");
    } else {
        report_put(fd, &check, "every value can be used");
    }
}

static void work_api(int fd, const void *context)
{
    checkup_api(fd, &((const struct doctor *)context)->o.http);
}

static void work_queue(int fd, const void *context)
{
    checkup_queue(fd, &((const struct doctor *)context)->o.db);
}

static void work_spool(int fd, const void *context)
{
    checkup_spool(fd, ((const struct doctor *)context)->spool);
}

static void work_sandbox(int fd, const void *context)
{
    checkup_sandbox(fd, ((const struct doctor *)context)->o.http.timeout_ms);
}

static const struct group {
    const char *name;
    void (*work)(int fd, const void *context);
} groups[] = {{"configuration", work_configuration},
              {"api", work_api},
              {"queue", work_queue},
              {"spool", work_spool},
              {"sandbox", work_sandbox}};

enum { GROUPS = sizeof groups / sizeof *groups };

/* A group that did not come to its end is a failure of its own.  report_put writes to
 * a descriptor, so that goes through a pipe as the checks do. */
static void work_unended(int fd, const void *context)
{
    report_put(fd,
               &(struct report_check){.name = ((const struct group *)context)->name,
                                      .status = REPORT_FAILURE,
                                      .code = EXIT_AGAIN,
                                      .next = "try again, with a longer --timeout"},
               "the checks of it did not come to their end");
}

static void look(const struct doctor *d, struct buf *lines)
{
    struct together jobs[GROUPS], late;
    struct err e;
    int64_t limit = d->o.http.timeout_ms * TURNS;
    for (size_t i = 0; i < GROUPS; i++)
        jobs[i].work = groups[i].work;
    if (!together_do(jobs, GROUPS, d, limit, &e))
        die_err(&e);
    for (size_t i = 0; i < GROUPS; i++) {
        buf_add(lines, jobs[i].output.data, jobs[i].output.len);
        buf_free(&jobs[i].output);
        if (jobs[i].ended)
            continue;
        late.work = work_unended;
        if (!together_do(&late, 1, &groups[i], limit, &e))
            die_err(&e);
        buf_add(lines, late.output.data, late.output.len);
        buf_free(&late.output);
    }
}

static void show(const struct buf *text)
{
    struct render r = {.boxed = isatty(STDOUT_FILENO)};
    struct json_object record = {0};
    struct err e;
    if (!json_index(&record, text->data, text->len, &e))
        die_err(&e);
    bool ascii = !paint_is_utf8();
    paint_init(&r.paint, paint_wants_color(PAINT_AUTO), ascii, paint_width(0));
    render_record(&r, &record);
    paint_free(&r.paint);
    json_object_free(&record);
}

int main(int argc, char **argv)
{
    struct doctor d = {.spool = NULL};
    struct buf settings, lines, record;
    cli_parse_sources(&cli, &d.o, argc, argv, d.sources);
    cli_read_sources(others, &d.other, d.other_sources);
    d.o.db.timeout_ms = d.o.http.timeout_ms;
    d.o.db.policy.attempts = 1;
    d.spool = spool_folder(d.o.spool);
    buf_init(&settings, TEXT_MAX);
    buf_init(&lines, TEXT_MAX);
    buf_init(&record, TEXT_MAX);
    look(&d, &lines);
    put_table(&settings, &d, options, &d.o, d.sources);
    put_table(&settings, &d, others, &d.other, d.other_sources);
    enum exit_code code = report_make(&record, &settings, &lines);
    if (d.o.json) {
        buf_putc(&record, '\n');
        cli_write(record.data, record.len);
    } else {
        show(&record);
    }
    buf_free(&settings);
    buf_free(&lines);
    buf_free(&record);
    free(d.spool);
    return cli_finish(code);
}
