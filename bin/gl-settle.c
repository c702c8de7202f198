/* gl-settle: records in the queue what became of the rows that gl-claim leased.
 *
 * Records gather in a load, as many as are there or --batch; while the rows of one
 * load are on their way to the database the next one gathers.  A load is printed
 * in order when its rows have been answered.  What is worked out is never
 * dropped: where the database is away rows go to the spool, and where nobody
 * reads the output any more the input is still recorded to its end. */
#include <poll.h>
#include <stdlib.h>

#include "cli.h"
#include "clock.h"
#include "db.h"
#include "jsonl.h"
#include "load.h"
#include "msg.h"
#include "signals.h"
#include "sink.h"
#include "spool.h"
#include "xalloc.h"

enum {
    LOAD_BYTES_MAX = 8 << 20,
    OUT_MAX = 512 << 20, /* one record, with its settlement */
    OUT_BYTES = 64 * 1024,
    GATHER_MS = 10, /* how long a load that has begun waits for more */
};

struct options {
    struct db_options db;
    int64_t batch, give_up_ms, pause_ms, max_record;
    const char *spool;
    bool progress, exit_status;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "progress", .member = AT(progress),
     .help = "save executions and keep their leases; pass all else on"},
    {.name = "spool", .arg = "DIR", .type = CLI_TEXT, .member = AT(spool), .env = "GREENLIGHT_SPOOL_DIR",
     .help = "keep what cannot be recorded now in DIR"},
    {.name = "give-up", .arg = "D", .type = CLI_DURATION, .member = AT(give_up_ms), .min = 1, .preset = "7d",
     .max = 3153600000000, .help = "fail an execution that has not ended D after it was saved"},
    {.name = "batch", .arg = "N", .type = CLI_INT, .member = AT(batch), .min = 1, .max = 10000, .preset = "100",
     .help = "record N rows at most in one statement"},
    DB_OPTIONS(struct options, db),
    {.name = "circuit-pause", .arg = "D", .type = CLI_DURATION, .member = AT(pause_ms), .preset = "10s",
     .help = "leave a database that was away alone for D"},
    DB_RETRY_OPTIONS(struct options, db.policy),
    JSONL_OPTION(struct options, max_record),
    CLI_EXIT_STATUS(struct options, exit_status, "there was no record"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-settle",
    "[FILE ...]",
    "Record in the queue what became of claimed rows; pass the records on.",
    options,
};

struct settler {
    struct options o;
    struct db *db;
    char *folder; /* of the spool; NULL: there is none */
    struct jsonl *in;
    struct load loads[2], *flying; /* flying: on its way to the database */
    int64_t begun;                 /* when the load that gathers got its first record */
    struct sink sink;
    struct buf out;
    int64_t away_until; /* until then the database is not asked */
    struct err away;    /* why */
    size_t records;
    enum exit_code code, end; /* by the records; by what ends the run */
    bool reading;
};

/* ---- loads out ---- */

static void print_load(struct settler *s, struct load *l)
{
    for (size_t i = 0; i < l->count; i++) {
        s->code = exit_worse(s->code, load_put(l, i, &s->out));
        if (s->out.len < OUT_BYTES && i + 1 < l->count)
            continue;
        sink_write(&s->sink, s->out.data, s->out.len);
        buf_clear(&s->out);
    }
    s->records += l->count;
    load_clear(l);
}

static void go_away(struct settler *s, const struct err *why)
{
    s->away = *why;
    s->away_until = clock_after(clock_now(), s->o.pause_ms);
    if (why->code == EXIT_AGAIN)
        s->code = exit_worse(s->code, EXIT_AGAIN);
    else
        s->end = why->code;
}

/* Writes the rows that have no answer to the spool. */
static void keep(struct settler *s, struct load *l)
{
    struct err e;
    bool *skip = xcalloc(l->batch.rows, sizeof *skip);
    size_t rows = load_unanswered(l, skip);
    err_set(&e, EXIT_CONFIG, "there is no folder for a spool");
    if (s->folder && spool_write(s->folder, &l->batch, skip, &e)) {
        msg_error("%zu outcomes are kept in \"%s\": %s", rows, s->folder, s->away.text);
    } else {
        msg_error("%zu outcomes are not recorded: %s; %s", rows, s->away.text, e.text);
        s->end = e.code;
    }
    free(skip);
}

/* Waits for the load that is on its way, and prints it. */
static void land(struct settler *s)
{
    struct err e;
    struct load *l = s->flying;
    s->flying = NULL;
    if (!load_finish(l, s->db, &e)) {
        go_away(s, &e);
        keep(s, l);
    }
    print_load(s, l);
}

static void launch(struct settler *s, struct load *l)
{
    if (!l->batch.rows) {
        print_load(s, l);
    } else if (clock_now() < s->away_until) {
        keep(s, l);
        print_load(s, l);
    } else {
        batch_start(&l->batch, s->db);
        s->flying = l;
    }
}

/* ---- the run ---- */

/* Waits until there is input, `until`, or the end of the time after a signal. */
static bool wait_input(struct settler *s, int64_t until)
{
    struct pollfd fds[2] = {{.fd = jsonl_fd(s->in), .events = POLLIN},
                            {.fd = signals_fd(), .events = POLLIN}};
    for (;;) {
        int64_t now = clock_now(), deadline = signals_deadline();
        int64_t end = until < deadline ? until : deadline;
        fds[0].revents = 0;
        if (poll(fds, deadline == CLOCK_NEVER ? 2 : 1, clock_poll_ms(now, end)) > 0 && fds[0].revents)
            return true;
        now = clock_now();
        s->reading = s->reading && now < signals_deadline();
        if (now >= end || !s->reading)
            return false;
    }
}

static bool is_full(const struct settler *s, const struct load *l)
{
    size_t most = (size_t)s->o.batch;
    return l->batch.rows >= most || l->count >= 4 * most || l->bytes >= LOAD_BYTES_MAX;
}

/* Until when to wait for more: not at all where there is something else to do. */
static int64_t patience(const struct settler *s, const struct load *l)
{
    if (s->flying || (l->count && !l->batch.rows))
        return 0;
    return l->count ? clock_after(s->begun, GATHER_MS) : CLOCK_NEVER;
}

/* Takes in what is there. */
static void gather(struct settler *s, struct load *l)
{
    struct jsonl_record record;
    struct err e;
    while (s->reading && !is_full(s, l)) {
        enum jsonl_got got = jsonl_next(s->in, &record, &e);
        if (got == JSONL_EOF) {
            s->reading = false;
        } else if (got == JSONL_WAIT) {
            if (!wait_input(s, patience(s, l)))
                return;
            jsonl_fill(s->in);
        } else {
            s->begun = l->count ? s->begun : clock_now();
            if (got == JSONL_RECORD)
                load_add(l, &record);
            else
                load_add_bad(l, e.text);
        }
    }
}

static void run(struct settler *s)
{
    struct load *l = &s->loads[0];
    s->reading = true;
    while (s->reading || s->flying) {
        gather(s, l);
        if (s->flying) {
            land(s);
            if (s->reading && !is_full(s, l))
                continue; /* more may have come meanwhile */
        }
        if (!l->count)
            continue;
        launch(s, l);
        l = l == &s->loads[0] ? &s->loads[1] : &s->loads[0];
    }
}

static void replay_spool(struct settler *s)
{
    struct spool_count count = {0};
    struct err e;
    if (!spool_replay(s->folder, s->db, &count, &e)) {
        msg_error("what the spool keeps stays there: %s", e.text);
        if (e.code == EXIT_IO)
            s->end = EXIT_IO;
        else
            go_away(s, &e);
    }
    if (count.bad)
        s->code = exit_worse(s->code, EXIT_DATA);
}

int main(int argc, char **argv)
{
    static struct settler s;
    struct err e;
    char **files = cli_parse(&cli, &s.o, argc, argv);
    const struct load_options how = {s.o.progress, s.o.give_up_ms};
    signals_catch();
    sink_init(&s.sink); /* the input is recorded although nobody reads the output */
    if (!db_open(&s.db, &s.o.db, &e))
        die_err(&e);
    s.folder = spool_folder(s.o.spool);
    load_init(&s.loads[0], &how);
    load_init(&s.loads[1], &how);
    buf_init(&s.out, OUT_MAX);
    replay_spool(&s);
    s.in = jsonl_open(files, (size_t)s.o.max_record);
    run(&s);
    if (jsonl_failed(s.in))
        s.end = EXIT_IO;
    if (s.o.exit_status && s.code == EXIT_OK && !s.records)
        s.code = EXIT_NOTHING;
    jsonl_close(s.in);
    load_free(&s.loads[0]);
    load_free(&s.loads[1]);
    buf_free(&s.out);
    db_close(s.db);
    free(s.folder);
    return sink_finish(&s.sink, s.end ? (int)s.end : (int)s.code);
}
