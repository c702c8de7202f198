/* gl-poll: waits for executions, thousands at once, and prints their results.
 *
 * Each execution is a call that polls once and is put back on the heap of the
 * exchange for its next turn.  A record keeps only its text while it waits; it
 * is indexed again when it leaves.  Results leave as they come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cli.h"
#include "clock.h"
#include "exchange.h"
#include "jsonl.h"
#include "msg.h"
#include "progress.h"
#include "record.h"
#include "signals.h"
#include "xalloc.h"

enum { HELD_BYTES_MAX = 32 << 20, OUT_MAX = 512 << 20, FAILURES_MAX = 10, ID_MAX = 4096 };

struct options {
    struct exchange_options exchange;
    int64_t interval_ms, interval_cap_ms, max_wait_ms, window, max_record;
    bool raw, exit_status, progress;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "interval", .arg = "D", .type = CLI_DURATION, .member = AT(interval_ms), .min = 1, .max = 86400000,
     .preset = "2s", .help = "wait D before the second poll, then half as long again each time"},
    {.name = "interval-cap", .arg = "D", .type = CLI_DURATION, .member = AT(interval_cap_ms), .min = 1,
     .max = 86400000, .preset = "15s", .help = "never wait longer than D between polls"},
    {.name = "max-wait", .arg = "D", .type = CLI_DURATION, .member = AT(max_wait_ms), .preset = "300s",
     .help = "leave an execution pending after D; 0: poll each once"},
    {.name = "window", .arg = "N", .type = CLI_INT, .member = AT(window), .min = 1, .max = 1000000,
     .preset = "10000", .help = "hold N executions at most"},
    {.name = "raw", .member = AT(raw), .help = "keep the server's body in the member raw"},
    EXCHANGE_OPTIONS(struct options, exchange, "16"),
    JSONL_OPTION(struct options, max_record),
    PROGRESS_OPTION(struct options, progress),
    CLI_EXIT_STATUS(struct options, exit_status, "there was no record"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-poll",
    "[FILE ...]",
    "Wait for executions and print their results as they end.",
    options,
};

/* One execution that is waited for. */
struct item {
    struct exchange_call call;
    struct json_text text; /* the record as it came, our copy */
    char *path;
    int64_t interval_ms, give_up;
    int failures; /* polls in a row */
    enum status status;
    bool warned;
};

struct poller {
    struct options o;
    struct exchange *exchange;
    struct jsonl *in;
    struct answer answer;
    struct json_object record, gl; /* of the item at hand */
    struct buf out;
    size_t held, held_bytes, records, failed;
    struct progress progress;
    enum exit_code code;
    bool reading;
};

/* ---- records out ---- */

static void write_out(struct poller *p, enum exit_code code)
{
    buf_putc(&p->out, '\n');
    if (p->out.overflowed)
        die(EXIT_BUG, "a record is too large to be written");
    cli_write(p->out.data, p->out.len);
    buf_clear(&p->out);
    p->code = exit_worse(p->code, code);
    p->failed += code != EXIT_OK && code != EXIT_AGAIN;
}

/* The record's _gl with another type, in *text. */
static struct json_text put_gl(struct poller *p, struct buf *text, const char *type)
{
    buf_init(text, OUT_MAX);
    record_put_gl(text, &p->gl, type, NULL);
    return (struct json_text){text->data, text->len};
}

/* The execution goes on: its record, with the status last heard of. */
static void put_pending(struct poller *p, const struct item *i)
{
    struct buf gl, word;
    buf_init(&word, 32);
    json_put_text(&word, status_name(i->status));
    struct json_edit edits[4] = {{.name = "status", .value = {word.data, word.len}},
                                 {.name = "_gl", .value = put_gl(p, &gl, "execution")}};
    if (!record_atom_id(&p->record).at)
        edits[2] = (struct json_edit){.name = "atom_id", .value = {"null", 4}};
    json_put_edited(&p->out, &p->record, edits);
    buf_free(&gl);
    buf_free(&word);
    write_out(p, EXIT_AGAIN);
}

static void put_result(struct poller *p)
{
    struct buf gl;
    const struct result *r = &p->answer.result;
    result_put(&p->out, r, put_gl(p, &gl, "result"));
    buf_free(&gl);
    write_out(p, status_exit(r->status, r->error.http_status != 0));
}

static void reject(struct poller *p, const struct jsonl_record *in, const char *why)
{
    msg_error("%s", why);
    struct json_text id = in->object ? record_atom_id(in->object) : (struct json_text){NULL, 0};
    result_put_rejected(&p->out, id, &p->gl, fault_name(FAULT_BAD_REQUEST), why);
    write_out(p, EXIT_DATA);
}

/* ---- polling ---- */

static struct item *item_of(struct exchange_call *call)
{
    return (struct item *)((char *)call - offsetof(struct item, call));
}

/* What is asked of the item at hand, whose record is indexed anew. */
static struct answer_ask ask_of(struct poller *p, const struct item *i, const struct http_answer *answer)
{
    json_index(&p->record, i->text.at, i->text.len, NULL);
    record_gl(&p->record, &p->gl);
    return (struct answer_ask){.atom_id = record_atom_id(&p->record),
                               .execution_id = json_get(&p->record, "execution_id"),
                               .http_status = answer ? answer->status : 0,
                               .keep_raw = p->o.raw};
}

static enum fault judge(struct exchange_call *call, const struct http_answer *answer, void *context)
{
    struct poller *p = context;
    struct answer_ask ask = ask_of(p, item_of(call), answer);
    return answer_read(&p->answer, &ask, answer->body, answer->body_len);
}

static void free_item(struct poller *p, struct item *i)
{
    p->held--;
    p->held_bytes -= i->text.len;
    exchange_call_free(&i->call);
    free((char *)i->text.at);
    free(i->path);
    free(i);
}

/* Puts the item back on the heap; false where its time is over. */
static bool poll_again(struct poller *p, struct item *i, int64_t asked_ms)
{
    int64_t now = clock_now();
    if (now >= i->give_up)
        return false;
    int64_t due = clock_after(now, asked_ms > 0 ? asked_ms : i->interval_ms);
    i->interval_ms += i->interval_ms / 2;
    if (i->interval_ms > p->o.interval_cap_ms)
        i->interval_ms = p->o.interval_cap_ms;
    buf_clear(&i->call.attempts);
    exchange_start(p->exchange, &i->call, due < i->give_up ? due : i->give_up);
    return true;
}

/* How long the server asks to wait, or 0. */
static int64_t asked_wait(const struct poller *p, const struct http_answer *answer)
{
    double seconds;
    if (answer->retry_after_ms >= 0)
        return answer->retry_after_ms;
    if (json_real(p->answer.wait_seconds, &seconds) && seconds > 0 && seconds < 86400)
        return (int64_t)(seconds * 1000);
    return 0;
}

/* A poll that succeeded and says that the execution goes on. */
static bool still_open(struct poller *p, struct item *i, const struct http_answer *answer)
{
    i->failures = 0;
    i->status = p->answer.open_status;
    if (p->answer.unknown_word && !i->warned) {
        msg_warn("an execution has a status that is not known; still polling");
        i->warned = true;
    }
    return poll_again(p, i, asked_wait(p, answer));
}

static enum fault poll_fault(enum fault fault, const struct http_answer *answer)
{
    return fault == FAULT_HTTP_4XX && (answer->status == 404 || answer->status == 410)
               ? FAULT_EXECUTION_UNKNOWN
               : fault;
}

static void ended(struct exchange_call *call, enum fault fault, const struct http_answer *answer,
                  void *context)
{
    struct poller *p = context;
    struct item *i = item_of(call);
    bool open = fault == FAULT_NONE && p->answer.open;
    if (open && still_open(p, i, answer))
        return;
    fault = poll_fault(fault, answer);
    bool again = answer && fault_is_retried(fault);
    if (again && ++i->failures < FAILURES_MAX && poll_again(p, i, 0))
        return;
    if (fault != FAULT_NONE) {
        char why[2 * ERR_TEXT_MAX];
        struct answer_ask ask = ask_of(p, i, answer);
        exchange_explain(p->exchange, why, sizeof why, fault, answer, p->answer.why.text);
        exchange_tell(p->exchange, call, fault, why);
        answer_fault(&p->answer, &ask, fault, why, answer ? answer->body : "", answer ? answer->body_len : 0);
    }
    bool out_of_time = again && i->failures < FAILURES_MAX;
    bool held = !answer && fault_is_retried(fault); /* the server asked for a long pause */
    if (open || out_of_time || held || fault == FAULT_INTERRUPTED || fault == FAULT_DEADLINE)
        put_pending(p, i);
    else
        put_result(p);
    free_item(p, i);
}

/* ---- records in ---- */

/* An execution to poll: of that type, or an id alone; from the queue only once
 * its id is saved there (design.md §5). */
static bool is_ours(const struct poller *p, enum record_type type)
{
    if (type == RECORD_REQUEST)
        return json_kind(json_get(&p->record, "execution_id")) > JSON_NULL;
    bool queued = json_kind(json_get(&p->gl, "queue_id")) > JSON_NULL;
    return type == RECORD_EXECUTION && (!queued || json_is(json_get(&p->gl, "settlement"), "progress"));
}

/* Percent-encoded: everything but letters, digits, '-', '_' and '~' (dots too: libcurl
 * and servers fold ".."). */
static void put_escaped(struct buf *b, const char *id, size_t len)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
    for (size_t i = 0; i < len; i++) {
        if (id[i] && strchr(plain, id[i]))
            buf_putc(b, id[i]);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)id[i]);
    }
}

static struct item *new_item(struct poller *p, struct json_text execution_id)
{
    struct item *i = xcalloc(1, sizeof *i);
    struct buf id, path;
    buf_init(&id, ID_MAX);
    buf_init(&path, ID_MAX * 3 + 64);
    json_string(execution_id, &id);
    buf_puts(&path, "/greenlight/execution/");
    put_escaped(&path, id.data, id.len);
    buf_free(&id);
    i->path = buf_detach(&path);
    i->text.len = p->record.text.len;
    i->text.at = xmemdup(p->record.text.at, i->text.len);
    i->interval_ms = p->o.interval_ms;
    i->status = json_is(json_get(&p->record, "status"), "running") ? STATUS_RUNNING : STATUS_PENDING;
    exchange_call_init(&i->call);
    i->call.once = true;
    i->give_up = clock_after(clock_now(), p->o.max_wait_ms);
    if (p->o.max_wait_ms) /* else each has its one turn */
        i->call.last = i->give_up;
    i->call.path = i->path;
    return i;
}

static void start(struct poller *p, const struct jsonl_record *in)
{
    json_index(&p->record, in->object->text.at, in->object->text.len, NULL);
    record_gl(&p->record, &p->gl);
    enum record_type type = record_type(&p->record);
    p->records++;
    if (!is_ours(p, type)) {
        json_put(&p->out, p->record.text);
        write_out(p, record_exit(&p->record));
        return;
    }
    struct json_text id = json_get(&p->record, "execution_id");
    if (json_kind(id) != JSON_STRING || id.len == 2 || id.len > ID_MAX) {
        char why[ERR_TEXT_MAX];
        snprintf(why, sizeof why, "%s:%zu: no execution_id (a string of 1 to %d bytes)", in->file, in->line,
                 ID_MAX - 2);
        reject(p, in, why);
        return;
    }
    struct item *i = new_item(p, id);
    double wait = 0;
    json_real(json_get(&p->record, "estimated_wait_seconds"), &wait);
    /* The first polls of many are spread over one interval. */
    int64_t spread = (int64_t)p->held * p->o.interval_ms / p->o.window;
    int64_t first = wait > 0 && wait < 86400 ? (int64_t)(wait * 1000) : spread;
    p->held++;
    p->held_bytes += i->text.len;
    exchange_start(p->exchange, &i->call,
                   clock_after(clock_now(), first < p->o.max_wait_ms ? first : p->o.max_wait_ms));
}

static bool is_full(const struct poller *p)
{
    return p->held >= (size_t)p->o.window || p->held_bytes >= HELD_BYTES_MAX;
}

static void read_records(struct poller *p)
{
    struct jsonl_record record;
    struct err e;
    bool last = !exchange_takes(p->exchange); /* what has been read goes through all the same */
    while (p->reading && (last || !is_full(p))) {
        enum jsonl_got got = jsonl_next(p->in, &record, &e);
        if (got == JSONL_WAIT && !last)
            return;
        if (got == JSONL_EOF || got == JSONL_WAIT) {
            p->reading = false;
        } else if (got == JSONL_RECORD) {
            start(p, &record);
        } else {
            p->records++;
            p->gl.count = 0;
            reject(p, &record, e.text);
        }
    }
}

static void run(struct poller *p)
{
    p->reading = true;
    progress_start(&p->progress, p->o.progress);
    for (;;) {
        read_records(p);
        if (!p->reading && !p->held)
            break;
        if (exchange_run(p->exchange, p->reading && !is_full(p) ? jsonl_fd(p->in) : -1))
            jsonl_fill(p->in);
        progress_update(&p->progress, p->records - p->held, p->failed, p->held, -1);
    }
    progress_end(&p->progress);
}

int main(int argc, char **argv)
{
    static struct poller p;
    struct err e;
    char **files = cli_parse(&cli, &p.o, argc, argv);
    signals_catch();
    const struct exchange_hooks hooks = {judge, ended, &p};
    if (!exchange_open(&p.exchange, &p.o.exchange, &hooks, &e))
        die_err(&e);
    answer_init(&p.answer);
    buf_init(&p.out, OUT_MAX);
    p.in = jsonl_open(files, (size_t)p.o.max_record);
    run(&p);
    if (exchange_over(p.exchange) == FAULT_UNAUTHORISED)
        p.code = EXIT_AUTH;
    if (jsonl_failed(p.in))
        p.code = EXIT_IO;
    if (p.o.exit_status && p.code == EXIT_OK && !p.records)
        p.code = EXIT_NOTHING;
    jsonl_close(p.in);
    exchange_close(p.exchange);
    answer_free(&p.answer);
    json_object_free(&p.record);
    json_object_free(&p.gl);
    buf_free(&p.out);
    return cli_finish(p.code);
}
