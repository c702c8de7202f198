/* loop: claims rows and settles them, a hundred at a time, with nothing between:
 * what the queue itself takes, by the statements of gl-claim and gl-settle on one
 * connection.
 *
 *     bench-loop ROWS RESULT     RESULT: a file with the result of every row */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "claim.h"
#include "cli.h"
#include "db.h"
#include "msg.h"
#include "parse.h"

enum { BATCH = 100, RESULT_MAX = 65536 };

struct loop {
    struct batch batch;
    char result[RESULT_MAX];
    size_t result_len;
    int64_t settled;
};

static struct batch_value text(const char *value)
{
    return (struct batch_value){value, strlen(value)};
}

static void take(const struct claim_row *row, void *context)
{
    struct loop *l = context;
    const struct batch_value values[SETTLE_COLUMNS] = {
        [SETTLE_ID] = text(row->id),         [SETTLE_TOKEN] = text(row->token),
        [SETTLE_OUTCOME] = text("complete"), [SETTLE_RESULT] = {l->result, l->result_len},
        [SETTLE_VERBATIM] = text("false"),
    };
    batch_add(&l->batch, values);
}

static void answered(size_t row, const char *const *values, void *context)
{
    struct loop *l = context;
    (void)row;
    if (strcmp(values[0], "settled") != 0)
        die(EXIT_BUG, "a row is %s", values[0]);
    l->settled++;
}

static void refused(size_t row, const struct err *why, void *context)
{
    (void)row;
    (void)context;
    die_err(why);
}

static void read_result(struct loop *l, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        die(EXIT_IO, "cannot open \"%s\"", path);
    l->result_len = fread(l->result, 1, sizeof l->result, file);
    fclose(file);
}

static void run(struct loop *l, struct db *db, int64_t rows)
{
    const struct claim_options o = {.worker = "loop", .lease_ms = 60000};
    const struct batch_hooks hooks = {answered, refused, l};
    struct claim *claim = claim_open(db, &o);
    struct err e;
    int64_t got = 1;
    while (got && l->settled < rows) {
        if (!claim_rows(claim, BATCH, take, l, &got, &e))
            die_err(&e);
        if (l->batch.rows && !batch_send(&l->batch, db, &hooks, &e))
            die_err(&e);
        batch_clear(&l->batch);
    }
    claim_close(claim);
}

int main(int argc, char **argv)
{
    static struct loop l;
    const struct db_options o = {.timeout_ms = 60000, .policy = {.attempts = 1}};
    struct db *db;
    struct err e;
    int64_t rows;
    if (argc != 3 || !parse_int(argv[1], 1, INT64_MAX, &rows))
        die(EXIT_USAGE, "usage: bench-loop ROWS RESULT");
    read_result(&l, argv[2]);
    batch_init(&l.batch, &batch_settle);
    if (!db_open(&db, &o, &e))
        die_err(&e);
    run(&l, db, rows);
    if (l.settled != rows)
        die(EXIT_DATA, "%lld rows were there", (long long)l.settled);
    db_close(db);
    batch_free(&l.batch);
    return EXIT_OK;
}
