/* health: one attempt, by a handle of its own. */
#include "health.h"

#include "probe.h"

bool health_ask(const struct http_options *options, int *status, struct err *e)
{
    struct http *http;
    struct http_options o = *options;
    struct probe_answer a;
    o.timeout_ms = HEALTH_TIMEOUT_MS;
    if (!http_open(&http, &o, 1, e))
        return false;
    bool up = probe_get(http, "/health", HEALTH_TIMEOUT_MS, &a, e);
    *status = a.status;
    if (up && (!a.status || a.status >= 500))
        up = err_set(e, EXIT_AGAIN, "%s/health: %s", options->url, a.why);
    probe_free(&a);
    http_close(http);
    return up;
}
