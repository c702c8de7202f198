/* gl-claim: leases pending rows of the queue and prints their requests.
 *
 * Rows that are claimed are printed at once, so that stopping it leaves none in
 * its hands; those whose line cannot be written go back, uncharged. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "claim.h"
#include "cli.h"
#include "clock.h"
#include "db.h"
#include "json.h"
#include "msg.h"
#include "record.h"
#include "signals.h"
#include "sink.h"
#include "uuid.h"
#include "worker.h"
#include "xalloc.h"

enum {
    RECORD_MAX = 256 << 20,
    OUT_BYTES = 64 * 1024, /* written at once */
    CLAIM_BYTES = 8 << 20, /* that one claim should not bring more of */
    FIRST_CLAIM = 8,       /* rows, while it is not known how large they are */
    HELD_WAIT_MIN_MS = 10, /* at the bound */
    HELD_WAIT_MAX_MS = 200,
    IDLE_WAIT_MAX_MS = 5000,
};

struct options {
    struct db_options db;
    struct claim_options claim;
    int64_t limit, batch, interval_ms;
    bool follow, until_eof, exit_status;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.letter = 'n', .name = "limit", .arg = "N", .type = CLI_INT, .member = AT(limit), .min = 1, .max = INT64_MAX,
     .help = "claim N rows at most"},
    {.name = "atom", .arg = "ID", .type = CLI_TEXT, .member = AT(claim.atom_id), .help = "claim only this atom's rows"},
    {.name = "learner", .arg = "ID", .type = CLI_TEXT, .member = AT(claim.learner_id),
     .help = "claim only this learner's rows"},
    {.name = "lease", .arg = "D", .type = CLI_DURATION, .member = AT(claim.lease_ms), .min = 1, .max = 31536000000,
     .preset = "15m", .help = "rows that are not settled after D go back"},
    {.name = "worker", .arg = "NAME", .type = CLI_TEXT, .member = AT(claim.worker),
     .help = "claim under this name, not one made from host and process"},
    {.name = "max-held", .arg = "N", .type = CLI_INT, .member = AT(claim.max_held), .min = 1, .max = 1000000,
     .help = "hold N rows at most that are neither settled nor saved executions"},
    {.name = "batch", .arg = "N", .type = CLI_INT, .member = AT(batch), .min = 1, .max = 10000, .preset = "100",
     .help = "claim N rows at most in one statement"},
    {.name = "follow", .member = AT(follow), .help = "go on looking when nothing is ready"},
    {.name = "interval", .arg = "D", .type = CLI_DURATION, .member = AT(interval_ms), .min = 1, .max = 86400000,
     .preset = "1s", .help = "with --follow, look every D, growing to 5s while nothing comes"},
    {.name = "until-eof", .member = AT(until_eof), .help = "stop claiming when standard input ends"},
    DB_OPTIONS(struct options, db),
    DB_RETRY_OPTIONS(struct options, db.policy),
    CLI_EXIT_STATUS(struct options, exit_status, "nothing was claimed"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-claim",
    "",
    "Lease pending rows of the queue and print their requests.",
    options,
};

/* A row on its way to stdout. */
struct row {
    char id[UUID_TEXT], token[UUID_TEXT];
    size_t end; /* of its line in `out` */
};

struct claimer {
    struct options o;
    struct db *db;
    struct claim *claim;
    struct sink sink;
    struct buf out;
    struct row *rows; /* in `out` */
    size_t row_count, row_cap;
    struct batch back; /* rows that are settled here */
    struct json_object record, gl;
    int64_t claimed; /* in all */
    int64_t got;     /* by the last claim */
    size_t largest;  /* of its requests */
    enum exit_code code;
    bool stopped;
};

/* ---- waiting ---- */

/* Reads what comes on stdin and drops it; notes its end. */
static void drain_stdin(struct claimer *c)
{
    char dropped[4096];
    ssize_t got = read(STDIN_FILENO, dropped, sizeof dropped);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
        c->stopped = true;
}

/* Waits for `ms`, less where it is time to stop. */
static void wait_ms(struct claimer *c, int64_t ms)
{
    int64_t now = clock_now(), until = clock_after(now, ms);
    do {
        struct pollfd fds[2] = {{.fd = signals_fd(), .events = POLLIN},
                                {.fd = c->o.until_eof ? STDIN_FILENO : -1, .events = POLLIN}};
        if (poll(fds, 2, clock_poll_ms(now, until)) > 0 && fds[1].revents)
            drain_stdin(c);
        c->stopped = c->stopped || signals_caught();
        now = clock_now();
    } while (!c->stopped && now < until);
}

/* ---- records out ---- */

static void put_text(struct buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    json_key(b, name);
    json_put_text(b, value);
}

/* The value of `_gl`: the caller's context, and what the row says. */
static void put_gl(struct claimer *c, struct buf *b, const struct claim_row *row)
{
    record_gl(&c->record, &c->gl);
    struct json_text context = json_get(&c->gl, "context");
    buf_putc(b, '{');
    if (context.at) {
        json_key(b, "context");
        json_put(b, context);
    }
    put_text(b, "idempotency_key", row->idempotency_key);
    put_text(b, "endpoint", row->endpoint);
    put_text(b, "queue_id", row->id);
    put_text(b, "lease_token", row->token);
    json_key(b, "retry_count");
    buf_puts(b, row->retry_count);
    put_text(b, "learner_id", row->learner_id);
    put_text(b, "execution_id", row->execution_id);
    buf_putc(b, '}');
}

/* Appends the request with its `_gl`, and the atom's id where it has none. */
static void put_line(struct claimer *c, const struct claim_row *row)
{
    struct buf gl, id;
    buf_init(&gl, RECORD_MAX);
    buf_init(&id, RECORD_MAX);
    put_gl(c, &gl, row);
    struct json_edit edits[3] = {{.name = "_gl", .value = {gl.data, gl.len}}};
    if (row->atom_id && !record_atom_id(&c->record).at) {
        json_put_text(&id, row->atom_id);
        edits[1] = (struct json_edit){.name = "atom_id", .value = {id.data, id.len}};
    }
    json_put_edited(&c->out, &c->record, edits);
    buf_putc(&c->out, '\n');
    buf_free(&gl);
    buf_free(&id);
}

/* Notes that a row is to be settled when this claim is over. */
static void give_back(struct claimer *c, const char *id, const char *token, const char *outcome,
                      const char *error)
{
    const struct batch_value row[SETTLE_COLUMNS] = {
        [SETTLE_ID] = {id, strlen(id)},
        [SETTLE_TOKEN] = {token, strlen(token)},
        [SETTLE_OUTCOME] = {outcome, strlen(outcome)},
        [SETTLE_ERROR] = {error, error ? strlen(error) : 0},
    };
    batch_add(&c->back, row);
}

/* Writes what has gathered.  A row whose line did not leave whole goes back. */
static void write_rows(struct claimer *c)
{
    size_t done = sink_write(&c->sink, c->out.data, c->out.len);
    for (size_t i = 0; i < c->row_count; i++) {
        const struct row *r = &c->rows[i];
        if (r->end > done) {
            give_back(c, r->id, r->token, "release", NULL);
            continue;
        }
        c->claimed++;
    }
    c->row_count = 0;
    buf_clear(&c->out);
}

/* ---- claiming ---- */

static void take_row(const struct claim_row *row, void *context)
{
    struct claimer *c = context;
    size_t size = strlen(row->request);
    c->largest = size > c->largest ? size : c->largest;
    if (!json_index(&c->record, row->request, size, NULL)) {
        msg_error("row %s: its request is no JSON object", row->id);
        give_back(c, row->id, row->token, "failed",
                  "{\"class\":\"bad_request\",\"message\":\"the stored request is no JSON object\"}");
        c->code = EXIT_DATA;
        return;
    }
    put_line(c, row);
    xgrow(&c->rows, &c->row_cap, c->row_count + 1, sizeof *c->rows);
    struct row *r = &c->rows[c->row_count++];
    r->end = c->out.len;
    snprintf(r->id, sizeof r->id, "%s", row->id);
    snprintf(r->token, sizeof r->token, "%s", row->token);
    if (c->out.len >= OUT_BYTES)
        write_rows(c);
}

static void answered(size_t row, const char *const *values, void *context)
{
    (void)row;
    (void)values;
    (void)context;
}

static void refused(size_t row, const struct err *why, void *context)
{
    (void)row;
    (void)context;
    msg_error("a row cannot be given back: %s", why->text);
}

static void settle_back(struct claimer *c)
{
    const struct batch_hooks hooks = {answered, refused, NULL};
    struct err e;
    if (c->back.rows && !batch_send(&c->back, c->db, &hooks, &e))
        msg_error("%zu rows stay claimed until their lease ends: %s", c->back.rows, e.text);
    batch_clear(&c->back);
}

/* Claims up to `count` rows and prints them. */
static void claim(struct claimer *c, int64_t count)
{
    struct err e;
    c->largest = 0;
    bool good = claim_rows(c->claim, count, take_row, c, &c->got, &e);
    write_rows(c);
    settle_back(c);
    if (!good)
        die_err(&e);
}

/* Half as long again, at most `cap`. */
static int64_t longer(int64_t ms, int64_t cap)
{
    return ms >= cap ? ms : ms + ms / 2 < cap ? ms + (ms + 1) / 2 : cap;
}

/* How many rows to claim now; 0 where it is time to stop.  At the bound it
 * waits. */
static int64_t find_room(struct claimer *c)
{
    struct err e;
    int64_t room, wanted = c->largest ? (int64_t)(CLAIM_BYTES / c->largest) + 1 : FIRST_CLAIM;
    wanted = wanted < c->o.batch ? wanted : c->o.batch;
    if (c->o.limit && wanted > c->o.limit - c->claimed)
        wanted = c->o.limit - c->claimed;
    for (int64_t pause = HELD_WAIT_MIN_MS;; pause = longer(pause, HELD_WAIT_MAX_MS)) {
        if (!claim_room(c->claim, wanted, &room, &e))
            die_err(&e);
        if (room || c->stopped)
            return c->stopped ? 0 : room;
        wait_ms(c, pause);
    }
}

/* ---- the run ---- */

static bool is_done(const struct claimer *c)
{
    return c->stopped || c->sink.error || (c->o.limit && c->claimed >= c->o.limit);
}

static void run(struct claimer *c)
{
    int64_t idle = c->o.interval_ms;
    wait_ms(c, 0);
    while (!is_done(c)) {
        int64_t room = find_room(c);
        if (room > 0)
            claim(c, room);
        wait_ms(c, 0);
        if (is_done(c))
            break;
        if (c->got) {
            idle = c->o.interval_ms;
            continue;
        }
        if (!c->o.follow)
            break;
        wait_ms(c, idle);
        idle = longer(idle, IDLE_WAIT_MAX_MS);
    }
}

int main(int argc, char **argv)
{
    static struct claimer c;
    struct err e;
    cli_parse(&cli, &c.o, argc, argv);
    signals_catch();
    sink_init(&c.sink); /* what cannot be printed is given back */
    if (!db_open(&c.db, &c.o.db, &e))
        die_err(&e);
    char *name = c.o.claim.worker ? NULL : worker_name();
    if (name)
        c.o.claim.worker = name;
    c.claim = claim_open(c.db, &c.o.claim);
    batch_init(&c.back, &batch_settle);
    buf_init(&c.out, RECORD_MAX);
    run(&c);
    claim_close(c.claim);
    db_close(c.db);
    batch_free(&c.back);
    buf_free(&c.out);
    json_object_free(&c.record);
    json_object_free(&c.gl);
    free(c.rows);
    free(name);
    if (c.o.exit_status && c.code == EXIT_OK && !c.claimed)
        c.code = EXIT_NOTHING;
    return sink_finish(&c.sink, (int)c.code);
}
