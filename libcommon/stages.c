/* stages: an option of gl-drain is handed on by the name that it has there. */
#include "stages.h"

#include "forward.h"

static void claim_args(const struct stages_options *o, const char *worker, struct proc_args *a)
{
    forward_begin(a, "gl-claim");
    forward_retries(a, &o->policy);
    forward_int(a, "--db-timeout", o->db.timeout_ms, "ms");
    forward_text(a, "--worker", worker);
    forward_int(a, "--lease", o->lease_ms, "ms");
    forward_int(a, "--max-held", 8 * o->jobs, "");
    forward_text(a, "--atom", o->atom);
    forward_text(a, "--learner", o->learner);
    if (o->limit)
        forward_int(a, "--limit", o->limit, "");
    if (o->follow)
        proc_arg(a, "--follow");
    proc_arg(a, "--until-eof");
}

static void settle_args(const struct stages_options *o, struct proc_args *a)
{
    forward_begin(a, "gl-settle");
    forward_retries(a, &o->policy);
    forward_int(a, "--db-timeout", o->db.timeout_ms, "ms");
    forward_text(a, "--spool", o->spool);
    forward_int(a, "--give-up", o->give_up_ms, "ms");
}

void stages_make(struct proc_args args[STAGES], const struct stages_options *o, const char *worker)
{
    claim_args(o, worker, &args[CLAIM]);
    forward_begin(&args[SUBMIT], "gl-submit");
    forward_retries(&args[SUBMIT], &o->policy);
    forward_server(&args[SUBMIT], &o->http);
    forward_int(&args[SUBMIT], "--circuit-pause", o->circuit_pause_ms, "ms");
    proc_arg(&args[SUBMIT], "--unordered");
    forward_int(&args[SUBMIT], "--jobs", o->jobs, "");
    forward_int(&args[SUBMIT], "--timeout", o->http.timeout_ms, "ms");
    if (o->rate > 0)
        forward_real(&args[SUBMIT], "--rate", o->rate);
    settle_args(o, &args[SAVE]);
    proc_arg(&args[SAVE], "--progress");
    forward_begin(&args[POLL], "gl-poll");
    forward_server(&args[POLL], &o->http);
    forward_int(&args[POLL], "--circuit-pause", o->circuit_pause_ms, "ms");
    forward_int(&args[POLL], "--backoff-cap", o->policy.cap_ms, "ms");
    forward_int(&args[POLL], "--max-wait", o->max_wait_ms, "ms");
    settle_args(o, &args[SETTLE]);
}
