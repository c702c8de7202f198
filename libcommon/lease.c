/* lease: two of the queue's functions, by the name of the worker. */
#include "lease.h"

#include <stdio.h>

#include "clock.h"
#include "msg.h"

enum { RENEWAL_MAX_MS = 5000, AGAIN_MS = 1000 };

static int64_t less(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t third(const struct lease *l)
{
    return l->o.lease_ms / 3;
}

bool lease_open(struct lease *l, const struct db_options *db, const struct lease_options *o,
                const char *worker, struct err *e)
{
    const int64_t times[] = {o->lease_ms, o->max_lease_ms, o->max_wait_ms};
    struct db_options once = *db;
    *l = (struct lease){.db_options = db, .o = *o, .worker = worker, .params = {worker}};
    for (int i = 0; i < 3; i++) {
        snprintf(l->times[i], sizeof l->times[i], "%lld ms", (long long)times[i]);
        l->params[i + 1] = l->times[i];
    }
    l->due = clock_after(clock_now(), third(l));
    once.timeout_ms = less(db->timeout_ms, less(RENEWAL_MAX_MS, third(l)));
    once.policy.attempts = 1;
    return db_open(&l->db, &once, e);
}

void lease_close(struct lease *l)
{
    db_close(l->db);
    l->db = NULL;
}

void lease_prepare(const struct lease *l, struct pollfd *fd)
{
    *fd = (struct pollfd){l->asking ? db_fd(l->db) : -1, POLLIN, 0};
}

static void finish(struct lease *l)
{
    struct err e;
    bool good = db_finish(l->db, NULL, NULL, &e);
    if (!good && !l->failed)
        msg_warn("cannot renew the leases: %s", e.text);
    l->failed = !good;
    l->asking = false;
    l->due = clock_after(clock_now(), good ? third(l) : less(third(l), AGAIN_MS));
}

void lease_serve(struct lease *l, const struct pollfd *fd)
{
    int64_t now = clock_now();
    if (l->asking && (fd->revents || now >= l->due)) {
        finish(l);
    } else if (!l->asking && now >= l->due) {
        db_start(l->db, "select greenlight_renew($1, $2::interval, $3::interval, $4::interval)", l->params,
                 NULL, sizeof l->params / sizeof *l->params);
        l->asking = true;
        l->due = clock_after(now, less(RENEWAL_MAX_MS, third(l)));
        if (db_fd(l->db) == -1)
            finish(l);
    }
}

void lease_release(const struct lease *l, bool charge, int64_t ms)
{
    struct err e;
    struct db *db = NULL;
    struct db_options o = *l->db_options;
    const char *const params[] = {l->worker, charge ? "true" : "false"};
    o.timeout_ms = less(o.timeout_ms, ms);
    if (!db_open(&db, &o, &e) ||
        !db_query(db, "select greenlight_release($1, $2::boolean)", params, 2, NULL, NULL, &e))
        msg_warn("cannot give rows back, their leases run out: %s", e.text);
    db_close(db);
}
