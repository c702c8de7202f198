/* handoff: each step runs a sibling and reads what it wrote. */
#define _GNU_SOURCE /* memmem, setenv */
#include "handoff.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "desk.h"
#include "enqueue.h"
#include "errand.h"
#include "exchange.h"
#include "forward.h"
#include "local.h"
#include "msg.h"
#include "outcome.h"
#include "record.h"
#include "screen.h"
#include "signals.h"
#include "source.h"
#include "spool.h"
#include "task.h"
#include "uuid.h"
#include "xalloc.h"

enum { OUT_MAX = 512 << 20 };

struct handoff {
    struct handoff_options o;
    struct enqueue_options keep;
    struct json_object context; /* of --session-context */
    char *context_text, *spool;
    struct screen screen;
    struct answer answer;
    struct buf line;
    enum exit_code code;
    bool over; /* the session: what is left is cancelled */
};

/* One atom in our hands. */
struct turn {
    struct handoff *h;
    const struct json_object *atom;
    struct json_object gl;      /* of the atom */
    struct buf request, result; /* the atom with its key; what the pipeline gave, if anything */
    struct buf edited;          /* local: the atom with the learner's work, once there is some */
    char *folder;               /* and where that is kept */
    struct json_object answer, answer_gl;
    enum status status;
    struct spool_held *held;
    /* while it runs */
    int64_t since, next_try;
    int64_t attempt;
    bool polling, cancelled;
};

/* ---- outcomes ---- */

static void put_outcome(struct turn *t, const char *word, struct json_text queue_id)
{
    struct handoff *h = t->h;
    const struct outcome o = {.word = word,
                              .atom_id = record_atom_id(t->atom),
                              .queue_id = queue_id,
                              .request = t->edited.len ? (struct json_text){t->edited.data, t->edited.len}
                                                       : t->atom->text,
                              .result = t->answer.text};
    buf_clear(&h->line);
    outcome_put(&h->line, &o, &h->answer);
    buf_putc(&h->line, '\n');
    cli_write(h->line.data, h->line.len);
    cli_flush();
}

/* ---- siblings ---- */

/* Shows a record on the screen. */
static void show(struct handoff *h, struct json_text record)
{
    struct proc_args args = {0};
    struct errand errand = {.programs = &args, .count = 1, .out = h->screen.fd};
    struct err e;
    if (h->screen.fd < 0 || !record.at)
        return;
    screen_clear(&h->screen);
    proc_arg(&args, "gl-render");
    if (errand_run(&errand, record.at, record.len, &e) < 0)
        msg_error("%s", e.text);
    proc_args_free(&args);
}

static void draw(const struct turn *t)
{
    char text[200], next[60] = "";
    int64_t now = clock_now();
    if (t->next_try > now)
        snprintf(next, sizeof next, ", next try in %lld s", (long long)(t->next_try - now + 999) / 1000);
    if (t->h->o.local)
        snprintf(text, sizeof text, "Running your work: %lld s. Ctrl-C cancels.",
                 (long long)(now - t->since) / 1000);
    else if (t->polling)
        snprintf(text, sizeof text, "Greenlight is working on it: %lld s. Ctrl-C cancels.",
                 (long long)(now - t->since) / 1000);
    else
        snprintf(text, sizeof text, "Waiting for Greenlight: %lld s, attempt %lld%s. Ctrl-C cancels.",
                 (long long)(now - t->since) / 1000, (long long)t->attempt, next);
    screen_status(&t->h->screen, text);
}

static bool tick(const struct json_object *event, void *context)
{
    struct turn *t = context;
    struct json_text path = event ? json_get(event, "path") : (struct json_text){NULL, 0};
    int64_t wait = 0;
    if (event) {
        json_int(json_get(event, "n"), &t->attempt);
        json_int(json_get(event, "wait_ms"), &wait);
        t->next_try = clock_after(clock_now(), wait);
        t->polling = path.at ? memmem(path.at, path.len, "/execution/", 11) != NULL : t->polling;
    }
    t->cancelled = t->cancelled || signals_count() > 0;
    if (!t->h->o.local || t->edited.len) /* else the editor has the terminal */
        draw(t);
    else
        t->since = clock_now();
    return t->cancelled;
}

static void add_submit(const struct handoff *h, const struct errand *errand, struct proc_args *a)
{
    forward_begin(a, "gl-submit");
    forward_server(a, &h->o.http);
    forward_retries(a, &h->o.policy);
    forward_int(a, "--timeout", h->o.http.timeout_ms, "ms");
    forward_int(a, "--max-timeouts", 2, "");
    forward_text(a, "--session-context", h->o.session_context);
    forward_text(a, "--filter", h->o.filter);
    forward_int(a, "--status-fd", errand->status, "");
}

static void add_poll(const struct handoff *h, const struct errand *errand, struct proc_args *a)
{
    forward_begin(a, "gl-poll");
    forward_server(a, &h->o.http);
    forward_int(a, "--timeout", h->o.http.timeout_ms, "ms");
    forward_int(a, "--max-wait", h->o.max_wait_ms, "ms");
    forward_int(a, "--interval", h->o.interval_ms, "ms");
    forward_int(a, "--status-fd", errand->status, "");
}

static void take_record(struct turn *t)
{
    json_object_free(&t->answer);
    json_object_free(&t->answer_gl);
    t->status = STATUS_UNKNOWN;
    if (json_index(&t->answer, t->result.data, t->result.len, NULL)) {
        record_gl(&t->answer, &t->answer_gl);
        t->status = record_status(json_get(&t->answer, "status"));
    }
}

/* gl-submit and gl-poll, as errand_run. */
static int run_remote(struct turn *t, struct err *e)
{
    struct proc_args args[2] = {{0}};
    struct errand errand = {
        .programs = args, .count = 2, .out = -1, .output = &t->result, .tick = tick, .context = t};
    int ended = -1;
    if (errand_open(&errand, e)) {
        add_submit(t->h, &errand, &args[0]);
        add_poll(t->h, &errand, &args[1]);
        ended = errand_run(&errand, t->request.data, t->request.len, e);
    }
    proc_args_free(&args[0]);
    proc_args_free(&args[1]);
    return ended;
}

/* Hands the request over and waits.  False: it could not be run, or a program
 * would not; *code says why. */
static bool run_pipeline(struct turn *t, enum exit_code *code)
{
    const struct local local = {&t->edited, &t->result, &t->folder, tick, t};
    struct err e;
    t->since = clock_now();
    t->attempt = 1;
    t->next_try = 0;
    t->polling = t->cancelled = false;
    buf_clear(&t->result);
    int ended = t->h->o.local ? local_run(&local, t->atom->text, &e) : run_remote(t, &e);
    screen_clear(&t->h->screen);
    take_record(t);
    *code = ended < 0 ? e.code : (enum exit_code)ended;
    if (ended < 0)
        msg_error("%s", e.text);
    return t->status != STATUS_UNKNOWN;
}

/* ---- the request ---- */

/* Whether a person will sit over it for longer than an attempt may take: then a
 * synchronous call would only time out, and be sent again. */
static bool takes_long(const struct handoff *h, const struct json_object *atom)
{
    struct task task;
    task_read(&task, atom);
    bool slow = task.minutes * 60000 > (double)h->o.http.timeout_ms && !atom_get(&task.atom, "submission").at;
    task_free(&task);
    return slow;
}

/* The atom with what is known of how it is sent: its key, the endpoint, and the
 * execution where there is one. */
static void make_request(struct turn *t)
{
    struct json_object own = {0};
    struct json_text key = json_get(&t->answer_gl, "idempotency_key"),
                     execution = json_get(&t->answer, "execution_id"),
                     endpoint = json_get(&t->answer_gl, "endpoint");
    struct buf text, gl;
    char fresh[37];
    buf_init(&text, OUT_MAX);
    buf_init(&gl, OUT_MAX);
    buf_putc(&text, '{');
    if (key.at || !json_get(&t->gl, "idempotency_key").at) {
        uuid4(fresh);
        json_key(&text, "idempotency_key");
        if (key.at)
            json_put(&text, key);
        else
            json_put_text(&text, fresh);
    }
    if (endpoint.at || (!json_get(&t->gl, "endpoint").at && takes_long(t->h, t->atom))) {
        json_key(&text, "endpoint");
        json_put(&text, endpoint.at ? endpoint : (struct json_text){"\"queue-atom\"", 12});
    }
    if (execution.at) {
        json_key(&text, "execution_id");
        json_put(&text, execution);
    }
    buf_putc(&text, '}');
    json_index(&own, text.data, text.len, NULL);
    record_put_gl(&gl, &t->gl, NULL, &own);
    buf_clear(&t->request);
    json_put_edited(&t->request, t->atom,
                    (struct json_edit[]){{.name = "_gl", .value = {gl.data, gl.len}}, {0}});
    json_object_free(&own);
    buf_free(&text);
    buf_free(&gl);
}

/* Keeps the request in the spool for as long as this process has it in hand. */
static void hold(struct turn *t)
{
    struct handoff *h = t->h;
    struct json_object request = {0}, gl = {0};
    struct batch rows;
    struct err e;
    if (h->o.fallback == HANDOFF_SKIP || h->o.local || !h->spool)
        return;
    batch_init(&rows, &batch_enqueue);
    json_index(&request, t->request.data, t->request.len, NULL);
    record_gl(&request, &gl);
    if (!enqueue_add(&rows, &h->keep, &request, &gl, &e))
        msg_info("%s", e.text); /* then gl-enqueue would not have it either */
    else if (!spool_hold(&t->held, h->spool, &rows, &e))
        msg_warn("%s", e.text);
    batch_free(&rows);
    json_object_free(&request);
    json_object_free(&gl);
}

/* ---- falling back ---- */

/* Puts the request into the queue, and says what became of it. */
static void queue(struct turn *t)
{
    struct handoff *h = t->h;
    struct proc_args args = {0};
    struct buf row;
    struct err e;
    struct json_object record = {0};
    buf_init(&row, OUT_MAX);
    struct errand errand = {.programs = &args, .count = 1, .out = -1, .output = &row};
    make_request(t);
    forward_begin(&args, "gl-enqueue");
    forward_int(&args, "--db-timeout", h->o.db.timeout_ms, "ms");
    forward_retries(&args, &h->o.policy);
    forward_text(&args, "--learner", h->o.learner);
    forward_text(&args, "--session-context", h->o.session_context);
    forward_text(&args, "--spool", h->spool);
    if (errand_run(&errand, t->request.data, t->request.len, &e) < 0)
        msg_error("%s", e.text);
    json_index(&record, row.data, row.len, NULL);
    struct json_text id = json_get(&record, "id");
    bool kept = record_type(&record) == RECORD_ROW && json_kind(id) == JSON_STRING;
    if (!kept)
        screen_say(&h->screen, "It could not be queued, and is not kept. Nothing counts against you.");
    else if (json_is(json_get(&record, "status"), "spooled"))
        screen_say(&h->screen,
                   "Kept on this computer as %.*s, for the queue cannot be reached now either. "
                   "It goes there with the next drain, and its result arrives later.",
                   (int)id.len - 2, id.at + 1);
    else
        screen_say(&h->screen, "Queued as %.*s: its result arrives later.", (int)id.len - 2, id.at + 1);
    put_outcome(t, kept ? "queued" : "failed", kept ? id : (struct json_text){NULL, 0});
    json_object_free(&record);
    proc_args_free(&args);
    buf_free(&row);
}

static void skip(struct turn *t)
{
    screen_say(&t->h->screen, "Skipped. Nothing counts against you.");
    put_outcome(t, "skipped", (struct json_text){NULL, 0});
}

/* What a person did not finish: kept where Greenlight may have begun with it. */
static void cancel(struct turn *t)
{
    if (json_get(&t->answer, "execution_id").at) {
        queue(t);
        return;
    }
    screen_say(&t->h->screen, "Cancelled. Nothing counts against you.");
    put_outcome(t, "cancelled", (struct json_text){NULL, 0});
}

/* Asks what to do.  False: try again. */
static bool ask(struct turn *t)
{
    struct handoff *h = t->h;
    signals_forget();
    char answer =
        h->o.local ? screen_ask(&h->screen, "[s]kip, [t]ry again, e[x]it the session? ", "stx", h->o.ask_ms)
                   : screen_ask(&h->screen, "[q]ueue for later, [s]kip, [t]ry again, e[x]it the session? ",
                                "qstx", h->o.ask_ms);
    h->over = answer == 'x' || signals_caught();
    if (answer == 't')
        return false;
    if (h->over)
        cancel(t);
    else if (answer == 's' || h->o.local)
        skip(t);
    else
        queue(t);
    return true;
}

/* What Greenlight could not do now.  False: try again. */
static bool fall_back(struct turn *t)
{
    struct handoff *h = t->h;
    bool watched = h->screen.fd >= 0;
    if (t->cancelled && (!watched || signals_caught() != SIGINT || signals_count() > 1)) {
        h->over = true;
        cancel(t);
        return true;
    }
    if (t->cancelled || ((h->o.fallback == HANDOFF_MANUAL || h->o.local) && watched))
        return ask(t);
    if (h->o.local)
        put_outcome(t, NULL, (struct json_text){NULL, 0});
    else if (h->o.fallback == HANDOFF_SKIP)
        skip(t);
    else
        queue(t);
    return true;
}

/* ---- one atom ---- */

/* What a record means for the session.  False: try again. */
static bool conclude(struct turn *t)
{
    switch (t->status) {
    case STATUS_PENDING:
    case STATUS_RUNNING:
    case STATUS_UNAVAILABLE:
        return fall_back(t);
    case STATUS_REJECTED:
    case STATUS_SKIPPED:
        put_outcome(t, "skipped", (struct json_text){NULL, 0});
        return true;
    case STATUS_CANCELLED:
        put_outcome(t, "cancelled", (struct json_text){NULL, 0});
        return true;
    default:
        put_outcome(t, NULL, (struct json_text){NULL, 0});
        return true;
    }
}

static bool try(struct turn *t)
{
    struct handoff *h = t->h;
    enum exit_code code;
    make_request(t);
    if (h->o.disabled % 2 && !h->o.local) {
        screen_say(&h->screen, "Greenlight is switched off.");
        return fall_back(t);
    }
    bool answered = run_pipeline(t, &code);
    if (!answered && t->cancelled)
        return fall_back(t);
    if (!answered) {
        h->code = code ? code : EXIT_BUG; /* it has been said why */
        h->over = true;
        cancel(t);
        return true;
    }
    if (code == EXIT_AUTH)
        h->code = code; /* somebody has to know, though the session goes on */
    show(h, t->answer.text);
    return conclude(t);
}

/* What was worked on here is kept until it is graded, and that is written. */
static void end_work(const struct turn *t)
{
    if (t->folder && status_is_graded(t->status))
        desk_remove(t->folder);
    else if (t->folder)
        msg_warn("the work is kept in %s: the same atom goes on with it", t->folder);
    free(t->folder);
}

void handoff_atom(struct handoff *h, const struct json_object *atom)
{
    struct turn t = {.h = h, .atom = atom};
    buf_init(&t.request, OUT_MAX);
    buf_init(&t.result, OUT_MAX);
    buf_init(&t.edited, OUT_MAX);
    record_gl(atom, &t.gl);
    if (h->over) {
        cancel(&t);
    } else {
        show(h, atom->text);
        make_request(&t);
        hold(&t);
        while (!try(&t))
            ;
        if (!h->over)
            signals_forget();
    }
    end_work(&t);
    spool_drop(t.held);
    json_object_free(&t.gl);
    json_object_free(&t.answer);
    json_object_free(&t.answer_gl);
    buf_free(&t.request);
    buf_free(&t.result);
    buf_free(&t.edited);
}

/* ---- the session ---- */

static bool read_context(struct handoff *h, struct err *e)
{
    struct err why;
    if (!h->o.session_context)
        return true;
    h->context_text = source_read("--session-context", h->o.session_context, e);
    if (!h->context_text)
        return false;
    if (!json_index(&h->context, h->context_text, strlen(h->context_text), &why))
        return err_set(e, EXIT_USAGE, "--session-context: %s", why.text);
    h->keep.request.session_context = &h->context;
    return true;
}

/* Checks what only the siblings use, so that it is told before an atom is shown. */
static bool check_siblings(struct handoff *h, struct err *e)
{
    struct http *http = NULL;
    struct db *db = NULL;
    bool good = http_open(&http, &h->o.http, 1, e) && db_open(&db, &h->o.db, e);
    http_close(http);
    db_close(db);
    if (good && h->o.db.conninfo) /* it may hold a password */
        setenv("GREENLIGHT_DATABASE_URL", h->o.db.conninfo, 1);
    return good;
}

bool handoff_open(struct handoff **out, const struct handoff_options *o, struct err *e)
{
    struct handoff *h = xcalloc(1, sizeof *h);
    h->o = *o;
    h->keep.learner = o->learner;
    h->keep.other_learner = getenv("GREENLIGHT_LEARNER_ID");
    h->spool = spool_folder(o->spool);
    screen_open(&h->screen, msg_level() == MSG_QUIET);
    answer_init(&h->answer);
    buf_init(&h->line, OUT_MAX);
    if (!read_context(h, e) || (!o->local && !check_siblings(h, e))) {
        handoff_close(h);
        return false;
    }
    signal(SIGTTOU, SIG_IGN); /* siblings write to the terminal from groups of their own */
    *out = h;
    return true;
}

void handoff_close(struct handoff *h)
{
    free(h->spool);
    json_object_free(&h->context);
    free(h->context_text);
    answer_free(&h->answer);
    buf_free(&h->line);
    free(h);
}

enum exit_code handoff_code(const struct handoff *h)
{
    return h->code;
}
