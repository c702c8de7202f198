/* db: statements on a Postgres database.
 *
 * Everything of libpq is in here.  A statement is sent unnamed, with its
 * parameters beside it, and is a transaction of its own, so it may go through a
 * pooler.  Where the database is away, it is connected to again and the
 * statement sent again, as libcommon/retry says; so a statement must be one that
 * can run twice.  Errors never show a password. */
#ifndef GL_DB_H
#define GL_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "cli.h"
#include "err.h"
#include "retry.h"

struct db;

struct db_options {
    const char *conninfo; /* a URL or connection string; NULL: see db_open */
    int64_t timeout_ms;   /* for one statement, with all its attempts */
    struct retry_policy policy;
};

/* The options of every program with a database, as rows of its table. */
/* clang-format off */
#define DB_OPTIONS(T, m)                                                                          \
    {.name = "db", .arg = "CONNINFO", .type = CLI_TEXT, .member = offsetof(T, m.conninfo),        \
     .env = "GREENLIGHT_DATABASE_URL", .help = "the database, as a URL or connection string"},    \
    {.name = "db-timeout", .arg = "D", .type = CLI_DURATION, .member = offsetof(T, m.timeout_ms), \
     .min = 1, .max = INT64_MAX, .preset = "60s", .help = "give up a statement after D"}

#define DB_RETRY_OPTIONS(T, m)                                                                    \
    RETRY_OPTIONS(T, m, "try N times at most where the database is away"),                        \
    RETRY_CAP_OPTION(T, m, "never wait longer than D for a retry")
/* clang-format on */

/* A handle; it connects at the first statement.  Without a conninfo the database
 * is that of libpq's own variables (PGHOST, PGSERVICE, ...) where one of them
 * says where it is, else gl-localdb's where its socket is there, else libpq's
 * default.  False: the conninfo cannot be read (EXIT_CONFIG), or holds a
 * password and did not come from the environment (EXIT_USAGE): everybody can
 * read a command line.  *o is copied; its conninfo is borrowed.  No *e here may be
 * NULL. */
bool db_open(struct db **db, const struct db_options *o, struct err *e);
void db_close(struct db *db); /* NULL is fine */

/* Gets a row's values as texts, NULL for null; they live as long as the call.
 * False, with *e filled, ends the query so. */
typedef bool db_row_fn(const char *const *values, void *context, struct err *e);

/* Runs one statement with `count` parameters (NULL: null) and calls `row` for
 * each row once it has succeeded; row may be NULL.  How it fails is the exit
 * code: EXIT_DATA: a value or row is at fault, and without it others may go in;
 * EXIT_AGAIN: the database is away or busy, and so it stayed; EXIT_AUTH;
 * EXIT_CONFIG: there is no such database or table; EXIT_BUG. */
bool db_query(struct db *db, const char *sql, const char *const *params, size_t count, db_row_fn *row,
              void *context, struct err *e);

/* db_query in two halves: db_start connects and sends, db_finish waits for the
 * end, tries again where that helps, and gives the rows.  In between the program
 * can do other work, but ask nothing else of this database, and must keep sql and
 * params.  `lengths`, where not NULL, makes all parameters binary. */
void db_start(struct db *db, const char *sql, const char *const *params, const int *lengths, size_t count);
bool db_finish(struct db *db, db_row_fn *row, void *context, struct err *e);

/* Readable once there is something for db_finish to do; -1: it will not wait. */
int db_fd(const struct db *db);

/* When db_finish gives up at the latest, for who waits for db_fd. */
int64_t db_deadline(const struct db *db);

/* Runs several statements as one transaction, in one message; rows they give
 * are dropped.  They contain neither begin nor commit. */
bool db_script(struct db *db, const char *sql, struct err *e);

/* A parameter that is an array, in the making: start, add each element (NULL:
 * null), end; then b->data is the parameter.  One type per array is said in the
 * SQL: `$1::text[]`. */
void db_array_start(struct buf *b);
void db_array_add(struct buf *b, const char *text, size_t len);
void db_array_end(struct buf *b);

/* The SQLSTATE of the last failure, "" where there was none. */
const char *db_sqlstate(const struct db *db);

/* What an SQLSTATE means: the exit code, and whether to try again. */
struct db_meaning {
    const char *prefix;
    enum exit_code code;
    bool again, reconnect; /* reconnect: this server will not do it */
};
struct db_meaning db_meaning(const char *sqlstate);

#endif
