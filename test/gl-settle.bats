#!/usr/bin/env bats
# gl-settle: what each record does to its row, what comes out, and what remains
# where the database, the reader or gl-settle itself goes away.

load lib/common
load lib/database

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    new_database
    export GREENLIGHT_BACKOFF_BASE_MS=10 GREENLIGHT_SPOOL_DIR=$BATS_TEST_TMPDIR/spool
}

# claimed N [OPTION ...]: N rows a1 ... aN, claimed; their requests in `requests`.
claimed() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload)
         select 'a' || n, 'l', '{}' from generate_series(1, $1) n"
    gl-claim "${@:2}" > requests
}

# became JQ: the requests as the records that came of them, by `.` with its `_gl`.
became() {
    jq -c "{atom_id, _gl} | ._gl.type = \"result\" | $1" requests
}

# row COLUMNS: of all rows, in order.
row() {
    sql "select $1 from greenlight_queue order by id"
}

settlement() {
    jq -r '._gl.settlement' <<< "$output" | paste -sd' '
}

@test "gl-settle: each status and class comes to its outcome" {
    # status, class, expected settlement and row: status, retry_count, execution_id
    local failed=0
    while read -r status class settled rest; do
        sql "truncate greenlight_queue"
        claimed 1
        became ".status = \"$status\" | .execution_id = \"e\" | if \"$class\" == \"-\" then . else .error = {class: \"$class\", message: \"m\"} end" > record
        output=$(gl-settle record) || true
        got="$(settlement) $(row "status, retry_count, coalesce(execution_id, 'null')" | tr '|' ' ')"
        [ "$got" = "$settled $rest" ] || { echo "$status $class: $got, not $settled $rest" && failed=1; }
    done << 'END'
complete - settled complete 0 e
incomplete - settled complete 0 e
failed failed settled failed 0 e
rejected http_4xx settled failed 0 e
rejected bad_request settled failed 0 e
cancelled cancelled settled cancelled 0 e
skipped - settled cancelled 0 e
unavailable dns released pending 0 e
unavailable connect released pending 0 e
unavailable tls released pending 0 e
unavailable certificate released pending 0 e
unavailable rate_limited released pending 0 e
unavailable circuit released pending 0 e
unavailable retry_budget released pending 0 e
unavailable deadline released pending 0 e
unavailable unauthorised released pending 0 e
unavailable interrupted released pending 0 e
unavailable no_sandbox released pending 0 e
unavailable no_editor released pending 0 e
unavailable timeout released pending 1 e
unavailable reset released pending 1 e
unavailable truncated released pending 1 e
unavailable http_5xx released pending 1 e
unavailable conflict released pending 1 e
unavailable http_501 released pending 1 e
unavailable http_505 released pending 1 e
unavailable redirect released pending 1 e
unavailable something-new released pending 1 e
unavailable - released pending 1 e
unavailable execution_unknown released pending 1 null
protocol_error malformed released pending 1 e
protocol_error mismatch released pending 1 e
protocol_error too_large released pending 1 e
pending - released pending 0 e
running - released pending 0 e
END
    ((failed == 0))
}

@test "gl-settle: the result is stored byte for byte without its _gl, and the record passes with its settlement" {
    claimed 1
    gl=$(jq -c ._gl requests)
    printf '{"status" : "complete",  "_gl":%s,"n":12345678901234567890, "m":1e400,"s":"\\u0000"}\n' "$gl" > record
    run -0 gl-settle -q record
    assert_output "$(printf '{"status" : "complete","n":12345678901234567890, "m":1e400,"s":"\\u0000","_gl":%s,"settlement":"settled"}}' "${gl%\}}")"
    run -0 row result_text
    assert_output '{"status" : "complete","n":12345678901234567890, "m":1e400,"s":"\u0000"}'
    run -0 row "result_payload ->> 's', completed_at is not null, lease_until is null"
    assert_output $'\uFFFD|t|t'
}

@test "gl-settle: a result that jsonb gives back is not stored twice" {
    claimed 1
    became '.status = "complete" | .partial_score = 0.75' | gl-settle > /dev/null
    run -0 row 'result_text is null, result_payload'
    assert_output 't|{"status": "complete", "atom_id": "a1", "partial_score": 0.75}'
}

@test "gl-settle: an error goes to the row with class and message, once for each settlement" {
    claimed 1
    became '.status = "unavailable" | .error = {class: "http_5xx", message: "no\u0000w", http_status: 500}' | gl-settle > /dev/null || true
    run -0 row "errors #>> '{0,class}', errors #>> '{0,http_status}', jsonb_array_length(errors), error_message"
    assert_output $'http_5xx|500|1|no\uFFFDw'
}

@test "gl-settle: a row goes back for as long as the server asked, and 60 s without" {
    claimed 2
    became '.status = "unavailable" |
        .error = {class: "rate_limited"} + if .atom_id == "a1" then {retry_after_ms: 7200000} else {} end' > records
    run -75 gl-settle records
    run -0 row "round(extract(epoch from run_at - now()) / 60), retry_count"
    assert_output $'120|0\n1|0'
}

@test "gl-settle: retries that are used up end the row, with the last result and its errors in it" {
    claimed 1
    sql "update greenlight_queue set retry_count = 3"
    became '.status = "unavailable" | .error = {class: "timeout", message: "m"}' > record
    run -75 gl-settle record
    assert_equal "$(settlement)" settled
    run -0 row "status, result_payload ->> 'status', error_message"
    assert_output 'failed|unavailable|m'
}

@test "gl-settle: an execution that the server forgot goes under a new key" {
    claimed 1
    became '.status = "unavailable" | .error = {class: "execution_unknown"}' > record
    run -75 gl-settle record
    [ "$(sql "select idempotency_key <> id::text from greenlight_queue")" = t ]
}

@test "gl-settle: --progress saves executions, keeps the lease, and passes all else byte for byte" {
    claimed 3
    became '.status = if .atom_id == "a3" then "complete" else "pending" end |
        if .atom_id == "a2" then . else .execution_id = "e-\(.atom_id)" end | ._gl.type = "execution"' > records
    printf '{"id":"x"}\n{"status":"pending","execution_id":"alone","_gl":{"type":"execution"}}\n' >> records
    run -75 gl-settle --progress records
    assert_equal "$(settlement)" 'progress null null null null'
    assert_equal "$(tail -n 4 <<< "$output")" "$(tail -n 4 records)"
    run -0 row "status, execution_id, lease_until is not null, submitted_at is not null"
    assert_output $'executing|e-a1|t|t\nexecuting||t|f\nexecuting||t|f'
}

@test "gl-settle: what was saved is settled by a second one in the same pipe" {
    claimed 2
    became '.status = "pending" | .execution_id = "e-\(.atom_id)" | ._gl.type = "execution"' > records
    run -0 bash -c "gl-settle --progress records | jq -c '.status = \"complete\" | ._gl.type = \"result\"' | gl-settle"
    assert_equal "$(settlement)" 'settled settled'
    run -0 row "status, execution_id"
    assert_output $'complete|e-a1\ncomplete|e-a2'
}

@test "gl-settle: an execution that has not ended goes back after 60 s, uncharged, with its id" {
    claimed 1
    became '.status = "running" | .execution_id = "e" | ._gl.type = "execution"' > record
    run -75 gl-settle record
    run -0 row "status, execution_id, retry_count, round(extract(epoch from run_at - now()) / 10), errors, result_payload is null"
    assert_output 'pending|e|0|6|[]|t'
}

@test "gl-settle: one that has not ended --give-up after it was saved fails, class expired" {
    claimed 2
    sql "update greenlight_queue set execution_id = 'e', submitted_at = now() - case atom_id when 'a1' then interval '8 days' else '6 days' end"
    became '.status = "running" | .execution_id = "e" | ._gl.type = "execution"' > records
    run -75 gl-settle records
    assert_equal "$(jq -c '[.atom_id, .status, .error.class, .correct, ._gl.type, ._gl.settlement]' <<< "$output")" \
        '["a1","failed","expired",null,"result","settled"]
["a2","running",null,null,"execution","released"]'
    head -n 1 <<< "$output" | "$GL_TOP/test/lib/check-records" result
    run -0 row "status, result_payload #>> '{error,class}', errors #>> '{0,class}', retry_count"
    assert_output $'failed|expired|expired|0\npending|||0'
    sql "update greenlight_queue set status = 'executing' where atom_id = 'a2'; update greenlight_queue set lease_token = gen_random_uuid()"
    run -69 bash -c "sql() { psql -XqAt -c \"\$1\"; }; tail -n 1 records |
        jq -c --arg t \"\$(sql \"select lease_token from greenlight_queue where atom_id = 'a2'\")\" '._gl.lease_token = \$t' |
        gl-settle --give-up 5d"
}

@test "gl-settle: stale, already and gone" {
    claimed 4
    became '.status = "complete"' > records
    sql "update greenlight_queue set lease_token = gen_random_uuid() where atom_id = 'a1'"
    sql "update greenlight_queue set status = 'complete', result_payload = '{}' where atom_id = 'a2'"
    sql "delete from greenlight_queue where atom_id = 'a3'"
    run -0 gl-settle records
    assert_equal "$(settlement)" 'stale already gone settled'
    run -0 row "status, result_payload is not null"
    assert_output $'executing|f\ncomplete|t\ncomplete|t'
    jq -c '._gl.queue_id |= ltrimstr("0") | del(._gl.settlement)' <<< "$(head -n 1 records)" > odd
    jq -c 'del(._gl.lease_token)' <<< "$(head -n 1 records)" >> odd
    run -0 gl-settle odd
    assert_equal "$(settlement)" 'gone stale'
}

@test "gl-settle: a grade that comes after the lease ran out counts where nobody took the row" {
    claimed 2 --lease 1ms
    became '.status = "complete"' > records
    sql "select greenlight_sweep()"
    sql "update greenlight_queue set run_at = now() where atom_id = 'a2'"
    gl-claim --worker other > again
    run -0 gl-settle records
    assert_equal "$(settlement)" 'settled stale'
    jq -c '{atom_id, _gl, status: "failed"} | ._gl.type = "result"' again | gl-settle > /dev/null || true
    run -0 row status
    assert_output $'complete\nfailed'
}

@test "gl-settle: what is no business of the queue passes byte for byte, and so does what is settled" {
    claimed 1
    became '.status = "complete"' | gl-settle > settled
    sql "update greenlight_queue set status = 'executing'"
    printf '%s\n' '{ "id":"atom" }' '{"status":"complete","_gl":{"type":"result"}}' \
        '{"_gl":{"queue_id":"x"},"atom_id":"request"}' '{"_gl":{"type":"row","queue_id":"x"},"status":"failed"}' >> settled
    run -0 gl-settle settled
    assert_output "$(< settled)"
    run -0 row status
    assert_output executing
}

@test "gl-settle: a bare status is enough, and one id twice in a batch is settled in order" {
    claimed 1
    jq -c '.status = "complete"' requests > records
    jq -c '.status = "failed"' requests >> records
    jq -c '.status = "complete"' requests >> records
    run -0 gl-settle records
    assert_equal "$(settlement)" 'settled stale already'
    run -0 row "status, result_payload ->> 'status'"
    assert_output 'complete|complete'
}

@test "gl-settle: input that is no record becomes one that says so, with file and line, and the others go on" {
    claimed 2
    { became '.status = "complete"' | head -n 1; echo 'no record'; became '.status = "complete"' | tail -n 1; } > input
    run -65 --separate-stderr gl-settle input
    assert_equal "$(jq -c '[.status, ._gl.settlement]' <<< "$output")" '["complete","settled"]
["rejected",null]
["complete","settled"]'
    # shellcheck disable=SC2154
    assert_equal "$stderr" 'gl-settle: input:2: not a JSON object'
}

@test "gl-settle: a result with a status that nobody knows is told, and its row left to its lease" {
    claimed 1
    became '.status = "splendid"' > record
    run -65 --separate-stderr gl-settle record
    assert_equal "$stderr" 'gl-settle: record:1: a status that is not known; the row is left to its lease'
    assert_output "$(< record)"
    run -0 row status
    assert_output executing
}

@test "gl-settle: what the database refuses costs a retry, and the others of its batch are stored" {
    claimed 5
    sql "alter table greenlight_queue add check (result_payload ->> 'n' <> '3')"
    became '.status = "complete" | .n = .atom_id[1:]' > records
    run -65 --separate-stderr gl-settle records
    assert_equal "$(settlement)" 'settled settled released settled settled'
    [[ $stderr == 'gl-settle: row '*': what came of it cannot be stored: the database says: '* ]]
    run -0 row "status, retry_count, errors #>> '{0,class}'"
    assert_output $'complete|0|\ncomplete|0|\npending|1|refused\ncomplete|0|\ncomplete|0|'
}

@test "gl-settle: 1,000 records come out in order, each settled, whatever the batch" {
    claimed 1000
    became '.status = "complete"' > records
    head -n 500 records | gl-settle --batch 7 > out
    tail -n 500 records | gl-settle --batch 10000 >> out
    cmp <(jq -cS 'del(._gl.settlement)' out) <(jq -cS . records)
    assert_equal "$(jq -r ._gl.settlement out | uniq -c)" '   1000 settled'
}

@test "gl-settle: a record that comes alone is settled at once" {
    claimed 1
    mkfifo in
    timeout --foreground 60 gl-settle < in > out 3>&- &
    pid=$!
    exec 9> in
    became '.status = "complete"' >&9
    eventually 20 test -s out
    exec 9>&-
    ended 0 "$pid"
}

@test "gl-settle: the database away, outcomes are spooled, and replayed twice without harm" {
    claimed 20
    became '.status = "complete"' > records
    run -75 --separate-stderr gl-settle --db 'host=/nonexistent' --attempts 2 --batch 6 records
    assert_output "$(< records)"
    [[ $stderr == *"gl-settle: 6 outcomes are kept in \"$BATS_TEST_TMPDIR/spool\": cannot connect"* ]]
    run -0 row status
    refute_output --partial complete
    cp -r spool copy
    run -0 gl-settle < /dev/null
    [ "$(sql "select count(*) from greenlight_queue where status = 'complete'")" = 20 ]
    sql "update greenlight_queue set acked_at = now()"
    rm -r spool
    mv copy spool
    run -0 gl-settle < /dev/null
    [ "$(sql "select count(*) from greenlight_queue where status = 'complete' and acked_at is not null")" = 20 ]
    run -0 gl-settle < /dev/null
}

@test "gl-settle: a folder that no spool can be in is told, with exit 74, and the records pass" {
    claimed 1
    became '.status = "complete"' > record
    : > file
    run -74 --separate-stderr gl-settle --db 'host=/nonexistent' --attempts 1 --spool file/spool record
    assert_output "$(< record)"
    [[ $stderr == *'1 outcomes are not recorded: cannot connect'* ]]
}

@test "gl-settle: where nobody reads its output any more it records its input to the end" {
    claimed 300
    became '.status = "complete"' > records
    run -141 --separate-stderr timeout 20 bash -c 'set -o pipefail
        { until [ -e closed ]; do sleep 0.01; done; exec gl-settle --batch 10 records; } | { exec <&-; : > closed; }'
    assert_equal "$stderr" ""
    [ "$(sql "select count(*) from greenlight_queue where status = 'complete'")" = 300 ]
    run -74 --separate-stderr timeout 20 bash -c 'gl-settle --batch 10 records > /dev/full'
    assert_equal "$stderr" 'gl-settle: cannot write to standard output: No space left on device'
}

@test "gl-settle: after SIGTERM it reads on to the end of its input, then ends by the signal" {
    claimed 2
    became '.status = "complete"' > records
    mkfifo in
    timeout --foreground 60 gl-settle < in > out 3>&- &
    pid=$!
    exec 9> in
    head -n 1 records >&9
    eventually 20 test -s out
    kill -TERM "$pid"
    tail -n 1 records >&9
    eventually 20 lines_are 2 out
    exec 9>&-
    ended 143 "$pid"
    run -0 row status
    assert_output $'complete\ncomplete'
}

# bats test_tags=plain
@test "gl-settle: after a signal it does not wait for ever, and a second one ends it at once" {
    local begun=$SECONDS
    faketime=(/usr/lib/*/faketime/libfaketime.so.1)
    mkfifo in
    exec 9<> in
    LD_PRELOAD=${faketime[0]} FAKETIME='+0 x10' gl-settle < in > out 3>&- 9>&- &
    pid=$!
    eventually 20 catches_term "$pid"
    kill -TERM "$pid"
    ended 143 "$pid"
    gl-settle < in 3>&- 9>&- &
    pid=$!
    eventually 20 catches_term "$pid"
    kill -TERM "$pid"
    eventually 20 is_gone_after_term "$pid"
    ended 143 "$pid"
    ((SECONDS - begun < 9))
}

# catches_term PID: its signal handlers are in place (bit 15 of SigCgt).
catches_term() {
    local caught
    caught=$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status")
    (((16#$caught >> 14) & 1))
}

is_gone_after_term() {
    ! kill -TERM "$1" 2> /dev/null
}

@test "gl-settle: killed at any moment it leaves rows that are settled whole or held" {
    claimed 400
    became '.status = "complete"' > records
    for pause in 0.01 0.03 0.05; do
        (cat records; sleep 5) | gl-settle --batch 20 > out 3>&- &
        pid=$!
        sleep "$pause"
        kill -KILL "$pid"
        ended 137 "$pid"
    done
    [ "$(sql "select count(*) from greenlight_queue where status not in ('executing', 'complete')
        or (status = 'complete') <> (result_payload is not null)")" = 0 ]
    run -0 gl-settle records
    assert_equal "$(settlement | tr ' ' '\n' | grep -cv -e settled -e already)" 0
    [ "$(sql "select count(*) from greenlight_queue where status = 'complete'")" = 400 ]
}

@test "gl-settle: -e ends with 1 where there was no record" {
    run -1 gl-settle -e < /dev/null
    run -0 gl-settle -e <<< '{"id":"a"}'
}
