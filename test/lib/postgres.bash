# postgres: a private cluster for a bats file, and a database of its own for
# each test; lib/database starts and ends them.
#
# The server listens on a socket alone, so clusters of files that run side by
# side do not meet.  It ends with the process that started it, whatever ends
# that.  Postgres refuses to be root; then it runs as the user postgres.
#
# With GL_POOLER=pgbouncer in the environment all programs reach the databases
# through pgbouncer, in transaction mode and with few sessions for many clients.
# What a test itself looks at or breaks, by psql and its like, it does directly.
# The tag `direct` is for tests of what a pooler keeps from its clients: sessions,
# and whether a server refused a name or was not there.

# lib/common takes libpq's variables out for every test; these are ours.
use_postgres() {
    export PGHOST=$PG_DIR PGUSER=greenlight PGDATABASE=postgres
    [ "${GL_POOLER-}" != pgbouncer ] || PGHOST=$PG_DIR/pooler
}
[ -z "${PG_DIR-}" ] || use_postgres

# as_postgres COMMAND ...: in place of this shell, so to be called in a subshell.
as_postgres() {
    cd / || return # where we are may be closed to the user postgres
    if [ "$(id -u)" -eq 0 ]; then
        exec setpriv --reuid=postgres --regid=postgres --init-groups --no-new-privs -- "$@"
    fi
    exec "$@"
}

# start_postgres [SETTING ...]: settings as `name=value`.  Exports what libpq
# needs, and the template that new_database copies: gl-migrate was run on it.
start_postgres() {
    local setting log
    PG_BIN=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    # Not below bats' own folder, which the user postgres cannot enter, and short.
    PG_DIR=$(mktemp -d /tmp/gl-pg.XXXXXX)
    export PG_BIN PG_DIR
    use_postgres
    log=$PG_DIR/log
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$PG_DIR"
    (as_postgres "$PG_BIN/initdb" -D "$PG_DIR/data" -U greenlight -A trust -E UTF8 --locale=C.UTF-8 -N) \
        > "$log.initdb" || return
    for setting in fsync=off full_page_writes=off synchronous_commit=off max_connections=60 \
        shared_buffers=128MB max_wal_size=2GB log_min_messages=warning log_statement=none "$@"; do
        printf "%s='%s'\n" "${setting%%=*}" "${setting#*=}"
    done >> "$PG_DIR/data/postgresql.conf"
    run_postgres
    createdb greenlight_template
    PGHOST=$PG_DIR PGDATABASE=greenlight_template gl-migrate
    [ "${GL_POOLER-}" != pgbouncer ] || start_pooler
}

# A pgbouncer in $PG_DIR/pooler, in front of the cluster.  It lets in who the
# cluster lets in, as far as it knows the name.
start_pooler() {
    mkdir "$PG_DIR/pooler"
    printf '"%s" ""\n' greenlight nobody reader > "$PG_DIR/pooler/users"
    cat > "$PG_DIR/pooler/ini" << END
[databases]
* = host=$PG_DIR
[pgbouncer]
unix_socket_dir = $PG_DIR/pooler
listen_addr =
listen_port = 5432
auth_type = trust
auth_file = $PG_DIR/pooler/users
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
query_wait_timeout = 5
server_login_retry = 1
END
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$PG_DIR/pooler"
    (as_postgres setpriv --pdeathsig TERM -- "$(PATH=$PATH:/usr/sbin type -P pgbouncer)" -q "$PG_DIR/pooler/ini") \
        < /dev/null >> "$PG_DIR/pooler/log" 2>&1 3>&- &
    pooler_pid=$!
    eventually 20 command psql -XqAt -h "$PG_DIR/pooler" -d postgres -c 'select'
}

stop_pooler() {
    [ -n "${pooler_pid-}" ] || return 0
    kill "$pooler_pid" 2> /dev/null || true
    wait "$pooler_pid" 2> /dev/null || true
    pooler_pid=
}

# Starts the server of PG_DIR again, and waits for it.
run_postgres() {
    (as_postgres setpriv --pdeathsig QUIT -- "$PG_BIN/postgres" -D "$PG_DIR/data" -c listen_addresses= \
        -c unix_socket_directories="$PG_DIR") < /dev/null >> "$PG_DIR/log.out" 2>&1 3>&- &
    postgres_pid=$!
    eventually 20 pg_isready -q -h "$PG_DIR"
}

# halt_postgres immediate|fast: stops the server; run_postgres starts it again.
halt_postgres() {
    (as_postgres "$PG_BIN/pg_ctl" stop -s -D "$PG_DIR/data" -m "$1")
    wait "$postgres_pid" 2> /dev/null || true
}

stop_postgres() {
    [ -n "${PG_DIR-}" ] || return 0
    stop_pooler
    halt_postgres immediate || true
    rm -rf "$PG_DIR"
}

# What looks at a database from outside goes there directly.
psql() {
    PGHOST=$PG_DIR command psql "$@"
}

createdb() {
    PGHOST=$PG_DIR command createdb "$@"
}

# new_database: a database of this test's own, which PGDATABASE then names.
new_database() {
    export PGDATABASE=t$BATS_TEST_NUMBER
    psql -XqAt -d postgres -c "create database $PGDATABASE template greenlight_template"
}

# sql TEXT: runs it; rows as a|b, one a line.
sql() {
    psql -XqAt -v ON_ERROR_STOP=1 -c "$1"
}
