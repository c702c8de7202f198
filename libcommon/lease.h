/* lease: keeps what a worker has claimed, and gives it back. */
#ifndef GL_LEASE_H
#define GL_LEASE_H

#include <poll.h>

#include "db.h"

struct lease_options {
    int64_t lease_ms;     /* each renewal is for so long */
    int64_t max_lease_ms; /* after a claim there is none any more, */
    int64_t max_wait_ms;  /* or so much later for executions that are saved */
};

struct lease {
    const struct db_options *db_options;
    struct lease_options o;
    const char *worker;
    struct db *db;
    char times[3][32];
    const char *params[4];
    bool asking; /* a renewal is on its way */
    int64_t due; /* when to renew, or to give the renewal up */
    bool failed; /* the last renewal */
};

/* Prepares renewals, the first after a third of a lease.  One that has not come
 * through after 5 s, or another third, is given up.  All that is given is
 * borrowed.  False: as db_open. */
bool lease_open(struct lease *l, const struct db_options *db, const struct lease_options *o,
                const char *worker, struct err *e);
void lease_close(struct lease *l);

/* What to poll for, until l->due. */
void lease_prepare(const struct lease *l, struct pollfd *fd);

/* Renews all leases of the worker when it is time to, without waiting but for
 * the connection.  Where that fails it says so, once, and tries again a second
 * later. */
void lease_serve(struct lease *l, const struct pollfd *fd);

/* Ends all leases of the worker, charging a retry or not, within `ms`; no renewal
 * may be on its way but that is given up.  Where that fails it says so: they run
 * out by themselves. */
void lease_release(const struct lease *l, bool charge, int64_t ms);

#endif
