#!/usr/bin/env bats
# The queue through pgbouncer in transaction mode: no two statements of a program
# need one session.  `make check-pooler` runs all that has a database that way.

load lib/common
load lib/evidence

setup_file() {
    export GL_POOLER=pgbouncer
    start_postgres
}

teardown_file() {
    stop_postgres
}

setup() {
    drain_setup
}

teardown() {
    drain_teardown
}

# sessions: how many of the database's belong to the pooler.
sessions() {
    sql "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
}

@test "pooler: gl-migrate makes the schema, of several at once one each file" {
    local pids=() pid
    export PGDATABASE=bare
    createdb bare
    for pid in 1 2 3 4 5 6; do
        timeout --foreground 30 gl-migrate 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        ended 0 "$pid"
    done
    run -0 gl-migrate --status
    refute_line --partial pending
    assert_equal "$(sql 'select count(*) from greenlight_schema')" "${#lines[@]}"
}

@test "pooler: 2,000 rows enqueued by two and drained by two at once have one row and one outcome each" {
    local other
    audit
    start
    requests_of_run 2000 > in
    timeout --foreground 60 gl-enqueue -q --dedupe .atom_id in > acknowledged.other 3>&- &
    other=$!
    timeout 60 gl-enqueue -q --dedupe .atom_id in > acknowledged
    ended 0 "$other"
    cat acknowledged.other >> acknowledged
    assert_equal "$(jq '.duplicate == true' acknowledged | sort | uniq -c | tr -s ' ')" $' 2000 false\n 2000 true'
    state_is 'pending 2000'

    timeout --foreground 60 gl-drain -q -j 16 > out.other 3>&- &
    other=$!
    timeout --foreground 60 gl-drain -q -j 16 > out 3>&- &
    eventually 20 test -s out.other -a -s out
    [ "$(sessions)" -le 4 ] || fail "$(sessions) sessions"
    ended 69 "$other"
    ended 69 $!
    drain_all
    check_run
}

@test "pooler: gl-ls, gl-stats, gl-ack, gl-retry, gl-cancel and gl-purge" {
    start
    add 1 1500
    add 1501 1510 422
    run -69 timeout 60 gl-drain -q -j 16
    assert_equal "$(gl-ls -r | jq -r .atom_id | sort | uniq | wc -l)" 1510
    run -0 --separate-stderr gl-stats
    assert_equal "$(jq -c '[.rows.complete.rows, .rows.failed.rows]' <<< "$output")" '[1500,10]'
    gl-ls --status failed | gl-retry > /dev/null
    state_is 'complete 1500, pending 10'
    gl-ls --status pending -n 4 | gl-cancel > /dev/null
    state_is 'cancelled 4, complete 1500, pending 6'
    gl-ls --unseen --outcomes | gl-ack > /dev/null
    assert_equal "$(value 'count(*)' 'acked_at is null')" 6
    gl-purge --older-than 0 --export old > /dev/null
    assert_equal "$(wc -l < old)" 1504
    state_is 'pending 6'
}

@test "pooler: what is spooled while the database behind it is away goes in once it is back" {
    start
    start_postgres # one of our own to halt
    new_database
    add 1 30 '{"delay_ms": 500}'
    begin -q -j 4 --attempts 2
    eventually 20 posts_are 1
    halt_postgres immediate
    requests_of_run 100 > in
    run -75 --separate-stderr timeout 30 gl-enqueue -q --attempts 1 --spool spool in
    assert_equal "$(jq -r .status <<< "$output" | sort | uniq -c | tr -s ' ')" ' 100 spooled'
    ended 75 "$drain_pid"
    [ "$(find spool -name '*.jsonl' | wc -l)" -ge 2 ] || fail "$(ls -la spool)"

    run_postgres
    eventually 20 gl-enqueue -q --spool spool /dev/null
    [ "$(value 'count(*)')" = 130 ]
    drain_all
    state_is 'complete 128, failed 2'
    assert_equal "$(ls -A spool)" ''
    stop_postgres
}
