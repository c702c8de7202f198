/* change: the function first, then the rows, since a statement does not see what
 * a function that it calls has changed. */
#include "change.h"

#include <string.h>

#include "msg.h"
#include "pick.h"
#include "row.h"
#include "signals.h"

enum { LINE_MAX_BYTES = 256 << 20 };

struct run {
    const struct change *change;
    struct pick pick;
    struct buf ids, answers, call, list, line;
    size_t changed;
};

static bool take_answer(const char *const *values, void *context, struct err *e)
{
    struct run *r = context;
    (void)e;
    db_array_add(&r->answers, values[0], strlen(values[0]));
    return true;
}

/* A row, after the answer that it got. */
static bool take_row(const char *const *values, void *context, struct err *e)
{
    struct run *r = context;
    bool changed = strcmp(values[0], r->change->done) == 0;
    bool duplicate = strcmp(values[0], "duplicate") == 0;
    (void)e;
    if (!values[1]) {
        pick_refuse(&r->pick, "there is no row with this id");
        return true;
    }
    r->changed += changed;
    buf_clear(&r->line);
    row_put_record(&r->line, values + 1, ROW_WITHOUT_PAYLOADS,
                   changed     ? ""
                   : duplicate ? ",\"unchanged\":true,\"duplicate\":true"
                               : ",\"unchanged\":true");
    pick_put(&r->pick, r->line.data, r->line.len);
    return true;
}

static bool change_batch(struct run *r, struct db *db, struct err *e)
{
    const char *const ids[] = {r->ids.data};
    db_array_start(&r->answers);
    if (!db_query(db, r->call.data, ids, 1, take_answer, r, e))
        return false;
    db_array_end(&r->answers);
    return db_query(db, r->list.data, (const char *const[]){r->ids.data, r->answers.data}, 2, take_row, r, e);
}

static bool change_all(struct run *r, struct db *db, struct err *e)
{
    while (pick_read(&r->pick)) {
        if (pick_ids(&r->pick, &r->ids) && !change_batch(r, db, e))
            return false;
        pick_end(&r->pick);
    }
    return true;
}

static void prepare(struct run *r)
{
    buf_init(&r->ids, PICK_BATCH * 64);
    buf_init(&r->answers, PICK_BATCH * 64);
    buf_init(&r->call, 4096);
    buf_init(&r->list, 4096);
    buf_init(&r->line, LINE_MAX_BYTES);
    buf_printf(&r->call, "select answer from %s($1::uuid[]) order by ord", r->change->function);
    buf_puts(&r->list, "select a.answer, ");
    row_select(&r->list, ROW_WITHOUT_PAYLOADS);
    buf_puts(&r->list, " from unnest($1::uuid[], $2::text[]) with ordinality as a(id, answer, ord) "
                       "left join greenlight_queue q on q.id = a.id order by a.ord");
}

int change_run(const struct change *change, const struct change_options *o, char **operands)
{
    struct run r = {.change = change};
    struct db *db;
    struct err e;
    signals_catch();
    if (!db_open(&db, &o->db, &e))
        die_err(&e);
    prepare(&r);
    pick_open(&r.pick, operands, (size_t)o->max_record);
    bool good = change_all(&r, db, &e);
    enum exit_code code = good ? r.pick.code : e.code;
    if (!good)
        msg_error("%s", e.text);
    msg_info("%zu rows, %zu %s", r.pick.named, r.changed, change->done);
    if (code == EXIT_OK && o->exit_status && !r.changed)
        code = EXIT_NOTHING;
    pick_close(&r.pick);
    buf_free(&r.line);
    buf_free(&r.list);
    buf_free(&r.call);
    buf_free(&r.answers);
    buf_free(&r.ids);
    db_close(db);
    return cli_finish(code);
}
