/* handler: collects the body, has it served, and waits where the answer is to
 * come later.
 *
 * in_flight counts what has arrived and whose answer is not yet handed over
 * for sending: a client that has its answer never finds its own last request
 * still counted. */
#include "handler.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "serve.h"
#include "xalloc.h"

void *request_begins(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct mock *m = cls;
    struct request *r = xcalloc(1, sizeof *r);
    r->connection = connection;
    r->arrived = clock_now();
    r->in_flight = atomic_fetch_add(&m->in_flight, 1) + 1;
    r->target = xstrdup(target);
    r->path = xmemdup(target, strcspn(target, "?"));
    buf_init(&r->body, REQUEST_BODY_MAX);
    reply_init(&r->reply);
    return r;
}

static void leave(struct mock *m, struct request *r)
{
    if (r->stage != STAGE_LEFT)
        atomic_fetch_sub(&m->in_flight, 1);
    r->stage = STAGE_LEFT;
}

void request_ends(void *cls, struct MHD_Connection *connection, void **request,
                  enum MHD_RequestTerminationCode how)
{
    struct request *r = *request;
    (void)connection, (void)how;
    leave(cls, r);
    reply_free(&r->reply);
    buf_free(&r->body);
    free(r->target);
    free(r->path);
    free(r);
}

static enum MHD_Result answer(struct mock *m, struct request *r)
{
    if (m->log && !r->logged)
        log_write(m->log, r);
    leave(m, r);
    const struct reply *reply = &r->reply;
    if (reply->answer->raw.at && !reply->whole)
        return raws_send(m->raws, reply->answer->raw, &r->parked, r->connection) ? MHD_YES : MHD_NO;
    return reply_send(&r->reply, r->connection);
}

/* Waits for the delay, or for serve_ran to say until when.  Who is waited for
 * later must be in the park first. */
static enum MHD_Result wait_or_answer(struct mock *m, struct request *r, enum serve_next next)
{
    int64_t delay = serve_delay(m, r);
    if (next == SERVE_ANSWER && delay == 0)
        return answer(m, r);
    if (next == SERVE_ANSWER && m->log) {
        log_write(m->log, r);
        r->logged = true;
    }
    r->stage = STAGE_WAITING;
    int64_t due = next == SERVE_RUN ? CLOCK_NEVER : clock_after(clock_now(), delay);
    if (!park_add(m->park, &r->parked, r->connection, due))
        return MHD_NO;
    if (next == SERVE_RUN)
        serve_run(m, r);
    return MHD_YES;
}

enum MHD_Result request_goes_on(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_len, void **request)
{
    struct mock *m = cls;
    struct request *r = *request;
    (void)connection, (void)url, (void)version;
    if (r->stage == STAGE_NEW) {
        r->method = method;
        r->stage = STAGE_BODY;
        return MHD_YES;
    }
    if (r->stage == STAGE_LEFT) /* the raw answer is out */
        return MHD_NO;
    if (*upload_len > 0) {
        buf_add(&r->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    if (r->stage == STAGE_WAITING)
        return answer(m, r);
    return wait_or_answer(m, r, serve(m, r));
}
