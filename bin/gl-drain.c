/* gl-drain: supervises the programs that drain the queue and renews its leases.
 *
 *     gl-claim | gl-submit | gl-settle --progress | gl-poll | gl-settle
 *
 * One loop over poll(2) looks at their ends, copies the last one's records to
 * stdout and counts them.  An end is made in steps, each with its time: gl-claim
 * is told to stop, then gl-submit and gl-poll, then all are killed.  What they
 * may still hold then is released.  gl-claim's stdin is a pipe that only this
 * process holds open, so that claiming ends with it, however that ends.
 *
 * Where /health was not answered 2xx, records come through here between
 * gl-submit and gl-settle too, so that a wrong URL's 404s never reach a row. */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "db.h"
#include "gate.h"
#include "health.h"
#include "lease.h"
#include "msg.h"
#include "proc.h"
#include "progress.h"
#include "relay.h"
#include "signals.h"
#include "spool.h"
#include "stages.h"
#include "tally.h"
#include "worker.h"

enum {
    RECORD_MAX = 256 << 20,
    KILLED_MS = 5000,   /* how long those that were killed may take to end */
    RELEASE_MS = 10000, /* for the release at the end */
    HURRIED_MS = 2000,  /* the same after a second signal */
    TICK_MS = 500,      /* how often progress is drawn while nothing happens */
};

struct options {
    struct stages_options stages;
    bool progress, exit_status;
    int64_t max_runtime_ms, grace_ms, max_lease_ms;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.letter = 'n', .name = "limit", .arg = "N", .type = CLI_INT, .member = AT(stages.limit), .min = 1, .max = INT64_MAX,
     .help = "take N rows at most"},
    {.letter = 'j', .name = "jobs", .arg = "N", .type = CLI_INT, .member = AT(stages.jobs), .min = 1, .max = 1024,
     .preset = "8", .help = "have N requests under way at once"},
    {.name = "atom", .arg = "ID", .type = CLI_TEXT, .member = AT(stages.atom), .help = "take only this atom's rows"},
    {.name = "learner", .arg = "ID", .type = CLI_TEXT, .member = AT(stages.learner), .help = "take only this learner's rows"},
    {.name = "follow", .member = AT(stages.follow), .help = "go on looking when nothing is ready"},
    {.name = "max-runtime", .arg = "D", .type = CLI_DURATION, .member = AT(max_runtime_ms), .min = 1, .max = INT64_MAX,
     .preset = "1h", .help = "take no more rows after D"},
    {.name = "grace", .arg = "D", .type = CLI_DURATION, .member = AT(grace_ms), .max = 86400000, .preset = "10s",
     .help = "when told to end, let what is under way go on for D"},
    {.name = "lease", .arg = "D", .type = CLI_DURATION, .member = AT(stages.lease_ms), .min = 3, .max = 31536000000,
     .preset = "60s", .help = "where this program is gone, rows go back after D"},
    {.name = "max-lease", .arg = "D", .type = CLI_DURATION, .member = AT(max_lease_ms), .min = 1, .max = 31536000000,
     .preset = "15m", .help = "rows that are not done after D go back"},
    {.name = "max-wait", .arg = "D", .type = CLI_DURATION, .member = AT(stages.max_wait_ms), .max = 31536000000,
     .preset = "300s", .help = "leave an execution for another time after D"},
    {.name = "give-up", .arg = "D", .type = CLI_DURATION, .member = AT(stages.give_up_ms), .max = 31536000000,
     .preset = "7d", .help = "fail an execution that has not ended after D"},
    {.name = "timeout", .arg = "D", .type = CLI_DURATION, .member = AT(stages.http.timeout_ms), .min = 1, .max = 86400000,
     .preset = "4m", .help = "give up an attempt after D"},
    {.name = "rate", .arg = "N", .type = CLI_REAL, .member = AT(stages.rate), .max = 1000000,
     .help = "start at most N requests a second"},
    {.name = "circuit-pause", .arg = "D", .type = CLI_DURATION, .member = AT(stages.circuit_pause_ms), .preset = "10s",
     .help = "after ten failed connections in a row pause for D"},
    HTTP_SERVER_OPTIONS(struct options, stages.http),
    RETRY_OPTIONS(struct options, stages.policy, "try a request, or a statement, N times at most"),
    RETRY_CAP_OPTION(struct options, stages.policy, "never wait longer than D for a retry"),
    DB_OPTIONS(struct options, stages.db),
    {.name = "spool", .arg = "DIR", .type = CLI_TEXT, .member = AT(stages.spool), .env = "GREENLIGHT_SPOOL_DIR",
     .help = "keep in DIR what the database is not there for"},
    PROGRESS_OPTION(struct options, progress),
    CLI_EXIT_STATUS(struct options, exit_status, "nothing was ready"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-drain",
    "",
    "Send what waits in the queue to Greenlight, and record what comes back.",
    options,
};

/* How far the end has come. */
enum phase { RUNNING, CLAIM_STOPPED, ALL_STOPPED, KILLED, GIVEN_UP };

struct drain {
    struct options o;
    char *worker;
    bool url_is_right; /* as /health says; else there is a gate */
    struct proc_args args[STAGES];
    struct proc stage[STAGES];
    int alive; /* open while gl-claim may go on */
    struct gate gate;
    struct relay tail;
    struct tally tally;
    struct lease lease;
    struct progress progress;
    enum phase phase;
    int64_t phase_until;
    bool died;    /* a stage */
    bool unclean; /* stages may have left rows behind */
    bool url_is_wrong;
    enum exit_code code;
};

/* ---- the end, in steps ---- */

/* What ends the run, the worst first. */
static void note_code(struct drain *d, enum exit_code code)
{
    static const enum exit_code order[] = {EXIT_BUG, EXIT_AUTH, EXIT_CONFIG, EXIT_OS, EXIT_IO, EXIT_AGAIN};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (d->code == order[i] || code == order[i]) {
            d->code = order[i];
            return;
        }
}

static void next_phase(struct drain *d, int64_t now)
{
    int64_t lasts = 0;
    switch (++d->phase) {
    case CLAIM_STOPPED:
        close(d->alive);
        d->alive = -1;
        proc_signal(&d->stage[CLAIM], SIGTERM);
        lasts = d->o.grace_ms;
        break;
    case ALL_STOPPED:
        proc_signal(&d->stage[SUBMIT], SIGTERM);
        proc_signal(&d->stage[POLL], SIGTERM);
        lasts = clock_after(d->o.grace_ms, d->o.stages.db.timeout_ms);
        break;
    case KILLED:
        for (int i = 0; i < STAGES; i++)
            proc_signal(&d->stage[i], SIGKILL);
        lasts = KILLED_MS;
        break;
    default:
        break;
    }
    d->phase_until = clock_after(now, lasts);
}

static void stop(struct drain *d, enum exit_code code, bool at_once)
{
    int64_t now = clock_now();
    note_code(d, code);
    if (d->phase == RUNNING)
        next_phase(d, now);
    if (d->phase == CLAIM_STOPPED && at_once)
        next_phase(d, now);
}

static void heed_signals(struct drain *d)
{
    int count = signals_count();
    if (count > 0)
        stop(d, EXIT_OK, false);
    while (count > 1 && d->phase < KILLED)
        next_phase(d, clock_now());
}

/* ---- the stages ---- */

/* Whether a signal that ended the stage was ours. */
static bool was_told(const struct drain *d, int stage, int signal)
{
    static const enum phase from[STAGES] = {CLAIM_STOPPED, ALL_STOPPED, KILLED, ALL_STOPPED, KILLED};
    return signal == SIGKILL ? d->phase >= KILLED : signal == SIGTERM && d->phase >= from[stage];
}

static void stage_died(struct drain *d, int stage)
{
    const struct proc *p = &d->stage[stage];
    if (p->signal)
        msg_error("%s was ended by signal %d (%s)", d->args[stage].words[0], p->signal, strsignal(p->signal));
    else
        msg_error("%s has a bug and ended", d->args[stage].words[0]);
    d->died = true;
    stop(d, EXIT_BUG, true);
}

/* SIGPIPE only tells that the next one has ended before: that one says why. */
static void stage_ended(struct drain *d, int stage)
{
    const struct proc *p = &d->stage[stage];
    if (p->signal) {
        d->unclean = true;
        if (p->signal != SIGPIPE && !was_told(d, stage, p->signal))
            stage_died(d, stage);
        return;
    }
    switch (p->code) {
    case EXIT_BUG:
        d->unclean = true;
        stage_died(d, stage);
        break;
    case EXIT_USAGE:
    case EXIT_OS:
    case EXIT_IO:
    case EXIT_AUTH:
    case EXIT_CONFIG:
        d->unclean = true;
        stop(d, p->code == EXIT_USAGE ? EXIT_BUG : (enum exit_code)p->code, true);
        break;
    case EXIT_AGAIN:
        if (stage == CLAIM)
            note_code(d, EXIT_AGAIN);
        break;
    default:
        break;
    }
}

static bool any_runs(const struct drain *d)
{
    for (int i = 0; i < STAGES; i++)
        if (proc_runs(&d->stage[i]))
            return true;
    return false;
}

/* ---- the run ---- */

static bool look_at_settled(const char *line, size_t len, void *context)
{
    struct drain *d = context;
    tally_add(&d->tally, line, len);
    if (d->tally.over != FAULT_NONE)
        stop(d, d->tally.over == FAULT_UNAUTHORISED ? EXIT_AUTH : EXIT_AGAIN, false);
    return true;
}

static void replay_spool(const struct drain *d, struct db *db)
{
    struct err e;
    struct spool_count stored = {0};
    char *folder = spool_folder(d->o.stages.spool);
    if (!spool_replay(folder, db, &stored, &e))
        die_err(&e);
    if (stored.rows)
        msg_info("stored %zu rows from \"%s\"", stored.rows, folder);
    free(folder);
}

/* Before anything is claimed: is the server up, and is anything left to store?
 * The stages get the database by the environment, for it may hold a password. */
static void prepare(struct drain *d)
{
    struct err e;
    int status = 0;
    struct db *db;
    struct stages_options *o = &d->o.stages;
    o->db.policy = o->policy;
    if (!db_open(&db, &o->db, &e))
        die_err(&e);
    if (!health_ask(&o->http, &status, &e)) {
        if (e.code != EXIT_AGAIN)
            die_err(&e);
        if (!signals_caught())
            msg_warn("%s; nothing was claimed", e.text);
        exit(cli_finish(EXIT_AGAIN));
    }
    d->url_is_right = status >= 200 && status < 300;
    replay_spool(d, db);
    db_close(db);
    if (signals_caught())
        exit(cli_finish(EXIT_AGAIN));
    if (o->db.conninfo && o->db.conninfo != getenv("GREENLIGHT_DATABASE_URL")) {
        if (setenv("GREENLIGHT_DATABASE_URL", o->db.conninfo, 1) != 0)
            die(EXIT_OS, "out of memory");
        o->db.conninfo = getenv("GREENLIGHT_DATABASE_URL");
    }
}

static bool start_gated(struct drain *d, int in, int out, struct err *e)
{
    int first[2], second[2];
    if (!proc_pipe(first, e) || !proc_pipe(second, e) ||
        !proc_start_line(d->stage, d->args, SAVE, in, first[1], e) ||
        !proc_start_line(d->stage + SAVE, d->args + SAVE, STAGES - SAVE, second[0], out, e))
        return false;
    close(first[1]);
    close(second[0]);
    gate_open(&d->gate, first[0], second[1], RECORD_MAX, d->o.stages.jobs);
    return true;
}

/* Where that fails half-way, gl-claim ends with our end of its pipe. */
static void start_stages(struct drain *d)
{
    struct err e;
    int in[2], out[2];
    stages_make(d->args, &d->o.stages, d->worker);
    gate_init_closed(&d->gate);
    if (!proc_pipe(in, &e) || !proc_pipe(out, &e))
        die_err(&e);
    if (!(d->url_is_right ? proc_start_line(d->stage, d->args, STAGES, in[0], out[1], &e)
                          : start_gated(d, in[0], out[1], &e)))
        die_err(&e);
    close(in[0]);
    close(out[1]);
    d->alive = in[1];
    relay_init(&d->tail, out[0], STDOUT_FILENO, RECORD_MAX, look_at_settled, d);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct drain *d)
{
    int64_t now = clock_now(), moment = earlier(d->phase_until, d->gate.due);
    if (!d->died)
        moment = earlier(moment, d->lease.due);
    if (d->progress.shown)
        moment = earlier(moment, now + TICK_MS);
    return clock_poll_ms(now, moment);
}

/* Waits for something to happen, and sees to the records. */
static void turn(struct drain *d)
{
    enum { TAIL = STAGES, GATE = TAIL + RELAY_FDS, SIGNALS = GATE + RELAY_FDS, LEASE, FDS };
    struct pollfd fds[FDS];
    for (int i = 0; i < STAGES; i++)
        fds[i] = (struct pollfd){d->stage[i].fd, POLLIN, 0};
    fds[SIGNALS] = (struct pollfd){signals_fd(), POLLIN, 0};
    relay_prepare(&d->tail, fds + TAIL);
    gate_prepare(&d->gate, fds + GATE);
    lease_prepare(&d->lease, fds + LEASE);
    if (poll(fds, FDS, wait_ms(d)) < 0)
        return;
    relay_serve(&d->tail, fds + TAIL);
    gate_serve(&d->gate, fds + GATE);
    if (!d->died)
        lease_serve(&d->lease, fds + LEASE);
}

/* What may have come to pass meanwhile. */
static void look_around(struct drain *d)
{
    heed_signals(d);
    for (int i = 0; i < STAGES; i++)
        if (proc_ended(&d->stage[i]))
            stage_ended(d, i);
    if (d->tail.failed)
        stop(d, EXIT_IO, false);
    if (gate_says_wrong(&d->gate) && !d->url_is_wrong) {
        d->url_is_wrong = d->unclean = true;
        msg_error("%s: no Greenlight is there: neither /health nor a request found what it wants",
                  d->o.stages.http.url);
        stop(d, EXIT_CONFIG, true);
    }
}

static void run(struct drain *d)
{
    d->phase_until = clock_after(clock_now(), d->o.max_runtime_ms);
    progress_start(&d->progress, d->o.progress);
    while ((any_runs(d) || !relay_done(&d->tail)) && d->phase < GIVEN_UP) {
        turn(d);
        look_around(d);
        int64_t now = clock_now();
        if (now >= d->phase_until && d->phase == RUNNING)
            stop(d, EXIT_AGAIN, false);
        else if (now >= d->phase_until)
            next_phase(d, now);
        progress_update(&d->progress, d->tally.records, d->tally.failed, PROGRESS_UNKNOWN, -1);
    }
    progress_end(&d->progress);
    if (d->unclean || d->phase == GIVEN_UP)
        lease_release(&d->lease, d->died, signals_count() > 1 ? HURRIED_MS : RELEASE_MS);
}

static void tell(const struct drain *d)
{
    const struct tally *t = &d->tally;
    const char *how = d->phase == RUNNING ? "done" : "stopped";
    if (!t->records)
        msg_warn("%s: nothing was ready", how);
    else
        msg_warn("%s: %zu ended, %zu failed, %zu to be tried again, %zu taken by others", how, t->ended,
                 t->failed, t->again, t->others);
}

static void close_all(struct drain *d)
{
    relay_free(&d->tail);
    gate_close(&d->gate);
    lease_close(&d->lease);
    tally_free(&d->tally);
    for (int i = 0; i < STAGES; i++)
        proc_args_free(&d->args[i]);
    free(d->worker);
}

int main(int argc, char **argv)
{
    static struct drain d;
    struct err e;
    cli_parse(&cli, &d.o, argc, argv);
    signals_catch();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN); /* under `stty tostop` the stages' messages would stop them */
    prepare(&d);
    signals_allow(2); /* the second is for the stages, the third for us */
    d.worker = worker_name();
    const struct lease_options times = {d.o.stages.lease_ms, d.o.max_lease_ms, d.o.stages.max_wait_ms};
    if (!lease_open(&d.lease, &d.o.stages.db, &times, d.worker, &e))
        die_err(&e);
    start_stages(&d);
    run(&d);
    tell(&d);
    if (d.tail.failed)
        note_code(&d, cli_stdout_failed(d.tail.failed));
    if (d.code == EXIT_OK)
        d.code = tally_exit(&d.tally);
    if (d.o.exit_status && d.code == EXIT_OK && !d.tally.records)
        d.code = EXIT_NOTHING;
    close_all(&d);
    return cli_finish(d.code);
}
