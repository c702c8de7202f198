/* health: one attempt, by a handle of its own. */
#include "health.h"

#include "clock.h"
#include "signals.h"

bool health_ask(const struct http_options *options, int *status, struct err *e)
{
    struct http *http;
    struct http_options o = *options;
    struct http_answer answer = {.why = "it does not answer"};
    const struct http_request request = {.path = "/health", .timeout_ms = HEALTH_TIMEOUT_MS};
    o.timeout_ms = HEALTH_TIMEOUT_MS;
    if (!http_open(&http, &o, 1, e))
        return false;
    int64_t until = clock_after(clock_now(), HEALTH_TIMEOUT_MS);
    bool sent = http_send(http, &request, e), readable;
    while (sent && !http_next(http, &answer) && !signals_caught() && clock_now() < until)
        http_wait(http, -1, until, &readable);
    http_close(http);
    if (!sent)
        return false;
    *status = answer.status;
    if (*status && *status < 500)
        return true;
    return err_set(e, EXIT_AGAIN, "%s/health: %s", options->url, answer.why);
}
