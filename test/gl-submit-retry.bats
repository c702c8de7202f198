#!/usr/bin/env bats
# gl-submit: when it tries again, when it does not, and what it says then.
# Waits are shortened by GREENLIGHT_BACKOFF_BASE_MS where a test is not about
# real time; the recorded waits show the rest.

load lib/common
load lib/submit

setup() {
    export GREENLIGHT_BACKOFF_BASE_MS=1
}

teardown() {
    stop_server
}

# submit MOCK [ARGUMENT ...]: one request, for an atom of its own, that tells the
# mock what to do.
submit() {
    local mock=$1
    shift
    gl-submit "$@" <<< "{\"atom_id\":\"a$BASHPID\",\"mock\":$mock}"
}

# classes: the classes of the attempts in $output.
classes() {
    jq -r '._gl.attempts | map(.class // "ok") | join(" ")' <<< "$(records)"
}

@test "retry: in real time, three attempts with waits of at least 1 s and 2 s" {
    unset GREENLIGHT_BACKOFF_BASE_MS
    start
    run -75 submit 503
    holds '.status == "unavailable" and .error.class == "http_5xx" and .error.http_status == 503'
    holds '[._gl.attempts[].wait_nominal_ms] == [1000, 2000, null]'
    holds '._gl.attempts[0].wait_ms >= 1000 and ._gl.attempts[0].wait_ms <= 1200
           and ._gl.attempts[1].wait_ms >= 2000 and ._gl.attempts[1].wait_ms <= 2400'
    log_holds 'length == 3 and .[1].time_ms - .[0].time_ms >= 1000 and .[2].time_ms - .[1].time_ms >= 2000
               and .[2].time_ms - .[0].time_ms < 5000'
}

@test "retry: 503, 503, 200 is a complete result under one key and the same bytes" {
    start
    run -0 submit '"503,503,200"'
    holds '.status == "complete" and .error == null'
    assert_equal "$(classes)" 'http_5xx http_5xx ok'
    log_holds 'length == 3 and (map(.headers["idempotency-key"]) | unique | length) == 1
               and (map(.body) | unique | length) == 1'
}

@test "retry: never more than the attempts, after the last one without a wait" {
    start
    run -75 submit 500 --attempts 5
    holds '(._gl.attempts | length) == 5 and ._gl.attempts[4].wait_ms == null'
    log_holds 'length == 5'
    run -75 submit 500 --attempts 1
    log_holds 'length == 6'
}

@test "retry: the jitter adds up to its part, and 0 makes the waits exact" {
    start
    run -75 submit 503 --backoff-base 50ms --jitter 0
    holds '[._gl.attempts[].wait_ms] == [50, 100, null]'
    run -75 submit 503 --backoff-base 50ms --jitter 1
    holds '._gl.attempts[0].wait_ms | . >= 50 and . <= 100'
}

@test "retry: --backoff-cap bounds the waits" {
    start
    run -75 submit 503 --backoff-base 20ms --backoff-cap 30ms --jitter 0 --attempts 4
    holds '[._gl.attempts[].wait_ms] == [20, 30, 30, null]'
}

@test "retry: 4xx ends at once as rejected, with the server's words" {
    start
    for code in 400 403 404 409 410 422; do
        run -69 submit "{\"status\":$code,\"body\":{\"detail\":\"no\",\"error_code\":\"E7\"}}"
        holds ".status == \"rejected\" and .error == {class:\"http_4xx\",message:\"no\",code:\"E7\",http_status:$code,retryable:false}"
    done
    log_holds 'length == 6'
}

@test "retry: 408 and 425 are worth another try" {
    start
    run -0 submit '"408,425,200"'
    assert_equal "$(classes)" 'http_5xx http_5xx ok'
}

@test "retry: 501 and 505 and redirects are not tried again, and not followed" {
    start
    run -75 submit 501
    holds '.status == "unavailable" and .error.class == "http_501"'
    run -75 submit 505
    holds '.error.class == "http_505"'
    run -75 submit "{\"status\":307,\"headers\":{\"Location\":\"$GREENLIGHT_API_URL/elsewhere\"}}"
    holds '.status == "unavailable" and .error.class == "redirect"'
    log_holds 'map(.path) | unique == ["/greenlight/run-atom"]'
    log_holds 'length == 3'
}

@test "retry: 429 waits for Retry-After in seconds and as a date" {
    start
    run -0 submit '[{"status":429,"retry_after":"1"},200]'
    assert_equal "$(classes)" 'rate_limited ok'
    holds '._gl.attempts[0].wait_ms == 1000 and ._gl.attempts[0].wait_source == "retry_after"'
    log_holds '.[1].time_ms - .[0].time_ms >= 1000'
    run -0 submit '[{"status":503,"retry_after":{"date_in":2}},200]'
    holds '._gl.attempts[0].wait_ms | . > 0 and . <= 2000'
    holds '._gl.attempts[0].wait_source == "retry_after"'
}

@test "retry: a Retry-After that is none is ignored" {
    start
    for value in -1 1.5 '5, 10' soon; do
        run -0 submit "[{\"status\":503,\"retry_after\":\"$value\"},200]"
        holds '._gl.attempts[0].wait_source == "backoff"'
    done
}

@test "retry: a Retry-After over the cap ends the record with the time in it" {
    start
    run -75 submit '{"status":429,"retry_after":"3600"}'
    holds '.status == "unavailable" and .error.class == "rate_limited" and (._gl.attempts | length) == 1
           and (.error.retry_after_ms | . > 3590000 and . <= 3600000)'
}

@test "retry: a Retry-After holds back the whole origin" {
    start
    run -0 gl-submit -j 1 --unordered <<< '{"atom_id":"a","mock":[{"status":503,"retry_after":"1"},200]}'$'\n''{"atom_id":"b"}'
    log_holds '[.[0].time_ms, .[1].time_ms] | .[1] - .[0] >= 1000'
}

@test "retry: while the origin asks for a pause over the cap, records end without being sent" {
    start
    run -75 gl-submit -j 1 <<< '{"atom_id":"a","mock":{"status":429,"retry_after":"600"}}'$'\n'"$(requests 1 20)"
    jq -se 'length == 21 and all(.status == "unavailable" and .error.class == "rate_limited" and
                                 .error.retry_after_ms > 590000)' <<< "$(records)"
    log_holds 'length == 1'
}

@test "retry: connection refused is retried and ends unavailable" {
    run -75 gl-submit --url http://127.0.0.1:1 <<< '{"atom_id":"a"}'
    assert_equal "$(classes)" 'connect connect connect'
    holds '.status == "unavailable" and .partial_score == null and .error.retryable and .error.http_status == null'
}

@test "retry: what went wrong is said on stderr, once for each class, and not with -q" {
    start
    run -75 --separate-stderr gl-submit --url "$GREENLIGHT_API_URL/" --attempts 1 <<< "$(requests 1 9 '.mock = (if .n < 6 then 503 else 400 end)')"
    assert_equal "$(sort <<< "$stderr")" "gl-submit: $GREENLIGHT_API_URL/greenlight/run-atom: HTTP status 400
gl-submit: $GREENLIGHT_API_URL/greenlight/run-atom: HTTP status 503"
    run -75 --separate-stderr gl-submit -q --attempts 1 <<< '{"atom_id":"z","mock":503}'
    assert_equal "$stderr" ''
}

@test "retry: --verbose tells every attempt" {
    start
    run -0 --separate-stderr submit '"503,200"' --verbose
    assert_equal "$(sed 's/[0-9]* ms/N ms/' <<< "$stderr")" \
        'gl-submit: /greenlight/run-atom, attempt 1: HTTP status 503 after N ms, trying again
gl-submit: /greenlight/run-atom, attempt 2: answered after N ms'
}

@test "retry: a host without an address is class dns" {
    run -75 gl-submit --url http://no-such-host.invalid --attempts 2 <<< '{"atom_id":"a"}'
    assert_equal "$(classes)" 'dns dns'
}

@test "retry: a time-out ends the attempt, and the same key goes again" {
    start
    run -0 submit '[{"delay_ms":5000},200]' --timeout 200ms
    assert_equal "$(classes)" 'timeout ok'
    holds '._gl.attempts[0].elapsed_ms | . >= 200 and . < 2000'
    log_holds 'length == 2 and (map(.headers["idempotency-key"]) | unique | length) == 1'
}

@test "retry: a dropped connection is class reset" {
    start
    run -0 submit '[{"fault":"drop"},200]'
    assert_equal "$(classes)" 'reset ok'
    run -0 submit '[{"fault":"reset"},200]'
    assert_equal "$(classes)" 'reset ok'
}

@test "retry: an answer that is cut is class truncated, however it was framed" {
    start
    for fault in truncate_length truncate_chunked truncate_close; do
        run -0 submit "[{\"fault\":\"$fault\"},200]"
        assert_equal "$(classes)" 'truncated ok'
    done
}

@test "retry: an answer that breaks the contract is a protocol_error at once" {
    start
    for body in '"text":"<html>"' '"text":""' '"text":"{\"correct\":true} x"' '"text":"{\"correct\":true}{}"' \
        '"body":[1]' '"body":{"status":"complete"}' '"text":"{\"correct\":true,\"correct\":false}"' '"text":"{\"corr"'; do
        run -76 submit "{$body}"
        holds '.status == "protocol_error" and .error.class == "malformed" and .partial_score == null
               and (._gl.attempts | length) == 1'
    done
}

@test "retry: an answer for another atom is a mismatch" {
    start
    run -76 submit '{"atom_id":"someone else"}'
    holds '.status == "protocol_error" and .error.class == "mismatch" and .correct == null and (.atom_id | startswith("a"))'
}

# bats test_tags=plain
@test "retry: an answer over 8 MiB is too_large, in flat memory" {
    start
    run -76 --separate-stderr bash -c "command time -f %M gl-submit <<< '{\"atom_id\":\"a\",\"mock\":{\"pad\":300000000}}'"
    holds '.error.class == "too_large"'
    assert [ "$(tail -n 1 <<< "$stderr")" -lt 40960 ]
}

@test "retry: 409 after an ambiguous attempt, or under a key that came along, is a conflict" {
    start
    run -0 submit '[{"fault":"drop"},409,200]'
    assert_equal "$(classes)" 'reset conflict ok'
    run -0 gl-submit <<< '{"atom_id":"b","mock":[409,200],"_gl":{"idempotency_key":"k"}}'
    assert_equal "$(classes)" 'conflict ok'
    run -69 submit 409
    assert_equal "$(classes)" 'http_4xx'
}

@test "retry: --deadline stops waits that would pass it, without sleeping" {
    start
    SECONDS=0
    run -75 submit 503 --backoff-base 30s --deadline 20s
    holds '.status == "unavailable" and .error.class == "deadline" and (._gl.attempts | length) == 1'
    assert [ "$SECONDS" -lt 5 ]
}

@test "retry: --deadline cuts an attempt short and ends what is left" {
    start
    run -75 gl-submit -j 1 --deadline 300ms <<< "$(requests 1 5 '.mock = {delay_ms: 10000}')"
    jq -se 'length == 5 and all(.status == "unavailable" and .error.class == "deadline")' <<< "$(records)"
}

@test "retry: the slot of a record that waits serves others meanwhile" {
    start
    requests 2 9 > "$BATS_TEST_TMPDIR/rest"
    run -0 gl-submit -j 1 --backoff-base 300ms <<< '{"atom_id":"a1","mock":"503,200"}'$'\n'"$(head -n 1 "$BATS_TEST_TMPDIR/rest")"
    log_holds '[.[].body | fromjson.atom_id] == ["a1", "a2", "a1"]'
}

@test "retry: the budget ends retries when nearly everything fails" {
    start
    run -75 gl-submit -j 8 --attempts 3 <<< "$(requests 1 200 '.mock = 503')"
    jq -se 'length == 200 and all(.status == "unavailable" and .partial_score == null)
            and ([.[] | select(.error.class == "retry_budget")] | length) > 50' <<< "$(records)"
    # 500 tokens at 5 a retry are 100 retries.
    log_holds 'length == 300'
}

@test "retry: ten refused connections in a row open the circuit, three probes end the run" {
    run -75 gl-submit -j 1 --url http://127.0.0.1:1 --circuit-pause 100ms <<< "$(requests 1 50)"
    jq -se 'length == 50 and all(.status == "unavailable")
            and (map(._gl.attempts | length) | add) == 13
            and ([.[] | select(.error.class == "circuit")] | length) >= 44' <<< "$(records)"
}

@test "retry: a server that comes back closes the circuit" {
    start
    port=${GREENLIGHT_API_URL##*:}
    stop_server
    rm "$BATS_TEST_TMPDIR/ready"
    requests 1 20 > "$BATS_TEST_TMPDIR/in"
    gl-submit -j 1 --circuit-pause 2s "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    sleep 0.5
    start --port "$port"
    wait "$pid" || true
    jq -se '.[-1].status == "complete" and length == 20' "$BATS_TEST_TMPDIR/out"
}

@test "retry: --rate spaces the requests" {
    start
    requests 1 11 | gl-submit --rate 20 -j 8 > /dev/null
    log_holds '(.[10].time_ms - .[0].time_ms) as $ms | $ms >= 450 and $ms < 2000'
}

@test "retry: --rest holds the requests that ended unavailable, ready to be sent again" {
    start
    printf '%s\n' '{"atom_id":"a"}' '{"id":"b","x":1.10,"mock":503,"_gl":{"context":7}}' '{"atom_id":"c","mock":400}' > "$BATS_TEST_TMPDIR/in"
    run -75 gl-submit --rest "$BATS_TEST_TMPDIR/rest" "$BATS_TEST_TMPDIR/in"
    jq -se 'map(.status) == ["complete", "unavailable", "rejected"]' <<< "$(records)"
    key=$(jq -r 'select(.atom_id == "b") | ._gl.idempotency_key' <<< "$(records)")
    assert_equal "$(< "$BATS_TEST_TMPDIR/rest")" \
        "{\"id\":\"b\",\"x\":1.10,\"mock\":503,\"_gl\":{\"context\":7,\"idempotency_key\":\"$key\",\"endpoint\":\"run-atom\"}}"
    gl-submit "$BATS_TEST_TMPDIR/rest" > "$BATS_TEST_TMPDIR/out" || true
    log_holds "[.[] | select(.body | fromjson.atom_id == \"b\") | .headers[\"idempotency-key\"]] | unique == [\"$key\"]"
}

@test "retry: after SIGTERM what is under way comes out as interrupted, then the signal ends it" {
    start
    requests 1 6 '.mock = (if .n > 2 then {delay_ms: 20000} else 200 end)' > "$BATS_TEST_TMPDIR/in"
    gl-submit -j 3 "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    eventually 20 grep -q '"a2"' "$BATS_TEST_TMPDIR/out"
    SECONDS=0
    kill -TERM "$pid"
    ended 143 "$pid"
    assert [ "$SECONDS" -lt 5 ]
    jq -se 'length >= 5 and all(.[2:][]; .status == "unavailable" and .error.class == "interrupted" and .partial_score == null)
            and all(.[:2][]; .status == "complete")' "$BATS_TEST_TMPDIR/out"
}

@test "retry: a second signal ends it at once" {
    mkfifo "$BATS_TEST_TMPDIR/out"
    start
    gl-submit > "$BATS_TEST_TMPDIR/out" <<< '{"atom_id":"a","mock":{"delay_ms":20000}}' 3>&- &
    pid=$!
    exec 9< "$BATS_TEST_TMPDIR/out"
    kill -TERM "$pid"
    kill -TERM "$pid" 2> /dev/null || true
    ended 143 "$pid"
}

@test "retry: a server killed half-way leaves a result for each, complete or unavailable, none scored 0" {
    start
    requests 1 1000 > "$BATS_TEST_TMPDIR/in"
    gl-submit -j 8 --rate 2000 --circuit-pause 50ms "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    until [ "$(wc -l < "$log")" -ge 400 ]; do sleep 0.01; done
    kill -KILL "$server_pid"
    wait "$pid" || status=$?
    assert_equal "${status-0}" 75
    jq -se 'length == 1000 and all(.status == "complete" or .status == "unavailable")
            and all(.status == "complete" or (.partial_score == null and .correct == null))
            and ([.[] | select(.status == "complete")] | length) >= 390
            and ([.[] | select(.status == "unavailable")] | length) >= 1
            and (map(.atom_id) | unique | length) == 1000' "$BATS_TEST_TMPDIR/out"
}

@test "retry: once a long pause is over, records are sent again" {
    start
    mkfifo "$BATS_TEST_TMPDIR/in"
    gl-submit --backoff-cap 500ms < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 8> "$BATS_TEST_TMPDIR/in"
    echo '{"atom_id":"a","mock":{"status":429,"retry_after":"1"}}' >&8
    eventually 20 grep -q rate_limited "$BATS_TEST_TMPDIR/out"
    sleep 1.1 # the pause itself
    echo '{"atom_id":"b"}' >&8
    exec 8>&-
    ended 75 "$pid"
    jq -se 'map(.status) == ["unavailable", "complete"]' "$BATS_TEST_TMPDIR/out"
}

@test "retry: the deadline ends a wait for the origin's pause" {
    start
    SECONDS=0
    run -75 gl-submit -j 1 --deadline 500ms <<< '{"atom_id":"a","mock":{"status":503,"retry_after":"30"}}'$'\n''{"atom_id":"b"}'
    jq -se 'length == 2 and all(.error.class == "deadline")' <<< "$(records)"
    assert [ "$SECONDS" -lt 10 ]
    log_holds 'length == 1'
}

@test "retry: a shorter Retry-After never shortens a pause that the origin asked for" {
    start
    run -0 gl-submit -j 2 --unordered <<< '{"atom_id":"a","mock":[{"status":503,"retry_after":"2"},200]}
{"atom_id":"b","mock":[{"status":503,"retry_after":"0","delay_ms":300},200]}'
    log_holds 'length == 4 and .[2].time_ms - .[0].time_ms >= 2000'
}

@test "retry: each success gives the budget a token back" {
    start
    # 51 records with two retries each need 510 tokens of 500.
    run -0 gl-submit -j 1 <<< "$(requests 1 51 '.mock = "503,503,200"')"
    assert_equal "$(wc -l <<< "$(records)")" 51
}

@test "retry: an ambiguous attempt is remembered over clearer ones" {
    start
    run -0 submit '[{"fault":"drop"},{"status":429},409,200]' --attempts 4
    assert_equal "$(classes)" 'reset rate_limited conflict ok'
}

@test "retry: while a probe is under way no other request is" {
    start
    port=${GREENLIGHT_API_URL##*:}
    stop_server
    rm "$BATS_TEST_TMPDIR/ready"
    requests 1 30 > "$BATS_TEST_TMPDIR/in"
    gl-submit -j 8 --attempts 1 --circuit-pause 2s "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    sleep 0.5
    start --port "$port" --delay 300ms
    ended 75 "$pid"
    log_holds 'length >= 10 and .[1].time_ms - .[0].time_ms >= 300 and (map(.in_flight) | max) > 1'
}

@test "retry: --deadline ends a run that --rate holds back" {
    start
    SECONDS=0
    run -75 gl-submit --rate 0.1 --deadline 500ms <<< "$(requests 1 3)"
    assert [ "$SECONDS" -lt 5 ]
    jq -se 'map(.status) == ["complete", "unavailable", "unavailable"] and .[1].error.class == "deadline"' <<< "$(records)"
}

@test "retry: --rate holds also where many requests go in one millisecond" {
    start
    requests 1 601 | gl-submit --rate 2000 -j 64 > /dev/null
    log_holds 'length == 601 and .[600].time_ms - .[0].time_ms >= 280'
}

@test "retry: after a signal it does not wait for input that may never come" {
    start
    mkfifo "$BATS_TEST_TMPDIR/in"
    gl-submit < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 8> "$BATS_TEST_TMPDIR/in"
    echo '{"atom_id":"a","mock":{"delay_ms":20000}}' >&8
    eventually 20 log_holds 'length == 1'
    kill -TERM "$pid"
    timeout 15 tail --pid="$pid" -f /dev/null
    exec 8>&-
    ended 143 "$pid"
    jq -se 'length == 1 and .[0].error.class == "interrupted"' "$BATS_TEST_TMPDIR/out"
}

@test "retry: a signal ends what is under way also after a 401 has stopped the sending" {
    start
    requests 1 2 '.mock = (if .n == 1 then {delay_ms: 20000} else 401 end)' > "$BATS_TEST_TMPDIR/in"
    gl-submit -j 2 --unordered "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    eventually 20 grep -q unauthorised "$BATS_TEST_TMPDIR/out"
    SECONDS=0
    kill -TERM "$pid"
    ended 143 "$pid"
    assert [ "$SECONDS" -lt 5 ]
    jq -se 'map(.error.class) == ["unauthorised", "interrupted"]' "$BATS_TEST_TMPDIR/out"
}

# tcp_server PROGRAM: a server that does PROGRAM (Python) with each connection
# c, after reading a request; its port in $port.
tcp_server() {
    mkfifo "$BATS_TEST_TMPDIR/port"
    /usr/bin/python3 -c 'import socket, struct, sys, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    c = s.accept()[0]
    c.recv(65536)
    exec(sys.argv[1])
    c.close()' "$1" > "$BATS_TEST_TMPDIR/port" 3>&- &
    server_pid=$!
    read -r port < "$BATS_TEST_TMPDIR/port"
}

@test "retry: a time-out before the request was sent is a failed connection" {
    tcp_server 'time.sleep(10)'
    run -75 gl-submit --url "https://127.0.0.1:$port" --attempts 1 --timeout 300ms <<< '{"atom_id":"a"}'
    assert_equal "$(classes)" connect
}

@test "retry: a connection that is reset within the answer is class truncated" {
    # SO_LINGER of 0 makes close a reset.
    tcp_server 'c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"); time.sleep(0.1)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))'
    run -75 gl-submit --url "http://127.0.0.1:$port" --attempts 1 <<< '{"atom_id":"a"}'
    assert_equal "$(classes)" truncated
}

@test "retry: only the final answer's Retry-After counts" {
    tcp_server 'c.sendall(b"HTTP/1.1 103 Early Hints\r\nRetry-After: 7\r\n\r\nHTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n")'
    run -75 gl-submit --url "http://127.0.0.1:$port" --attempts 2 <<< '{"atom_id":"a"}'
    holds '._gl.attempts[0].wait_source == "backoff"'
}

@test "retry: --rest can be read while the run goes on" {
    start
    mkfifo "$BATS_TEST_TMPDIR/in"
    gl-submit --rest "$BATS_TEST_TMPDIR/rest" < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 8> "$BATS_TEST_TMPDIR/in"
    echo '{"atom_id":"a","mock":503}' >&8
    eventually 20 grep -q '"a"' "$BATS_TEST_TMPDIR/rest"
    exec 8>&-
    ended 75 "$pid"
}

@test "retry: a refusal is one, also where its body is cut off" {
    start
    run -69 gl-submit --attempts 3 <<< '{"atom_id":"b","mock":{"status":400,"fault":"truncate_length"}}'
    holds '.status == "rejected" and .error.class == "http_4xx" and .error.http_status == 400'
    run -77 gl-submit --attempts 3 <<< '{"atom_id":"a","mock":{"status":401,"fault":"truncate_length"}}'
    holds '.error.class == "unauthorised"'
    log_holds 'length == 2'
}

@test "retry: a proxy that refuses to connect is class connect, for nothing was sent" {
    start
    https_proxy=$GREENLIGHT_API_URL run -75 gl-submit --attempts 2 --backoff-base 1ms --url https://greenlight.test <<< '{"atom_id":"a"}'
    holds '.error.class == "connect" and (._gl.attempts | length) == 2'
}

@test "retry: a token file that went away is named, for those after it too" {
    start
    echo secret > "$BATS_TEST_TMPDIR/token"
    requests 1 3 '.mock = {delay_ms: 300}' > "$BATS_TEST_TMPDIR/in"
    gl-submit -j 1 --token-file "$BATS_TEST_TMPDIR/token" "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" &
    pid=$!
    eventually 20 log_holds 'length == 1'
    rm "$BATS_TEST_TMPDIR/token"
    ended 77 "$pid"
    jq -se '.[0].status == "complete" and (.[1:] | length == 2 and all(.error.class == "unauthorised" and
        (.error.message | test("cannot read the token file"))))' "$BATS_TEST_TMPDIR/out"
}

@test "retry: --rest holds what was sent, the session context too" {
    start
    run -75 gl-submit --attempts 1 --session-context '{"learner_id":"l"}' --rest "$BATS_TEST_TMPDIR/rest" \
        <<< '{"id":"a","session_context":{"mastery_level":1},"mock":503}'
    run -75 gl-submit --attempts 1 "$BATS_TEST_TMPDIR/rest"
    log_holds 'length == 2 and (map(.body | fromjson) | .[0] == .[1]) and (map(.headers["idempotency-key"]) | unique | length == 1)'
    jq -e '.session_context == {"mastery_level":1,"learner_id":"l"}' "$BATS_TEST_TMPDIR/rest"
}

@test "retry: --rest never empties what is read" {
    start
    requests 1 2 > "$BATS_TEST_TMPDIR/in"
    cp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/copy"
    ln "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/link"
    for program in gl-submit gl-route; do
        run -64 "$program" --rest "$BATS_TEST_TMPDIR/link" "$BATS_TEST_TMPDIR/in"
        assert_output --partial "is read as input"
        run -64 "$program" --rest "$BATS_TEST_TMPDIR/in" < "$BATS_TEST_TMPDIR/in"
        cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/copy"
    done
    run -78 gl-submit --token-file /nowhere --rest "$BATS_TEST_TMPDIR/copy" "$BATS_TEST_TMPDIR/in"
    cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/copy"
}

@test "retry: --max-timeouts ends a request at its last time-out, other failures not" {
    start
    run -75 submit '{"delay_ms":2000}' --attempts 5 --max-timeouts 2 --timeout 100ms
    holds '.error.class == "timeout" and (._gl.attempts | length) == 2'
    run -0 submit '[{"delay_ms":2000},503,503,200]' --attempts 5 --max-timeouts 2 --timeout 100ms
    holds '._gl.attempts | map(.class) == ["timeout", "http_5xx", "http_5xx", null]'
}

@test "retry: --status-fd tells when an attempt begins and how it ends" {
    start
    run -0 submit '[503,200]' --status-fd 7 7> "$BATS_TEST_TMPDIR/events"
    jq -se 'map(del(.wait_ms)) == [{event: "attempt", n: 1, path: "/greenlight/run-atom"}, {event: "answer", n: 1, class: "http_5xx"},
        {event: "attempt", n: 2, path: "/greenlight/run-atom"}, {event: "answer", n: 2, class: null}]
        and .[1].wait_ms > 0 and .[3].wait_ms == 0' "$BATS_TEST_TMPDIR/events"
    run -64 submit 200 --status-fd 99
    assert_output --partial -- "--status-fd 99: Bad file descriptor"
    run -0 bash -c "gl-submit --status-fd 7 7> >(true) <<< '{\"atom_id\":\"a\"}'"
}
