/* service: each request is checked in the same order: who asks, what, how, and with
 * which body. */
#define _POSIX_C_SOURCE 200809L
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "clock.h"
#include "journal.h"
#include "record.h"
#include "xalloc.h"

enum { KEY_BYTES_MAX = 255, ANSWER_BYTES_MAX = 128 << 20 };

struct service {
    struct jobs *jobs;
    struct front *front;
    struct token token;
    struct service_options o;
    bool stopping;
};

enum endpoint { RUN, QUEUE, EXECUTION, HEALTH, NOWHERE };

static const char execution_path[] = "/greenlight/execution/";
static const char *const retry_soon[] = {"Retry-After", "5", NULL};

static enum endpoint endpoint_of(const char *path)
{
    if (strcmp(path, "/greenlight/run-atom") == 0)
        return RUN;
    if (strcmp(path, "/greenlight/queue-atom") == 0)
        return QUEUE;
    if (strcmp(path, "/health") == 0)
        return HEALTH;
    return strncmp(path, execution_path, sizeof execution_path - 1) == 0 ? EXECUTION : NOWHERE;
}

/* ---- answers ---- */

static void refuse(struct front_request *r, unsigned status, const char *code, const char *detail,
                   const char *const *headers)
{
    struct buf json;
    buf_init(&json, ANSWER_BYTES_MAX);
    buf_putc(&json, '{');
    json_key(&json, "detail");
    json_put_text(&json, detail);
    json_key(&json, "error_code");
    json_put_text(&json, code);
    buf_putc(&json, '}');
    front_answer(r, status, &json, headers);
    buf_free(&json);
}

static void answer_health(const struct service *s, struct front_request *r)
{
    struct buf json;
    buf_init(&json, ANSWER_BYTES_MAX);
    buf_putc(&json, '{');
    journal_text(&json, "status", s->stopping ? "stopping" : "ok");
    journal_text(&json, "version", GL_VERSION);
    journal_int(&json, "running", (int64_t)jobs_running(s->jobs));
    journal_int(&json, "waiting", (int64_t)jobs_waiting(s->jobs));
    buf_putc(&json, '}');
    front_answer(r, s->stopping ? 503 : 200, &json, s->stopping ? retry_soon : NULL);
    buf_free(&json);
}

/* Why a job was not run, as its result says. */
static void refuse_unavailable(struct front_request *r, const struct job *job)
{
    struct json_object record = {0}, error = {0};
    json_index(&record, job->result.data, job->result.len, NULL);
    json_get_object(json_get(&record, "error"), &error);
    char *class = json_strdup(json_get(&error, "class")), *why = json_strdup(json_get(&error, "message"));
    refuse(r, 503, class ? class : "unavailable", why ? why : "it was not run", retry_soon);
    free(class);
    free(why);
    json_object_free(&record);
    json_object_free(&error);
}

/* What a synchronous request gets of a job that has ended. */
static void answer_result(const struct service *s, struct front_request *r, const struct job *job)
{
    if (job->status == STATUS_UNAVAILABLE)
        refuse_unavailable(r, job);
    else if (job->status != STATUS_UNKNOWN)
        front_answer(r, job->status == STATUS_REJECTED ? 422 : 200, &job->result, NULL);
    else if (s->stopping)
        refuse(r, 503, "stopping", "the server stops", retry_soon);
    else
        refuse(r, 500, "runner_failed", "the run broke off without a result", NULL);
}

static void answer_execution(struct service *s, struct front_request *r)
{
    const struct job *job = jobs_find(s->jobs, r->path + sizeof execution_path - 1);
    struct json_object record = {0};
    struct buf json;
    if (!job || !job->wanted) {
        refuse(r, 404, "execution_unknown", "there is no such execution, or no more", NULL);
        return;
    }
    buf_init(&json, ANSWER_BYTES_MAX);
    buf_putc(&json, '{');
    journal_text(&json, "execution_id", job->id);
    if (job->state == JOB_ENDED) {
        json_index(&record, job->result.data, job->result.len, NULL);
        journal_text(&json, "status", status_name(job->status));
        json_key(&json, "result");
        json_put(&json, record.text);
        if (!status_is_graded(job->status)) {
            json_key(&json, "error");
            json_put(&json, json_get(&record, "error"));
        }
        json_object_free(&record);
    } else {
        journal_text(&json, "status", job->state == JOB_RUNNING ? "running" : "pending");
    }
    buf_putc(&json, '}');
    front_answer(r, 200, &json, NULL);
    buf_free(&json);
}

static void answer_queued(struct front_request *r, struct job *job)
{
    struct buf json;
    job->wanted = true;
    buf_init(&json, ANSWER_BYTES_MAX);
    buf_putc(&json, '{');
    journal_text(&json, "execution_id", job->id);
    journal_text(&json, "status", "pending");
    buf_putc(&json, '}');
    front_answer(r, 202, &json, NULL);
    buf_free(&json);
}

/* ---- who asks ---- */

/* Compares in a time that depends on the length of what was sent alone. */
static bool is_token(const struct buf *token, const char *sent)
{
    size_t len = strlen(sent);
    unsigned difference = len != token->len;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)sent[i] ^ (unsigned char)token->data[i < token->len ? i : 0];
    return difference == 0;
}

static bool is_authorised(struct service *s, const struct front_request *r)
{
    static const char scheme[] = "Bearer ";
    const char *sent = front_header(r, "Authorization");
    struct err e;
    if (!s->o.token_file)
        return true;
    return token_refresh(&s->token, &e) && s->token.text.len && sent &&
           strncasecmp(sent, scheme, sizeof scheme - 1) == 0 &&
           is_token(&s->token.text, sent + sizeof scheme - 1);
}

/* Whether the Host is this machine: a page in a browser that was led here by a name of its
 * own is somebody else's. */
static bool is_local_name(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]", NULL};
    for (size_t i = 0; host && names[i]; i++) {
        size_t len = strlen(names[i]);
        if (strncasecmp(host, names[i], len) == 0 && (!host[len] || host[len] == ':'))
            return true;
    }
    return !host;
}

static bool is_json(const struct front_request *r)
{
    static const char type[] = "application/json";
    const char *sent = front_header(r, "Content-Type");
    return sent && strncasecmp(sent, type, sizeof type - 1) == 0 && strchr("; ", sent[sizeof type - 1]);
}

/* ---- posts ---- */

/* Answers what cannot be taken, whatever its body is. */
static bool is_refused(struct service *s, struct front_request *r, enum endpoint at)
{
    static const char *const bearer[] = {"WWW-Authenticate", "Bearer", NULL};
    static const char *const to_post[] = {"Allow", "POST", NULL}, *const to_get[] = {"Allow", "GET, HEAD",
                                                                                     NULL};
    bool posts = at == RUN || at == QUEUE, posted = strcmp(r->method, "POST") == 0;
    bool got = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
    if (s->o.local_names && !is_local_name(front_header(r, "Host")))
        refuse(r, 421, "misdirected", "this server is called by a local name alone", NULL);
    else if (at != HEALTH && !is_authorised(s, r))
        refuse(r, 401, "unauthorised", "the bearer token is missing or wrong", bearer);
    else if (at == NOWHERE)
        refuse(r, 404, "not_found", "there is nothing here", NULL);
    else if (posts ? !posted : !got)
        refuse(r, 405, "method_not_allowed", posts ? "POST goes here" : "GET goes here",
               posts ? to_post : to_get);
    else if (r->too_large)
        refuse(r, 413, "too_large", "the body is too large", NULL);
    else if (posts && !is_json(r))
        refuse(r, 415, "unsupported_media_type", "the body must be application/json", NULL);
    return r->status != 0;
}

/* The job that the request's key names, where it asks for the same; false: it was answered. */
static bool find_job(struct service *s, struct front_request *r, const char *key, struct job **job)
{
    if (key && (!*key || strlen(key) > KEY_BYTES_MAX)) {
        refuse(r, 400, "bad_request", "the Idempotency-Key is empty or longer than 255 bytes", NULL);
        return false;
    }
    *job = key ? jobs_find_key(s->jobs, key) : NULL;
    if (*job && ((*job)->asked_len != r->body.len || memcmp((*job)->asked, r->body.data, r->body.len) != 0)) {
        refuse(r, 422, "idempotency_key_reused", "another request came with this Idempotency-Key", NULL);
        return false;
    }
    return true;
}

/* Makes a job of the request; NULL: it was answered. */
static struct job *add_job(struct service *s, struct front_request *r, const char *key)
{
    static const struct json_edit edits[] = {{.name = "_gl"}, {0}}; /* the tools' own, not a client's */
    struct json_object record = {0};
    struct buf own, line;
    struct err e;
    struct job *job = NULL;
    buf_init(&own, ANSWER_BYTES_MAX);
    buf_init(&line, ANSWER_BYTES_MAX);
    if (!json_index(&record, r->body.data, r->body.len, &e)) {
        refuse(r, 400, "bad_request", e.text, NULL);
    } else if (json_duplicate(&record, &own)) {
        refuse(r, 400, "bad_request", "a member of the request is there twice", NULL);
    } else if (!record_atom_id(&record).at) {
        refuse(r, 422, "no_atom_id", "the request has no atom_id", NULL);
    } else if (s->stopping) {
        refuse(r, 503, "stopping", "the server stops", retry_soon);
    } else {
        buf_clear(&own);
        json_put_edited(&own, &record, edits);
        json_put_compact(&line, own.data, own.len);
        buf_putc(&line, '\n');
        job = jobs_add(s->jobs, key, &r->body, &line);
        if (!job)
            refuse(r, 429, "busy", "too many requests wait already", retry_soon);
    }
    json_object_free(&record);
    buf_free(&own);
    buf_free(&line);
    return job;
}

static void post(struct service *s, struct front_request *r, enum endpoint at)
{
    const char *key = front_header(r, "Idempotency-Key");
    struct job *job;
    if (!find_job(s, r, key, &job))
        return;
    if (!job)
        job = add_job(s, r, key);
    if (!job)
        return;
    if (at == QUEUE) {
        answer_queued(r, job);
    } else if (job->state == JOB_ENDED) {
        answer_result(s, r, job);
    } else {
        r->next = job->waiters;
        job->waiters = r;
    }
}

/* ---- hooks ---- */

static void serve(struct front_request *r, void *context)
{
    struct service *s = context;
    enum endpoint at = endpoint_of(r->path);
    if (is_refused(s, r, at))
        return;
    if (at == HEALTH)
        answer_health(s, r);
    else if (at == EXECUTION)
        answer_execution(s, r);
    else
        post(s, r, at);
}

static void note_request(struct front_request *r, void *context)
{
    struct buf line;
    (void)context;
    if (!r->path)
        return; /* it did not get as far as that */
    journal_begin(&line, "request");
    journal_text(&line, "method", r->method);
    journal_text(&line, "path", r->path);
    journal_int(&line, "status", r->status);
    journal_int(&line, "bytes", (int64_t)r->body.len);
    journal_int(&line, "ms", clock_now() - r->arrived);
    journal_end(&line);
}

static void note_run(const struct job *job)
{
    struct json_object record = {0};
    struct buf line;
    json_index(&record, job->result.data, job->result.len, NULL);
    char *atom = json_strdup(json_get(&record, "atom_id"));
    journal_begin(&line, "run");
    journal_text(&line, "execution_id", job->id);
    journal_text(&line, "atom_id", atom);
    journal_text(&line, "status", status_name(job->status));
    journal_int(&line, "waited_ms", (job->began ? job->began : job->ended) - job->added);
    journal_int(&line, "ran_ms", job->began ? job->ended - job->began : 0);
    journal_end(&line);
    free(atom);
    json_object_free(&record);
}

static void ended(struct job *job, void *context)
{
    struct front_request *r = job->waiters;
    note_run(job);
    job->waiters = NULL;
    while (r) {
        struct front_request *next = r->next;
        answer_result(context, r, job);
        r = next;
    }
}

/* ---- the service ---- */

bool service_open(struct service **out, int fd, const struct service_options *o, struct err *e)
{
    struct service *s = xcalloc(1, sizeof *s);
    const struct front_hooks hooks = {serve, note_request, s};
    s->o = *o;
    if (!token_open(&s->token, o->token_file, e) || !front_open(&s->front, fd, &o->front, &hooks, e)) {
        token_close(&s->token);
        free(s);
        return false;
    }
    s->jobs = jobs_new(&o->jobs, ended, s);
    *out = s;
    return true;
}

void service_close(struct service *s)
{
    front_close(s->front);
    jobs_free(s->jobs);
    token_close(&s->token);
    free(s);
}

size_t service_fds(const struct service *s)
{
    return 1 + JOBS_FDS * (size_t)s->o.jobs.at_once;
}

size_t service_prepare(struct service *s, struct pollfd *fds)
{
    size_t count = jobs_prepare(s->jobs, fds + 1);
    fds[0] = (struct pollfd){.fd = front_fd(s->front), .events = POLLIN};
    return count + 1;
}

int64_t service_due(const struct service *s)
{
    int64_t front = front_due(s->front), jobs = jobs_due(s->jobs);
    return front < jobs ? front : jobs;
}

void service_serve(struct service *s)
{
    jobs_serve(s->jobs);
    front_serve(s->front);
}

void service_stop(struct service *s, bool now)
{
    if (!s->stopping)
        front_stop(s->front);
    s->stopping = true;
    jobs_drop_waiting(s->jobs);
    if (now)
        jobs_end(s->jobs);
}

bool service_runs(const struct service *s)
{
    return jobs_running(s->jobs) > 0;
}

bool service_idle(const struct service *s)
{
    return jobs_running(s->jobs) == 0 && front_busy(s->front) == 0;
}
