/* claim: greenlight_claim and greenlight_held, with places and ids kept as the
 * texts that Postgres gave. */
#include "claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "xalloc.h"

enum {
    PRIORITIES = 10,
    FRESH_LOOK_MS = 10000, /* how often a claim begins at the beginning */
    IDS_MAX = 256 << 20,
};

struct claim {
    struct claim_options o;
    struct db *db;
    char *since[PRIORITIES]; /* where the next walk of each priority begins */
    char *swept;             /* the same for the sweep */
    int64_t fresh_look;      /* when to forget both */
    struct buf held;         /* ids that may still be held, as a parameter in the making */
    int64_t held_count;
    claim_row_fn *take; /* of the claim under way */
    void *context;
    int64_t got;
};

struct claim *claim_open(struct db *db, const struct claim_options *o)
{
    struct claim *c = xcalloc(1, sizeof *c);
    c->db = db;
    c->o = *o;
    buf_init(&c->held, IDS_MAX);
    db_array_start(&c->held);
    return c;
}

static void set_text(char **member, const char *text)
{
    free(*member);
    *member = text ? xstrdup(text) : NULL;
}

static void forget_places(struct claim *c)
{
    for (size_t i = 0; i < PRIORITIES; i++)
        set_text(&c->since[i], NULL);
    set_text(&c->swept, NULL);
}

void claim_close(struct claim *c)
{
    if (!c)
        return;
    forget_places(c);
    buf_free(&c->held);
    free(c);
}

/* ---- the bound ---- */

static void hold(struct claim *c, const char *id)
{
    db_array_add(&c->held, id, strlen(id));
    c->held_count++;
}

static bool take_held(const char *const *values, void *context, struct err *e)
{
    (void)e;
    hold(context, values[0]);
    return true;
}

/* Asks which of the rows that were claimed are still held. */
static bool count_held(struct claim *c, struct err *e)
{
    db_array_end(&c->held);
    char *ids = buf_detach(&c->held);
    const char *const params[] = {c->o.worker, ids};
    db_array_start(&c->held);
    c->held_count = 0;
    bool good = db_query(c->db, "select greenlight_held($1, $2::uuid[])", params, 2, take_held, c, e);
    free(ids);
    return good;
}

bool claim_room(struct claim *c, int64_t wanted, int64_t *room, struct err *e)
{
    int64_t enough = c->o.max_held / 4 > 1 ? c->o.max_held / 4 : 1;
    *room = wanted;
    if (!c->o.max_held)
        return true;
    if (c->o.max_held - c->held_count < wanted && c->held_count && !count_held(c, e))
        return false;
    if (c->o.max_held - c->held_count < wanted)
        *room = c->o.max_held - c->held_count;
    if (*room < wanted && *room < enough)
        *room = 0;
    return true;
}

/* ---- claiming ---- */

/* Moments as JSON have the same form whatever the session's DateStyle is. */
static const char claim_sql[] =
    "select greenlight_request(q), q.id, q.lease_token, coalesce(q.idempotency_key, q.id::text), q.endpoint, "
    "q.retry_count, q.atom_id, q.learner_id, q.execution_id, q.priority, to_json(q.run_at) #>> '{}', "
    "to_json(q.started_at) #>> '{}' "
    "from greenlight_claim($1, $2::int, lease => $3::interval, atom_id => $4, learner_id => $5, "
    "since => $6::timestamptz[], swept => coalesce($7::timestamptz, '-infinity')) q";

enum { PRIORITY = 9, RUN_AT, STARTED_AT };

static bool take_row(const char *const *values, void *context, struct err *e)
{
    struct claim *c = context;
    const struct claim_row row = {.request = values[0],
                                  .id = values[1],
                                  .token = values[2],
                                  .idempotency_key = values[3],
                                  .endpoint = values[4],
                                  .retry_count = values[5],
                                  .atom_id = values[6],
                                  .learner_id = values[7],
                                  .execution_id = values[8]};
    (void)e;
    c->got++;
    set_text(&c->since[*values[PRIORITY] - '0'], values[RUN_AT]);
    set_text(&c->swept, values[STARTED_AT]);
    if (c->o.max_held)
        hold(c, row.id);
    c->take(&row, c->context);
    return true;
}

bool claim_rows(struct claim *c, int64_t count, claim_row_fn *take, void *context, int64_t *got,
                struct err *e)
{
    struct buf since;
    char number[24], lease[48];
    int64_t now = clock_now();
    if (now >= c->fresh_look) {
        forget_places(c);
        c->fresh_look = clock_after(now, FRESH_LOOK_MS);
    }
    buf_init(&since, 4096);
    db_array_start(&since);
    for (size_t i = 0; i < PRIORITIES; i++)
        db_array_add(&since, c->since[i], c->since[i] ? strlen(c->since[i]) : 0);
    db_array_end(&since);
    snprintf(number, sizeof number, "%lld", (long long)count);
    snprintf(lease, sizeof lease, "%lld milliseconds", (long long)c->o.lease_ms);
    const char *const params[] = {c->o.worker,     number,     lease,   c->o.atom_id,
                                  c->o.learner_id, since.data, c->swept};
    c->take = take;
    c->context = context;
    c->got = 0;
    bool good = db_query(c->db, claim_sql, params, sizeof params / sizeof *params, take_row, c, e);
    *got = c->got;
    buf_free(&since);
    return good;
}
