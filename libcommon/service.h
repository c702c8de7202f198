/* service: the Greenlight API (design.md §4), by jobs behind a front.
 *
 * What asks the same under the same Idempotency-Key shares a job, whichever of the two
 * endpoints it asks at. */
#ifndef GL_SERVICE_H
#define GL_SERVICE_H

#include "front.h"
#include "jobs.h"
#include "token.h"

struct service_options {
    struct jobs_options jobs;
    struct front_options front;
    const char *token_file; /* NULL: nobody is asked for a token */
    bool local_names;       /* only who calls us by a local name is served: no page of a browser */
};

struct service;

/* False: EXIT_CONFIG, EXIT_OS. */
bool service_open(struct service **s, int fd, const struct service_options *o, struct err *e);
void service_close(struct service *s);

/* What to poll for, at most service_fds of them; when to come back at the latest; what
 * is to be done then. */
size_t service_fds(const struct service *s);
size_t service_prepare(struct service *s, struct pollfd *fds);
int64_t service_due(const struct service *s);
void service_serve(struct service *s);

/* Takes no new work and drops what waits; `now`: ends what runs too. */
void service_stop(struct service *s, bool now);

/* Whether anything runs; and whether nothing does and every answer has been taken. */
bool service_runs(const struct service *s);
bool service_idle(const struct service *s);

#endif
