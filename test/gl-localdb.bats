#!/usr/bin/env bats
# bats file_tags=plain
# Shows what gl-localdb promises: a server that is there when it is asked for,
# whatever was killed before, and that leaves nothing behind.

load lib/common

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    db=$XDG_STATE_HOME/greenlight/db
    # Root runs the server as postgres, anybody else as themselves.
    server_user=()
    if [ "$EUID" -eq 0 ]; then server_user=(setpriv --reuid=postgres --regid=postgres --clear-groups); fi
}

teardown() {
    [ -z "${helpers-}" ] || kill -9 $helpers 2> /dev/null || true
    # Also those that a test which failed did not come to.
    while IFS= read -r -d '' folder; do
        XDG_STATE_HOME=${folder%/greenlight/db} gl-localdb -q destroy --yes
    done < <(find "$BATS_TEST_TMPDIR" ${shared+"$shared"} -path '*/greenlight/db' -print0 -prune)
    if [ -n "${shared-}" ]; then rm -rf "$shared"; fi
}

# sql TEXT: what it prints, unaligned.
sql() {
    psql -XAtq -v ON_ERROR_STOP=1 "$(gl-localdb url)" -c "$1"
}

postmaster() {
    sed -n 1p "$db/data/postmaster.pid"
}

# servers: the pids of all postgres processes that work in our data folder.
servers() {
    local cwd
    for cwd in /proc/[0-9]*/cwd; do
        if [ "$cwd" -ef "$db/data" ]; then basename "${cwd%/cwd}"; fi
    done
}

# is_gone PID: no more than a zombie is left.
is_gone() {
    ! grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status"
}

# kill_postmaster: without a goodbye, while its processes still run.
kill_postmaster() {
    local pid
    pid=$(postmaster)
    kill -9 "$pid"
    eventually 20 is_gone "$pid"
}

@test "gl-localdb: start makes a database that every client finds by url" {
    run -0 gl-localdb start
    assert_output --regexp '^gl-localdb: running, pid [0-9]+$'
    assert_equal "$(sql 'select 6 * 7')" 42
    assert_equal "$(sql 'select current_database(), current_user')" 'greenlight|greenlight'
    assert_equal "$(PGPORT=1 PGUSER=nobody PGDATABASE=x sql 'select 1')" 1
    # As libpq fills in a user where none is named.
    assert_equal "$(psql -XAtq "host=$db/socket dbname=greenlight" -c 'select current_user')" "$(id -un)"
}

@test "gl-localdb: the server is private, durable and small" {
    gl-localdb -q start
    assert_equal "$(sql 'show listen_addresses')" ''
    assert_equal "$(sql "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings
        where name in ('fsync', 'full_page_writes', 'synchronous_commit')")" \
        'fsync=on full_page_writes=on synchronous_commit=on'
    run -0 stat -c %a "$XDG_STATE_HOME/greenlight" "$db" "$db/socket" "$db/data" "$db/socket/.s.PGSQL.5432"
    assert_output "$(printf '%s\n' 700 700 700 700 700)"
    # 40 MB of rows, more than it may keep, looked at while their session is there;
    # what the libraries of another machine add is allowed for.
    psql -XAtq -v ON_ERROR_STOP=1 "$(gl-localdb url)" -c "create table t as select g, (select
            string_agg(md5(g::text || i), '') from generate_series(1, 40) i) as x from generate_series(1, 30000) g" \
        -c 'update t set g = -g' \
        -c "\\! for pid in $(postmaster) \$(pgrep -P $(postmaster)); do cat /proc/\$pid/smaps_rollup; done > rollups"
    pss=$(awk '/^Pss:/ { sum += $2 } END { print sum }' rollups)
    ((pss > 20000 && pss < 64000)) || fail "$pss KB"
}

@test "gl-localdb: neither statements nor rows go to the log" {
    gl-localdb -q start
    run -1 sql "create table t (x int check (x > 5), y text); insert into t values (1, 'a secret')"
    run -0 grep -c 'violates check constraint' "$db/data/server.log"
    run -1 grep 'a secret' "$db/data/server.log"
}

@test "gl-localdb: start again is a success, and the server stays the same" {
    gl-localdb -q start
    pid=$(postmaster)
    run -0 gl-localdb start
    assert_output "gl-localdb: running, pid $pid"
    assert_equal "$(postmaster)" "$pid"
}

@test "gl-localdb: status is 75 before, 0 while and 75 after the server runs, and makes nothing" {
    run -75 gl-localdb status
    assert_output 'gl-localdb: stopped'
    [ ! -e "$XDG_STATE_HOME" ]
    gl-localdb -q start
    run -0 gl-localdb status
    assert_output "gl-localdb: running, pid $(postmaster)"
    gl-localdb -q stop
    run -75 gl-localdb -q status
    assert_output ''
}

@test "gl-localdb: stop ends the server and all its processes, and stop again is a success" {
    gl-localdb -q start
    [ -n "$(servers)" ]
    run -0 gl-localdb stop
    assert_output 'gl-localdb: stopped'
    assert_equal "$(servers)" ''
    run -0 gl-localdb stop
}

@test "gl-localdb: stop, destroy and status where there was never a server" {
    run -0 gl-localdb stop
    run -0 gl-localdb destroy --yes
    run -75 gl-localdb status
    [ ! -e "$XDG_STATE_HOME" ]
}

@test "gl-localdb: data survives a restart" {
    gl-localdb -q start
    sql 'create table t as select 1 as x'
    gl-localdb -q stop
    gl-localdb -q start
    assert_equal "$(sql 'select x from t')" 1
}

@test "gl-localdb: a killed postmaster is replaced, and what was committed is there" {
    gl-localdb -q start
    sql 'create table t (x int)'
    for round in 1 2 3; do
        sql "insert into t values ($round)"
        kill -9 "$(postmaster)" # whatever of it still runs
        run -0 gl-localdb start
        assert_equal "$(sql 'select count(*) from t')" "$round"
    done
    kill_postmaster
    run -75 gl-localdb status
    gl-localdb -q stop
    assert_equal "$(servers)" ''
}

@test "gl-localdb: a backend that outlives its postmaster is waited for, and named at the limit" {
    gl-localdb -q start
    psql -XAtq "$(gl-localdb url)" -c 'select pg_sleep(60)' > /dev/null 2>&1 3>&- &
    helpers=$!
    backend_pid() { sql "select pid from pg_stat_activity where query like 'select pg_sleep%'" | grep .; }
    eventually 20 backend_pid
    backend=$(backend_pid)
    kill -STOP "$backend"
    kill_postmaster
    run -75 gl-localdb --wait 1s start
    assert_output "gl-localdb: the server was killed, and after 1s of it there still run: $backend "
    run -75 gl-localdb --wait=100ms stop
    gl-localdb -q start 3>&- &
    waiting=$!
    kill -CONT "$backend"
    wait "$waiting"
    run -0 gl-localdb status
}

@test "gl-localdb: a lock file that names a zombie or a stranger stops nobody" {
    gl-localdb -q start
    kill_postmaster
    eventually 20 test -z "$(servers)"
    # A zombie child, then a stranger, each of the server's own user.
    "${server_user[@]}" bash -c 'sleep 0.1 & echo $!; exec sleep 100' > zombie 3>&- &
    helpers=$!
    eventually 20 test -s zombie
    eventually 20 grep -q '^State:.*Z' "/proc/$(< zombie)/status"
    sed -i "1s/.*/$(< zombie)/" "$db/data/postmaster.pid"
    run -75 gl-localdb status
    run -0 gl-localdb start
    kill_postmaster
    stranger=$helpers
    sed -i "1s/.*/$stranger/" "$db/data/postmaster.pid"
    run -0 gl-localdb stop
    kill -0 "$stranger"
    run -0 gl-localdb start
}

@test "gl-localdb: eight starts at once make one server" {
    local pids=()
    for _ in 1 2 3 4 5 6 7 8; do
        gl-localdb start 2>> said 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid"; done
    assert_equal "$(sort -u said)" "gl-localdb: running, pid $(postmaster)"
    assert_equal "$(wc -l < said)" 8
}

@test "gl-localdb: starts and stops at once end in order" {
    local pids=()
    for _ in 1 2 3; do
        gl-localdb -q start 3>&- &
        pids+=($!)
        gl-localdb -q stop 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid"; done
    gl-localdb -q start
    assert_equal "$(sql 'select 1')" 1
}

@test "gl-localdb: killed at any moment of the first start, the next one finds nothing half made" {
    mkdir -p "$db.new" # by one that was killed before it gave it away
    for delay in 0.02 0.2 0.5 0.7 0.9; do
        gl-localdb -q start 3>&- &
        starter=$!
        sleep "$delay" # a moment, not a wait
        kill -9 "$starter" 2> /dev/null || true
        wait "$starter" || true
        run -0 gl-localdb start
        assert_equal "$(sql 'select current_database()')" greenlight
        [ ! -e "$db/data.new" ]
        gl-localdb -q destroy --yes
        [ ! -e "$db" ]
    done
}

@test "gl-localdb: killed while initdb runs, it leaves the lock to initdb and no data" {
    gl-localdb -q start 3>&- &
    eventually 20 test -e "$db/data.new/PG_VERSION"
    kill -9 $!
    wait $! || true
    [ ! -e "$db/data" ]
    run -75 gl-localdb --wait 10ms start
    assert_output 'gl-localdb: another gl-localdb is still at work after 10ms'
    run -0 gl-localdb start
    assert_equal "$(sql 'select 1')" 1
}

@test "gl-localdb: destroy wants --yes, and removes its own folder alone" {
    gl-localdb -q start
    mkdir "$XDG_STATE_HOME/greenlight/spool"
    run -64 gl-localdb destroy
    run -0 gl-localdb status
    pid=$(postmaster)
    run -0 gl-localdb destroy --yes
    assert_output 'gl-localdb: destroyed'
    assert_equal "$(ls "$XDG_STATE_HOME/greenlight")" spool
    is_gone "$pid"
    gl-localdb -q start
    touch "$db/stranger"
    run -71 gl-localdb destroy --yes
    assert_output "gl-localdb: $db is not empty, or cannot be removed"
    assert_equal "$(ls "$db")" stranger
    rm "$db/stranger"
}

@test "gl-localdb: an ordinary user runs the server as themselves" {
    shared=$(mktemp -d)
    chmod 755 "$shared"
    cp "$GL_BUILD/bin/gl-localdb" "$shared"
    chmod 755 "$shared/gl-localdb"
    mkdir "$shared/home"
    as=()
    if [ "$EUID" -eq 0 ]; then
        chown nobody: "$shared/home"
        as=(setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs)
    fi
    unset XDG_STATE_HOME
    db=$shared/home/.local/state/greenlight/db
    as+=(env HOME="$shared/home")
    cd /
    run -0 "${as[@]}" "$shared/gl-localdb" start
    assert_equal "$(stat -c %u "/proc/$(postmaster)")" "$(stat -c %u "$shared/home")"
    run -0 "${as[@]}" psql -XAtq "$("${as[@]}" "$shared/gl-localdb" url)" -c 'select 1'
    run -0 "${as[@]}" psql -XAtq "host=$db/socket dbname=greenlight" -c 'select 1'
    assert_output 1
    kill -9 "$(postmaster)"
    run -0 "${as[@]}" "$shared/gl-localdb" start
    if [ "$EUID" -eq 0 ]; then # root stands in for the owner
        XDG_STATE_HOME=$shared/home/.local/state run -0 gl-localdb status
        XDG_STATE_HOME=$shared/home/.local/state run -0 gl-localdb stop
        XDG_STATE_HOME=$shared/home/.local/state run -0 gl-localdb start
        assert_equal "$(stat -c %U "/proc/$(postmaster)")" nobody
    fi
    pid=$(postmaster)
    run -0 "${as[@]}" "$shared/gl-localdb" destroy --yes
    is_gone "$pid"
}

@test "gl-localdb: root runs the server as postgres, who has no way to the folder" {
    # Anybody else shows the same of themselves, in a folder they can pass.
    mkdir -m 700 closed
    export XDG_STATE_HOME=$PWD/closed
    db=$XDG_STATE_HOME/greenlight/db
    run -0 gl-localdb start
    if [ "$EUID" -eq 0 ]; then
        assert_equal "$(stat -c %U "/proc/$(postmaster)" "$db" "$db/data" "$db/socket" | sort -u)" postgres
        run ! "${server_user[@]}" ls "$db/data"
    fi
    assert_equal "$(sql 'select 1')" 1
    sql 'select pg_reload_conf()'
    eventually 20 sql 'select 1'
    assert_equal "$(servers | xargs -I@ stat -c %U /proc/@ | sort -u)" "$(stat -c %U "$db/data")"
}

@test "gl-localdb: without a user to run the server as, root is told so" {
    grep -v ^postgres: /etc/passwd > passwd
    run -71 bwrap --unshare-user --uid 0 --gid 0 --dev-bind / / --ro-bind passwd /etc/passwd gl-localdb start
    assert_output 'gl-localdb: PostgreSQL does not run as root, and there is no user postgres to run it as'
}

@test "gl-localdb: without PostgreSQL, or without the version of the data, it says so" {
    run -71 bwrap --dev-bind / / --tmpfs /usr/lib/postgresql gl-localdb start
    assert_output "gl-localdb: PostgreSQL 15 or newer is not installed: no initdb, pg_ctl and postgres on PATH or \
in /usr/lib/postgresql"
    gl-localdb -q start
    gl-localdb -q stop
    cp "$db/data/PG_VERSION" version
    echo 9 > "$db/data/PG_VERSION"
    run -71 gl-localdb start
    assert_output --partial 'gl-localdb: PostgreSQL 9 is not installed'
    cat version > "$db/data/PG_VERSION"
}

@test "gl-localdb: a server that cannot start is told with its own reason" {
    gl-localdb -q start
    gl-localdb -q stop
    echo 'no_such_setting = 1' >> "$db/data/postgresql.conf"
    run -71 gl-localdb start
    assert_equal "${#lines[@]}" 1
    assert_output --regexp "^gl-localdb: the server did not start: .*\"?/?.*conf.*; see $db/data/server.log\$"
    run -75 gl-localdb status
}

@test "gl-localdb: a cluster that cannot be made is told with initdb's own reason, and leaves none" {
    mkdir -p bin
    for program in initdb pg_ctl postgres; do
        printf '#!/bin/sh\nexec "%s/%s" "$@"\n' "$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)" "$program" > "bin/$program"
    done
    printf '#!/bin/sh\necho "initdb: error: no room left" >&2\nexit 1\n' > bin/initdb
    chmod -R 755 bin
    shared=$(mktemp -d)
    chmod 755 "$shared"
    cp -r bin "$shared"
    PATH=$shared/bin:$PATH run -71 gl-localdb start
    assert_output "gl-localdb: cannot make a cluster in $db: no room left"
    [ ! -e "$db/data" ]
    run -0 gl-localdb start
}

@test "gl-localdb: any path that libpq can name works" {
    export XDG_STATE_HOME="$BATS_TEST_TMPDIR/a 'b\" \$HOME \\ü\`id\`"
    db=$XDG_STATE_HOME/greenlight/db
    run -0 gl-localdb start
    assert_equal "$(sql 'select 1')" 1
    gl-localdb -q stop
    run -0 gl-localdb start
}

@test "gl-localdb: a folder that no client could use is exit 78 and one line" {
    long=/tmp/$(printf 'x%.0s' {1..76})
    XDG_STATE_HOME=$long run -78 gl-localdb start
    assert_output "gl-localdb: XDG_STATE_HOME: the socket \"$long/greenlight/db/socket/.s.PGSQL.5432\" would have 116 \
bytes, and 107 is the most; choose a shorter folder"
    [ ! -e "$long" ]
    XDG_STATE_HOME=state run -78 gl-localdb url
    assert_output 'gl-localdb: XDG_STATE_HOME: "state" is no absolute path'
    XDG_STATE_HOME=/tmp/a,b run -78 gl-localdb url
    assert_output --partial 'has a comma'
    XDG_STATE_HOME=$'/tmp/a\nb' run -78 gl-localdb status
    assert_equal "${#lines[@]}" 1
    XDG_STATE_HOME='' HOME='' run -78 gl-localdb stop
    assert_output 'gl-localdb: neither XDG_STATE_HOME nor HOME is set'
}

@test "gl-localdb: the longest path works, and one byte more does not" {
    shared=$(mktemp -d)
    room=$((107 - ${#shared} - 1 - $(printf /greenlight/db/socket/.s.PGSQL.5432 | wc -c)))
    name=$(printf "%${room}s" '' | tr ' ' x)
    XDG_STATE_HOME=$shared/${name}x run -78 gl-localdb start
    export XDG_STATE_HOME=$shared/$name
    db=$XDG_STATE_HOME/greenlight/db
    run -0 gl-localdb start
    assert_equal "$(sql 'select 1')" 1
    gl-localdb -q destroy --yes
}

@test "gl-localdb: without XDG_STATE_HOME it lives in ~/.local/state" {
    XDG_STATE_HOME='' HOME=/home/ada run -0 gl-localdb url
    assert_output 'host=/home/ada/.local/state/greenlight/db/socket port=5432 dbname=greenlight user=greenlight'
}

@test "gl-localdb: what the caller has open is not kept open by the server" {
    timeout 20 bash -c '{ exec 7>&1 {high}>&1; gl-localdb start 2>&1; } | cat' > out
    grep -q running out
    run -0 gl-localdb status
}

@test "gl-localdb: a command line that is wrong is exit 64 and one line" {
    for line in '' 'start stop' restart -x --wait '--wait soon' '--wait -1' '--wait=' --yes=1 'start --yes' destroy; do
        # shellcheck disable=SC2086 # words
        run -64 gl-localdb $line
        assert_equal "${#lines[@]}" 1
        [[ $output == "gl-localdb: "* ]]
    done
    run -64 gl-localdb --wait soon start
    assert_output 'gl-localdb: --wait: "soon" is not a duration such as 500ms, 30s or 5m'
    run -64 gl-localdb $'\e[2Jx'
    assert_output 'gl-localdb: ?[2Jx: no such command; see gl-localdb --help'
    [ ! -e "$XDG_STATE_HOME" ]
}

@test "gl-localdb: options go anywhere, letters together" {
    run -0 gl-localdb -qV
    assert_output --partial '(Greenlight tools)'
    run -75 gl-localdb status -q --wait 1.5s
    assert_output ''
    run -0 gl-localdb --verbose --wait 0.5m start
    assert_line "gl-localdb: starting the server"
}

@test "gl-localdb: a full disk under standard output is exit 74" {
    for option in url --help --version; do
        run -74 bash -c "gl-localdb $option > /dev/full"
        assert_output 'gl-localdb: cannot write to standard output'
    done
}
