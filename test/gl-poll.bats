#!/usr/bin/env bats
# gl-poll: executions in, results out as they end.

load lib/common
load lib/submit

teardown() {
    stop_server
}

# queued MOCK [ID]: an execution of the mock's, as gl-submit gives it.
queued() {
    gl-submit --async <<< "{\"atom_id\":\"${2-a}\",\"mock\":$1}" || [ $? -eq 75 ]
}

# poll RECORDS [ARGUMENT ...]: with a short interval.
poll() {
    local records=$1
    shift
    gl-poll --interval 20ms "$@" <<< "$records"
}

# polls: how many polls the mock has seen.
polls() {
    jq -s 'map(select(.method == "GET")) | length' "$log"
}

@test "gl-poll: waits for an execution and prints its result" {
    start
    record=$(queued '{"polls":3}')
    run -0 poll "$record"
    holds '.status == "complete" and .partial_score == 1 and .atom_id == "a" and ._gl.type == "result" and ._gl.endpoint == "queue-atom"'
    assert_equal "$(jq -r .execution_id <<< "$(records)")" "$(jq -r .execution_id <<< "$record")"
    assert_equal "$(jq -r ._gl.idempotency_key <<< "$(records)")" "$(jq -r ._gl.idempotency_key <<< "$record")"
    assert_equal "$(polls)" 4
}

@test "gl-poll: carries the context of the record through" {
    start
    record=$(gl-submit --async <<< '{"atom_id":"a","_gl":{"context":{"n":12345678901234567890}}}') || true
    run -0 poll "$record"
    assert_output --partial '"context":{"n":12345678901234567890}'
}

@test "gl-poll: takes a bare execution_id, and percent-encodes ids, dots too" {
    start
    record=$(queued '{"execution_id":"../a:b é"}')
    run -0 poll '{"execution_id":"../a:b é"}'
    holds '.status == "complete"'
    log_holds '.[-1].path == "/greenlight/execution/%2E%2E%2Fa%3Ab%20%C3%A9"'
}

@test "gl-poll: words of other servers map in, an unknown one goes on with a warning" {
    start
    record=$(queued '{"polls":3,"poll_status":["queued","executing","simmering"]}')
    run -0 --separate-stderr poll "$record"
    holds '.status == "complete"'
    assert_equal "$stderr" 'gl-poll: an execution has a status that is not known; still polling'
}

@test "gl-poll: a failed execution is failed, with the server's reason and no score" {
    start
    run -69 poll "$(queued '{"fail":"the runner died"}')"
    holds '.status == "failed" and .partial_score == null and .error.class == "failed" and .error.message == "the runner died"'
}

@test "gl-poll: many at once, all with a result" {
    start
    requests 1 500 '.mock = {polls: (.n % 4)}' | gl-submit --async -j 16 > "$BATS_TEST_TMPDIR/executions" || [ $? -eq 75 ]
    run -0 gl-poll --interval 50ms "$BATS_TEST_TMPDIR/executions"
    jq -se 'length == 500 and (map(.atom_id) | unique | length) == 500 and all(.status == "complete")' <<< "$(records)"
    log_holds 'map(.in_flight) | max <= 16'
}

@test "gl-poll: results come out as they end, not in the order of the input" {
    start
    slow=$(queued '{"polls":20}' slow)
    fast=$(queued '{"polls":0}' fast)
    run -0 poll "$slow"$'\n'"$fast" --interval-cap 50ms
    assert_equal "$(jq -r .atom_id <<< "$(records)" | paste -sd ' ')" 'fast slow'
}

@test "gl-poll: the interval grows by half each time up to its cap" {
    start
    run -0 gl-poll --interval 100ms --interval-cap 150ms <<< "$(queued '{"polls":4}')"
    log_holds 'map(select(.method == "GET").time_ms) | [.[1] - .[0], .[2] - .[1], .[3] - .[2], .[4] - .[3]]
               | .[0] >= 100 and .[0] < 140 and .[1] >= 150 and .[2] >= 150 and .[3] >= 150 and .[3] < 220'
}

@test "gl-poll: Retry-After and estimated_wait_seconds set the next poll" {
    start
    rules='{"match":{"method":"GET"},"answers":[{"body":{"status":"pending"},"headers":{"Retry-After":"1"}},{"body":{"status":"complete","result":{"correct":true}}}]}'
    stop_server
    rm "$BATS_TEST_TMPDIR/ready"
    echo "$rules" > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    run -0 poll '{"execution_id":"e"}'
    log_holds '.[1].time_ms - .[0].time_ms | . >= 1000 and . < 1900'
    record='{"execution_id":"f","estimated_wait_seconds":0.5}'
    begin=$(date +%s%3N)
    run -0 poll "$record"
    assert [ $(($(date +%s%3N) - begin)) -ge 500 ]
}

@test "gl-poll: out of time leaves the execution pending with its id, never a failure" {
    start
    record=$(queued '{"polls":100000,"poll_status":["running"]}')
    run -75 poll "$record" --max-wait 300ms
    holds '.status == "running" and ._gl.type == "execution" and (has("error") | not) and (has("partial_score") | not)'
    assert_equal "$(jq -r .execution_id <<< "$(records)")" "$(jq -r .execution_id <<< "$record")"
    # What came out goes in again.
    run -75 poll "$output" --max-wait 50ms
    holds '._gl.type == "execution"'
}

@test "gl-poll: a server that asks for a pause over the cap leaves executions pending" {
    echo '{"match":{"method":"GET"},"answers":[{"status":429,"retry_after":"600"}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    run -75 poll $'{"execution_id":"e"}\n{"execution_id":"f"}' -j 1
    jq -se 'length == 2 and all(.status == "pending" and ._gl.type == "execution" and .atom_id == null)' <<< "$(records)"
    log_holds 'length == 1'
}

@test "gl-poll: one failed poll does not matter" {
    echo '{"match":{"method":"GET"},"answers":[503,{"fault":"drop"},{"fault":"truncate_length","body":{"status":"pending"}},{"body":{"status":"complete","result":{"correct":true}}}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    run -0 poll '{"execution_id":"e"}'
    holds '.status == "complete"'
    log_holds 'length == 4'
}

@test "gl-poll: ten failed polls in a row give up, unavailable, with the id" {
    echo '{"match":{"method":"GET"},"answers":[503]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    run -75 gl-poll --interval 1ms --interval-cap 1ms <<< '{"atom_id":"a","execution_id":"e"}'
    holds '.status == "unavailable" and .error.class == "http_5xx" and .execution_id == "e" and .partial_score == null'
    log_holds 'length == 10'
}

@test "gl-poll: an execution that the server does not know is execution_unknown at once" {
    start
    run -75 poll '{"atom_id":"a","execution_id":"nowhere"}'
    holds '.status == "unavailable" and .error.class == "execution_unknown" and .error.http_status == 404'
    assert_equal "$(polls)" 1
}

@test "gl-poll: answers that break the contract are protocol errors, never grades" {
    echo '{"match":{"path":"/greenlight/execution/other"},"answers":[{"body":{"execution_id":"x","status":"complete","result":{"correct":true}}}]}
{"match":{"path":"/greenlight/execution/bare"},"answers":[{"body":{"status":"complete"}}]}
{"match":{"path":"/greenlight/execution/html"},"answers":[{"text":"<html>"}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    run -76 poll '{"execution_id":"other"}'$'\n''{"execution_id":"bare"}'$'\n''{"execution_id":"html"}'
    jq -se 'length == 3 and all(.status == "protocol_error" and .partial_score == null)
            and (map(.error.class) | sort) == ["malformed", "malformed", "mismatch"]' <<< "$(records)"
}

@test "gl-poll: what it does not consume passes byte for byte" {
    result='{"atom_id":"a", "status":"complete","n":1.10,"_gl":{"type":"result"}}'
    atom='{"id":"a", "x":1e400}'
    saved='{"atom_id":"a","execution_id":"e","status":"pending","_gl":{"type":"execution","queue_id":"q","settlement":"stale"}}'
    run -75 gl-poll <<< "$result"$'\n'"$atom"$'\n'"$saved"
    assert_output "$result"$'\n'"$atom"$'\n'"$saved"
}

@test "gl-poll: an execution from the queue is polled once its id is saved there" {
    start
    record=$(queued '{"polls":0}' | jq -c '._gl.queue_id = "q" | ._gl.settlement = "progress"')
    run -0 poll "$record"
    holds '.status == "complete" and ._gl.queue_id == "q"'
}

@test "gl-poll: bad input is a rejected record that says where" {
    run -65 --separate-stderr gl-poll <<< $'junk\n{"execution_id":""}\n{"execution_id":5}'
    jq -se 'map(.error.message) == ["stdin:1: not a JSON object", "stdin:2: no execution_id (a string of 1 to 4094 bytes)",
                                    "stdin:3: no execution_id (a string of 1 to 4094 bytes)"]' <<< "$(records)"
}

@test "gl-poll: after SIGTERM executions come out pending, then the signal ends it" {
    start
    queued '{"polls":100000}' > "$BATS_TEST_TMPDIR/in"
    gl-poll --interval 20ms "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    until [ "$(polls)" -ge 2 ]; do sleep 0.02; done
    kill -TERM "$pid"
    ended 143 "$pid"
    jq -e '._gl.type == "execution" and .status == "pending"' "$BATS_TEST_TMPDIR/out"
}

@test "gl-poll: 401 stops the polling, the executions come out with their ids" {
    start --token right
    run -77 gl-poll -j 1 --interval 20ms <<< $'{"execution_id":"e"}\n{"execution_id":"f"}'
    jq -se '(map(.execution_id) | sort) == ["e", "f"] and all(.error.class == "unauthorised")' <<< "$(records)"
    log_holds 'length == 1'
}

# bats test_tags=plain
@test "gl-poll: ten thousand wait in less than 40 MiB" {
    echo '{"match":{"method":"GET"},"answers":[{"body":{"status":"pending"}}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    seq 10000 | jq -c '{execution_id: "e\(.)", atom_id: "a\(.)"}' > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "command time -f %M gl-poll --max-wait 3s '$BATS_TEST_TMPDIR/in' | wc -l"
    assert_output 10000
    assert [ "$(tail -n 1 <<< "$stderr")" -lt 40960 ]
}

@test "gl-poll: loads neither libpq nor libjq" {
    run -0 ldd "$GL_BUILD/bin/gl-poll"
    refute_output --regexp 'libpq|libjq'
}

@test "gl-poll: --max-wait and --deadline end a long interval, the execution pending" {
    start
    record=$(queued '{"polls":100}')
    for limit in --max-wait --deadline; do
        begin=$(date +%s%3N)
        run -75 gl-poll --interval 60s --interval-cap 60s "$limit" 400ms <<< "$record"
        holds '.status == "pending" and ._gl.type == "execution"'
        assert [ $(($(date +%s%3N) - begin)) -lt 5000 ]
    done
}

@test "gl-poll: --window holds that many, the others wait unread" {
    start
    queued '{"polls":100000}' a > "$BATS_TEST_TMPDIR/in"
    queued '{"polls":100000}' b >> "$BATS_TEST_TMPDIR/in"
    queued '{"polls":0}' c >> "$BATS_TEST_TMPDIR/in"
    run -75 gl-poll --interval 20ms --window 2 --max-wait 500ms "$BATS_TEST_TMPDIR/in"
    jq -se 'map(.status) | sort == ["complete", "pending", "pending"]' <<< "$(records)"
    # The third was first polled when the others had been given up.
    log_holds 'map(select(.method == "GET")) | group_by(.path) | map(map(.time_ms) | min) | (max - min) >= 480'
}

@test "gl-poll: only failures in a row count" {
    echo '{"match":{"method":"GET"},"answers":[503,503,503,503,503,503,503,503,503,{"body":{"status":"running"}},503,503,503,503,503,503,503,503,503,{"body":{"status":"complete","result":{"correct":true}}}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    run -0 gl-poll --interval 1ms --interval-cap 1ms <<< '{"execution_id":"e"}'
    holds '.status == "complete"'
    log_holds 'length == 20'
}

@test "gl-poll: an execution that is gone is execution_unknown too" {
    echo '{"match":{"method":"GET"},"answers":[410]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    run -75 poll '{"execution_id":"e"}'
    holds '.error.class == "execution_unknown" and .error.http_status == 410'
}

@test "gl-poll: a wait that the server asks for never passes --max-wait" {
    echo '{"match":{"method":"GET"},"answers":[{"body":{"status":"pending","estimated_wait_seconds":3000}}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    SECONDS=0
    run -75 gl-poll --max-wait 500ms <<< '{"execution_id":"e"}'
    assert [ "$SECONDS" -lt 5 ]
    holds '.status == "pending"'
}

@test "gl-poll: --deadline leaves what is open pending" {
    start
    record=$(queued '{"polls":100000}')
    SECONDS=0
    run -75 gl-poll --interval 10s --deadline 500ms <<< "$record"
    assert [ "$SECONDS" -lt 5 ]
    holds '._gl.type == "execution" and .execution_id != null'
}

@test "gl-poll: the first polls of many are spread over an interval" {
    echo '{"match":{"method":"GET"},"answers":[{"body":{"status":"complete","result":{"correct":true}}}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    requests 1 10 '{execution_id: .atom_id}' > "$BATS_TEST_TMPDIR/in"
    run -0 gl-poll --window 10 --interval 1s "$BATS_TEST_TMPDIR/in"
    log_holds 'length == 10 and .[9].time_ms - .[0].time_ms >= 700'
}

@test "gl-poll: a missing file is exit 74, a bad line keeps nothing of the record before" {
    start
    queued '{"polls":0}' | jq -c '._gl.context = "mine"' > "$BATS_TEST_TMPDIR/in"
    echo junk >> "$BATS_TEST_TMPDIR/in"
    run -74 gl-poll --interval 20ms "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/none"
    jq -se 'length == 2 and (.[] | select(.status == "rejected") | ._gl.context == null)' <<< "$(records)"
}

@test "gl-poll: --max-wait ends also those that got no turn" {
    echo '{"match":{"method":"GET"},"answers":[{"body":{"status":"pending"}}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules" --delay 300ms
    requests 1 50 '{execution_id: .atom_id}' > "$BATS_TEST_TMPDIR/in"
    SECONDS=0
    run -75 gl-poll -j 1 --interval 100ms --max-wait 1s "$BATS_TEST_TMPDIR/in"
    assert [ "$SECONDS" -lt 5 ]
    assert_equal "$(records | jq -r .status | sort | uniq -c)" "$(printf '%7d pending' 50)"
}

@test "gl-poll: --max-wait 0 asks for each once, however many there are" {
    echo '{"match":{"method":"GET"},"answers":[{"body":{"status":"running"}}]}' > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules" --delay 10ms
    requests 1 50 '{execution_id: .atom_id}' > "$BATS_TEST_TMPDIR/in"
    run -75 gl-poll -j 1 --max-wait 0 "$BATS_TEST_TMPDIR/in"
    assert_equal "$(records | jq -r .status | sort | uniq -c)" "$(printf '%7d running' 50)"
    log_holds 'length == 50'
}

# bats test_tags=plain
@test "gl-poll: 64 answers of 8 MiB at once stay within 150 MiB" {
    echo '{"match":{"method":"GET"},"answers":[{"pad":8000000,"body":{"status":"completed","result":{"correct":true}}}]}' \
        > "$BATS_TEST_TMPDIR/rules"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    requests 1 100 '{execution_id: .atom_id}' > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "command time -f %M timeout 60 gl-poll -j 64 --interval 1ms '$BATS_TEST_TMPDIR/in' |
        grep -c '^{\"atom_id\":[^,]*,\"execution_id\":\"[^\"]*\",\"status\":\"complete\"'"
    assert_output 100
    assert [ "$stderr" -lt 153600 ]
}
