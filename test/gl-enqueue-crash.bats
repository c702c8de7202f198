#!/usr/bin/env bats
# gl-enqueue while Postgres is killed.  Each test has a cluster of its own, in
# which what was committed outlives the server.

load lib/common
load lib/postgres
load lib/enqueue

setup() {
    start_postgres synchronous_commit=on
    new_database
    cd "$BATS_TEST_TMPDIR" || return
    export GREENLIGHT_SPOOL_DIR=$BATS_TEST_TMPDIR/unused
}

teardown() {
    stop_postgres
}

has_rows() {
    [ "$(wc -l < out)" -ge "$1" ]
}

@test "kill: Postgres is killed in mid-stream: what was acknowledged is there, and each request is stored once" {
    requests 1 30000 'del(._gl)' > in
    gl-enqueue --backoff-base 200ms --attempts 10 in > out 2> err 3>&- &
    pid=$!
    for n in 1 2; do
        eventually 20 has_rows $((n * 3000))
        halt_postgres immediate
        echo "killed after $(wc -l < out) rows"
        run_postgres
    done
    ended 0 "$pid"
    holds 'length == 30000 and all(.[]; .status == "pending" and .duplicate == null)' out
    every_acknowledged out
    run -0 sql "select count(*), count(distinct atom_id) from greenlight_queue"
    assert_output '30000|30000'
}

@test "kill: Postgres dies and stays away: --rest has what was not stored, and makes up for it" {
    requests 1 30000 > in
    gl-enqueue --attempts 1 --rest rest in > out 2> err 3>&- &
    pid=$!
    eventually 20 test -s out
    halt_postgres immediate
    ended 75 "$pid"
    run_postgres
    every_acknowledged out
    assert_equal "$(jq -r 'select(.status == "unavailable").atom_id' out)" "$(jq -r .atom_id rest)"
    [ "$(wc -l < out)" = 30000 ]
    [ -s rest ]
    gl-enqueue rest > again
    run -0 sql "select count(*), count(distinct atom_id) from greenlight_queue"
    assert_output '30000|30000'
}
