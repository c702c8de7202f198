/* conninfo: libpq takes connection strings and its variables apart. */
#define _POSIX_C_SOURCE 200809L
#include "conninfo.h"

#include <postgresql/libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNINFO_MAX = 64 * 1024 };

static bool is_secret(const PQconninfoOption *part)
{
    return strcmp(part->keyword, "password") == 0 || strcmp(part->keyword, "sslpassword") == 0;
}

bool conninfo_is_in_environment(void)
{
    static const char *const places[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (getenv(places[i]))
            return true;
    return false;
}

char *conninfo_localdb(void)
{
    if (conninfo_is_in_environment())
        return NULL;
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    struct buf path;
    buf_init(&path, CONNINFO_MAX);
    if (state && *state)
        buf_puts(&path, state);
    else if (home && *home)
        buf_printf(&path, "%s/.local/state", home);
    buf_puts(&path, "/greenlight/db/socket");
    size_t folder = path.len;
    buf_puts(&path, "/.s.PGSQL.5432");
    char *found =
        !path.overflowed && *path.data == '/' && access(path.data, F_OK) == 0 ? buf_detach(&path) : NULL;
    if (found)
        found[folder] = '\0';
    buf_free(&path);
    return found;
}

/* libpq's own messages quote what they cannot read. */
bool conninfo_check(const char *conninfo, struct err *e)
{
    const char *environment = getenv("GREENLIGHT_DATABASE_URL");
    PQconninfoOption *parts = PQconninfoParse(conninfo, NULL);
    bool secret = false;
    if (!parts)
        return err_set(e, EXIT_CONFIG, "the database's URL or connection string cannot be read");
    for (const PQconninfoOption *p = parts; p->keyword; p++)
        secret = secret || (p->val && *p->val && is_secret(p));
    PQconninfoFree(parts);
    if (secret && conninfo != environment)
        return err_set(e, EXIT_USAGE,
                       "--db: a password on the command line can be read by everybody; "
                       "use GREENLIGHT_DATABASE_URL, PGPASSFILE or a service file");
    return true;
}

/* What says which database it is; the rest is how to talk to it. */
static bool is_place(const PQconninfoOption *part)
{
    static const char *const places[] = {"service", "host", "hostaddr", "port", "dbname", "user"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(part->keyword, places[i]) == 0)
            return true;
    return is_secret(part);
}

bool conninfo_put(struct buf *out, const char *conninfo)
{
    bool from_environment = false, any = false;
    char *localdb = conninfo ? NULL : conninfo_localdb();
    if (localdb)
        buf_printf(out, "gl-localdb in %s", localdb);
    PQconninfoOption *parts = localdb ? NULL : conninfo ? PQconninfoParse(conninfo, NULL) : PQconndefaults();
    for (const PQconninfoOption *p = parts; p && p->keyword; p++) {
        if (!p->val || !*p->val || !is_place(p))
            continue;
        buf_printf(out, "%s%s=%s", any ? " " : "", p->keyword, is_secret(p) ? "set" : p->val);
        any = true;
        from_environment = from_environment || (!conninfo && p->envvar && getenv(p->envvar));
    }
    PQconninfoFree(parts);
    free(localdb);
    return from_environment;
}
