/* gl-enqueue: stores requests durably in the queue.
 *
 * Requests gather in one set while another is under way in the database, so that
 * reading and storing overlap.  A set is sent when it is full, when the database
 * has nothing to do and the set has waited its time, and as soon as the input would
 * block.  Its records are printed after the commit, in the order of the input;
 * what had no row to become waits among them. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "db.h"
#include "enqueue.h"
#include "filter.h"
#include "intake.h"
#include "jsonl.h"
#include "msg.h"
#include "parse.h"
#include "progress.h"
#include "record.h"
#include "result.h"
#include "signals.h"
#include "source.h"
#include "spool.h"

enum {
    ROWS_MAX = 500,
    BYTES_MAX = 1 << 20,
    GATHER_MS = 50,        /* how long a set waits for more while the database idles */
    TEXTS_MAX = 512 << 20, /* a set is sent before it gets near */
};

struct options {
    struct db_options db;
    const char *learner, *session_context, *dedupe, *run_at, *rest, *spool;
    int64_t priority, delay_ms, max_retries, pause_ms, max_record;
    bool progress, exit_status;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "learner", .arg = "ID", .type = CLI_TEXT, .member = AT(learner),
     .help = "store the requests as this learner's"},
    {.name = "session-context", .arg = "JSON|@FILE", .type = CLI_TEXT, .member = AT(session_context),
     .help = "set these members of every request's session_context"},
    {.name = "dedupe", .arg = "JQ|@FILE", .type = CLI_TEXT, .member = AT(dedupe),
     .help = "store no request while an unfinished row has the same key, which this jq program makes"},
    {.name = "priority", .arg = "N", .type = CLI_INT, .member = AT(priority), .max = 9, .preset = "0",
     .help = "0 to 9; higher ones are handed over first"},
    {.name = "run-at", .arg = "TIME", .type = CLI_TEXT, .member = AT(run_at),
     .help = "hand over no sooner than TIME, such as 2026-11-22T18:30:00Z"},
    {.name = "delay", .arg = "D", .type = CLI_DURATION, .member = AT(delay_ms), .max = INT64_C(3153600000000),
     .help = "hand over no sooner than D from now"},
    {.name = "max-retries", .arg = "N", .type = CLI_INT, .member = AT(max_retries), .max = 1000, .preset = "3",
     .help = "let a request fail that was tried again N times"},
    {.name = "rest", .arg = "FILE", .type = CLI_TEXT, .member = AT(rest),
     .help = "write the requests that could not be stored now to FILE"},
    {.name = "spool", .arg = "DIR", .type = CLI_TEXT, .member = AT(spool),
     .help = "keep requests in DIR while the database is away"},
    DB_OPTIONS(struct options, db),
    {.name = "circuit-pause", .arg = "D", .type = CLI_DURATION, .member = AT(pause_ms), .preset = "10s",
     .help = "leave a database that was away alone for D"},
    DB_RETRY_OPTIONS(struct options, db.policy),
    JSONL_OPTION(struct options, max_record),
    PROGRESS_OPTION(struct options, progress),
    CLI_EXIT_STATUS(struct options, exit_status, "there was no record"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-enqueue",
    "[FILE ...]",
    "Store requests in the queue; print a row for each once it is safe.",
    options,
};

struct enqueue {
    struct options o;
    struct enqueue_options row;
    struct json_object context; /* of --session-context */
    char *context_text, *spool;
    char run_at[CLOCK_TEXT], priority[24], max_retries[24];
    struct db *db;
    struct jsonl *in;
    FILE *rest;
    struct intake sets[2], *gathering, *under_way; /* under_way: NULL where the database has nothing to do */
    struct buf line;
    struct json_object gl;
    int64_t away_until;
    struct err away; /* why rows could not be stored */
    size_t records, stored, failed, passed;
    struct progress progress;
    enum exit_code code, fatal;
};

/* ---- records out ---- */

static void count_code(struct enqueue *s, enum exit_code code)
{
    s->failed += code != EXIT_OK;
    s->code = exit_worse(s->code, code);
}

/* A record that needs no row: it goes out at once, or after those before it. */
static void put_ready(struct enqueue *s, const char *text, size_t len)
{
    if (s->under_way || s->gathering->rows.rows) {
        intake_put(s->gathering, text, len);
        return;
    }
    cli_write(text, len);
    cli_write("\n", 1);
}

static void reject(struct enqueue *s, const struct json_object *record, const char *why)
{
    msg_error("%s", why);
    s->line.len = 0;
    result_put_rejected(&s->line, record ? record_atom_id(record) : (struct json_text){NULL, 0},
                        record ? &s->gl : NULL, fault_name(FAULT_BAD_REQUEST), why);
    put_ready(s, s->line.data, s->line.len);
    count_code(s, EXIT_DATA);
}

static void put_rest(struct enqueue *s, const struct batch_value *row)
{
    if (!s->rest)
        return;
    s->line.len = 0;
    enqueue_put_request(&s->line, row, &s->gl);
    buf_putc(&s->line, '\n');
    if (fwrite(s->line.data, 1, s->line.len, s->rest) != s->line.len || fflush(s->rest) != 0)
        die(EXIT_IO, "cannot write to \"%s\": %s", s->o.rest, strerror(errno));
}

static void put_result(struct enqueue *s, const struct batch_value *row, enum fault fault, const char *why)
{
    s->line.len = 0;
    enqueue_put_result(&s->line, row, fault, why, &s->gl);
    count_code(s, status_exit(fault_status(fault), false));
}

static void put_item(struct enqueue *s, const struct intake_item *item, const struct batch_value *row)
{
    char where[2 * ERR_TEXT_MAX];
    s->line.len = 0;
    s->stored += item->fate == INTAKE_STORED || item->fate == INTAKE_KNOWN;
    switch (item->fate) {
    case INTAKE_STORED:
        enqueue_put_row(&s->line, row, "pending", item->queued_at, &s->gl);
        break;
    case INTAKE_KNOWN:
        enqueue_put_whole(&s->line, (struct json_text){item->text, strlen(item->text)}, item->duplicate,
                          &s->gl);
        break;
    case INTAKE_REFUSED:
        snprintf(where, sizeof where, "%s:%zu: %s", item->file, item->line, item->text);
        msg_error("%s", where);
        put_result(s, row, FAULT_BAD_REQUEST, where);
        break;
    case INTAKE_SPOOLED:
        enqueue_put_row(&s->line, row, "spooled", NULL, &s->gl);
        count_code(s, EXIT_AGAIN);
        break;
    case INTAKE_UNSTORED:
        put_rest(s, row);
        put_result(s, row, FAULT_CONNECT, *s->away.text ? s->away.text : "the row that it had was removed");
        break;
    }
    buf_putc(&s->line, '\n');
    cli_write(s->line.data, s->line.len);
}

static void print(struct enqueue *s, struct intake *set)
{
    struct batch_cursor cursor = {0};
    struct batch_value row[BATCH_COLUMNS_MAX];
    const char *texts = set->texts.data;
    size_t at = 0;
    while (batch_next(&set->rows, &cursor, row)) {
        const struct intake_item *item = &set->items[cursor.row - 1];
        cli_write(texts + at, item->ready - at);
        json_index(&s->gl, texts + item->ready, item->end - item->ready, NULL);
        put_item(s, item, row);
        at = item->end;
    }
    cli_write(texts + at, set->texts.len - at);
    intake_clear(set);
    progress_update(&s->progress, s->stored, s->failed, s->under_way ? s->under_way->rows.rows : 0,
                    jsonl_fraction(s->in));
}

/* ---- rows to the database ---- */

/* The database failed us: it is left alone for a while, or for good. */
static void set_away(struct enqueue *s, const struct err *e)
{
    msg_error("%s", e->text);
    s->away = *e;
    s->away_until = e->code == EXIT_AGAIN ? clock_after(clock_now(), s->o.pause_ms) : CLOCK_NEVER;
    if (e->code != EXIT_AGAIN)
        s->fatal = e->code;
}

static bool start(struct enqueue *s, struct intake *set)
{
    s->under_way = NULL;
    if (!set->rows.rows || clock_now() < s->away_until)
        return false;
    s->under_way = set;
    intake_start(set, s->db);
    return true;
}

/* What the database did not take is kept, where somebody wants that. */
static void keep(struct enqueue *s, struct intake *set)
{
    struct err e;
    if (s->o.spool && !intake_spool(set, s->o.spool, &e))
        msg_error("%s", e.text);
}

static void finish(struct enqueue *s, struct intake *set)
{
    struct err e;
    if (!intake_finish(set, s->db, &e))
        set_away(s, &e);
    keep(s, set);
}

/* Waits for what is under way, sends what has gathered, and prints. */
static void push(struct enqueue *s)
{
    struct intake *done = s->under_way, *next = s->gathering;
    if (done)
        finish(s, done);
    bool started = start(s, next);
    if (done)
        print(s, done);
    if (started) {
        s->gathering = next == &s->sets[0] ? &s->sets[1] : &s->sets[0];
        return;
    }
    keep(s, next);
    print(s, next);
}

/* ---- records in ---- */

static void add(struct enqueue *s, const struct jsonl_record *in)
{
    struct err e;
    char where[2 * ERR_TEXT_MAX];
    record_gl(in->object, &s->gl);
    if (record_type(in->object) != RECORD_REQUEST) { /* none of ours to store */
        put_ready(s, in->object->text.at, in->object->text.len);
        count_code(s, record_exit(in->object));
        s->passed++;
        return;
    }
    if (!intake_add(s->gathering, &s->row, in, &s->gl, &e)) {
        snprintf(where, sizeof where, "%s:%zu: %s", in->file, in->line, e.text);
        reject(s, in->object, where);
    }
}

static bool is_due(const struct enqueue *s)
{
    const struct intake *set = s->gathering;
    return set->rows.rows >= ROWS_MAX || set->rows.bytes >= BYTES_MAX || set->texts.len >= BYTES_MAX ||
           (!s->under_way && set->rows.rows && clock_now() - set->since >= GATHER_MS);
}

/* Nothing whole is here: reads more, or does what is due until there is some.
 * False: a signal came and its time is over. */
static bool wait_for_more(struct enqueue *s)
{
    struct pollfd fds[3] = {{.fd = jsonl_fd(s->in), .events = POLLIN},
                            {.fd = s->under_way ? db_fd(s->db) : -1, .events = POLLIN},
                            {.fd = signals_fd(), .events = POLLIN}};
    bool idle = s->under_way && fds[1].fd < 0;
    int64_t deadline = signals_deadline(), answer = s->under_way ? db_deadline(s->db) : CLOCK_NEVER;
    if (poll(fds, 1, 0) == 0) {
        if (!s->under_way && (s->gathering->rows.rows || s->gathering->texts.len)) {
            push(s);
            return true;
        }
        cli_flush();
        fds[0].revents = 0;
        if (!idle)
            poll(fds, deadline == CLOCK_NEVER ? 3 : 2,
                 clock_poll_ms(clock_now(), deadline < answer ? deadline : answer));
    }
    if (idle || fds[1].revents || clock_now() >= answer) {
        push(s);
        return true;
    }
    if (fds[0].revents)
        jsonl_fill(s->in);
    return clock_now() < signals_deadline();
}

static void run(struct enqueue *s)
{
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got = JSONL_WAIT;
    progress_start(&s->progress, s->o.progress);
    while ((got = jsonl_next(s->in, &record, &e)) != JSONL_EOF) {
        if (got == JSONL_WAIT) {
            if (!wait_for_more(s))
                break;
            continue;
        }
        s->records++;
        if (got == JSONL_BAD)
            reject(s, NULL, e.text);
        else
            add(s, &record);
        if (is_due(s))
            push(s);
    }
    push(s);
    if (s->under_way)
        push(s);
    progress_end(&s->progress);
}

/* ---- the run ---- */

static void set_row_options(struct enqueue *s)
{
    struct enqueue_options *row = &s->row;
    struct err e;
    int64_t moment;
    if (s->o.session_context) {
        s->context_text = source_read("--session-context", s->o.session_context, &e);
        if (!s->context_text)
            die_err(&e);
        if (!json_index(&s->context, s->context_text, strlen(s->context_text), &e))
            die(EXIT_USAGE, "--session-context: %s", e.text);
        row->request.session_context = &s->context;
    }
    if (s->o.dedupe && !filter_open(&row->dedupe, "--dedupe", s->o.dedupe, &e))
        die_err(&e);
    if (s->o.run_at && s->o.delay_ms)
        die(EXIT_USAGE, "--run-at and --delay exclude each other");
    if (s->o.run_at && !parse_moment(s->o.run_at, &moment))
        die(EXIT_USAGE, "--run-at: \"%s\" is not a moment such as 2026-11-22T18:30:00Z", s->o.run_at);
    if (s->o.run_at)
        clock_format(moment, s->run_at);
    if (s->o.learner && !*s->o.learner)
        die(EXIT_USAGE, "--learner: the name is empty");
    snprintf(s->priority, sizeof s->priority, "%lld", (long long)s->o.priority);
    snprintf(s->max_retries, sizeof s->max_retries, "%lld", (long long)s->o.max_retries);
    const char *learner = getenv("GREENLIGHT_LEARNER_ID");
    row->learner = s->o.learner;
    row->other_learner = learner && *learner ? learner : NULL;
    row->run_at = s->o.run_at ? s->run_at : NULL;
    row->delay_ms = s->o.delay_ms;
    row->priority = s->o.priority ? s->priority : NULL;
    row->max_retries = s->max_retries;
}

static void open_all(struct enqueue *s, char **files)
{
    struct err e;
    set_row_options(s);
    s->spool = spool_folder(s->o.spool);
    if (!db_open(&s->db, &s->o.db, &e))
        die_err(&e);
    for (size_t i = 0; i < 2; i++)
        intake_init(&s->sets[i]);
    s->gathering = &s->sets[0];
    buf_init(&s->line, TEXTS_MAX);
    s->in = jsonl_open(files, (size_t)s->o.max_record);
    if (s->o.rest && !(s->rest = jsonl_create(s->in, s->o.rest, &e)))
        die_err(&e);
}

/* What was spooled when the database was away goes first. */
static void replay(struct enqueue *s)
{
    struct spool_count count;
    struct err e;
    if (!spool_replay(s->spool, s->db, &count, &e)) {
        if (e.code == EXIT_IO)
            msg_error("%s", e.text);
        else
            set_away(s, &e);
        s->code = exit_worse(s->code, EXIT_AGAIN);
    }
    if (count.files)
        msg_info("%zu rows of %zu files in the spool stored", count.rows, count.files);
    if (count.bad)
        s->code = exit_worse(s->code, EXIT_DATA);
}

static enum exit_code exit_code(const struct enqueue *s)
{
    if (jsonl_failed(s->in))
        return EXIT_IO;
    if (s->fatal)
        return s->fatal;
    return s->o.exit_status && s->code == EXIT_OK && !s->records ? EXIT_NOTHING : s->code;
}

int main(int argc, char **argv)
{
    static struct enqueue s;
    char **files = cli_parse(&cli, &s.o, argc, argv);
    signals_catch();
    open_all(&s, files);
    replay(&s);
    run(&s);
    msg_info("%zu records, %zu stored", s.records, s.stored);
    if (s.passed)
        msg_warn("%zu records that are no requests were passed on and not stored", s.passed);
    enum exit_code code = exit_code(&s);
    if (s.rest && fclose(s.rest) != 0)
        die(EXIT_IO, "cannot write to \"%s\": %s", s.o.rest, strerror(errno));
    jsonl_close(s.in);
    db_close(s.db);
    for (size_t i = 0; i < 2; i++)
        intake_free(&s.sets[i]);
    filter_close(s.row.dedupe);
    json_object_free(&s.context);
    json_object_free(&s.gl);
    buf_free(&s.line);
    free(s.context_text);
    free(s.spool);
    return cli_finish(code);
}
