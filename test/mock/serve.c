/* serve: every request goes through the same steps: what does it ask, may it
 * ask, was it answered before, who says what it gets, the body.
 *
 * The default path builds no tree and takes the lock once. */
#include "serve.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "shape.h"
#include "xalloc.h"

enum endpoint { RUN_ATOM, QUEUE_ATOM, EXECUTION, HEALTH, UNKNOWN };

/* What is worked out about one request on its way. */
struct turn {
    struct mock *m;
    struct request *r;
    enum endpoint endpoint;
    const char *allowed;       /* the endpoint's method */
    struct json_object object; /* the body, where it is one */
    struct json_text id;       /* of the execution asked for, decoded */
    struct buf atom_id;        /* that execution's atom, as JSON */
    struct buf subject;
    struct asked asked;
    bool wants_command;
};

static const char execution_path[] = "/greenlight/execution/";

static enum endpoint endpoint_of(const char *path)
{
    if (strcmp(path, "/greenlight/run-atom") == 0)
        return RUN_ATOM;
    if (strcmp(path, "/greenlight/queue-atom") == 0)
        return QUEUE_ATOM;
    if (strcmp(path, "/health") == 0)
        return HEALTH;
    if (strncmp(path, execution_path, sizeof execution_path - 1) != 0)
        return UNKNOWN;
    const char *id = path + sizeof execution_path - 1;
    return *id && !strchr(id, '/') ? EXECUTION : UNKNOWN;
}

/* The execution that the path names, and what atom it runs. */
static void identify_execution(struct turn *t)
{
    char *id = xstrdup(t->r->path + sizeof execution_path - 1);
    t->id = (struct json_text){id, MHD_http_unescape(id)};
    pthread_mutex_lock(&t->m->lock);
    struct json_text atom_id = executions_atom(t->m->executions, t->id);
    buf_add(&t->atom_id, atom_id.at, atom_id.len);
    pthread_mutex_unlock(&t->m->lock);
    if (atom_id.at)
        t->asked.atom_id = (struct json_text){t->atom_id.data, t->atom_id.len};
}

static void turn_init(struct turn *t, struct mock *m, struct request *r)
{
    *t = (struct turn){.m = m, .r = r, .endpoint = endpoint_of(r->path)};
    t->allowed = t->endpoint == RUN_ATOM || t->endpoint == QUEUE_ATOM ? "POST" : "GET";
    t->asked = (struct asked){.method = r->method, .path = r->path};
    buf_init(&t->atom_id, SIZE_MAX / 2);
    buf_init(&t->subject, SIZE_MAX / 2);
    json_index(&t->object, r->body.data, r->body.len, NULL);
    t->asked.atom_id = json_get(&t->object, "atom_id");
    if (t->endpoint == EXECUTION) {
        identify_execution(t);
        buf_putc(&t->subject, 'e');
        buf_add(&t->subject, t->id.at, t->id.len);
    } else if (t->asked.atom_id.at) {
        buf_putc(&t->subject, 'a');
        answer_put_word(&t->subject, t->asked.atom_id);
    } else {
        buf_puts(&t->subject, r->path);
    }
    t->asked.subject = t->subject.data;
    t->asked.subject_len = t->subject.len;
    if (m->replays && strcmp(r->method, "POST") == 0)
        r->key = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Idempotency-Key");
}

static void turn_free(struct turn *t)
{
    json_object_free(&t->object);
    free((char *)t->id.at);
    buf_free(&t->atom_id);
    buf_free(&t->subject);
}

static void set_error(struct reply *reply, unsigned status, const char *message)
{
    reply->status = status;
    buf_clear(&reply->body);
    shape_error(&reply->body, reply->answer, status, message);
    reply->type = shape_type(reply->answer, status);
}

static void set_header(struct reply *reply, const char *name, const char *value)
{
    reply->header = name;
    reply->value = value;
}

static bool is_authorised(const struct mock *m, const struct request *r)
{
    static const char scheme[] = "Bearer ";
    const char *value = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Authorization");
    return !m->token || (value && strncmp(value, scheme, sizeof scheme - 1) == 0 &&
                         strcmp(value + sizeof scheme - 1, m->token) == 0);
}

/* Answers what is refused whatever the scenario says. */
static bool is_refused(struct turn *t)
{
    struct reply *reply = &t->r->reply;
    if (!is_authorised(t->m, t->r)) {
        set_error(reply, 401, "the bearer token is missing or wrong");
        set_header(reply, "WWW-Authenticate", "Bearer");
    } else if (t->r->body.overflowed) {
        set_error(reply, 413, "the body is too large");
    }
    return reply->status != 0;
}

static bool is_replayed(struct turn *t)
{
    struct request *r = t->r;
    enum replay known = r->key ? replays_find(t->m->replays, r->path, r->key, &r->reply) : REPLAY_NONE;
    if (known == REPLAY_WORKING)
        set_error(&r->reply, 409, "a request with this key is being worked on");
    return known != REPLAY_NONE;
}

static struct job *make_job(const struct request *r, struct request *waits)
{
    struct job *job = job_new(waits);
    buf_add(&job->input, r->body.data, r->body.len);
    buf_putc(&job->input, '\n');
    return job;
}

/* Has the command find out the execution's result. */
static void run_execution(struct turn *t, struct json_text id)
{
    struct job *job = make_job(t->r, NULL);
    buf_add(&job->execution, id.at, id.len);
    pthread_mutex_lock(&t->m->lock);
    executions_wait(t->m->executions, id);
    pthread_mutex_unlock(&t->m->lock);
    if (!commands_add(t->m->commands, job)) {
        job_fail(job, "too many requests wait for the command");
        serve_ran(t->m, job);
    }
}

static void put_queued(struct buf *out, const struct answer *a, struct json_text id)
{
    buf_puts(out, "{\"execution_id\":");
    if (a->execution_id.at)
        json_put(out, a->execution_id);
    else
        json_put_string(out, id.at, id.len);
    if (a->estimated_wait.at) {
        json_key(out, "estimated_wait_seconds");
        json_put(out, a->estimated_wait);
    }
    buf_putc(out, '}');
}

/* Starts an execution that follows the reply's answer, and says so where the
 * reply has no other body. */
static void start_execution(struct turn *t)
{
    struct mock *m = t->m;
    struct reply *reply = &t->r->reply;
    const struct answer *a = reply->answer;
    struct buf id;
    buf_init(&id, SIZE_MAX / 2);
    pthread_mutex_lock(&m->lock);
    if (a->execution_id.at)
        answer_put_word(&id, a->execution_id);
    else
        buf_printf(&id, "ex-%llx-%llu", (unsigned long long)m->born, (unsigned long long)++m->made);
    struct json_text word = {id.data, id.len};
    executions_start(m->executions, word, reply->script, a, t->asked.atom_id);
    pthread_mutex_unlock(&m->lock);
    if (t->wants_command)
        run_execution(t, word);
    if (!a->body.at && !a->text.at)
        put_queued(&reply->body, a, word);
    buf_free(&id);
}

/* Polls the execution; one that nobody queued begins where the scenario tells
 * how it goes on. */
static void poll_execution(struct turn *t)
{
    struct mock *m = t->m;
    struct reply *reply = &t->r->reply;
    pthread_mutex_lock(&m->lock);
    bool known = executions_poll(m->executions, t->id, &reply->body);
    if (!known && answer_tells_execution(reply->answer)) {
        executions_start(m->executions, t->id, reply->script, reply->answer, t->asked.atom_id);
        known = executions_poll(m->executions, t->id, &reply->body);
    }
    pthread_mutex_unlock(&m->lock);
    if (!known)
        set_error(reply, 404, "no such execution");
}

static void put_default_body(struct turn *t)
{
    struct reply *reply = &t->r->reply;
    switch (t->endpoint) {
    case RUN_ATOM:
        shape_result(&reply->body, reply->answer, t->asked.atom_id);
        break;
    case QUEUE_ATOM:
        start_execution(t);
        break;
    case EXECUTION:
        poll_execution(t);
        break;
    case HEALTH:
        buf_puts(&reply->body, "{\"status\":\"ok\",\"version\":\"" GL_VERSION "\"}");
        break;
    case UNKNOWN:
        buf_puts(&reply->body, "{}");
        break;
    }
}

/* Makes the reply that its answer asks for. */
static void compose(struct turn *t)
{
    struct reply *reply = &t->r->reply;
    const struct answer *a = reply->answer;
    unsigned own = t->endpoint == QUEUE_ATOM ? 202 : 200;
    reply->status = a->status == UNSET ? own : (unsigned)a->status;
    if (a->body.at) {
        json_put(&reply->body, a->body);
    } else if (a->text.at) {
        json_string(a->text, &reply->body);
        reply->type = "text/plain; charset=utf-8";
    } else if (reply->status >= 400) {
        set_error(reply, reply->status, "the scenario says so");
    } else if (reply->status != 204 && reply->status != 304) {
        put_default_body(t);
    }
    bool own_body = a->body.at || a->text.at;
    if (own_body && t->endpoint == QUEUE_ATOM && reply->status < 300 && a->execution_id.at)
        start_execution(t);
}

/* Follows the script within the atom, if there is one; false where it is
 * wrong, which the reply then says. */
static bool find_inline(struct turn *t)
{
    struct err e;
    struct json_text text = json_get(&t->object, "mock");
    if (!text.at || strcmp(t->allowed, "POST") != 0)
        return true;
    struct script *script = script_read(text, &e);
    if (!script) {
        set_error(&t->r->reply, 400, e.text);
        return false;
    }
    pthread_mutex_lock(&t->m->lock);
    uint64_t k = scenario_count(t->m->scenario, COUNT_INLINE, &t->asked);
    pthread_mutex_unlock(&t->m->lock);
    reply_follow(&t->r->reply, script, script_answer(script, k));
    return true;
}

/* What keeps a request that no script answers from being served. */
static bool is_wrong(struct turn *t)
{
    struct reply *reply = &t->r->reply;
    bool posted = strcmp(t->allowed, "POST") == 0;
    if (t->endpoint == UNKNOWN) {
        set_error(reply, 404, "no such path");
    } else if (strcmp(t->r->method, t->allowed) != 0) {
        set_error(reply, 405, "this path does not have this method");
        set_header(reply, "Allow", t->allowed);
    } else if (posted && !t->object.text.at) {
        set_error(reply, 422, "the body is not a JSON object");
    } else if (posted && !t->m->commands && json_kind(t->asked.atom_id) != JSON_STRING) {
        set_error(reply, 422, "atom_id is missing, or is no string");
    }
    return reply->status != 0;
}

/* Answers a request that no rule answers. */
static void answer_unruled(struct turn *t)
{
    if (!find_inline(t))
        return;
    if (!t->r->reply.script) {
        if (is_wrong(t))
            return;
        t->wants_command = t->m->commands && strcmp(t->allowed, "POST") == 0;
    }
    if (!t->wants_command || t->endpoint != RUN_ATOM)
        compose(t);
}

static void keep(struct turn *t, bool runs)
{
    struct request *r = t->r;
    if (!r->key)
        return;
    pthread_mutex_lock(&t->m->lock);
    if (runs)
        replays_begin(t->m->replays, r->path, r->key);
    else
        replays_end(t->m->replays, r->path, r->key, &r->reply);
    pthread_mutex_unlock(&t->m->lock);
}

enum serve_next serve(struct mock *m, struct request *r)
{
    struct turn t;
    const struct answer *ruled = NULL;
    struct script *script = NULL;
    turn_init(&t, m, r);
    pthread_mutex_lock(&m->lock);
    r->count = scenario_count(m->scenario, COUNT_REQUESTS, &t.asked);
    bool settled = is_refused(&t) || is_replayed(&t);
    if (!settled)
        ruled = scenario_answer(m->scenario, &t.asked, &script);
    pthread_mutex_unlock(&m->lock);
    if (ruled) {
        reply_follow(&r->reply, script, ruled);
        compose(&t);
    } else if (!settled) {
        answer_unruled(&t);
    }
    bool runs = r->reply.status == 0;
    if (!settled)
        keep(&t, runs);
    turn_free(&t);
    return runs ? SERVE_RUN : SERVE_ANSWER;
}

/* Sends a parked request on its way with the reply that it now has. */
static void release(struct mock *m, struct request *r)
{
    if (r->key) {
        pthread_mutex_lock(&m->lock);
        replays_end(m->replays, r->path, r->key, &r->reply);
        pthread_mutex_unlock(&m->lock);
    }
    park_move(m->park, &r->parked, clock_after(clock_now(), serve_delay(m, r)));
}

void serve_run(struct mock *m, struct request *r)
{
    struct job *job = make_job(r, r);
    if (!commands_add(m->commands, job)) {
        job_fail(job, "too many requests wait for the command");
        serve_ran(m, job);
    }
}

static void finish_execution(struct mock *m, struct job *job)
{
    struct json_object o = {0};
    struct json_text id = {job->execution.data, job->execution.len};
    bool has_result = json_index(&o, job->output.data, job->output.len, NULL);
    pthread_mutex_lock(&m->lock);
    if (has_result)
        executions_finish(m->executions, id, o.text.at, o.text.len, NULL);
    else
        executions_finish(m->executions, id, NULL, 0,
                          job->failed ? job->reason : "the command's output is no JSON object");
    pthread_mutex_unlock(&m->lock);
    json_object_free(&o);
}

void serve_ran(struct mock *m, struct job *job)
{
    struct request *r = job->request;
    if (!r) {
        finish_execution(m, job);
    } else if (job->failed && !job->output.len) {
        set_error(&r->reply, 502, job->reason);
        release(m, r);
    } else {
        r->reply.status = 200;
        buf_free(&r->reply.body);
        r->reply.body = job->output;
        buf_init(&job->output, 0);
        release(m, r);
    }
    job_free(job);
}

int64_t serve_delay(const struct mock *m, const struct request *r)
{
    if (r->reply.whole)
        return 0;
    return r->reply.answer->delay_ms == UNSET ? m->delay_ms : r->reply.answer->delay_ms;
}
