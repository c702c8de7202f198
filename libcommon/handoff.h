/* handoff: one atom through Greenlight, for somebody who waits.
 *
 * The task is shown (gl-render), gl-submit | gl-poll run with a line that tells what
 * goes on, the result is shown, and one outcome is written to stdout.  What
 * Greenlight could not do now goes to the queue (gl-enqueue), is skipped, or is
 * decided by the person (design.md §2, gl-handoff).  While an atom is in our hands
 * it stands in the spool under a lock: where this process is killed, the next drain
 * finds it there.  What is done here (`local`) stays here: it is never queued. */
#ifndef GL_HANDOFF_H
#define GL_HANDOFF_H

#include "db.h"
#include "http.h"
#include "json.h"
#include "retry.h"

enum handoff_fallback { HANDOFF_QUEUE, HANDOFF_SKIP, HANDOFF_MANUAL };

struct handoff_options {
    struct http_options http;
    struct retry_policy policy;
    struct db_options db;
    const char *learner, *session_context, *filter, *spool;
    int64_t max_wait_ms, interval_ms, ask_ms;
    int fallback, disabled; /* disabled: odd where Greenlight is not to be asked */
    bool local;             /* nobody is: the learner's editor and gl-run do it, see local.h */
};

/* What is done without Greenlight, as rows of a program's table; m is the member of
 * the program's struct that holds handoff_options. */
/* clang-format off */
#define HANDOFF_FALLBACK_OPTIONS(T, m)                                                               \
    {.name = "fallback", .arg = "MODE", .type = CLI_CHOICE, .choices = "queue|skip|manual",          \
     .preset = "queue", .member = offsetof(T, m.fallback), .env = "GREENLIGHT_FALLBACK_MODE",        \
     .help = "where Greenlight is away: queue, skip, or manual (ask)"},                              \
    {.name = "enabled", .arg = "BOOL", .type = CLI_CHOICE, .choices = "true|false|1|0|yes|no|on|off", \
     .preset = "true", .member = offsetof(T, m.disabled), .env = "GREENLIGHT_ENABLED",               \
     .help = "false: do not ask Greenlight, fall back at once"}
/* clang-format on */

struct handoff;

/* The options are borrowed.  False: one of them cannot be used (EXIT_USAGE,
 * EXIT_CONFIG, EXIT_IO). */
bool handoff_open(struct handoff **h, const struct handoff_options *o, struct err *e);
void handoff_close(struct handoff *h);

/* Hands one atom over and writes its outcome.  Once the session is over, the
 * outcome of every further one is `cancelled`, and nothing is asked or shown. */
void handoff_atom(struct handoff *h, const struct json_object *atom);

/* EXIT_OK, but where a sibling could not be run. */
enum exit_code handoff_code(const struct handoff *h);

#endif
