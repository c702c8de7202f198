/* probe: one attempt, waited for. */
#include "probe.h"

#include <stdio.h>

#include "clock.h"
#include "signals.h"

/* libcurl's own limit comes first; this one is for what it does not bound. */
enum { SLACK_MS = 500 };

static void forget(void *user, void *context)
{
    (void)user;
    (void)context;
}

bool probe_get(struct http *http, const char *path, int64_t timeout_ms, struct probe_answer *a, struct err *e)
{
    struct http_answer answer;
    const struct http_request request = {.path = path, .timeout_ms = timeout_ms};
    int64_t until = clock_after(clock_now(), timeout_ms + SLACK_MS);
    bool ended = false, readable;
    *a = (struct probe_answer){.fault = FAULT_TIMEOUT, .why = "it does not answer"};
    buf_init(&a->body, PROBE_BODY_MAX);
    if (!http_send(http, &request, e))
        return false;
    while (!(ended = http_next(http, &answer)) && !signals_caught() && clock_now() < until)
        http_wait(http, -1, until, &readable);
    if (!ended) {
        http_cancel(http, forget, NULL);
        return true;
    }
    a->fault = answer.fault;
    a->status = answer.status;
    a->elapsed_ms = answer.elapsed_ms;
    buf_add(&a->body, answer.body, answer.body_len < PROBE_BODY_MAX ? answer.body_len : PROBE_BODY_MAX);
    snprintf(a->why, sizeof a->why, "%s", answer.why);
    http_next(http, &answer); /* gives the slot back */
    return true;
}

void probe_free(struct probe_answer *a)
{
    buf_free(&a->body);
}
