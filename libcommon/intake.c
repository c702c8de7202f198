/* intake: fates are noted as answers come, and count only when all have come:
 * until then nothing is committed for certain. */
#include "intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "row.h"
#include "spool.h"
#include "xalloc.h"

enum { TEXTS_MAX = 512 << 20 };

void intake_init(struct intake *set)
{
    *set = (struct intake){0};
    batch_init(&set->rows, &batch_enqueue);
    buf_init(&set->texts, TEXTS_MAX);
}

void intake_clear(struct intake *set)
{
    for (size_t i = 0; i < set->rows.rows; i++)
        free(set->items[i].text);
    buf_clear(&set->texts);
    batch_clear(&set->rows);
}

void intake_free(struct intake *set)
{
    intake_clear(set);
    batch_free(&set->rows);
    buf_free(&set->texts);
    free(set->items);
}

/* ---- in ---- */

void intake_put(struct intake *set, const char *text, size_t len)
{
    buf_add(&set->texts, text, len);
    buf_putc(&set->texts, '\n');
}

bool intake_add(struct intake *set, const struct enqueue_options *o, const struct jsonl_record *in,
                const struct json_object *gl, struct err *e)
{
    if (!enqueue_add(&set->rows, o, in->object, gl, e))
        return false;
    if (set->rows.rows == 1)
        set->since = clock_now();
    xgrow(&set->items, &set->cap, set->rows.rows, sizeof *set->items);
    struct intake_item *item = &set->items[set->rows.rows - 1];
    *item = (struct intake_item){.file = in->file, .line = in->line, .ready = set->texts.len};
    buf_add(&set->texts, gl->text.at, gl->count ? gl->text.len : 0);
    item->end = set->texts.len;
    return true;
}

/* ---- to the database ---- */

static void answered(size_t row, const char *const *values, void *context)
{
    struct intake *set = context;
    struct intake_item *item = &set->items[row];
    item->fate = INTAKE_STORED;
    item->duplicate = *values[1] == 't';
    snprintf(item->id, sizeof item->id, "%s", values[0]);
    snprintf(item->queued_at, sizeof item->queued_at, "%s", values[2]);
}

static void refused(size_t row, const struct err *why, void *context)
{
    struct intake *set = context;
    struct intake_item *item = &set->items[row];
    item->fate = INTAKE_REFUSED;
    item->text = xstrdup(why->text);
}

static bool take_row(const char *const *values, void *context, struct err *e)
{
    struct intake *set = context;
    struct buf members;
    int64_t n;
    if (!parse_int(values[0], 1, (int64_t)set->rows.rows, &n))
        return err_set(e, EXIT_BUG, "the database answers for a row that there is not");
    buf_init(&members, TEXTS_MAX);
    row_put(&members, values + 1, ROW_WITHOUT_PAYLOADS);
    set->items[n - 1].text = buf_detach(&members);
    set->items[n - 1].fate = INTAKE_KNOWN;
    return true;
}

/* The ids of the rows that are not as they were sent, null for the others, as an
 * array: those of others, and those for which the database set more than queued_at.
 * They are unstored until they are seen to be there. */
static bool list_changed(struct intake *set, struct buf *ids)
{
    struct batch_cursor cursor = {0};
    struct batch_value row[BATCH_COLUMNS_MAX];
    bool any = false;
    db_array_start(ids);
    while (batch_next(&set->rows, &cursor, row)) {
        struct intake_item *item = &set->items[cursor.row - 1];
        bool changed = item->fate == INTAKE_STORED && (item->duplicate || row[ENQUEUE_EXECUTION_ID].at);
        db_array_add(ids, changed ? item->id : NULL, changed ? strlen(item->id) : 0);
        if (changed)
            item->fate = INTAKE_UNSTORED;
        any |= changed;
    }
    db_array_end(ids);
    return any;
}

static bool look_up(struct intake *set, struct db *db, struct err *e)
{
    struct buf ids, sql;
    bool good = true;
    buf_init(&ids, TEXTS_MAX);
    buf_init(&sql, TEXTS_MAX);
    if (list_changed(set, &ids)) {
        const char *params[] = {ids.data};
        buf_puts(&sql, "select u.n, ");
        row_select(&sql, ROW_WITHOUT_PAYLOADS);
        buf_puts(&sql, " from unnest($1::uuid[]) with ordinality as u(id, n) cross join lateral"
                       " (select * from greenlight_queue q where q.id = u.id limit 1) q");
        good = db_query(db, sql.data, params, 1, take_row, set, e);
    }
    buf_free(&ids);
    buf_free(&sql);
    return good;
}

void intake_start(struct intake *set, struct db *db)
{
    batch_start(&set->rows, db);
}

bool intake_finish(struct intake *set, struct db *db, struct err *e)
{
    const struct batch_hooks hooks = {answered, refused, set};
    return batch_finish(&set->rows, db, &hooks, e) && look_up(set, db, e);
}

bool intake_spool(struct intake *set, const char *folder, struct err *e)
{
    bool *known = xcalloc(set->rows.rows + 1, sizeof *known);
    for (size_t i = 0; i < set->rows.rows; i++)
        known[i] = set->items[i].fate != INTAKE_UNSTORED;
    bool good = spool_write(folder, &set->rows, known, e);
    for (size_t i = 0; good && i < set->rows.rows; i++)
        if (!known[i])
            set->items[i].fate = INTAKE_SPOOLED;
    free(known);
    return good;
}
