/* gl-ls: lists the rows of the queue.
 *
 * Pages are asked for one after the other, each from where the one before ended, so
 * nothing is held open in the database and no list is too long.  A page is as
 * many rows as fit into a megabyte (greenlight_size), so memory is bounded too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer_base.h"
#include "cli.h"
#include "db.h"
#include "msg.h"
#include "outcome.h"
#include "parse.h"
#include "pick.h"
#include "row.h"

enum { PAGE_ROWS = 500, LINE_MAX_BYTES = 256 << 20 };

struct options {
    struct db_options db;
    int64_t limit;
    const char *status, *learner, *atom;
    bool unseen, outcomes, brief, reverse, exit_status;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.letter = 'n', .name = "limit", .arg = "N", .type = CLI_INT, .member = AT(limit), .min = 1, .max = INT64_MAX,
     .help = "list N rows at most"},
    {.letter = 'r', .name = "reverse", .member = AT(reverse), .help = "the oldest rows first"},
    {.name = "status", .arg = "S,S", .type = CLI_TEXT, .member = AT(status),
     .choices = "pending,executing,complete,failed,cancelled",
     .help = "only rows that are pending, executing, complete, failed or cancelled"},
    {.name = "learner", .arg = "ID", .type = CLI_TEXT, .member = AT(learner), .help = "only rows of this learner"},
    {.name = "atom", .arg = "ID", .type = CLI_TEXT, .member = AT(atom), .help = "only rows of this atom"},
    {.name = "unseen", .member = AT(unseen), .help = "only rows that ended and were not acknowledged"},
    {.name = "outcomes", .member = AT(outcomes), .help = "print outcomes instead of rows"},
    {.name = "brief", .member = AT(brief), .help = "leave request_payload and result_payload out"},
    DB_OPTIONS(struct options, db),
    DB_RETRY_OPTIONS(struct options, db.policy),
    CLI_EXIT_STATUS(struct options, exit_status, "nothing was listed"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-ls",
    "[ID ...]",
    "List the rows of the queue, newest first, one JSON object a line.",
    options,
};

struct list {
    struct options o;
    struct buf line, part, statuses, ids;
    struct answer answer;
    char last[PICK_ID_LEN + 1]; /* "": there was no row yet */
    int64_t listed;
};

/* ---- records ---- */

/* The columns of an outcome, in the order in which put_outcome reads them. */
static const char *const outcome_columns[] = {
    "id", "status", "atom_id", "learner_id", "completed_at", "request_payload", "result_payload"};

/* A JSON string in list->part, from `at` on. */
static size_t add_string(struct list *list, const char *text)
{
    size_t at = list->part.len;
    json_put_text(&list->part, text);
    return at;
}

static void put_outcome(struct list *list, const char *const *values)
{
    const char *status = values[1], *result = values[6] ? values[6] : "null";
    struct buf *part = &list->part;
    size_t at[6];
    buf_clear(part);
    at[0] = add_string(list, values[2]);
    at[1] = add_string(list, values[3]);
    at[2] = add_string(list, values[0]);
    at[3] = add_string(list, values[4]);
    at[4] = part->len;
    json_put_compact(part, result, strlen(result));
    at[5] = part->len;
    const struct outcome o = {
        .word = strcmp(status, "complete") == 0                                      ? NULL
                : strcmp(status, "pending") == 0 || strcmp(status, "executing") == 0 ? "queued"
                                                                                     : status,
        .atom_id = {part->data + at[0], at[1] - at[0]},
        .learner_id = {part->data + at[1], at[2] - at[1]},
        .queue_id = {part->data + at[2], at[3] - at[2]},
        .completed_at = {part->data + at[3], at[4] - at[3]},
        .result = {part->data + at[4], at[5] - at[4]},
        .request = {values[5], strlen(values[5])},
    };
    outcome_put(&list->line, &o, &list->answer);
}

static bool take_row(const char *const *values, void *context, struct err *e)
{
    struct list *list = context;
    (void)e;
    buf_clear(&list->line);
    if (list->o.outcomes)
        put_outcome(list, values);
    else
        row_put_record(&list->line, values, list->o.brief ? ROW_WITHOUT_PAYLOADS : ROW_WHOLE, "");
    buf_putc(&list->line, '\n');
    cli_write(list->line.data, list->line.len);
    snprintf(list->last, sizeof list->last, "%s", values[0]);
    list->listed++;
    return true;
}

/* ---- the query ---- */

static void put_columns(const struct list *list, struct buf *sql)
{
    if (!list->o.outcomes) {
        row_select(sql, list->o.brief ? ROW_WITHOUT_PAYLOADS : ROW_WHOLE);
        return;
    }
    for (size_t i = 0; i < sizeof outcome_columns / sizeof *outcome_columns; i++) {
        buf_puts(sql, i ? ", " : "");
        row_column(sql, outcome_columns[i]);
    }
}

static void put_query(const struct list *list, struct buf *sql)
{
    buf_puts(sql, "select ");
    put_columns(list, sql);
    buf_printf(sql,
               " from (select s.*, sum(s.size) over (order by s.ordinality) - s.size as before"
               " from (select l.*, greenlight_size(l.request_payload, l.request_text, l.result_payload,"
               " l.result_text) as size"
               " from greenlight_list($1::text[], $2, $3, $4::boolean, $5::uuid[], $6::int, $7::uuid,"
               " $8::boolean) with ordinality as l) s) q where q.before < %d order by q.ordinality",
               1 << 20);
}

/* Lists page by page until there is none. */
static bool list_rows(struct list *list, struct db *db, struct err *e)
{
    struct buf sql;
    char count[24];
    const struct options *o = &list->o;
    bool good = true;
    buf_init(&sql, 8192);
    put_query(list, &sql);
    while (good) {
        int64_t before = list->listed, left = o->limit ? o->limit - before : PAGE_ROWS;
        if (left == 0)
            break;
        snprintf(count, sizeof count, "%d", (int)(left < PAGE_ROWS ? left : PAGE_ROWS));
        const char *const params[] = {o->status ? list->statuses.data : NULL,
                                      o->learner,
                                      o->atom,
                                      o->unseen ? "true" : "false",
                                      list->ids.len ? list->ids.data : NULL,
                                      count,
                                      *list->last ? list->last : NULL,
                                      o->reverse ? "true" : "false"};
        good = db_query(db, sql.data, params, sizeof params / sizeof *params, take_row, list, e);
        if (list->listed == before)
            break;
    }
    buf_free(&sql);
    return good;
}

/* ---- the command line ---- */

static void read_statuses(struct list *list)
{
    const char *word = list->o.status;
    char text[16];
    int choice;
    db_array_start(&list->statuses);
    for (;;) {
        size_t len = strcspn(word, ",");
        snprintf(text, sizeof text, "%.*s", (int)len, word);
        if (len >= sizeof text || !parse_choice(text, "pending|executing|complete|failed|cancelled", &choice))
            die(EXIT_USAGE, "--status: \"%.*s\" is none of pending, executing, complete, failed, cancelled",
                (int)len, word);
        db_array_add(&list->statuses, word, len);
        if (!word[len])
            break;
        word += len + 1;
    }
    db_array_end(&list->statuses);
}

static void read_ids(struct list *list, char **operands)
{
    if (!*operands)
        return;
    db_array_start(&list->ids);
    for (; *operands; operands++) {
        if (!pick_is_id(*operands, strlen(*operands)))
            die(EXIT_USAGE, "%s: is no id of a row", *operands);
        db_array_add(&list->ids, *operands, PICK_ID_LEN);
    }
    db_array_end(&list->ids);
}

int main(int argc, char **argv)
{
    static struct list list;
    struct db *db;
    struct err e;
    char **operands = cli_parse(&cli, &list.o, argc, argv);
    buf_init(&list.line, LINE_MAX_BYTES);
    buf_init(&list.part, LINE_MAX_BYTES);
    buf_init(&list.statuses, 4096);
    buf_init(&list.ids, LINE_MAX_BYTES);
    answer_init(&list.answer);
    if (list.o.status)
        read_statuses(&list);
    read_ids(&list, operands);
    if (!db_open(&db, &list.o.db, &e))
        die_err(&e);
    enum exit_code code = list_rows(&list, db, &e) ? EXIT_OK : e.code;
    if (code != EXIT_OK)
        msg_error("%s", e.text);
    if (code == EXIT_OK && list.o.exit_status && !list.listed)
        code = EXIT_NOTHING;
    answer_free(&list.answer);
    buf_free(&list.ids);
    buf_free(&list.statuses);
    buf_free(&list.part);
    buf_free(&list.line);
    db_close(db);
    return cli_finish(code);
}
