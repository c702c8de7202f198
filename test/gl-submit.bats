#!/usr/bin/env bats
# gl-submit: requests in, results or executions out: what is sent, what comes
# out, in which order.  The rules of retrying are in gl-submit-retry.bats.

load lib/common
load lib/submit

teardown() {
    stop_server
}

@test "gl-submit: a request goes in, its result comes out" {
    start
    run -0 gl-submit <<< '{"atom_id":"a","front":"Write f"}'
    holds '.atom_id == "a" and .status == "complete" and .correct == true and .partial_score == 1
           and .tests_passed == 2 and .tests_total == 2 and ._gl.type == "result" and ._gl.endpoint == "run-atom"'
    log_holds 'length == 1 and .[0].path == "/greenlight/run-atom" and .[0].method == "POST"
               and .[0].headers["content-type"] == "application/json"
               and (.[0].headers["user-agent"] | test("^greenlight-tools/[0-9]"))'
}

@test "gl-submit: the example atoms reach the server with every digit and member they had" {
    start
    gl-route "$FIXTURES/atoms.ndjson" > "$BATS_TEST_TMPDIR/atoms"
    run gl-submit -j 1 "$BATS_TEST_TMPDIR/atoms"
    assert_equal "$(wc -l <<< "$(records)")" 11
    # The one difference: an atom's id is sent as atom_id.
    diff <(jq -r .body "$log") <(sed 's/^{"id":/{"atom_id":/' "$BATS_TEST_TMPDIR/atoms")
}

@test "gl-submit: atoms that ask for it go by queue-atom, --async sends all there" {
    start
    gl-route "$FIXTURES/atoms.ndjson" | gl-submit > "$BATS_TEST_TMPDIR/out" || [ $? -eq 75 ]
    run -0 jq -rs --slurpfile out "$BATS_TEST_TMPDIR/out" '.[] | select(.owner == "greenlight") | . as $e
        | select($e.async != any($out[]; .atom_id == $e.id and ._gl.type == "execution")) | .id' "$FIXTURES/atoms.expect.ndjson"
    assert_output ''
    run -75 gl-submit --async <<< '{"atom_id":"a"}'
    holds '.status == "pending" and (.execution_id | length) > 0 and ._gl.type == "execution" and ._gl.endpoint == "queue-atom"'
}

@test "gl-submit: _gl is never sent and always comes out again" {
    start
    run -0 gl-submit <<< '{"atom_id":"a","_gl":{"context":{"n":12345678901234567890},"queue_id":"q"},"x":1.10}'
    log_holds '.[0].body == "{\"atom_id\":\"a\",\"x\":1.10}"'
    assert_output --partial '"context":{"n":12345678901234567890},"queue_id":"q"'
}

@test "gl-submit: a key and endpoint that came with the record are kept" {
    start
    run -75 gl-submit <<< '{"atom_id":"a","_gl":{"idempotency_key":"k-1","endpoint":"queue-atom"}}'
    log_holds '.[0].headers["idempotency-key"] == "k-1" and .[0].path == "/greenlight/queue-atom"'
    holds '._gl.idempotency_key == "k-1"'
}

@test "gl-submit: every record has a key of its own, also equal ones" {
    start
    printf '{"atom_id":"a"}\n%.0s' 1 2 3 | gl-submit > "$BATS_TEST_TMPDIR/out"
    run -0 jq -s 'map(._gl.idempotency_key) | unique | length' "$BATS_TEST_TMPDIR/out"
    assert_output 3
    log_holds 'map(.headers["idempotency-key"]) | unique | length == 3'
    log_holds 'all(.headers["idempotency-key"] | test("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"))'
}

@test "gl-submit: a key that could forge a header is rejected" {
    start
    run -65 --separate-stderr gl-submit <<< '{"atom_id":"a","_gl":{"idempotency_key":"k\r\nX-Y: z"}}'
    holds '.status == "rejected" and (.error.message | startswith("stdin:1: _gl.idempotency_key"))'
    run -65 gl-submit -q <<< "{\"atom_id\":\"a\",\"_gl\":{\"idempotency_key\":\"$(printf %256s | tr ' ' k)\"}}"
    assert [ ! -s "$log" ]
}

@test "gl-submit: a request that was posted already becomes its execution without a POST" {
    start
    run -75 gl-submit <<< '{"atom_id":"a","_gl":{"execution_id":"e1","queue_id":"q","idempotency_key":"k"}}'
    holds '.execution_id == "e1" and .status == "pending" and ._gl.type == "execution" and ._gl.queue_id == "q"'
    assert [ ! -s "$log" ]
}

@test "gl-submit: records that are no requests pass byte for byte" {
    start
    result='{"atom_id":"a", "status":"failed","n":1e400,"_gl":{"type":"result"}}'
    run -69 gl-submit <<< "$result"
    assert_output "$result"
}

@test "gl-submit: --session-context merges into the request, and wins" {
    start
    run -0 gl-submit --session-context '{"session_id":"s","mastery_level":0.5}' \
        <<< '{"atom_id":"a","session_context":{"learner_id":"l","mastery_level":0.10},"z":1}'
    log_holds '.[0].body == "{\"atom_id\":\"a\",\"z\":1,\"session_context\":{\"learner_id\":\"l\",\"session_id\":\"s\",\"mastery_level\":0.5}}"'
    echo '{"session_id":"from a file"}' > "$BATS_TEST_TMPDIR/context"
    run -0 gl-submit --session-context "@$BATS_TEST_TMPDIR/context" <<< '{"atom_id":"b"}'
    log_holds '.[1].body == "{\"atom_id\":\"b\",\"session_context\":{\"session_id\":\"from a file\"}}"'
    run -64 gl-submit --session-context '[1]' < /dev/null
    assert_output 'gl-submit: --session-context: not a JSON object'
}

@test "gl-submit: --filter reshapes what is sent, not what comes out" {
    start
    run -0 gl-submit --filter '{atom_id, exercise: {n}}' <<< '{"atom_id":"a","n":1,"secret":2}'
    log_holds '.[0].body == "{\"atom_id\":\"a\",\"exercise\":{\"n\":1}}"'
    holds '.status == "complete"'
}

@test "gl-submit: a filter that fails on a record rejects that record alone" {
    start
    run -65 --separate-stderr gl-submit --filter 'if .bad then error("secret " + .s) else . end' \
        <<< '{"atom_id":"a","bad":true,"s":"answer"}'$'\n''{"atom_id":"b"}'
    jq -se '.[0].error.message == "stdin:1: the filter failed on this record" and .[1].status == "complete"' <<< "$(records)"
    refute_output --partial answer
    run -64 gl-submit --filter '. |' < /dev/null
    assert_output --partial 'gl-submit: --filter: not a jq program'
}

@test "gl-submit: results come out in the order of the input, also where later ones are faster" {
    start
    requests 1 20 '.mock = {delay_ms: (if .n % 5 == 1 then 200 else 0 end)}' > "$BATS_TEST_TMPDIR/in"
    run -0 gl-submit -j 8 "$BATS_TEST_TMPDIR/in"
    assert_equal "$(jq -r .atom_id <<< "$(records)")" "$(jq -r .atom_id "$BATS_TEST_TMPDIR/in")"
}

@test "gl-submit: --unordered prints them as they end" {
    start
    requests 1 2 '.mock = {delay_ms: (if .n == 1 then 500 else 0 end)}' > "$BATS_TEST_TMPDIR/in"
    run -0 gl-submit -j 2 --unordered "$BATS_TEST_TMPDIR/in"
    assert_equal "$(jq -r .atom_id <<< "$(records)" | paste -sd ' ')" 'a2 a1'
}

@test "gl-submit: -j N has N under way at most, and N when there is work" {
    start --delay 50ms
    requests 1 40 | gl-submit -j 5 > /dev/null
    log_holds '(map(.in_flight) | max) == 5'
    requests 1 4 | gl-submit -j 1 > /dev/null
    log_holds '(.[40:] | map(.in_flight) | max) == 1'
}

@test "gl-submit: a result comes out before the next request is there" {
    start
    mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    gl-submit < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    exec 8> "$BATS_TEST_TMPDIR/in" 9< "$BATS_TEST_TMPDIR/out"
    echo '{"atom_id":"a"}' >&8
    read -r -t 5 line <&9
    exec 8>&-
    jq -e '.status == "complete"' <<< "$line"
    wait $!
}

@test "gl-submit: bad lines among good ones are rejected where they stand" {
    start
    printf '%s\n' '{"atom_id":"a"}' 'junk' '{"front":"no id"}' '{"atom_id":5}' '{"atom_id":"b"}' > "$BATS_TEST_TMPDIR/in"
    run -65 --separate-stderr gl-submit "$BATS_TEST_TMPDIR/in"
    jq -se 'map(.status) == ["complete", "rejected", "rejected", "rejected", "complete"]' <<< "$(records)"
    jq -se --arg in "$BATS_TEST_TMPDIR/in" 'map(.error.message) == [null, $in + ":2: not a JSON object",
        $in + ":3: no atom_id or id (a string that is not empty)", $in + ":4: no atom_id or id (a string that is not empty)", null]' <<< "$(records)"
    assert_equal "$(wc -l <<< "$stderr")" 3
    log_holds 'length == 2'
}

@test "gl-submit: --raw keeps the server's body as it was" {
    start
    run -0 gl-submit --raw <<< '{"atom_id":"a","mock":{"body":{"correct":true,"n":1.10}}}'
    holds '.raw == "{\"correct\":true,\"n\":1.10}"'
    run -69 gl-submit --raw <<< '{"atom_id":"a","mock":{"status":418,"text":"<html>"}}'
    holds '.raw == "<html>"'
}

@test "gl-submit: a body of 1 MiB and one of 8 MiB come through whole" {
    start
    for mib in 1 7; do
        run -0 gl-submit <<< "{\"atom_id\":\"a\",\"pad\":\"$(head -c $((mib << 20)) /dev/zero | tr '\0' x)\"}"
        holds '.status == "complete"'
    done
    # No pause for a "100 Continue" before the large ones.
    log_holds '(.[0].body | length) > 1048576 and (.[1].body | length) > 7340032 and all(.headers.expect == null)'
}

@test "gl-submit: the token is sent, never printed, and redacted where the server echoes it" {
    echo 's3cret-Token/+=' > "$BATS_TEST_TMPDIR/token"
    start --token 's3cret-Token/+='
    run -0 gl-submit --token-file "$BATS_TEST_TMPDIR/token" <<< '{"atom_id":"a"}'
    refute_output --partial s3cret
    run -69 gl-submit --raw --token-file "$BATS_TEST_TMPDIR/token" \
        <<< '{"atom_id":"a","mock":{"status":418,"body":{"detail":"bad token s3cret-Token\/+= here"}}}'
    refute_output --partial s3cret
    holds '.error.message == "bad token **************** here"'
}

@test "gl-submit: without the right token the run ends with 77, every record accounted for" {
    start --token right
    run -77 gl-submit -j 1 <<< "$(requests 1 5)"
    jq -se 'length == 5 and all(.status == "unavailable" and .error.class == "unauthorised" and .partial_score == null)' <<< "$(records)"
    log_holds 'length == 1'
}

@test "gl-submit: a 403 rejects its record alone" {
    start
    run -69 gl-submit <<< '{"atom_id":"a","mock":403}'$'\n''{"atom_id":"b"}'
    jq -se 'map(.status) == ["rejected", "complete"]' <<< "$(records)"
}

@test "gl-submit: https with a private authority works, without it the certificate is refused" {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/cert" -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2> /dev/null
    start --tls-cert "$BATS_TEST_TMPDIR/cert" --tls-key "$BATS_TEST_TMPDIR/key"
    run -0 gl-submit --cacert "$BATS_TEST_TMPDIR/cert" <<< '{"atom_id":"a"}'
    holds '.status == "complete"'
    run -75 gl-submit <<< '{"atom_id":"a"}'
    holds '.status == "unavailable" and .error.class == "certificate" and (._gl.attempts | length) == 1'
    run -78 gl-submit --cacert "$BATS_TEST_TMPDIR/none" <<< '{"atom_id":"a"}'
    assert_output "gl-submit: cannot read \"$BATS_TEST_TMPDIR/none\": No such file or directory"
}

@test "gl-submit: a client certificate is presented where one is asked for" {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/cert" -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2> /dev/null
    start --tls-cert "$BATS_TEST_TMPDIR/cert" --tls-key "$BATS_TEST_TMPDIR/key" --client-ca "$BATS_TEST_TMPDIR/cert"
    run -0 gl-submit --cacert "$BATS_TEST_TMPDIR/cert" --cert "$BATS_TEST_TMPDIR/cert" --key "$BATS_TEST_TMPDIR/key" <<< '{"atom_id":"a"}'
    run -75 gl-submit --attempts 1 --cacert "$BATS_TEST_TMPDIR/cert" <<< '{"atom_id":"a"}'
}

@test "gl-submit: --unix-socket reaches a server there" {
    start --unix "$BATS_TEST_TMPDIR/sock"
    run -0 gl-submit --url http://localhost --unix-socket "$BATS_TEST_TMPDIR/sock" <<< '{"atom_id":"a"}'
    holds '.status == "complete"'
}

@test "gl-submit: a base URL with a path and a slash is respected" {
    start
    run -69 gl-submit --url "$GREENLIGHT_API_URL/api/v1/" <<< '{"atom_id":"a"}'
    log_holds '.[0].path == "/api/v1/greenlight/run-atom"'
}

@test "gl-submit: wrong settings end it before anything is sent, naming the setting" {
    GREENLIGHT_RETRY_ATTEMPTS=three run -78 gl-submit < /dev/null
    assert_output 'gl-submit: GREENLIGHT_RETRY_ATTEMPTS: "three" is not a whole number from 1 to 100'
    GREENLIGHT_API_URL=ftp://x run -78 gl-submit < /dev/null
    assert_output --partial 'gl-submit: GREENLIGHT_API_URL: "ftp://x" is not a URL'
    GREENLIGHT_BACKOFF_BASE_MS=1s run -78 gl-submit < /dev/null
    assert_output --partial 'GREENLIGHT_BACKOFF_BASE_MS: "1s" is not a whole number of milliseconds'
    run -64 gl-submit --jobs 0 < /dev/null
    assert_output 'gl-submit: --jobs: "0" is not a whole number from 1 to 1024'
    run -64 gl-submit --nonsense < /dev/null
    assert_output 'gl-submit: --nonsense: no such option; see gl-submit --help'
    run -64 gl-submit -Z < /dev/null
    assert_output 'gl-submit: -Z: no such option; see gl-submit --help'
    run -64 gl-submit --async=1 < /dev/null
    assert_output 'gl-submit: --async=1: takes no value; see gl-submit --help'
    run -64 gl-submit -j < /dev/null
    assert_output 'gl-submit: -j: a value is missing; see gl-submit --help'
    run -78 gl-submit --token-file /nonexistent < /dev/null
    assert_output 'gl-submit: cannot read the token file "/nonexistent": No such file or directory'
    GREENLIGHT_RETRY_ATTEMPTS=three run -64 gl-submit --jobs 0 < /dev/null
    GREENLIGHT_RETRY_ATTEMPTS=three run -0 gl-submit --attempts 1 < /dev/null
    GREENLIGHT_RETRY_ATTEMPTS='' run -0 gl-submit < /dev/null
}

@test "gl-submit: flags win over the environment" {
    start
    export GREENLIGHT_RETRY_ATTEMPTS=1
    run -75 gl-submit --attempts 2 --backoff-base 1ms <<< '{"atom_id":"a","mock":503}'
    holds '._gl.attempts | length == 2'
    run -75 gl-submit <<< '{"atom_id":"a","mock":503}'
    holds '._gl.attempts | length == 1'
}

@test "gl-submit: no record at all is 0, and 1 under -e" {
    run -0 gl-submit < /dev/null
    run -1 gl-submit -e < /dev/null
}

@test "gl-submit: a full disk is exit 74, a closed pipe is quiet" {
    start
    run -74 --separate-stderr bash -c "gl-submit > /dev/full <<< '{\"atom_id\":\"a\"}'"
    assert_equal "$stderr" 'gl-submit: cannot write to standard output: No space left on device'
    requests 1 200 > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr bash -c "gl-submit '$BATS_TEST_TMPDIR/in' | head -n 1 | jq -r .atom_id; echo \${PIPESTATUS[0]}"
    assert_output a1$'\n'141
    assert_equal "$stderr" ''
}

@test "gl-submit: does not load libpq" {
    run -0 ldd "$GL_BUILD/bin/gl-submit"
    refute_output --partial libpq
}

# bats test_tags=plain
@test "gl-submit: waiting for answers takes no CPU, after quick ones either" {
    start
    requests 1 40 '.mock = {delay_ms: (if .n > 20 then 100 else 0 end)}' > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "command time -f '%U %S' gl-submit -j 1 '$BATS_TEST_TMPDIR/in' | wc -l"
    assert_output 40
    assert [ "$(awk '{ print ($1 + $2 < 0.5) }' <<< "$stderr")" = 1 ] # of two seconds
}

# bats test_tags=plain
@test "gl-submit: a hundred thousand requests in less than 40 MiB" {
    start
    unset log
    requests 1 100000 > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "command time -f %M gl-submit -j 32 '$BATS_TEST_TMPDIR/in' | wc -l"
    assert_output 100000
    assert [ "$stderr" -lt 40960 ]
}

@test "gl-submit: --progress tells how far it is, -q silences it, and its line is gone at the end" {
    start --delay 150ms
    requests 1 20 > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "gl-submit -j 2 --progress '$BATS_TEST_TMPDIR/in' > '$BATS_TEST_TMPDIR/out'"
    assert_regex "$stderr" '[0-9]+ done, 0 failed, [0-9]+ in flight, [0-9]+/s'
    assert_regex "$stderr" $'\r\e\\[K$'
    run -0 --separate-stderr bash -c "gl-submit -j 2 --progress -q '$BATS_TEST_TMPDIR/in' > '$BATS_TEST_TMPDIR/out'"
    assert_equal "$stderr" ''
    run -0 --separate-stderr bash -c "gl-submit -j 2 '$BATS_TEST_TMPDIR/in' > '$BATS_TEST_TMPDIR/out'"
    assert_equal "$stderr" ''
}

@test "gl-submit: a file that cannot be read is exit 74, and the others are read" {
    start
    run -74 --separate-stderr gl-submit "$BATS_TEST_TMPDIR" - <<< '{"atom_id":"a"}'
    holds '.status == "complete"'
    assert_equal "$stderr" "gl-submit: cannot read \"$BATS_TEST_TMPDIR\": Is a directory"
}

@test "gl-submit: a token that was renewed is used from then on" {
    echo old > "$BATS_TEST_TMPDIR/token"
    start
    mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    gl-submit --token-file "$BATS_TEST_TMPDIR/token" < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 8> "$BATS_TEST_TMPDIR/in" 9< "$BATS_TEST_TMPDIR/out"
    echo '{"atom_id":"a"}' >&8
    read -r -t 5 _ <&9
    echo new > "$BATS_TEST_TMPDIR/token.new"
    mv "$BATS_TEST_TMPDIR/token.new" "$BATS_TEST_TMPDIR/token"
    echo '{"atom_id":"b"}' >&8
    read -r -t 5 _ <&9
    exec 8>&-
    ended 0 "$pid"
    log_holds 'map(.headers.authorization) == ["Bearer old", "Bearer new"]'
}

@test "gl-submit: holds twice as many records as may be under way, not more" {
    start
    requests 1 50 '.mock = {delay_ms: (if .n == 1 then 1000 else 0 end)}' > "$BATS_TEST_TMPDIR/in"
    gl-submit -j 2 "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out"
    # While the first holds up the output, three others are taken in.
    log_holds '([.[] | select(.body | fromjson.n == 1)][0].time_ms) as $t | [.[] | select(.time_ms < $t + 900)] | length == 4'
}

# bats test_tags=plain
@test "gl-submit: holds 64 MiB of bodies, not more, whatever -j says" {
    start --delay 300ms
    for n in $(seq 40); do
        printf '{"atom_id":"a%d","pad":"%s"}\n' "$n" "$(head -c 4000000 /dev/zero | tr '\0' x)"
    done > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "command time -f %M gl-submit -j 64 '$BATS_TEST_TMPDIR/in' | wc -l"
    assert_output 40
    assert [ "$stderr" -lt 200000 ]
}

@test "gl-submit: an execution carries how long the server expects it to take" {
    start
    run -75 gl-submit --async <<< '{"atom_id":"a","mock":{"estimated_wait_seconds":2.50}}'
    assert_output --partial '"estimated_wait_seconds":2.5'
}

@test "gl-submit: the token is redacted also where the echo is escaped" {
    echo 'k3y<9>' > "$BATS_TEST_TMPDIR/token"
    start --token 'k3y<9>'
    run -69 --separate-stderr gl-submit --raw --token-file "$BATS_TEST_TMPDIR/token" \
        <<< '{"atom_id":"a","mock":{"status":418,"text":"{\"detail\":\"\\u006b\\u0033y\\u003C9\\u003e!\"}"}}'
    refute_output --partial k3y
    refute_output --partial u003C9
    holds '.error.message | test("^[*]+!$")'
}

@test "gl-submit: with a token it cannot dump core" {
    ulimit -S -c 1024 2> /dev/null || true # where the hard limit is 0 there is nothing to show
    mkfifo "$BATS_TEST_TMPDIR/in"
    echo secret > "$BATS_TEST_TMPDIR/token"
    gl-submit --token-file "$BATS_TEST_TMPDIR/token" < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 8> "$BATS_TEST_TMPDIR/in"
    eventually 20 grep -Eq '^Max core file size +0 +0 ' "/proc/$pid/limits"
    exec 8>&-
    ended 0 "$pid"
}

@test "gl-submit: more bytes than it holds at once go through, one after another" {
    start
    head -c $((7 << 20)) /dev/zero | tr '\0' x > "$BATS_TEST_TMPDIR/pad"
    for i in 1 2 3 4 5 6 7 8; do
        printf '{"atom_id":"a%d","pad":"' "$i"
        cat "$BATS_TEST_TMPDIR/pad"
        echo '"}'
    done > "$BATS_TEST_TMPDIR/in"
    run -0 timeout 30 gl-submit -j 2 "$BATS_TEST_TMPDIR/in"
    assert_equal "$(jq -r .atom_id <<< "$(records)" | paste -sd ' ')" 'a1 a2 a3 a4 a5 a6 a7 a8'
}

@test "gl-submit: a bad atom_id beside a good id is not sent" {
    start
    run -0 gl-submit <<< '{"atom_id":5,"id":"a","x":1}'
    log_holds '.[0].body == "{\"atom_id\":\"a\",\"x\":1}"'
}

@test "gl-submit: a key with an escape in it is rejected, never sent as it stands" {
    start
    run -65 gl-submit -q <<< '{"atom_id":"a","_gl":{"idempotency_key":"k\u0041"}}'
    assert [ ! -s "$log" ]
}

@test "gl-submit: an empty atom_id is none" {
    start
    run -65 gl-submit -q <<< '{"atom_id":""}'
    run -0 gl-submit <<< '{"atom_id":"","id":"b"}'
    holds '.atom_id == "b"'
}

@test "gl-submit: durations out of their range are refused" {
    run -64 gl-submit --timeout 0 < /dev/null
    assert_output --partial -- '--timeout: "0" is not a duration'
    GREENLIGHT_HANDOFF_TIMEOUT_MS=0 run -78 gl-submit < /dev/null
    run -64 gl-submit --timeout 25h < /dev/null
}

@test "gl-submit: an answer that was compressed is asked for" {
    start
    run -0 gl-submit <<< '{"atom_id":"a"}'
    log_holds '.[0].headers["accept-encoding"] | test("gzip")'
}

# bats test_tags=plain
@test "gl-submit: records that only pass take neither memory nor time that grows with the stream" {
    yes '{"atom_id":"a","status":"complete","_gl":{"type":"result"}}' | head -n 400000 > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "command time -f %M timeout 30 gl-submit -j 1 '$BATS_TEST_TMPDIR/in' | wc -l"
    assert_output 400000
    assert [ "$stderr" -lt 20480 ]
}

@test "gl-submit: an answer with 200,000 odd tests does not hold it up" {
    zeros=$(printf '0,%.0s' {1..200000})
    start
    run -0 timeout 30 gl-submit -q <<< "{\"atom_id\":\"a\",\"mock\":{\"body\":{\"correct\":true,\"test_results\":[${zeros}0]}}}"
    [[ $output == *'"status":"complete"'* ]]
}

@test "gl-submit: a URL that cannot be one is exit 78, naming it" {
    for url in http://127.0.0.1:99999 'http://[::1' http://h:abc; do
        GREENLIGHT_API_URL=$url run -78 gl-submit < /dev/null
        assert_output --partial "$url"
    done
}

@test "gl-submit: a URL with a password in it is refused without showing it" {
    GREENLIGHT_API_URL=http://u:hunter2@h run -78 gl-submit < /dev/null
    refute_output --partial hunter2
    assert_output --partial 'GREENLIGHT_API_URL: "(a user or password)" is not a URL'
    run -64 gl-submit --url http://u:hunter2@h < /dev/null
    refute_output --partial hunter2
}

@test "gl-submit: names in _gl count as they are meant, however they are spelled" {
    start
    run -75 gl-submit <<< '{"atom_id":"a","_gl":{"end\u0070oint":"queue-atom","type":null,"\u0061ttempts":[1],"context":{"c":1}}}'
    assert_equal "$(jq -c '._gl | keys' <<< "$output")" '["attempts","context","endpoint","idempotency_key","type"]'
    assert_equal "$(grep -o 'ttempts' <<< "$output" | wc -l)" 1
}

@test "gl-submit: a token file that is too large is refused, not cut" {
    head -c 20000 /dev/zero | tr '\0' x > "$BATS_TEST_TMPDIR/token"
    run -78 gl-submit --token-file "$BATS_TEST_TMPDIR/token" < /dev/null
    assert_output --partial "is larger than"
}
