/* db_test: what each class of SQLSTATE means. */
#include "db.h"

#include "tap.h"

static const struct {
    const char *sqlstate;
    enum exit_code code;
    bool again, reconnect;
    const char *what;
} rows[] = {
    {"08006", EXIT_AGAIN, true, true, "a lost connection is made again"},
    {"08P01", EXIT_AGAIN, true, true, "so is one that a pooler gave up"},
    {"57P01", EXIT_AGAIN, true, true, "a server that shuts down is waited for"},
    {"57P03", EXIT_AGAIN, true, true, "and one that starts up"},
    {"25006", EXIT_AGAIN, true, true, "a standby is left for its primary"},
    {"40001", EXIT_AGAIN, true, false, "a serialization failure is tried again"},
    {"40P01", EXIT_AGAIN, true, false, "and a deadlock"},
    {"53300", EXIT_AGAIN, true, false, "and too many connections"},
    {"55P03", EXIT_AGAIN, true, false, "and a lock that is held"},
    {"57014", EXIT_AGAIN, false, false, "a statement that took too long is not"},
    {"XX000", EXIT_AGAIN, false, true, "an internal error is not, here and now"},
    {"22P02", EXIT_DATA, false, false, "a value that is refused is the row's fault"},
    {"22P05", EXIT_DATA, false, false, "a NUL too"},
    {"54001", EXIT_DATA, false, false, "and great depth"},
    {"23505", EXIT_DATA, false, false, "and a key that is there"},
    {"28P01", EXIT_AUTH, false, false, "a wrong password is for ever"},
    {"42501", EXIT_AUTH, false, false, "and a missing privilege"},
    {"3D000", EXIT_CONFIG, false, false, "and a database that is not there"},
    {"42P01", EXIT_CONFIG, false, false, "and a table"},
    {"42883", EXIT_CONFIG, false, false, "and a function"},
    {"42601", EXIT_BUG, false, false, "a syntax error is ours"},
    {"", EXIT_BUG, false, false, "what nothing is known about too"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct db_meaning m = db_meaning(rows[i].sqlstate);
        ok(m.code == rows[i].code && m.again == rows[i].again && m.reconnect == rows[i].reconnect, "%s: %s",
           rows[i].sqlstate, rows[i].what);
    }
    return tap_done();
}
