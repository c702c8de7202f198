#!/usr/bin/env bats
# gl-claim: what it prints, what it leaves alone, and what becomes of the rows
# where it is stopped, killed, or nobody reads what it writes.

load lib/common
load lib/database

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    new_database
    export GREENLIGHT_BACKOFF_BASE_MS=10
}

# add N [COLUMNS VALUES]: N pending rows a1 ... aN.
add() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload${2:+, $2})
         select 'a' || n, 'l' || n % 10, jsonb_build_object('n', n)${3:+, $3} from generate_series(1, $1) n"
}

# count CONDITION: how many rows it holds for.
count() {
    sql "select count(*) from greenlight_queue where $1"
}

is() {
    [ "$(count "$1")" = "$2" ]
}

@test "gl-claim: prints each ready row as a request, the highest priority first, and leases it" {
    add 3 priority "case when n = 3 then 5 else 0 end"
    add 1 run_at "now() + interval '1 hour'"
    run -0 gl-claim --lease 20m
    assert_equal "$(jq -r .atom_id <<< "$output" | paste -sd' ')" 'a3 a1 a2'
    is "status = 'executing' and lease_until between now() + interval '19 min' and now() + interval '20 min'" 3
    run -0 gl-claim
    assert_output ""
}

@test "gl-claim: a record has all that settles its row, and the caller's context, and nothing else of an old _gl" {
    sql "select 1 from greenlight_enqueue(array['{\"n\":1.10,\"_gl\":{\"context\":{\"row\":7},\"settlement\":\"settled\",\"queue_id\":\"x\"}}'],
        '{a}', '{l}', idempotency_key => '{k}', endpoint => '{queue-atom}', execution_id => '{e-1}')"
    run -0 gl-claim
    # shellcheck disable=SC2154
    assert_equal "$(jq -c '._gl | keys_unsorted' <<< "$output")" \
        '["context","idempotency_key","endpoint","queue_id","lease_token","retry_count","learner_id","execution_id"]'
    assert_equal "$(jq -c '._gl | [.context, .idempotency_key, .endpoint, .retry_count, .learner_id, .execution_id]' <<< "$output")" \
        '[{"row":7},"k","queue-atom",0,"l","e-1"]'
    is "id = '$(jq -r ._gl.queue_id <<< "$output")' and lease_token = '$(jq -r ._gl.lease_token <<< "$output")'" 1
    "$GL_TOP/test/lib/check-records" request <<< "$output"
}

@test "gl-claim: without a key of its own a row is sent under its id" {
    add 1
    run -0 gl-claim
    assert_equal "$(jq -r ._gl.idempotency_key <<< "$output")" "$(sql "select id from greenlight_queue")"
}

@test "gl-claim: the exact text comes out as it was stored, with the atom's id where it has none" {
    sql "select 1 from greenlight_enqueue(array['{\"n\":12345678901234567890,\"m\":1e400, \"z\" : -0}'], array['a\"b'], '{l}')"
    run -0 gl-claim
    assert_output --partial '{"n":12345678901234567890,"m":1e400, "z" : -0,"_gl":{'
    assert_output --partial ',"atom_id":"a\"b"}'
    sql "select 1 from greenlight_enqueue(array['{\"id\":\"own\",\"m\":1e400}'], '{column}', '{l}')"
    run -0 gl-claim
    refute_output --partial column
}

@test "gl-claim: -n, --atom and --learner claim no more than they say" {
    add 30
    run -0 gl-claim -n 4 --batch 3
    assert_equal "${#lines[@]}" 4
    run -0 gl-claim --atom a9
    assert_equal "$(jq -r .atom_id <<< "$output")" a9
    run -0 gl-claim --learner l7
    assert_equal "$(jq -r ._gl.learner_id <<< "$output" | uniq -c)" '      3 l7'
    is "status = 'executing'" 8
}

@test "gl-claim: -e ends with 1 where nothing was claimed, and only there" {
    run -1 gl-claim -e
    add 1
    run -0 gl-claim -e
    run -1 gl-claim --exit-status
}

@test "gl-claim: eight at once over 10,000 rows print none twice and leave none" {
    add 10000
    for i in 1 2 3 4 5 6 7 8; do
        timeout --foreground 60 gl-claim --batch 53 > "out.$i" 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        ended 0 "$pid"
    done
    assert_equal "$(jq -r ._gl.queue_id out.* | sort -u | wc -l)" 10000
    assert_equal "$(cat out.* | wc -l)" 10000
    is "status = 'executing'" 10000
    [ "$(sql "select count(distinct claimed_by) > 1 from greenlight_queue")" = t ]
}

@test "gl-claim: a row whose stored request is broken fails alone, and the others come" {
    add 3
    sql "update greenlight_queue set request_text = '{\"broken' where atom_id = 'a2'"
    sql "update greenlight_queue set request_payload = '[1]' where atom_id = 'a1'"
    run -65 --separate-stderr gl-claim
    assert_equal "$(jq -r .atom_id <<< "$output")" a3
    # shellcheck disable=SC2154
    [[ $stderr == "gl-claim: row "*": its request is no JSON object" ]]
    is "status = 'failed' and error_message is not null and errors #>> '{0,class}' = 'bad_request'" 2
}

@test "gl-claim: at --max-held it waits until rows are settled or saved, and claims on" {
    add 12
    timeout --foreground 60 gl-claim --worker w --max-held 8 > out 3>&- &
    eventually 20 is "status = 'executing'" 8
    sleep 0.3 # it could go on wrongly
    is "status = 'executing'" 8
    sql "update greenlight_queue set execution_id = 'e' where id in (select id from greenlight_queue where status = 'executing' limit 2)"
    eventually 20 is "status = 'executing'" 10
    sql "update greenlight_queue set status = 'complete' where status = 'executing' and execution_id is null"
    ended 0 $!
    is "status = 'pending'" 0
    assert_equal "$(jq -r ._gl.queue_id out | sort -u | wc -l)" 12
}

@test "gl-claim: --follow goes on looking, and SIGTERM ends it with all that it claimed printed" {
    timeout --foreground 60 gl-claim --follow --interval 50ms > out 3>&- &
    pid=$!
    eventually 20 connected
    add 3
    eventually 20 lines_are 3 out
    add 2
    eventually 20 lines_are 5 out
    kill -TERM "$pid"
    ended 143 "$pid"
    assert_equal "$(jq -r ._gl.queue_id out | sort -u | wc -l)" "$(count "status = 'executing'")"
}

connected() {
    [ "$(sql "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'gl-claim'")" = 1 ]
}

@test "gl-claim: --until-eof ends when its standard input does, idle or at the bound" {
    mkfifo alive
    timeout --foreground 60 gl-claim --follow --until-eof < alive > out 3>&- &
    pid=$!
    exec 9> alive
    eventually 20 connected
    echo 'not the end' >&9
    exec 9>&-
    ended 0 "$pid"

    add 3
    timeout --foreground 60 gl-claim --until-eof --max-held 2 < alive > out 3>&- &
    pid=$!
    exec 9> alive
    eventually 20 lines_are 2 out
    exec 9>&-
    ended 0 "$pid"
    is "status = 'pending'" 1
    run -0 gl-claim --until-eof < /dev/null
    assert_output ""
}

@test "gl-claim: rows that cannot be printed go back at once, and cost nothing" {
    add 200
    run -74 --separate-stderr timeout 20 bash -c 'gl-claim --batch 50 > /dev/full'
    assert_equal "$stderr" 'gl-claim: cannot write to standard output: No space left on device'
    is "status = 'pending' and retry_count = 0" 200
    sql "update greenlight_queue set run_at = now()"

    run -141 --separate-stderr timeout 20 bash -c 'set -o pipefail
        { until [ -e closed ]; do sleep 0.01; done; exec gl-claim; } | { exec <&-; : > closed; }'
    assert_equal "$stderr" ""
    is "status = 'executing'" 0
}

@test "gl-claim: of what a pipe took before it was closed nothing goes back, of the rest all" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload)
         select 'a', 'l', jsonb_build_object('x', repeat('x', 1000)) from generate_series(1, 200)"
    timeout 20 bash -c 'set -o pipefail; gl-claim | until [ -e full ]; do sleep 0.01; done' 3>&- &
    eventually 20 is "status = 'executing'" 108
    : > full
    ended 141 $!
    taken=$(count "status = 'executing'")
    run -0 gl-claim -n 1
    size=${#output}
    ((taken >= 8 && taken * size < 65536 + size)) || fail "$taken of $size bytes"
}

@test "gl-claim: killed, it leaves rows that are swept when their lease ends" {
    add 20
    gl-claim --follow --lease 1s > out 3>&- &
    pid=$!
    eventually 20 is "status = 'executing'" 20
    kill -KILL "$pid"
    ended 137 "$pid"
    eventually 20 swept
    is "status = 'pending' and retry_count = 1 and errors #>> '{0,class}' = 'lease'" 20
}

swept() {
    gl-claim > /dev/null
    is "status = 'pending'" 20
}

# bats test_tags=plain
@test "gl-claim: large rows come in small claims, so that its memory stays small" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload)
         select 'a' || n, 'l', jsonb_build_object('x', repeat('0123456789', 200000)) from generate_series(1, 60) n"
    run -0 --separate-stderr bash -c "command time -f %M gl-claim | wc -l"
    assert_output 60
    [ "$stderr" -lt 65536 ] || fail "$stderr KiB"
}

# bats test_tags=direct
@test "gl-claim: with an old snapshot held elsewhere its claims pass no more index entries" {
    add 6000
    psql -Xq -c "begin isolation level repeatable read; select 1; select pg_sleep(60)" 3>&- &
    eventually 20 holding
    first=$(entries_of 1000)
    entries_of 4000 > /dev/null
    last=$(entries_of 1000)
    kill $!
    echo "first $first, last $last"
    ((first > 1000 && last < 2 * first))
}

holding() {
    [ "$(sql "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")" = 1 ]
}

# entries_of N: how many index entries it takes to claim and settle N rows.
entries_of() {
    local before
    before=$(entries)
    gl-claim -n "$1" --batch 50 --max-held 100 | jq -c --unbuffered '.status = "complete"' | gl-settle > /dev/null
    eventually 20 reported
    echo $(($(entries) - before))
}

entries() {
    sql "select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'greenlight_queue'"
}

# Sessions report what they did when they end.
reported() {
    [ "$(sql "select count(*) from pg_stat_activity where application_name in ('gl-claim', 'gl-settle') and datname = current_database()")" = 0 ]
}

@test "gl-claim: the database away is exit 75, a missing schema 78" {
    run -75 --separate-stderr gl-claim --db 'host=/nonexistent dbname=x' --attempts 2
    [[ $stderr == 'gl-claim: cannot connect to the database: '* ]]
    run -78 --separate-stderr gl-claim --db 'dbname=postgres'
    [[ $stderr == *'was gl-migrate run on it?' ]]
}
