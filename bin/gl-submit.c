/* gl-submit: hands requests to Greenlight and brings back results.
 *
 * Records become jobs, at most twice as many as may be under way; each job's
 * request goes through the exchange.  Jobs leave in the order of the input
 * (--unordered: as they end), one record out for each in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "cli.h"
#include "clock.h"
#include "exchange.h"
#include "filter.h"
#include "jsonl.h"
#include "msg.h"
#include "progress.h"
#include "record.h"
#include "request.h"
#include "signals.h"
#include "source.h"
#include "uuid.h"
#include "xalloc.h"

enum { HELD_BYTES_MAX = 32 << 20, OUT_MAX = 512 << 20, INDEX_KEEP = 4096 };

struct options {
    struct exchange_options exchange;
    bool async, unordered, raw, exit_status, progress;
    const char *rest, *session_context, *filter;
    int64_t max_record;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "async", .member = AT(async), .help = "queue-atom for every request: executions come out, for gl-poll"},
    {.name = "rest", .arg = "FILE", .type = CLI_TEXT, .member = AT(rest),
     .help = "write the requests that ended unavailable to FILE"},
    {.name = "unordered", .member = AT(unordered), .help = "print records as they end, not in the input's order"},
    {.name = "session-context", .arg = "JSON|@FILE", .type = CLI_TEXT, .member = AT(session_context),
     .help = "set these members of every request's session_context"},
    {.name = "filter", .arg = "JQ|@FILE", .type = CLI_TEXT, .member = AT(filter),
     .help = "send what this jq program makes of a request"},
    {.name = "raw", .member = AT(raw), .help = "keep the server's body in the member raw"},
    EXCHANGE_OPTIONS(struct options, exchange, "8"),
    RETRY_OPTIONS(struct options, exchange.policy, "send a request N times at most"),
    {.name = "max-timeouts", .arg = "N", .type = CLI_INT, .member = AT(exchange.policy.timeouts), .min = 1, .max = 100,
     .help = "of these, let N at most time out"},
    JSONL_OPTION(struct options, max_record),
    PROGRESS_OPTION(struct options, progress),
    CLI_EXIT_STATUS(struct options, exit_status, "there was no record"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-submit",
    "[FILE ...]",
    "Hand requests to Greenlight, with retries; print one result for each.",
    options,
};

/* One record on its way. */
struct job {
    struct exchange_call call;
    struct request request;
    struct buf text; /* the record as it came */
    struct buf out;  /* the record that leaves */
    struct json_object record, gl;
    size_t bytes; /* counted in held_bytes */
    bool done;
    struct job *next;
};

struct submit {
    struct options o;
    struct request_options request;
    struct json_object context; /* of --session-context */
    char *context_text;
    struct exchange *exchange;
    struct jsonl *in;
    FILE *rest;
    struct answer answer;
    struct job *first, **last; /* in the order of the input */
    struct job *spare;
    size_t held, held_bytes, records, failed;
    struct progress progress;
    enum exit_code code;
    bool reading;
};

/* ---- jobs ---- */

static struct job *new_job(struct submit *s)
{
    struct job *j = s->spare;
    if (j) {
        s->spare = j->next;
    } else {
        j = xcalloc(1, sizeof *j);
        buf_init(&j->text, OUT_MAX);
        buf_init(&j->out, OUT_MAX);
        buf_init(&j->request.body, OUT_MAX);
    }
    exchange_call_init(&j->call);
    j->done = false;
    j->next = NULL;
    j->bytes = 0;
    *s->last = j;
    s->last = &j->next;
    s->held++;
    s->records++;
    return j;
}

static void recycle(struct submit *s, struct job *j)
{
    exchange_call_free(&j->call);
    buf_clear(&j->text);
    buf_clear(&j->out);
    buf_clear(&j->request.body);
    if (j->record.cap > INDEX_KEEP)
        json_object_free(&j->record);
    s->held_bytes -= j->bytes;
    s->held--;
    j->next = s->spare;
    s->spare = j;
}

static void free_jobs(struct job *j)
{
    while (j) {
        struct job *next = j->next;
        buf_free(&j->text);
        buf_free(&j->out);
        buf_free(&j->request.body);
        json_object_free(&j->record);
        json_object_free(&j->gl);
        free(j);
        j = next;
    }
}

/* Prints what has ended, from the front or wherever it stands. */
static void print_done(struct submit *s)
{
    for (struct job **at = &s->first; *at && ((*at)->done || s->o.unordered);) {
        struct job *j = *at;
        if (!j->done) {
            at = &j->next;
            continue;
        }
        buf_putc(&j->out, '\n');
        if (j->out.overflowed)
            die(EXIT_BUG, "a record is too large to be written");
        cli_write(j->out.data, j->out.len);
        *at = j->next;
        if (s->last == &j->next)
            s->last = at;
        recycle(s, j);
    }
}

/* ---- records out ---- */

/* `_gl` for what comes of a job; type NULL: for the request itself. */
static void put_gl(struct buf *out, const struct job *j, const char *type)
{
    struct json_object own = {0};
    struct buf text;
    buf_init(&text, OUT_MAX);
    buf_putc(&text, '{');
    if (*j->request.key) {
        json_key(&text, "idempotency_key");
        json_put_text(&text, j->request.key);
    }
    json_key(&text, "endpoint");
    json_put_text(&text, request_endpoint(&j->request));
    if (type) {
        json_key(&text, "attempts");
        buf_putc(&text, '[');
        buf_add(&text, j->call.attempts.data, j->call.attempts.len);
        buf_putc(&text, ']');
    }
    buf_putc(&text, '}');
    json_index(&own, text.data, text.len, NULL);
    record_put_gl(out, &j->gl, type, &own);
    json_object_free(&own);
    buf_free(&text);
}

static void put_execution(struct job *j, struct json_text id, enum status status,
                          struct json_text wait_seconds)
{
    struct buf *out = &j->out;
    buf_putc(out, '{');
    json_key(out, "atom_id");
    json_put(out, j->request.atom_id);
    json_key(out, "execution_id");
    json_put(out, id);
    json_key(out, "status");
    json_put_text(out, status_name(status));
    if (json_kind(wait_seconds) == JSON_NUMBER) {
        json_key(out, "estimated_wait_seconds");
        json_put(out, wait_seconds);
    }
    json_key(out, "_gl");
    put_gl(out, j, "execution");
    buf_putc(out, '}');
}

static void count_bytes(struct submit *s, struct job *j, size_t bytes)
{
    j->bytes += bytes;
    s->held_bytes += bytes;
}

static void finish(struct submit *s, struct job *j, enum exit_code code)
{
    s->failed += code != EXIT_OK && code != EXIT_AGAIN;
    s->code = exit_worse(s->code, code);
    j->done = true;
    count_bytes(s, j, j->out.len);
}

static void put_result(struct submit *s, struct job *j)
{
    struct buf gl;
    const struct result *r = &s->answer.result;
    buf_init(&gl, OUT_MAX);
    put_gl(&gl, j, "result");
    result_put(&j->out, r, (struct json_text){gl.data, gl.len});
    buf_free(&gl);
    finish(s, j, status_exit(r->status, r->error.http_status != 0));
}

static void reject(struct submit *s, struct job *j, struct json_text atom_id, const char *why)
{
    msg_error("%s", why);
    result_put_rejected(&j->out, atom_id, &j->gl, fault_name(FAULT_BAD_REQUEST), why);
    finish(s, j, EXIT_DATA);
}

/* The request, for --rest: what was sent, with the key and endpoint. */
static void put_rest(struct submit *s, struct job *j)
{
    struct buf gl, line, context;
    if (!s->rest)
        return;
    buf_init(&gl, OUT_MAX);
    buf_init(&line, OUT_MAX);
    buf_init(&context, OUT_MAX);
    put_gl(&gl, j, NULL);
    struct json_edit edits[3] = {{.name = "_gl", .value = {gl.data, gl.len}}};
    if (s->request.session_context) {
        request_merge_context(&context, &j->record, s->request.session_context);
        edits[1] = (struct json_edit){.name = "session_context", .value = {context.data, context.len}};
    }
    json_put_edited(&line, &j->record, edits);
    buf_putc(&line, '\n');
    if (fwrite(line.data, 1, line.len, s->rest) != line.len || fflush(s->rest) != 0)
        die(EXIT_IO, "cannot write to \"%s\": %s", s->o.rest, strerror(errno));
    buf_free(&gl);
    buf_free(&line);
    buf_free(&context);
}

/* ---- the exchange's hooks ---- */

static struct job *job_of(struct exchange_call *call)
{
    return (struct job *)((char *)call - offsetof(struct job, call));
}

static struct answer_ask ask_of(const struct submit *s, const struct job *j, const struct http_answer *answer)
{
    return (struct answer_ask){
        .atom_id = j->request.atom_id, .http_status = answer ? answer->status : 0, .keep_raw = s->o.raw};
}

static enum fault judge(struct exchange_call *call, const struct http_answer *answer, void *context)
{
    struct submit *s = context;
    struct answer_ask ask = ask_of(s, job_of(call), answer);
    return answer_read(&s->answer, &ask, answer->body, answer->body_len);
}

static void ended(struct exchange_call *call, enum fault fault, const struct http_answer *answer,
                  void *context)
{
    struct submit *s = context;
    struct job *j = job_of(call);
    struct answer_ask ask = ask_of(s, j, answer);
    if (fault == FAULT_NONE && s->answer.open) {
        put_execution(j, s->answer.execution_id, s->answer.open_status, s->answer.wait_seconds);
        finish(s, j, EXIT_AGAIN);
        return;
    }
    if (fault != FAULT_NONE) {
        char why[2 * ERR_TEXT_MAX];
        exchange_explain(s->exchange, why, sizeof why, fault, answer, s->answer.why.text);
        exchange_tell(s->exchange, call, fault, why);
        answer_fault(&s->answer, &ask, fault, why, answer ? answer->body : "", answer ? answer->body_len : 0);
    }
    if (fault != FAULT_NONE && fault_status(fault) == STATUS_UNAVAILABLE) {
        s->answer.result.error.retry_after_ms = exchange_pause(s->exchange);
        put_rest(s, j);
    }
    put_result(s, j);
}

/* ---- records in ---- */

static void send(struct submit *s, struct job *j)
{
    if (!j->request.key_came)
        uuid4(j->request.key);
    j->call.post = true;
    j->call.key_came = j->request.key_came;
    j->call.path = j->request.async ? "/greenlight/queue-atom" : "/greenlight/run-atom";
    j->call.key = j->request.key;
    j->call.body = j->request.body.data;
    j->call.body_len = j->request.body.len;
    exchange_start(s->exchange, &j->call, clock_now());
}

static void start(struct submit *s, const struct jsonl_record *in)
{
    struct job *j = new_job(s);
    struct err e;
    char where[2 * ERR_TEXT_MAX];
    json_put(&j->text, in->object->text);
    json_index(&j->record, j->text.data, j->text.len, NULL);
    record_gl(&j->record, &j->gl);
    if (record_type(&j->record) != RECORD_REQUEST) { /* none of ours to send */
        json_put(&j->out, j->record.text);
        finish(s, j, record_exit(&j->record));
        return;
    }
    if (!request_prepare(&j->request, &s->request, &j->record, &j->gl, &e)) {
        snprintf(where, sizeof where, "%s:%zu: %s", in->file, in->line, e.text);
        reject(s, j, record_atom_id(&j->record), where);
        return;
    }
    count_bytes(s, j, j->text.len + j->request.body.len + j->record.count * sizeof *j->record.members);
    struct json_text execution_id = json_get(&j->gl, "execution_id");
    if (json_kind(execution_id) == JSON_STRING) { /* it was posted already */
        put_execution(j, execution_id, STATUS_PENDING, (struct json_text){NULL, 0});
        finish(s, j, EXIT_AGAIN);
        return;
    }
    send(s, j);
}

static bool is_full(const struct submit *s)
{
    return s->held >= 2 * (size_t)s->o.exchange.jobs || s->held_bytes >= HELD_BYTES_MAX;
}

/* Takes in what is there; true where it wants more of the input.  What has been
 * read when it is time to stop goes through all the same. */
static bool read_records(struct submit *s)
{
    struct jsonl_record record;
    struct err e;
    bool last = !exchange_takes(s->exchange);
    while (s->reading && (last || !is_full(s))) {
        enum jsonl_got got = jsonl_next(s->in, &record, &e);
        if (got == JSONL_WAIT && !last)
            return true;
        if (got == JSONL_RECORD)
            start(s, &record);
        else if (got == JSONL_BAD)
            reject(s, new_job(s), (struct json_text){NULL, 0}, e.text);
        else
            s->reading = false;
    }
    return false;
}

/* ---- the run ---- */

static void open_all(struct submit *s, char **files)
{
    const struct exchange_hooks hooks = {judge, ended, s};
    struct err e;
    if (s->o.session_context) {
        s->context_text = source_read("--session-context", s->o.session_context, &e);
        if (!s->context_text)
            die_err(&e);
        if (!json_index(&s->context, s->context_text, strlen(s->context_text), &e))
            die(EXIT_USAGE, "--session-context: %s", e.text);
        s->request.session_context = &s->context;
    }
    if (s->o.filter && !filter_open(&s->request.filter, "--filter", s->o.filter, &e))
        die_err(&e);
    s->request.async = s->o.async;
    if (!exchange_open(&s->exchange, &s->o.exchange, &hooks, &e))
        die_err(&e);
    answer_init(&s->answer);
    s->in = jsonl_open(files, (size_t)s->o.max_record);
    if (s->o.rest && !(s->rest = jsonl_create(s->in, s->o.rest, &e)))
        die_err(&e);
}

static void run(struct submit *s)
{
    s->reading = true;
    s->last = &s->first;
    progress_start(&s->progress, s->o.progress);
    while (s->reading || s->held) {
        bool hungry = read_records(s);
        print_done(s);
        if (!s->reading && !s->held)
            break;
        exchange_hold(s->exchange, s->held_bytes >= HELD_BYTES_MAX ? &s->first->call : NULL);
        if (exchange_run(s->exchange, hungry ? jsonl_fd(s->in) : -1))
            jsonl_fill(s->in);
        print_done(s);
        if (s->progress.shown) /* how far it is in the input takes two system calls */
            progress_update(&s->progress, s->records - s->held, s->failed, s->held, jsonl_fraction(s->in));
    }
    progress_end(&s->progress);
}

int main(int argc, char **argv)
{
    static struct submit s;
    char **files = cli_parse(&cli, &s.o, argc, argv);
    signals_catch();
    open_all(&s, files);
    run(&s);
    if (exchange_over(s.exchange) == FAULT_UNAUTHORISED)
        s.code = EXIT_AUTH;
    if (jsonl_failed(s.in))
        s.code = EXIT_IO;
    if (s.o.exit_status && s.code == EXIT_OK && !s.records)
        s.code = EXIT_NOTHING;
    if (s.rest && fclose(s.rest) != 0)
        die(EXIT_IO, "cannot write to \"%s\": %s", s.o.rest, strerror(errno));
    jsonl_close(s.in);
    exchange_close(s.exchange);
    filter_close(s.request.filter);
    answer_free(&s.answer);
    free_jobs(s.spare);
    json_object_free(&s.context);
    free(s.context_text);
    return cli_finish(s.code);
}
