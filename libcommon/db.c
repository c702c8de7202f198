/* db: libpq, asynchronous so that every wait has an end, and one table that
 * says which failure is whose.
 *
 * libpq tells no SQLSTATE when connecting fails.  Where PQping finds the server
 * well, one more attempt is made with verbose errors, which carry it. */
#define _GNU_SOURCE /* program_invocation_short_name */
#include "db.h"

#include <errno.h>
#include <poll.h>
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "chance.h"
#include "clock.h"
#include "conninfo.h"
#include "msg.h"
#include "xalloc.h"

enum { WORDS_MAX = 16, ASK_MS = 3000, PARAMETERS_MAX = 32 };

static const int all_binary[PARAMETERS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                               1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* One statement or script on its way. */
struct task {
    const char *sql;
    const char *const *params;
    const int *lengths;
    size_t count;
    bool script;
    db_row_fn *row;
    void *context;
    int64_t deadline;
    bool sent; /* else why and what it means */
    struct db_meaning meaning;
    struct err why;
};

struct db {
    struct db_options o;
    char *localdb; /* the folder of gl-localdb's socket, where that is the database */
    PGconn *conn;  /* NULL: not connected */
    char sqlstate[6];
    struct task task;
};

/* The first prefix that fits counts. */
static const struct db_meaning meanings[] = {
    {"08", EXIT_AGAIN, true, true},       /* connection lost; a pooler's own errors */
    {"22", EXIT_DATA, false, false},      /* a value that its type refuses */
    {"23", EXIT_DATA, false, false},      /* a constraint */
    {"25006", EXIT_AGAIN, true, true},    /* read-only: a standby, or a primary that was */
    {"28", EXIT_AUTH, false, false},      /* role or password */
    {"3D", EXIT_CONFIG, false, false},    /* no such database */
    {"3F", EXIT_CONFIG, false, false},    /* no such schema */
    {"40", EXIT_AGAIN, true, false},      /* deadlock, serialization */
    {"42501", EXIT_AUTH, false, false},   /* no privilege */
    {"42P01", EXIT_CONFIG, false, false}, /* no such table */
    {"42703", EXIT_CONFIG, false, false}, /* column */
    {"42883", EXIT_CONFIG, false, false}, /* function */
    {"53", EXIT_AGAIN, true, false},      /* connections, memory or disk used up */
    {"54", EXIT_DATA, false, false},      /* too deep, too large */
    {"55P03", EXIT_AGAIN, true, false},   /* lock not available */
    {"57P", EXIT_AGAIN, true, true},      /* shutting down, starting up */
    {"57", EXIT_AGAIN, false, false},     /* cancelled: a time-out of the server's */
    {"58", EXIT_AGAIN, false, false},     /* the server's disk */
    {"XX", EXIT_AGAIN, false, true},      /* the server is broken */
    {"", EXIT_BUG, false, false},
};

struct db_meaning db_meaning(const char *sqlstate)
{
    const struct db_meaning *m = meanings;
    while (strncmp(sqlstate, m->prefix, strlen(m->prefix)) != 0)
        m++;
    return *m;
}

bool db_open(struct db **db, const struct db_options *o, struct err *e)
{
    if (o->conninfo && !conninfo_check(o->conninfo, e))
        return false;
    *db = xcalloc(1, sizeof **db);
    (*db)->o = *o;
    if (!o->conninfo)
        (*db)->localdb = conninfo_localdb();
    return true;
}

static void disconnect(struct db *db)
{
    PQfinish(db->conn);
    db->conn = NULL;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    disconnect(db);
    free(db->localdb);
    free(db);
}

const char *db_sqlstate(const struct db *db)
{
    return db->sqlstate;
}

/* ---- connecting ---- */

struct connection_words {
    const char *keys[WORDS_MAX], *values[WORDS_MAX];
    char timeout[24];
    size_t count;
};

static void add_word(struct connection_words *w, const char *key, const char *value)
{
    w->keys[w->count] = key;
    w->values[w->count++] = value;
}

/* What stands later wins; PQconnectdbParams expands dbname where it stands. */
static void fill_words(const struct db *db, struct connection_words *w)
{
    *w = (struct connection_words){.count = 0};
    if (!getenv("PGCONNECT_TIMEOUT"))
        add_word(w, "connect_timeout", "5");
    /* A host that fell silent is left for the next one while the statement has time. */
    add_word(w, "tcp_user_timeout", "10000");
    add_word(w, "keepalives_idle", "5");
    add_word(w, "keepalives_interval", "2");
    if (db->localdb) {
        add_word(w, "host", db->localdb);
        add_word(w, "port", "5432");
        add_word(w, "user", "greenlight");
    }
    add_word(w, "dbname", db->localdb ? "greenlight" : db->o.conninfo);
    add_word(w, "fallback_application_name", program_invocation_short_name);
    add_word(w, "client_encoding", "UTF8");
}

/* The first line of a libpq message, without its end. */
static const char *first_line(const char *text, char *line, size_t room)
{
    snprintf(line, room, "%.*s", (int)strcspn(text, "\n"), text);
    return line;
}

/* Says what is notable of the server's notices. */
static void notice(void *context, const PGresult *result)
{
    (void)context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (severity && text && strcmp(severity, "WARNING") == 0)
        msg_warn("database: %s", text);
    else if (text)
        msg_info("database: %s", text);
}

/* Waits until the socket can be read, or also written; false at the deadline. */
static bool wait_for(PGconn *conn, short events, int64_t deadline)
{
    struct pollfd p = {.fd = PQsocket(conn), .events = events};
    int ready;
    do {
        int64_t now = clock_now();
        if (now >= deadline)
            return false;
        ready = poll(&p, 1, clock_poll_ms(now, deadline));
    } while (ready == 0 || (ready < 0 && errno == EINTR));
    return true;
}

/* Looks for "FATAL:  28P01: " in verbose errors; the last one counts. */
static void find_sqlstate(const char *text, char *sqlstate)
{
    static const char code[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (const char *at = strstr(text, ":  "); at; at = strstr(at + 1, ":  "))
        if (strspn(at + 3, code) == 5 && at[8] == ':')
            snprintf(sqlstate, 6, "%.5s", at + 3);
}

/* Connects once more with verbose errors, for the SQLSTATE.  Connecting so never
 * leaves a host that says nothing for the next one. */
static void ask_sqlstate(struct db *db, const struct connection_words *w, int64_t deadline)
{
    int64_t end = clock_after(clock_now(), ASK_MS);
    PGconn *conn = PQconnectStartParams(w->keys, w->values, 1);
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    PostgresPollingStatusType next =
        PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
        if (!wait_for(conn, next == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                      end < deadline ? end : deadline))
            break;
        next = PQconnectPoll(conn);
    }
    find_sqlstate(PQerrorMessage(conn), db->sqlstate);
    PQfinish(conn);
}

/* What a failure to connect means. */
static struct db_meaning judge_connection(struct db *db, const struct connection_words *w, int64_t deadline)
{
    static const struct db_meaning away = {"", EXIT_AGAIN, true, true},
                                   wrong = {"", EXIT_CONFIG, false, true};
    switch (PQpingParams(w->keys, w->values, 1)) {
    case PQPING_NO_ATTEMPT:
        return wrong;
    case PQPING_OK:
        ask_sqlstate(db, w, deadline);
        return *db->sqlstate ? db_meaning(db->sqlstate) : away;
    default:
        return away;
    }
}

static bool connect_db(struct db *db, int64_t deadline, struct db_meaning *m, struct err *e)
{
    char line[ERR_TEXT_MAX];
    struct connection_words w;
    fill_words(db, &w);
    db->conn = PQconnectdbParams(w.keys, w.values, 1);
    if (!db->conn)
        die(EXIT_OS, "out of memory");
    if (PQstatus(db->conn) == CONNECTION_OK) {
        PQsetnonblocking(db->conn, 1);
        PQsetNoticeReceiver(db->conn, notice, db);
        return true;
    }
    *m = judge_connection(db, &w, deadline);
    bool named = db->o.conninfo || db->localdb || conninfo_is_in_environment();
    err_set(e, m->code, "cannot connect to the database: %s%s",
            first_line(PQerrorMessage(db->conn), line, sizeof line),
            named ? "" : "; nothing says where it is: --db, GREENLIGHT_DATABASE_URL, or gl-localdb start");
    disconnect(db);
    return false;
}

/* ---- statements ---- */

static bool lost(struct db *db, struct db_meaning *m, struct err *e)
{
    char line[ERR_TEXT_MAX];
    *m = (struct db_meaning){"", EXIT_AGAIN, true, true};
    return err_set(e, EXIT_AGAIN, "the database is gone: %s",
                   first_line(PQerrorMessage(db->conn), line, sizeof line));
}

static bool refused(struct db *db, const PGresult *result, struct db_meaning *m, struct err *e)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!state)
        return lost(db, m, e);
    snprintf(db->sqlstate, sizeof db->sqlstate, "%s", state);
    *m = db_meaning(state);
    return err_set(e, m->code, "the database says: %s (%s)%s", text ? text : "nothing", state,
                   m->code == EXIT_CONFIG ? "; was gl-migrate run on it?" : "");
}

/* Sends what is left to be sent and, with `answer`, reads until a result is there. */
static bool exchange(struct db *db, const struct task *t, bool answer, struct db_meaning *m, struct err *e)
{
    int unsent = 1;
    while (unsent == 1 || (answer && PQisBusy(db->conn))) {
        unsent = PQflush(db->conn);
        if (unsent == 0 && (!answer || !PQisBusy(db->conn)))
            break;
        if (!wait_for(db->conn, unsent == 1 ? POLLIN | POLLOUT : POLLIN, t->deadline)) {
            *m = (struct db_meaning){"", EXIT_AGAIN, false, true};
            return err_set(e, EXIT_AGAIN, "the database did not answer in time");
        }
        if (unsent < 0 || !PQconsumeInput(db->conn))
            return lost(db, m, e);
    }
    return true;
}

static bool give_rows(const PGresult *result, const struct task *t, struct err *e)
{
    int columns = PQnfields(result);
    const char **values = xcalloc((size_t)columns + 1, sizeof *values);
    bool good = true;
    for (int i = 0; good && i < PQntuples(result); i++) {
        for (int k = 0; k < columns; k++)
            values[k] = PQgetisnull(result, i, k) ? NULL : PQgetvalue(result, i, k);
        good = t->row(values, t->context, e);
    }
    free(values);
    return good;
}

/* Reads all results of what was sent, and keeps the first failure.  The rows are
 * given when the server is ready again: only then is the statement committed. */
static bool receive(struct db *db, const struct task *t, struct db_meaning *m, struct err *e)
{
    struct db_meaning after;
    PGresult *result, *rows = NULL;
    bool good = true, whole;
    while ((whole = exchange(db, t, true, good ? m : &after, good ? e : NULL)) &&
           (result = PQgetResult(db->conn))) {
        ExecStatusType status = PQresultStatus(result);
        if (good && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            good = refused(db, result, m, e);
        if (good && status == PGRES_TUPLES_OK && !rows)
            rows = result;
        else
            PQclear(result);
    }
    good = good && whole && (!rows || !t->row || give_rows(rows, t, e));
    PQclear(rows);
    return good;
}

/* Hands all of the statement over, connecting where need be. */
static bool send_task(struct db *db, struct task *t)
{
    t->meaning = (struct db_meaning){"", EXIT_BUG, false, false};
    db->sqlstate[0] = '\0';
    if (!db->conn && !connect_db(db, t->deadline, &t->meaning, &t->why))
        return false;
    int sent = t->script ? PQsendQuery(db->conn, t->sql)
                         : PQsendQueryParams(db->conn, t->sql, (int)t->count, NULL, t->params, t->lengths,
                                             t->lengths ? all_binary : NULL, 0);
    return sent ? exchange(db, t, false, &t->meaning, &t->why) : lost(db, &t->meaning, &t->why);
}

static void start(struct db *db, const struct task *t)
{
    db->task = *t;
    db->task.deadline = clock_after(clock_now(), db->o.timeout_ms);
    db->task.sent = send_task(db, &db->task);
}

/* Waits as the policy says before the attempt after the n-th; false: there is none. */
static bool wait_for_retry(struct db *db, int64_t n)
{
    const struct task *t = &db->task;
    int64_t now = clock_now();
    const struct retry_case failed = {.attempt = n,
                                      .fault = t->meaning.again ? FAULT_CONNECT : FAULT_FAILED,
                                      .retry_after_ms = RETRY_AFTER_NONE,
                                      .left_ms = t->deadline > now ? t->deadline - now : 0,
                                      .chance = chance_share()};
    struct retry_decision d = retry_decide(&db->o.policy, &failed);
    if (!d.again)
        return false;
    msg_info("%s; trying again in %lld ms", t->why.text, (long long)d.wait_ms);
    int64_t until = clock_after(now, d.wait_ms);
    while ((now = clock_now()) < until)
        poll(NULL, 0, clock_poll_ms(now, until));
    return true;
}

static bool finish(struct db *db, struct err *e)
{
    struct task *t = &db->task;
    for (int64_t n = 1;; n++) {
        if (t->sent && receive(db, t, &t->meaning, &t->why))
            return true;
        if (db->conn && (t->meaning.reconnect || PQstatus(db->conn) == CONNECTION_BAD))
            disconnect(db);
        if (!wait_for_retry(db, n))
            break;
        t->sent = send_task(db, t);
    }
    if (e)
        *e = t->why;
    return false;
}

void db_start(struct db *db, const char *sql, const char *const *params, const int *lengths, size_t count)
{
    start(db, &(struct task){.sql = sql, .params = params, .lengths = lengths, .count = count});
}

bool db_finish(struct db *db, db_row_fn *row, void *context, struct err *e)
{
    db->task.row = row;
    db->task.context = context;
    return finish(db, e);
}

int db_fd(const struct db *db)
{
    return db->task.sent && db->conn ? PQsocket(db->conn) : -1;
}

int64_t db_deadline(const struct db *db)
{
    return db->task.deadline;
}

bool db_query(struct db *db, const char *sql, const char *const *params, size_t count, db_row_fn *row,
              void *context, struct err *e)
{
    db_start(db, sql, params, NULL, count);
    return db_finish(db, row, context, e);
}

bool db_script(struct db *db, const char *sql, struct err *e)
{
    start(db, &(struct task){.sql = sql, .script = true});
    return finish(db, e);
}

/* ---- parameters ---- */

void db_array_start(struct buf *b)
{
    buf_clear(b);
    buf_putc(b, '{');
}

void db_array_add(struct buf *b, const char *text, size_t len)
{
    if (b->len > 1)
        buf_putc(b, ',');
    if (!text) {
        buf_puts(b, "null");
        return;
    }
    buf_putc(b, '"');
    for (const char *end = text + len; text < end;) {
        const char *stop = text;
        while (stop < end && *stop != '"' && *stop != '\\')
            stop++;
        buf_add(b, text, (size_t)(stop - text));
        if (stop == end)
            break;
        buf_putc(b, '\\');
        buf_putc(b, *stop);
        text = stop + 1;
    }
    buf_putc(b, '"');
}

void db_array_end(struct buf *b)
{
    buf_putc(b, '}');
}
