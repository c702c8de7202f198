/* exchange: the loop around retry's pure rules and http's single attempts.
 *
 * A gate says from which moment on the next attempt may be sent at all; calls
 * that are due wait on the heap until then.  A call whose Retry-After is over
 * the cap ends, and while the origin asks for such a pause so do all others. */
#define _POSIX_C_SOURCE 200809L
#include "exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chance.h"
#include "clock.h"
#include "json.h"
#include "msg.h"
#include "signals.h"
#include "xalloc.h"

enum { ATTEMPTS_MAX_BYTES = 1 << 20, STATUS_LINE_MAX = 32 << 10, IDLE_MS = 10000, AWAY_MS = 100 };

struct exchange {
    const struct exchange_options *options;
    struct exchange_hooks hooks;
    struct http *http;
    struct heap heap;  /* calls that wait, by the moment they are due */
    struct heap lasts; /* those of them that have a last moment, by it */
    const struct exchange_call *only;
    struct retry_budget budget;
    struct retry_circuit circuit;
    size_t flying;
    int64_t deadline, hold_until, next_send_us;
    int64_t left_at;    /* when exchange_run returned */
    int64_t idle_until; /* once it is over: how long it waits for input */
    enum fault over;
    struct err refusal; /* of unauthorised: why */
    bool long_hold;     /* the origin asked for a pause over the cap */
    enum fault held_by; /* the class of the answer that asked for it */
    bool told[FAULT_COUNT];
};

bool exchange_open(struct exchange **out, const struct exchange_options *options,
                   const struct exchange_hooks *hooks, struct err *e)
{
    if (options->status_fd && fcntl((int)options->status_fd, F_GETFD) < 0)
        return err_errno(e, EXIT_USAGE, "--status-fd %lld", (long long)options->status_fd);
    struct exchange *x = xcalloc(1, sizeof *x);
    x->options = options;
    x->hooks = *hooks;
    x->budget.tokens = RETRY_BUDGET_FULL;
    x->circuit.pause_ms = options->circuit_pause_ms;
    x->idle_until = CLOCK_NEVER;
    x->deadline = options->deadline_ms ? clock_after(clock_now(), options->deadline_ms) : CLOCK_NEVER;
    if (!http_open(&x->http, &options->http, (size_t)options->jobs, e)) {
        free(x);
        return false;
    }
    *out = x;
    return true;
}

void exchange_close(struct exchange *x)
{
    if (!x)
        return;
    http_close(x->http);
    heap_free(&x->heap);
    heap_free(&x->lasts);
    free(x);
}

void exchange_call_init(struct exchange_call *call)
{
    call->node = call->last_node = (struct heap_node){0};
    call->last = CLOCK_NEVER;
    call->attempt = call->timeouts = 0;
    call->ambiguous = call->probe = false;
    buf_init(&call->attempts, ATTEMPTS_MAX_BYTES);
}

void exchange_call_free(struct exchange_call *call)
{
    buf_free(&call->attempts);
}

void exchange_start(struct exchange *x, struct exchange_call *call, int64_t due)
{
    heap_put(&x->heap, &call->node, due);
    if (call->last != CLOCK_NEVER)
        heap_put(&x->lasts, &call->last_node, call->last);
}

static void take_off(struct exchange *x, struct exchange_call *call)
{
    heap_remove(&x->heap, &call->node);
    if (call->last_node.place)
        heap_remove(&x->lasts, &call->last_node);
}

void exchange_hold(struct exchange *x, const struct exchange_call *but)
{
    x->only = but;
}

enum fault exchange_over(const struct exchange *x)
{
    return x->over;
}

bool exchange_takes(const struct exchange *x)
{
    return x->over == FAULT_NONE || (x->over != FAULT_INTERRUPTED && clock_now() < x->idle_until);
}

int64_t exchange_pause(const struct exchange *x)
{
    int64_t now = clock_now();
    return x->hold_until > now ? x->hold_until - now : 0;
}

size_t exchange_open_calls(const struct exchange *x)
{
    return x->heap.count + x->flying;
}

/* What a fault of ours means. */
static const char *why_ours(const struct exchange *x, enum fault fault)
{
    switch (fault) {
    case FAULT_CIRCUIT:
        return "the server cannot be reached: ten connections in a row and three probes failed";
    case FAULT_RETRY_BUDGET:
        return "too many requests fail: the budget of retries is used up";
    case FAULT_DEADLINE:
        return "the deadline passed";
    case FAULT_UNAUTHORISED:
        return x->refusal.text;
    case FAULT_INTERRUPTED:
        return "interrupted by a signal";
    case FAULT_RATE_LIMITED:
    case FAULT_HTTP_5XX:
        return "the server asked for a pause that is longer than --backoff-cap";
    default:
        return "not sent";
    }
}

void exchange_explain(const struct exchange *x, char *out, size_t room, enum fault fault,
                      const struct http_answer *answer, const char *judged)
{
    if (!answer)
        snprintf(out, room, "%s", why_ours(x, fault));
    else if (fault == FAULT_RETRY_BUDGET || fault == FAULT_DEADLINE)
        snprintf(out, room, "%s; the last attempt: %s", why_ours(x, fault), answer->why);
    else if (answer->fault != FAULT_NONE)
        snprintf(out, room, "%s", answer->why);
    else
        snprintf(out, room, "%s", fault == FAULT_TRUNCATED ? "the answer was cut off" : judged);
}

/* The base URL's length without its slashes at the end. */
static int base_len(const struct exchange *x)
{
    size_t len = strlen(x->options->http.url);
    while (len && x->options->http.url[len - 1] == '/')
        len--;
    return (int)len;
}

void exchange_tell(struct exchange *x, const struct exchange_call *call, enum fault fault, const char *why)
{
    if (fault == FAULT_NONE || fault == FAULT_INTERRUPTED || x->told[fault])
        return;
    x->told[fault] = true;
    msg_warn("%.*s%s: %s", base_len(x), x->options->http.url, call->path, why);
}

static struct exchange_call *call_of(const struct heap_node *node)
{
    return (struct exchange_call *)((char *)node - offsetof(struct exchange_call, node));
}

static void end_call(struct exchange *x, struct exchange_call *call, enum fault fault,
                     const struct http_answer *answer)
{
    x->hooks.ended(call, fault, answer, x->hooks.context);
}

/* ---- telling a program that shows what goes on ---- */

/* A line that cannot be written is not needed any more: SIGPIPE is ignored. */
static void tell(struct exchange *x, struct buf *line)
{
    buf_puts(line, "}\n");
    if (!line->overflowed && write((int)x->options->status_fd, line->data, line->len) < 0)
        msg_info("cannot write to --status-fd: %s", strerror(errno));
    buf_free(line);
}

static void tell_attempt(struct exchange *x, const struct exchange_call *call)
{
    struct buf line;
    if (!x->options->status_fd)
        return;
    buf_init(&line, STATUS_LINE_MAX);
    buf_printf(&line, "{\"event\":\"attempt\",\"n\":%lld,\"path\":", (long long)call->attempt);
    json_put_text(&line, call->path);
    tell(x, &line);
}

static void tell_answer(struct exchange *x, const struct exchange_call *call, enum fault fault,
                        int64_t wait_ms)
{
    struct buf line;
    if (!x->options->status_fd)
        return;
    buf_init(&line, STATUS_LINE_MAX);
    buf_printf(&line, "{\"event\":\"answer\",\"n\":%lld,\"class\":", (long long)call->attempt);
    json_put_text(&line, fault_name(fault));
    buf_printf(&line, ",\"wait_ms\":%lld", (long long)wait_ms);
    tell(x, &line);
}

/* ---- after an attempt ---- */

static void put_number(struct buf *b, bool known, int64_t value)
{
    if (known)
        json_put_int(b, value);
    else
        buf_puts(b, "null");
}

static void note_attempt(struct exchange_call *call, const struct http_answer *a, enum fault fault,
                         const struct retry_decision *d)
{
    struct buf *b = &call->attempts;
    bool again = d->again;
    buf_puts(b, b->len ? ",{\"n\":" : "{\"n\":");
    json_put_int(b, call->attempt);
    json_key(b, "class");
    json_put_text(b, fault_name(fault));
    json_key(b, "http_status");
    put_number(b, a->status != 0, a->status);
    json_key(b, "elapsed_ms");
    json_put_int(b, a->elapsed_ms);
    json_key(b, "wait_nominal_ms");
    put_number(b, again, d->nominal_ms);
    json_key(b, "wait_ms");
    put_number(b, again, d->wait_ms);
    json_key(b, "wait_source");
    json_put_text(b, again ? d->source : NULL);
    buf_putc(b, '}');
}

/* 429 and 503 with Retry-After hold back the whole origin. */
static void hold_origin(struct exchange *x, const struct http_answer *a, enum fault fault, int64_t now)
{
    if ((a->status != 429 && a->status != 503) || a->retry_after_ms < 0)
        return;
    int64_t until = clock_after(now, a->retry_after_ms);
    if (until <= x->hold_until)
        return;
    x->hold_until = until;
    x->long_hold = a->retry_after_ms > x->options->policy.cap_ms;
    x->held_by = fault;
}

/* The class of an answer, with what this call's history adds to it. */
static enum fault classify(struct exchange *x, struct exchange_call *call, const struct http_answer *a)
{
    enum fault fault = a->fault;
    if (fault == FAULT_HTTP_4XX && a->status == 409 && (call->ambiguous || call->key_came))
        fault = FAULT_CONFLICT;
    if (fault == FAULT_NONE)
        fault = x->hooks.judge(call, a, x->hooks.context);
    if (fault == FAULT_MALFORMED && a->by_close && a->body_len && json_is_cut(a->body, a->body_len))
        fault = FAULT_TRUNCATED;
    return fault;
}

static struct retry_decision decide(struct exchange *x, const struct exchange_call *call,
                                    const struct http_answer *a, enum fault fault, int64_t now)
{
    if (fault == FAULT_NONE || call->once)
        return (struct retry_decision){.ends_as = fault};
    struct retry_case failed = {.attempt = call->attempt,
                                .fault = fault,
                                .retry_after_ms = a->retry_after_ms,
                                .left_ms = x->deadline == CLOCK_NEVER ? INT64_MAX : x->deadline - now,
                                .chance = chance_share(),
                                .timeouts = call->timeouts};
    struct retry_decision d = retry_decide(&x->options->policy, &failed);
    if (d.again && !retry_budget_take(&x->budget)) {
        d.again = false;
        d.ends_as = FAULT_RETRY_BUDGET;
    }
    return d;
}

static void attempt_ended(struct exchange *x, const struct http_answer *a)
{
    struct exchange_call *call = a->user;
    int64_t now = clock_now();
    enum fault fault = classify(x, call, a);
    x->flying--;
    retry_circuit_note(&x->circuit, fault, call->probe, now);
    hold_origin(x, a, fault, now);
    if (fault == FAULT_NONE)
        retry_budget_give(&x->budget);
    if (fault == FAULT_UNAUTHORISED && x->over == FAULT_NONE) {
        x->over = FAULT_UNAUTHORISED;
        err_set(&x->refusal, EXIT_AUTH, "the server does not accept the token (HTTP status 401)");
    }
    call->ambiguous = call->ambiguous || fault_is_ambiguous(fault);
    call->timeouts += fault == FAULT_TIMEOUT;
    struct retry_decision d = decide(x, call, a, fault, now);
    note_attempt(call, a, fault, &d);
    tell_answer(x, call, fault, d.again ? d.wait_ms : 0);
    msg_info("%s, attempt %lld: %s after %lld ms%s", call->path, (long long)call->attempt,
             fault == FAULT_NONE ? "answered" : a->why, (long long)a->elapsed_ms,
             d.again ? ", trying again" : "");
    if (d.again)
        exchange_start(x, call, clock_after(now, d.wait_ms));
    else
        end_call(x, call, d.ends_as, a);
}

/* ---- sending ---- */

/* From which moment on an attempt may be sent; CLOCK_NEVER: when another one
 * has ended. */
static int64_t gate(const struct exchange *x, int64_t now)
{
    int64_t moment = now;
    if (http_free_slots(x->http) == 0 || (x->circuit.open && x->circuit.probing))
        return CLOCK_NEVER;
    if (x->circuit.open && x->circuit.until > moment)
        moment = x->circuit.until;
    if (x->hold_until > moment)
        moment = x->hold_until;
    if (x->next_send_us / 1000 > moment)
        moment = x->next_send_us / 1000;
    return moment;
}

static void send_call(struct exchange *x, struct exchange_call *call, int64_t now)
{
    int64_t left = x->deadline == CLOCK_NEVER ? INT64_MAX : x->deadline - now;
    struct http_request request = {.post = call->post,
                                   .path = call->path,
                                   .key = call->key,
                                   .body = call->body,
                                   .body_len = call->body_len,
                                   .timeout_ms = left,
                                   .user = call};
    call->probe = x->circuit.open;
    retry_circuit_allows(&x->circuit, now);
    call->attempt++;
    tell_attempt(x, call);
    if (x->options->rate > 0) {
        int64_t from = x->next_send_us > now * 1000 ? x->next_send_us : now * 1000;
        x->next_send_us = from + (int64_t)(1e6 / x->options->rate);
    }
    if (!http_send(x->http, &request, &x->refusal)) {
        x->over = FAULT_UNAUTHORISED;
        end_call(x, call, FAULT_UNAUTHORISED, NULL);
        return;
    }
    x->flying++;
}

/* Ends every waiting call as `fault`. */
static void end_waiting(struct exchange *x, enum fault fault, int64_t due_until)
{
    struct heap_node *node;
    size_t count = x->heap.count; /* a call may be started again by its end */
    while (count-- && (node = heap_first(&x->heap)) && node->due <= due_until) {
        take_off(x, call_of(node));
        end_call(x, call_of(node), fault, NULL);
    }
}

/* Ends the calls whose last moment has passed while they waited for a turn. */
static void end_late(struct exchange *x, int64_t now)
{
    struct heap_node *node;
    while ((node = heap_first(&x->lasts)) && node->due < now) {
        struct exchange_call *call =
            (struct exchange_call *)((char *)node - offsetof(struct exchange_call, last_node));
        take_off(x, call);
        end_call(x, call, FAULT_DEADLINE, NULL);
    }
}

static void cancelled(void *user, void *context)
{
    struct exchange *x = context;
    x->flying--;
    end_call(x, user, FAULT_INTERRUPTED, NULL);
}

static void check_over(struct exchange *x, int64_t now)
{
    if (signals_caught() && x->over != FAULT_INTERRUPTED) {
        x->over = FAULT_INTERRUPTED;
        http_cancel(x->http, cancelled, x);
    }
    if (x->over == FAULT_NONE && now >= x->deadline)
        x->over = FAULT_DEADLINE;
    if (x->over == FAULT_NONE && retry_circuit_is_dead(&x->circuit))
        x->over = FAULT_CIRCUIT;
    if (x->over != FAULT_NONE && x->idle_until == CLOCK_NEVER)
        x->idle_until = clock_after(now, IDLE_MS);
    if (x->over != FAULT_NONE)
        end_waiting(x, x->over, CLOCK_NEVER);
    else if (x->long_hold && now < x->hold_until)
        end_waiting(x, x->held_by, now);
    else if (x->long_hold)
        x->long_hold = false;
}

/* The one that has the next turn, or NULL. */
static const struct heap_node *next_call(const struct exchange *x)
{
    if (!x->only)
        return heap_first(&x->heap);
    return x->only->node.place ? &x->only->node : NULL;
}

static void send_due(struct exchange *x, int64_t now)
{
    const struct heap_node *node;
    while ((node = next_call(x)) && node->due <= now && gate(x, now) <= now && x->over == FAULT_NONE) {
        struct exchange_call *call = call_of(node);
        take_off(x, call);
        send_call(x, call, now);
    }
    end_late(x, now);
}

/* The moment at which something has to be done without anything happening. */
static int64_t next_moment(const struct exchange *x, int64_t now)
{
    const struct heap_node *node = next_call(x), *late = heap_first(&x->lasts);
    int64_t moment = x->idle_until;
    if (node) {
        int64_t turn = gate(x, now);
        if (node->due > turn || (x->long_hold && node->due < turn))
            turn = node->due;
        if (turn < moment)
            moment = turn;
    }
    if (late && late->due < moment)
        moment = late->due + 1;
    return x->deadline < moment && x->over == FAULT_NONE ? x->deadline : moment;
}

bool exchange_run(struct exchange *x, int fd)
{
    struct http_answer answer;
    bool readable = false;
    int64_t now = clock_now();
    if (x->left_at && now - x->left_at > AWAY_MS) /* the program was held up, by a full pipe maybe */
        http_extend(x->http, now - x->left_at, x->deadline);
    check_over(x, now);
    send_due(x, now);
    if (exchange_open_calls(x) || fd >= 0) {
        cli_flush();
        http_wait(x->http, fd, next_moment(x, now), &readable);
    }
    while (http_next(x->http, &answer))
        attempt_ended(x, &answer);
    if (readable && x->over != FAULT_NONE)
        x->idle_until = clock_after(clock_now(), IDLE_MS);
    x->left_at = clock_now();
    return readable;
}
