#!/usr/bin/env bats
# gl-drain: signals, and stages, supervisors and databases that are killed or
# stopped: which rows come back, which are charged, and that nothing runs on.

load lib/common
load lib/database
load lib/drain

setup() {
    drain_setup
}

teardown() {
    drain_teardown
}

# no_row_is STATUS
no_row_is() {
    assert_equal "$(value 'count(*)' "status = '$1'")" 0
}

# finish N: a plain drain brings all N rows to their end.
finish() {
    ready
    run -0 timeout 60 gl-drain -q
    state_is "complete $1"
}

# ---- signals ----

@test "gl-drain: Ctrl-C ends it by SIGINT, what is under way is finished, the rest waits" {
    start
    add 1 200 '{"delay_ms": 150}'
    begin -j 4
    eventually 20 posts_are 10
    kill -INT "$drain_pid"
    ended 130 "$drain_pid"
    nothing_left
    assert_equal "$(cat err | wc -l)" 1
    run cat err
    assert_output --partial 'gl-drain: stopped: '
    no_row_is executing
    assert_equal "$(charged)" 0
    # Every post was waited for, and recorded.
    assert_equal "$(value 'count(*)' "status = 'complete'")" "$(posts . | wc -l)"
    assert_equal "$(grep -c '"settled"' out)" "$(posts . | wc -l)"
    [ "$(posts . | wc -l)" -lt 100 ]
    finish 200
    assert_equal "$(posts . | wc -l)" 200
}

@test "gl-drain: after --grace what is still under way is given up, uncharged" {
    long='{"delay_ms": 60000}'
    echo "{\"match\": {\"method\": \"POST\"}, \"answers\": [$long, $long, $long, $long, 200], \"count\": \"rule\"}" > rules
    start --scenario rules
    add 1 40
    begin -j 4 --grace 300ms
    eventually 20 posts_are 4
    SECONDS=0
    kill "$drain_pid"
    ended 143 "$drain_pid"
    [ "$SECONDS" -le 15 ]
    nothing_left
    assert_equal "$(states)" 'pending 40'
    assert_equal "$(charged)" 0
    assert_equal "$(posts . | wc -l)" 4
    finish 40
    # The same rows went out again under the keys that they had.
    assert_equal "$(posts '.headers["idempotency-key"]' | sort | uniq -d | wc -l)" 4
    assert_equal "$(posts '.headers["idempotency-key"]' | sort -u | wc -l)" 40
}

@test "gl-drain: a second Ctrl-C ends everything at once, uncharged" {
    start
    add 1 40 '{"delay_ms": 60000}'
    begin --grace 60s
    eventually 20 posts_are 8
    SECONDS=0
    kill -INT "$drain_pid"
    eventually 20 has_no_claim
    kill -INT "$drain_pid"
    ended 130 "$drain_pid"
    [ "$SECONDS" -le 15 ]
    nothing_left
    assert_equal "$(states)" 'pending 40'
    assert_equal "$(charged)" 0
}

has_no_claim() {
    [ -z "$(stage gl-claim)" ]
}

@test "gl-drain: a signal while it asks for the server's health ends it, and touches nothing" {
    echo '{"match": {"path": "/health"}, "answers": {"delay_ms": 60000}}' > scenario
    start --scenario scenario
    add 1 1
    gl-drain > out 2> err 3>&- &
    drain_pid=$!
    eventually 20 test -s "$log" || true
    kill "$drain_pid"
    ended 143 "$drain_pid"
    state_is 'pending 1'
    [ ! -s out ] && [ ! -s err ]
}

@test "gl-drain: executions under way at a signal stay saved, and are only polled later" {
    start
    add 1 20 '{"polls": 1, "estimated_wait_seconds": 1}' endpoint "'queue-atom'"
    begin --grace 0
    eventually 20 saved_are 20
    kill "$drain_pid"
    ended 143 "$drain_pid"
    nothing_left
    assert_equal "$(value 'count(*), sum(retry_count)' "status = 'pending' and execution_id is not null")" '20|0'
    finish 20
    assert_equal "$(posts . | wc -l)" 20
}

saved_are() {
    [ "$(value 'count(*)' 'execution_id is not null')" -eq "$1" ]
}

# ---- kills ----

# kill_stage STAGE [NAME]: rows are under way when it gets SIGKILL.
kill_stage() {
    start
    add 1 100 '{"delay_ms": 50}'
    add 101 120 '{"polls": 0, "estimated_wait_seconds": 0.5}' "endpoint, priority" "'queue-atom', 5"
    begin -j 4
    eventually 20 posts_are 40
    kill -9 "$(stage "$1")"
    ended 70 "$drain_pid"
    run cat err
    assert_line "gl-drain: ${2-$1} was ended by signal 9 (Killed)"
    assert_line --partial 'gl-drain: stopped: '
    nothing_left
    no_row_is executing
    no_row_is failed
    # Only who was in its hands is charged, and says why.
    assert_equal "$(value 'count(*)' "retry_count > 0 and errors -> -1 ->> 'class' is distinct from 'stage'")" 0
    [ "$(value 'count(*)' 'retry_count > 0')" -le 52 ] # eight a connection, and the executions
    [ "$1" != gl-submit ] || [ "$(charged)" -ge 1 ]
    finish 120
    [ -z "$(posts '[.headers["idempotency-key"], (.body | fromjson.atom_id)]' | sort -u | cut -d, -f 2 | uniq -d)" ]
}

@test "gl-drain: gl-claim killed: it ends with 70, and every row comes back" {
    kill_stage gl-claim
}

@test "gl-drain: gl-submit killed: it ends with 70, rows under way are charged, every row comes back" {
    kill_stage gl-submit
}

@test "gl-drain: the first gl-settle killed: it ends with 70, and every row comes back" {
    kill_stage save gl-settle
}

@test "gl-drain: gl-poll killed: it ends with 70, saved executions are not posted again" {
    kill_stage gl-poll
    assert_equal "$(posts 'select(.path == "/greenlight/queue-atom")' | wc -l)" 20
}

@test "gl-drain: the last gl-settle killed: it ends with 70, and every row comes back" {
    kill_stage gl-settle
}

@test "gl-drain: when it is killed itself, its stages record what is under way and end" {
    start
    add 1 200 '{"delay_ms": 150}'
    begin -j 4
    eventually 20 posts_are 20
    kill -9 "$drain_pid"
    ended 137 "$drain_pid"
    eventually 20 nothing_left
    # Nothing that was claimed got lost, though nobody read the records.
    assert_equal "$(value 'count(*)' "status = 'complete'")" "$(posts . | wc -l)"
    no_row_is executing
    [ "$(posts . | wc -l)" -lt 100 ]
    finish 200
    assert_equal "$(posts . | wc -l)" 200
}

@test "gl-drain: killed while executions are under way, the next one polls and does not post them again" {
    start
    add 1 20 '{"polls": 1, "estimated_wait_seconds": 1}' endpoint "'queue-atom'"
    begin --max-wait 1500ms
    eventually 20 saved_are 20
    kill -9 "$drain_pid" $(stage_pids)
    ended 137 "$drain_pid"
    eventually 20 nothing_left
    state_is 'executing 20'
    ready
    run -0 timeout 30 gl-drain -q # their leases end in it, for which each is charged
    assert_equal "$(charged)" 20
    finish 20
    assert_equal "$(posts . | wc -l)" 20
}

# ---- stops ----

# hold PID ...: stops them, as a laptop's lid does.
hold() {
    kill -STOP "$@"
}

# A drain whose one row is posted, all of it stopped until the lease is over.  The
# server grades the first post 0.1 and all later ones 0.9.
held_past_lease() {
    start
    add 1 1 '[{"delay_ms": 500, "score": 0.1}, {"score": 0.9}]'
    begin --lease 900ms
    eventually 20 posts_are 1
    stages=$(stage_pids)
    # shellcheck disable=SC2086 # pids
    hold "$drain_pid" $stages
    eventually 20 lease_is_over
}

lease_is_over() {
    [ "$(value 'lease_until < now()')" = t ]
}

go_on() {
    # shellcheck disable=SC2086 # pids
    kill -CONT $stages "$drain_pid"
}

@test "gl-drain: stopped past its lease, the late outcome is stale and the fresh one stands" {
    held_past_lease
    run -0 gl-drain -q # sweeps, and charges for it
    assert_equal "$(value 'status, retry_count')" 'pending|1'
    finish 1
    go_on
    ended 0 "$drain_pid"
    assert_equal "$(jq -c '[._gl.settlement, .partial_score]' out)" '["stale",0.1]'
    assert_equal "$(value "status, result_payload ->> 'partial_score'")" 'complete|0.9'
    run cat err
    assert_line 'gl-drain: done: 0 ended, 0 failed, 0 to be tried again, 1 taken by others'
}

@test "gl-drain: stopped past its lease, the late outcome counts where nobody has taken the row" {
    held_past_lease
    run -0 gl-drain -q
    assert_equal "$(value 'status, retry_count')" 'pending|1'
    go_on
    ended 0 "$drain_pid"
    assert_equal "$(jq -c '[._gl.settlement, .partial_score]' out)" '["settled",0.1]'
    assert_equal "$(value "status, result_payload ->> 'partial_score'")" 'complete|0.1'
    ready
    run -0 gl-drain -q
    assert_equal "$(posts . | wc -l)" 1
}

@test "gl-drain: gl-submit alone stopped, rows go back after --max-lease, and its late outcome is stale" {
    start
    add 1 1 '[{"delay_ms": 500, "score": 0.1}, {"score": 0.9}]'
    begin --lease 900ms --max-lease 1500ms
    eventually 20 posts_are 1
    submit=$(stage gl-submit)
    hold "$submit"
    eventually 20 lease_is_over
    run -0 gl-drain -q
    finish 1
    kill -CONT "$submit"
    ended 0 "$drain_pid"
    assert_equal "$(jq -c '[._gl.settlement, .partial_score]' out)" '["stale",0.1]'
    assert_equal "$(value "status, result_payload ->> 'partial_score'")" 'complete|0.9'
}

@test "gl-drain: a stage that stands still does not keep it from ending" {
    start
    add 1 40 '{"delay_ms": 500}'
    begin --grace 500ms
    eventually 20 posts_are 8
    hold "$(stage gl-submit)"
    SECONDS=0
    kill "$drain_pid"
    ended 143 "$drain_pid"
    [ "$SECONDS" -le 15 ]
    nothing_left
    no_row_is executing
    finish 40
}

# ---- the database ----

@test "gl-drain: outcomes that the database is not there for are kept, and the next one stores them" {
    start
    start_postgres synchronous_commit=on # one of our own to halt
    new_database
    add 1 30 '{"delay_ms": 400}'
    begin -j 8 --attempts 1
    eventually 20 posts_are 8
    halt_postgres immediate
    ended 75 "$drain_pid"
    nothing_left
    [ -n "$(ls "$GREENLIGHT_SPOOL_DIR")" ]
    posted=$(posts . | wc -l)
    run_postgres
    ready
    run -0 timeout 30 gl-drain -q
    ready
    run -0 timeout 30 gl-drain -q
    state_is 'complete 30'
    # What was posted before was stored from the spool, not posted again.
    assert_equal "$(posts '.headers["idempotency-key"]' | sort | uniq -d)" ''
    [ "$posted" -ge 8 ]
    stop_postgres
}
