/* forward: numbers are written so that reading them gives the same again. */
#include "forward.h"

#include <stdio.h>

#include "msg.h"

void forward_text(struct proc_args *a, const char *option, const char *value)
{
    if (!value)
        return;
    proc_arg(a, option);
    proc_arg(a, value);
}

void forward_int(struct proc_args *a, const char *option, int64_t value, const char *unit)
{
    char text[32];
    snprintf(text, sizeof text, "%lld%s", (long long)value, unit);
    forward_text(a, option, text);
}

void forward_real(struct proc_args *a, const char *option, double value)
{
    char text[64];
    snprintf(text, sizeof text, "%.9f", value);
    forward_text(a, option, text);
}

void forward_begin(struct proc_args *a, const char *name)
{
    proc_arg(a, name);
    if (msg_level() != MSG_NORMAL)
        proc_arg(a, msg_level() == MSG_QUIET ? "--quiet" : "--verbose");
}

void forward_server(struct proc_args *a, const struct http_options *o)
{
    forward_text(a, "--url", o->url);
    forward_text(a, "--token-file", o->token_file);
    forward_text(a, "--cacert", o->cacert);
    forward_text(a, "--cert", o->cert);
    forward_text(a, "--key", o->key);
    forward_text(a, "--unix-socket", o->unix_socket);
}

void forward_retries(struct proc_args *a, const struct retry_policy *p)
{
    forward_int(a, "--attempts", p->attempts, "");
    forward_int(a, "--backoff-base", p->base_ms, "ms");
    forward_int(a, "--backoff-cap", p->cap_ms, "ms");
    forward_real(a, "--jitter", p->jitter);
}
