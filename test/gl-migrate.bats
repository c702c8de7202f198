#!/usr/bin/env bats
# gl-migrate: what it applies, that it does so once, and which database it finds.

load lib/common
load lib/database

# An empty database, and a folder with two small files.
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export PGDATABASE=m$BATS_TEST_NUMBER
    createdb "$PGDATABASE"
    mkdir sql
    echo 'create table one (n int);' > sql/001_one.sql
    echo 'create table two (n int); insert into one values (2);' > sql/002_two.sql
    echo 'not for it' > sql/readme.sql
}

@test "gl-migrate: brings an empty database to the schema that is installed with it" {
    run -0 gl-migrate
    assert_output ""
    run -0 sql "select count(*) from greenlight_queue"
    run -0 sql "select string_agg(name, ' ' order by number) from greenlight_schema"
    assert_output "$(cd "$GL_TOP/sql" && printf '%s\n' *.sql | sed 's/\.sql$//' | paste -sd' ')"
}

@test "gl-migrate: a second run changes nothing" {
    gl-migrate --dir sql
    before=$(sql "select * from greenlight_schema")
    run -0 gl-migrate --dir sql
    [ "$(sql "select * from greenlight_schema")" = "$before" ]
    [ "$(sql "select n from one")" = 2 ]
}

@test "gl-migrate: the schema's own files can be run again without harm" {
    gl-migrate
    sql "insert into greenlight_queue (learner_id, request_payload) values ('l', '{}')"
    sql "drop table greenlight_schema"
    run -0 gl-migrate
    [ "$(sql "select count(*) from greenlight_queue")" = 1 ]
}

@test "gl-migrate: only what is new is applied, in the order of numbers" {
    rm sql/002_two.sql
    gl-migrate --dir sql
    echo 'insert into one values (10);' > sql/010_ten.sql
    echo 'insert into one select n + 1 from one;' > sql/011_eleven.sql
    run -0 gl-migrate --verbose --dir sql
    assert_output "$(printf 'gl-migrate: applied %s\n' 010_ten 011_eleven)"
    [ "$(sql "select string_agg(n::text, ' ' order by n) from one")" = "10 11" ]
}

@test "gl-migrate: --status tells what was applied and what was not, and changes nothing" {
    run -75 gl-migrate --dir sql --status
    assert_output "$(printf 'pending %s\n' 001_one 002_two)"
    [ -z "$(sql "select to_regclass('greenlight_schema')")" ]
    gl-migrate --dir sql
    echo 'select 1;' > sql/003_three.sql
    run -75 gl-migrate --dir sql --status
    assert_line --regexp '^applied 001_one 20[0-9-]+T[0-9:]+Z$'
    assert_line 'pending 003_three'
    rm sql/003_three.sql
    run -0 gl-migrate --dir sql --status
    run -74 bash -c 'gl-migrate --dir sql --status > /dev/full'
}

@test "gl-migrate: --dry-run prints what would be applied, and changes nothing" {
    run -0 gl-migrate --dir sql --dry-run
    assert_output "$(printf 'pending %s\n' 001_one 002_two)"
    [ -z "$(sql "select to_regclass('one')")" ]
    gl-migrate --dir sql
    run -0 gl-migrate --dir sql --dry-run
    assert_output ""
}

@test "gl-migrate: eight at once apply each file once, and all of them succeed" {
    local i pids=()
    echo 'select pg_sleep(0.2);' >> sql/001_one.sql
    for i in {1..8}; do
        gl-migrate --dir sql 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i"
    done
    [ "$(sql "select count(*) from greenlight_schema")" = 2 ]
    [ "$(sql "select count(*) from one")" = 1 ]
}

@test "gl-migrate: a file that fails leaves nothing of itself, and is named" {
    echo 'create table three (n int); select 1/0;' > sql/003_three.sql
    run -65 gl-migrate --dir sql
    assert_output --regexp '^gl-migrate: 003_three: .*division by zero'
    [ -z "$(sql "select to_regclass('three')")" ]
    [ "$(sql "select max(number) from greenlight_schema")" = 2 ]
    echo 'create table three (n int);' > sql/003_three.sql
    run -0 gl-migrate --dir sql
}

@test "gl-migrate: a file that was changed after it was applied is named, and nothing is applied" {
    gl-migrate --dir sql
    echo '-- more' >> sql/001_one.sql
    echo 'create table three (n int);' > sql/003_three.sql
    run -78 gl-migrate --dir sql
    assert_output --regexp '^gl-migrate: 001_one was changed after it was applied at 20'
    [ -z "$(sql "select to_regclass('three')")" ]
    run -78 gl-migrate --dir sql --status
}

@test "gl-migrate: what another version applied is told and left alone" {
    gl-migrate --dir sql
    rm sql/002_two.sql
    run -0 gl-migrate --dir sql
    assert_output --partial '002_two was applied by another version'
}

sleeps() {
    [ "$(sql "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")" = 1 ]
}

@test "gl-migrate: killed in the middle of a file, all of that file is still to do" {
    echo 'create table three (n int); select pg_sleep(1);' > sql/003_three.sql
    gl-migrate --dir sql 3>&- &
    eventually 20 sleeps
    kill -9 $!
    sql "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    run -75 gl-migrate --dir sql --status
    assert_line 'pending 003_three'
    echo 'create table three (n int);' > sql/003_three.sql
    run -0 gl-migrate --dir sql
}

@test "gl-migrate: goes on where the server ended its connection" {
    echo 'create table three (n int); select pg_sleep(1);' > sql/003_three.sql
    gl-migrate --dir sql --backoff-base 10ms 3>&- &
    eventually 20 sleeps
    sql "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    wait $!
    [ -n "$(sql "select to_regclass('three')")" ]
}

@test "gl-migrate: a lock that is held longer than --db-timeout is exit 75" {
    psql -Xq -c "begin; select pg_advisory_xact_lock(7384915506041173); select pg_sleep(20)" 3>&- &
    eventually 20 sleeps
    run -75 gl-migrate --dir sql --db-timeout 300ms
    assert_output --partial 'did not answer in time'
    kill $!
}

@test "gl-migrate: a database that is away is exit 75, after as many attempts as told" {
    run -75 gl-migrate --verbose --db host="$BATS_TEST_TMPDIR" --backoff-base 20ms --attempts 4
    [ "$(grep -c 'trying again in' <<< "$output")" -eq 3 ]
}

# bats test_tags=direct
@test "gl-migrate: a missing database is exit 78, a role that may not come in 77, both at once" {
    run -78 gl-migrate --verbose --db dbname=nowhere
    assert_output --partial 'database "nowhere" does not exist'
    refute_output --partial 'trying again'
    run -77 gl-migrate --verbose --db user=nobody
    refute_output --partial 'trying again'
}

@test "gl-migrate: a folder without files, or two of one number, is exit 78" {
    mkdir empty
    run -78 gl-migrate --dir empty
    run -78 gl-migrate --dir nowhere
    cp sql/001_one.sql sql/001_uno.sql
    run -78 gl-migrate --dir sql
    assert_output --partial 'two files have one number'
}

@test "gl-migrate: no password on the command line, and none in a message" {
    run -64 gl-migrate --db 'postgres://me:swordfish@localhost/x'
    refute_output --partial swordfish
    run -64 gl-migrate --db 'host=x password=swordfish'
    refute_output --partial swordfish
    run -78 gl-migrate --db "host=x password='swordfish"
    refute_output --partial swordfish
    GREENLIGHT_DATABASE_URL="host=$BATS_TEST_TMPDIR password=swordfish" run -75 gl-migrate --attempts 1 --verbose
    refute_output --partial swordfish
    GREENLIGHT_DATABASE_URL="host=$PGHOST dbname=$PGDATABASE password=swordfish" run -0 gl-migrate --dir sql
}

# bats test_tags=direct
@test "gl-migrate: finds the database by flag, variable, libpq's variables and service file, in this order" {
    local host=$PGHOST
    GREENLIGHT_DATABASE_URL=dbname=nowhere run -0 gl-migrate --dir sql --db "dbname=$PGDATABASE"
    GREENLIGHT_DATABASE_URL=dbname=nowhere run -78 gl-migrate --dir sql
    PGDATABASE=nowhere run -78 gl-migrate --dir sql
    printf '[queue]\nhost=%s\nuser=greenlight\ndbname=%s\n' "$host" "$PGDATABASE" > services
    unset PGHOST PGUSER PGDATABASE
    PGSERVICEFILE=services PGSERVICE=queue run -0 gl-migrate --dir sql --status
    PGSERVICEFILE=services run -78 gl-migrate --dir sql --db service=queues --status
}

@test "gl-migrate: with nothing said, the database is gl-localdb's, where its socket is" {
    local state=$BATS_TEST_TMPDIR/state
    mkdir -p "$state/greenlight/db/socket" "$state/.local/state"
    createdb greenlight
    ln -s "$PGHOST/.s.PGSQL.5432" "$state/greenlight/db/socket/.s.PGSQL.5432"
    unset PGHOST PGUSER PGDATABASE
    XDG_STATE_HOME=$state run -0 gl-migrate --dir sql
    mv "$state/greenlight" "$state/.local/state"
    unset XDG_STATE_HOME
    HOME=$state run -0 gl-migrate --dir sql --status
    XDG_STATE_HOME=$state/nowhere PGHOST=$BATS_TEST_TMPDIR run -75 gl-migrate --attempts 1
}

@test "gl-migrate: where nothing says which database is meant, it says how to" {
    unset PGHOST PGUSER PGDATABASE
    run -75 gl-migrate --attempts 1
    assert_output --partial 'nothing says where it is: --db, GREENLIGHT_DATABASE_URL, or gl-localdb start'
    run -75 gl-migrate --attempts 1 --db host=/nowhere
    refute_output --partial 'nothing says'
}
