/* gl-ack: marks outcomes as taken note of.
 *
 * What was seen is acknowledged, and nothing else: where the record says when its
 * outcome came, a later one of the same row stays unseen. */
#include <string.h>

#include "cli.h"
#include "db.h"
#include "msg.h"
#include "pick.h"
#include "signals.h"

struct options {
    struct db_options db;
    bool exit_status;
    int64_t max_record;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    DB_OPTIONS(struct options, db),
    DB_RETRY_OPTIONS(struct options, db.policy),
    JSONL_OPTION(struct options, max_record),
    CLI_EXIT_STATUS(struct options, exit_status, "nothing was acknowledged that was not before"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-ack",
    "[FILE | ID ...]",
    "Mark the outcomes of rows as taken note of.",
    options,
};

struct ack {
    struct pick pick;
    size_t acked;
};

static bool take_answer(const char *const *values, void *context, struct err *e)
{
    static const struct {
        const char *answer, *why;
    } refusals[] = {
        {"open", "the row has no outcome yet"},
        {"changed", "the row has another outcome than the one that was seen"},
        {"gone", "there is no row with this id"},
    };
    struct ack *a = context;
    (void)e;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (strcmp(values[0], refusals[i].answer) == 0) {
            pick_refuse(&a->pick, refusals[i].why);
            return true;
        }
    a->acked += strcmp(values[0], "acked") == 0;
    pick_pass(&a->pick);
    return true;
}

static bool ack(struct ack *a, struct db *db, struct err *e)
{
    struct buf ids, moments;
    bool good = true;
    buf_init(&ids, PICK_BATCH * 64);
    buf_init(&moments, PICK_BATCH * 64);
    while (good && pick_read(&a->pick)) {
        pick_moments(&a->pick, &moments);
        if (pick_ids(&a->pick, &ids))
            good = db_query(db, "select answer from greenlight_ack($1::uuid[], $2::text[]) order by ord",
                            (const char *const[]){ids.data, moments.data}, 2, take_answer, a, e);
        if (good)
            pick_end(&a->pick);
    }
    buf_free(&moments);
    buf_free(&ids);
    return good;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct ack a = {0};
    struct db *db;
    struct err e;
    char **operands = cli_parse(&cli, &o, argc, argv);
    signals_catch();
    if (!db_open(&db, &o.db, &e))
        die_err(&e);
    pick_open(&a.pick, operands, (size_t)o.max_record);
    bool good = ack(&a, db, &e);
    enum exit_code code = good ? a.pick.code : e.code;
    if (!good)
        msg_error("%s", e.text);
    msg_info("%zu rows, %zu acknowledged", a.pick.named, a.acked);
    if (code == EXIT_OK && o.exit_status && !a.acked)
        code = EXIT_NOTHING;
    pick_close(&a.pick);
    db_close(db);
    return cli_finish(code);
}
