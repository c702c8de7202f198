/* gl-migrate: brings a database to the schema in sql/.
 *
 * Each file NNN_name.sql goes to the database as one message, with the lock and
 * its record in greenlight_schema before it, so that all of it is one transaction
 * wherever a pooler sends it.  The record comes first: whoever comes second finds
 * it there, and the rest is not run.  Checksums are made by the database. */
#define _GNU_SOURCE /* scandir */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cli.h"
#include "db.h"
#include "msg.h"
#include "parse.h"
#include "self.h"
#include "xalloc.h"

enum { FILE_MAX = 16 << 20, OLDEST_POSTGRES = 150000 };

struct options {
    struct db_options db;
    const char *dir;
    bool status, dry_run;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "status", .member = AT(status), .help = "print what was applied and what was not, and change nothing"},
    {.name = "dry-run", .member = AT(dry_run), .help = "print what would be applied, and change nothing"},
    {.name = "dir", .arg = "DIR", .type = CLI_TEXT, .member = AT(dir),
     .help = "read the files in DIR, not those installed"},
    DB_OPTIONS(struct options, db),
    DB_RETRY_OPTIONS(struct options, db.policy),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-migrate",
    "",
    "Bring a database to the schema of this version.",
    options,
};

/* One file, and what the database knows of it. */
struct step {
    char *name; /* "031_greenlight_queue" */
    char *text;
    int64_t number;
    char *checksum; /* of the text */
    char *recorded; /* the checksum it was applied with; NULL: it was not */
    char *applied_at;
};

struct migrate {
    struct options o;
    struct db *db;
    char *dir;
    struct step *steps;
    size_t count, cap;
};

/* ---- files ---- */

/* Where the programs are installed, the files are in ../share beside them. */
static char *installed_dir(void)
{
    static const char below[] = "/share/greenlight/sql";
    char *prefix = self_path(2);
    if (!prefix)
        die(EXIT_OS, "cannot find where gl-migrate is; use --dir");
    size_t len = strlen(prefix);
    prefix = xrealloc(prefix, len + sizeof below);
    memcpy(prefix + len, below, sizeof below);
    return prefix;
}

static int is_step(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t len = strlen(name), words = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return strspn(name, "0123456789") == 3 && name[3] == '_' && words > 4 && words + 4 == len &&
           strcmp(name + words, ".sql") == 0;
}

static char *read_file(const char *dir, const char *name)
{
    struct buf text;
    FILE *file;
    char *path = xcalloc(strlen(dir) + strlen(name) + 2, 1);
    snprintf(path, strlen(dir) + strlen(name) + 2, "%s/%s", dir, name);
    buf_init(&text, FILE_MAX);
    if (!(file = fopen(path, "re")))
        die(EXIT_CONFIG, "cannot open \"%s\": %s", path, strerror(errno));
    char *at;
    while ((at = buf_reserve(&text, 64 * 1024))) {
        size_t got = fread(at, 1, 64 * 1024, file);
        if (!got)
            break;
        text.len += got;
    }
    if (!at || ferror(file))
        die(EXIT_IO, "cannot read \"%s\"", path);
    fclose(file);
    free(path);
    buf_putc(&text, '\n');
    return buf_detach(&text);
}

static void find_steps(struct migrate *m)
{
    struct dirent **entries;
    m->dir = m->o.dir ? xstrdup(m->o.dir) : installed_dir();
    int count = scandir(m->dir, &entries, is_step, alphasort);
    if (count < 0)
        die(EXIT_CONFIG, "cannot read the folder \"%s\": %s", m->dir, strerror(errno));
    if (count == 0)
        die(EXIT_CONFIG, "there is no NNN_name.sql in \"%s\"", m->dir);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        xgrow(&m->steps, &m->cap, m->count + 1, sizeof *m->steps);
        struct step *s = &m->steps[m->count++];
        *s = (struct step){.name = xmemdup(name, strlen(name) - 4), .text = read_file(m->dir, name)};
        s->number = strtol(name, NULL, 10);
        if (i && s[-1].number == s->number)
            die(EXIT_CONFIG, "two files have one number: %s and %s", s[-1].name, s->name);
        free(entries[i]);
    }
    free(entries);
}

/* ---- what the database knows ---- */

/* For rows of one value. */
static bool take_text(const char *const *values, void *context, struct err *e)
{
    char **out = context;
    (void)e;
    free(*out);
    *out = values[0] ? xstrdup(values[0]) : NULL;
    return true;
}

static char *ask(struct migrate *m, const char *sql, const char *const *params, size_t count)
{
    struct err e;
    char *value = NULL;
    if (!db_query(m->db, sql, params, count, take_text, &value, &e))
        die_err(&e);
    return value;
}

static bool take_record(const char *const *values, void *context, struct err *e)
{
    struct migrate *m = context;
    (void)e;
    for (size_t i = 0; i < m->count; i++) {
        struct step *s = &m->steps[i];
        if (strcmp(s->name, values[0]) != 0)
            continue;
        free(s->recorded);
        free(s->applied_at);
        s->recorded = xstrdup(values[1]);
        s->applied_at = xstrdup(values[2]);
        return true;
    }
    msg_warn("%s was applied by another version and is not in \"%s\"", values[0], m->dir);
    return true;
}

/* Reads the records, and ends where a file was changed after it was applied. */
static void read_records(struct migrate *m)
{
    struct err e;
    char *table = ask(m, "select to_regclass('greenlight_schema')", NULL, 0);
    if (table && !db_query(m->db,
                           "select name, checksum, to_char(applied_at at time zone 'UTC', "
                           "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from greenlight_schema order by number",
                           NULL, 0, take_record, m, &e))
        die_err(&e);
    free(table);
    for (size_t i = 0; i < m->count; i++) {
        const struct step *s = &m->steps[i];
        if (s->recorded && strcmp(s->recorded, s->checksum) != 0)
            die(EXIT_CONFIG, "%s was changed after it was applied at %s", s->name, s->applied_at);
    }
}

static void check_server(struct migrate *m)
{
    int64_t version;
    char *text = ask(m, "show server_version_num", NULL, 0);
    if (!text || !parse_int(text, 0, INT64_MAX, &version) || version < OLDEST_POSTGRES)
        die(EXIT_CONFIG, "the database is older than PostgreSQL 15: version %s", text ? text : "unknown");
    free(text);
    for (size_t i = 0; i < m->count; i++) {
        const char *params[] = {m->steps[i].text};
        m->steps[i].checksum = ask(m, "select encode(sha256(convert_to($1, 'UTF8')), 'hex')", params, 1);
    }
}

/* ---- applying ---- */

/* A lock that ends with the transaction; the number is ours alone by chance. */
static const char lock[] = "select pg_advisory_xact_lock(7384915506041173);\n";

static void make_records(struct migrate *m)
{
    struct err e;
    struct buf sql;
    buf_init(&sql, 4096);
    buf_puts(&sql, lock);
    buf_puts(&sql,
             "create table if not exists greenlight_schema (number int primary key, name text not null, "
             "checksum text not null, applied_at timestamptz not null default now());\n"
             "comment on table greenlight_schema is 'What gl-migrate applied'");
    char *table = ask(m, "select to_regclass('greenlight_schema')", NULL, 0);
    if (!table && !db_script(m->db, sql.data, &e))
        die_err(&e);
    free(table);
    buf_free(&sql);
}

/* Names and checksums are letters, digits and underscores: no quoting. */
static void apply(struct migrate *m, struct step *s)
{
    struct err e;
    struct buf sql;
    buf_init(&sql, FILE_MAX + 4096);
    buf_puts(&sql, lock);
    buf_printf(&sql, "insert into greenlight_schema (number, name, checksum) values (%lld, '%s', '%s');\n",
               (long long)s->number, s->name, s->checksum);
    buf_puts(&sql, s->text);
    if (sql.overflowed)
        die(EXIT_CONFIG, "%s is too large", s->name);
    bool good = db_script(m->db, sql.data, &e);
    buf_free(&sql);
    if (good) {
        msg_info("applied %s", s->name);
        return;
    }
    /* Somebody else was first, or our own commit was, whose answer got lost. */
    if (strcmp(db_sqlstate(m->db), "23505") == 0)
        read_records(m);
    if (!s->recorded)
        die(e.code, "%s: %s", s->name, e.text);
}

static enum exit_code print_status(const struct migrate *m)
{
    enum exit_code code = EXIT_OK;
    for (size_t i = 0; i < m->count; i++) {
        const struct step *s = &m->steps[i];
        if (!s->recorded)
            code = EXIT_AGAIN;
        if (m->o.status || !s->recorded)
            printf("%s %s%s%s\n", s->recorded ? "applied" : "pending", s->name, s->recorded ? " " : "",
                   s->recorded ? s->applied_at : "");
    }
    return m->o.status ? code : EXIT_OK;
}

static void close_all(struct migrate *m)
{
    for (size_t i = 0; i < m->count; i++) {
        struct step *s = &m->steps[i];
        free(s->name);
        free(s->text);
        free(s->checksum);
        free(s->recorded);
        free(s->applied_at);
    }
    free(m->steps);
    free(m->dir);
    db_close(m->db);
}

int main(int argc, char **argv)
{
    struct migrate m = {0};
    struct err e;
    enum exit_code code = EXIT_OK;
    cli_parse(&cli, &m.o, argc, argv);
    find_steps(&m);
    if (!db_open(&m.db, &m.o.db, &e))
        die_err(&e);
    check_server(&m);
    read_records(&m);
    if (m.o.status || m.o.dry_run) {
        code = print_status(&m);
    } else {
        make_records(&m);
        for (size_t i = 0; i < m.count; i++)
            if (!m.steps[i].recorded)
                apply(&m, &m.steps[i]);
    }
    close_all(&m);
    return cli_finish(code);
}
