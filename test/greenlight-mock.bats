#!/usr/bin/env bats
# greenlight-mock: the server that the other tests talk to, seen through curl.

load lib/common
load lib/server

teardown() {
    stop_server
}

# start [ARGUMENT ...]: a mock of this test's own, its log in $log.
start() {
    log=$BATS_TEST_TMPDIR/log
    start_server "$BATS_TEST_TMPDIR" --log "$log" "$@"
}

# post ENDPOINT BODY [CURL ARGUMENT ...]: the answer's body, a LF, its status.
post() {
    local endpoint=$1 body=$2
    shift 2
    curl -sS -w '\n%{http_code}\n' --data-binary "$body" "$@" "$GREENLIGHT_API_URL/greenlight/$endpoint"
}

get() {
    local path=$1
    shift
    curl -sS -w '\n%{http_code}\n' --path-as-is "$@" "$GREENLIGHT_API_URL$path"
}

# statuses N COMMAND ...: what N runs of post or get are answered.
statuses() {
    local times=$1 i
    shift
    for ((i = 0; i < times; i++)); do
        "$@" | tail -n 1
    done | paste -sd ' '
}

# queue BODY: the id of the execution that this starts.
queue() {
    post queue-atom "$1" | head -n 1 | jq -r .execution_id
}

# holds JQ: the program is true of the answer's body in $output.
holds() {
    head -n 1 <<< "$output" | jq -e "$1" > /dev/null || fail "not true: $1 of $output"
}

log_holds() {
    jq -se "$1" "$log" > /dev/null || fail "not true: $1 of $(< "$log")"
}

rules() {
    printf '%s\n' "$@" > "$BATS_TEST_TMPDIR/rules"
}

@test "greenlight-mock: grades every atom as correct by default" {
    start
    run -0 post run-atom '{"atom_id":"net:\u00e9","x":1}'
    assert_line 200
    holds '.atom_id == "net:é" and .status == "complete" and .correct == true and .partial_score == 1
           and .tests_passed == 2 and .tests_total == 2 and (.test_results | length) == 2'
}

@test "greenlight-mock: says how it is at /health" {
    start
    run -0 get /health
    assert_line 200
    holds '.status == "ok" and (.version | length) > 0'
}

@test "greenlight-mock: an execution is pending at the first poll and completed from then on" {
    start
    run -0 post queue-atom '{"atom_id":"a"}'
    assert_line 202
    id=$(head -n 1 <<< "$output" | jq -r .execution_id)
    run -0 get "/greenlight/execution/$id"
    holds '. == {"status":"pending"}'
    run -0 get "/greenlight/execution/$id"
    holds '.status == "completed" and .result.atom_id == "a" and .result.correct'
    run -0 get "/greenlight/execution/$id"
    holds '.status == "completed"'
}

@test "greenlight-mock: refuses unknown paths, executions and methods, and bodies that are no requests" {
    start
    run -0 get /greenlight/nothing
    assert_line 404
    run -0 get /greenlight/execution/nobody
    assert_line 404
    run -0 get /greenlight/run-atom -i
    assert_line 405
    assert_output --partial 'Allow: POST'
    for body in '' '[1]' '{"atom_id":' '{"atom_id":"a"} x' '{"id":"a"}' '{"atom_id":7}'; do
        run -0 post run-atom "$body"
        assert_line 422
        holds '.detail | length > 0'
    done
}

@test "greenlight-mock: an atom carries its own script, counted for each atom" {
    start
    a='{"atom_id":"a","mock":"503,429,200"}' b='{"atom_id":"b","mock":[500,{"status":418}]}'
    assert_equal "$(statuses 2 post run-atom "$a")" '503 429'
    assert_equal "$(statuses 3 post run-atom "$b")" '500 418 418'
    assert_equal "$(statuses 2 post run-atom "$a")" '200 200'
}

@test "greenlight-mock: a script that is wrong is told from one that is right" {
    start
    for script in '"x"' '"200,"' 99 true '[]' '{"staus":200}' '{"status":"200"}' '{"fault":"none"}' \
        '{"body":1,"text":"2"}' '{"headers":{"a b":"c"}}' '{"headers":{"Content-Length":"1"}}' '{"retry_after":{}}'; do
        run -0 post run-atom "{\"atom_id\":\"a\",\"mock\":$script}"
        assert_line 400
    done
}

@test "greenlight-mock: the first rule that matches answers" {
    rules '{"match":{"method":"GET","path":"/health"},"answers":"503"}' \
        '{"match":{"path":"/greenlight/run-*","atom_id":"é"},"answers":418}' \
        '{"match":{"path":"/greenlight/run-atom"},"answers":[{"status":402}]}'
    start --scenario "$BATS_TEST_TMPDIR/rules"
    assert_equal "$(statuses 1 get /health)" 503
    assert_equal "$(statuses 1 post run-atom '{"atom_id":"\u00e9"}')" 418
    assert_equal "$(statuses 1 post run-atom '{"atom_id":"b","mock":200}')" 402
    assert_equal "$(statuses 1 post queue-atom '{"atom_id":"a"}')" 202
}

@test "greenlight-mock: a rule counts for each atom, or over all of them" {
    rules '{"match":{"path":"/greenlight/run-atom"},"answers":["503,200"]}' \
        '{"match":{"path":"/greenlight/queue-atom"},"answers":["503,202"],"count":"rule"}'
    start --scenario "$BATS_TEST_TMPDIR/rules"
    for endpoint in run-atom queue-atom; do
        for atom in a b a b; do
            statuses 1 post "$endpoint" "{\"atom_id\":\"$atom\"}"
        done
    done > "$BATS_TEST_TMPDIR/seen"
    assert_equal "$(paste -sd ' ' "$BATS_TEST_TMPDIR/seen")" '503 503 200 200 503 202 202 202'
}

@test "greenlight-mock: a scenario that is wrong is named with its line" {
    for rule in '{"answers":[]}' '{}' '{"answers":200,"count":"all"}' '{"answer":200}' '{"match":{"id":"a"},"answers":200}' '['; do
        rules '{"answers":200}' "$rule"
        run -78 greenlight-mock --scenario "$BATS_TEST_TMPDIR/rules"
        assert_output --partial "rules:2: "
    done
}

@test "greenlight-mock: sends a scripted body byte for byte, with its headers" {
    start
    run -0 post run-atom '{"atom_id":"a","mock":{"body":{ "n":12345678901234567890,"f":1.10, "e":1e400 },"headers":{"X-A":"b\"c"}}}' -i
    assert_line '{ "n":12345678901234567890,"f":1.10, "e":1e400 }'
    assert_line $'X-A: b"c\r'
    assert_line $'Content-Type: application/json\r'
    run -0 post run-atom '{"atom_id":"b","mock":{"status":502,"text":"<html>\u0007","headers":{"Content-Type":"text/html"}}}' -i
    assert_line $'<html>\a'
    assert_line $'Content-Type: text/html\r'
    refute_output --partial 'text/plain'
}

@test "greenlight-mock: asks to come back after seconds or at a date" {
    start
    run -0 post run-atom '{"atom_id":"a","mock":{"status":429,"retry_after":"1.5x"}}' -i
    assert_line $'Retry-After: 1.5x\r'
    run -0 post run-atom '{"atom_id":"b","mock":{"status":503,"retry_after":{"date_in":100}}}' -i
    date=$(sed -n 's/^Retry-After: \(.* GMT\)\r$/\1/p' <<< "$output")
    left=$(($(date -d "$date" +%s) - $(date +%s)))
    ((left >= 90 && left <= 100)) || fail "$left s left of 100"
}

@test "greenlight-mock: a delay holds back its own request and no other" {
    start
    post run-atom '{"atom_id":"slow","mock":{"delay_ms":60000}}' > "$BATS_TEST_TMPDIR/slow" &
    slow=$!
    eventually 20 grep -q slow "$log"
    run -0 post run-atom '{"atom_id":"fast"}' --max-time 10
    assert_line 200
    log_holds '.[1].in_flight == 2'
    kill "$slow"
}

@test "greenlight-mock: --delay waits before each answer that has no delay of its own" {
    start --delay 300ms
    run -0 curl -sS -o /dev/null -w '%{time_total}' -d '{"atom_id":"a"}' "$GREENLIGHT_API_URL/greenlight/run-atom"
    jq -ne "$output >= 0.3" > /dev/null || fail "answered after $output s"
    start_ms=$(($(date +%s%N) / 1000000))
    for _ in {1..10}; do
        post run-atom '{"atom_id":"b","mock":{"delay_ms":0}}' > /dev/null
    done
    (($(date +%s%N) / 1000000 - start_ms < 3000))
}

@test "greenlight-mock: closes a connection without an answer" {
    start
    run -52 post run-atom '{"atom_id":"a","mock":{"fault":"drop"}}'
    run -56 post run-atom '{"atom_id":"b","mock":{"fault":"reset"}}'
    log_holds 'map([.status, .fault]) == [[0, "drop"], [0, "reset"]]'
}

@test "greenlight-mock: cuts an answer off in each way that there is" {
    start
    whole=$(post run-atom '{"atom_id":"a"}' | head -n 1)
    for fault in truncate_length:18 truncate_chunked:18 truncate_close:0; do
        run -"${fault#*:}" --separate-stderr curl -sS -i -d "{\"atom_id\":\"a\",\"mock\":{\"fault\":\"${fault%:*}\"}}" \
            "$GREENLIGHT_API_URL/greenlight/run-atom"
        assert_equal "${lines[-1]}" "${whole:0:${#whole}/2}"
        case $fault in
        truncate_length:*) assert_line $"Content-Length: ${#whole}"$'\r' ;;
        truncate_chunked:*) assert_line $'Transfer-Encoding: chunked\r' ;;
        truncate_close:*) refute_output --regexp 'Content-Length|chunked' ;;
        esac
    done
}

@test "greenlight-mock: sends raw bytes as they are scripted, and nothing else" {
    start
    run_raw() {
        run "$1" timeout 10 curl -sS --http0.9 --data-binary "{\"atom_id\":\"a\",\"mock\":{\"raw\":$2}}" "$GREENLIGHT_API_URL/greenlight/run-atom"
    }
    run_raw -0 '["no\u0000t HTTP \u00ff\u00c3",{"bytes":"ab","times":3},{"wait_ms":1},"."]'
    assert_equal "$(curl -sS --http0.9 --data-binary '{"mock":{"raw":"a\u0000\u00ff\u0080"}}' "$GREENLIGHT_API_URL/greenlight/run-atom" | od -An -tx1)" ' 61 00 ff 80'
    assert_output --partial ababab.
    for wrong in '"\u0100"' '5' '[5]' '[{"times":-1}]' '[{"byte":"x"}]' '[{"bytes":5}]'; do
        run_raw -0 "$wrong"
        assert_output --partial 'raw\" has a value that it cannot have'
    done
}

@test "greenlight-mock: pauses within raw bytes, and stops when the client or itself does" {
    start
    scripted='{"atom_id":"a","mock":{"raw":["HTTP/1.1 200 OK\r\n\r\n",{"bytes":"x","times":0,"wait_ms":50}]}}'
    run -28 timeout 10 curl -sSN -m 1 --data-binary "$scripted" "$GREENLIGHT_API_URL/greenlight/run-atom"
    [[ $output == xxx* ]]
    eventually 5 eval '[ "$(ls "/proc/$server_pid/task" | wc -l)" = 2 ]'
    curl -sS --data-binary "$scripted" "$GREENLIGHT_API_URL/greenlight/run-atom" > /dev/null 2>&1 3>&- &
    pid=$!
    eventually 5 log_holds 'length == 2'
    kill -TERM "$server_pid"
    timeout 10 tail --pid="$server_pid" -f /dev/null
    ended 143 "$server_pid"
    server_pid=
    ended 0 "$pid"
}

@test "greenlight-mock: pads a body to any size, still JSON" {
    start
    curl -sS -d '{"atom_id":"a","mock":{"pad":20000000}}' "$GREENLIGHT_API_URL/greenlight/run-atom" > "$BATS_TEST_TMPDIR/big"
    run -0 jq -r '.atom_id, (.pad | length)' "$BATS_TEST_TMPDIR/big"
    assert_output $'a\n20000000'
}

@test "greenlight-mock: gives a result in every shape of the contract" {
    local -A shapes=(
        [flat]='.partial_score == 0.75 and .tests_passed == 3 and .tests_total == 4 and (.test_results | map(.passed)) == [true, true, true, false] and .meta'
        [nested]='.status == "complete" and (has("correct") | not) and .result.correct == false and .result.tests_total == 4 and .meta'
        [score]='.score == 0.75 and (has("partial_score") | not)'
        [tests_failed]='.tests_failed == 1 and (has("tests_total") | not)'
        [counts]='.tests_total == 4 and (has("test_results") | not)'
        [lists]='.test_results.passed == ["test_1", "test_2", "test_3"] and .test_results.failed == ["test_4"] and .test_results.stdout'
        [tests]='(.test_results.tests | length) == 4'
        [results]='(.test_results.results | length) == 4'
        [errors]='.errors[0].test == "test_4" and .errors[0].got and (has("test_results") | not)'
        [details]='.details.diff and (has("test_results") | not)'
        [meta_cognitive]='.meta_cognitive.error_tag == "off_by_one" and (has("meta") | not)'
        [correct_only]='. == {"atom_id":"a","status":"complete","correct":false}'
    )
    start
    for shape in "${!shapes[@]}"; do
        run -0 post run-atom "{\"atom_id\":\"a\",\"mock\":{\"shape\":\"$shape\",\"passed\":3,\"total\":4}}"
        holds "${shapes[$shape]}"
    done
}

@test "greenlight-mock: gives an error in every shape of the contract" {
    local -A shapes=(
        [detail]='.detail == "no" and .error_code'
        [error]='. == {"error":"no"}'
        [error_message]='. == {"error_message":"no"}'
        [problem]='.type and .title and .status == 503 and .detail == "no"'
    )
    start
    for shape in "${!shapes[@]}"; do
        run -0 post run-atom "{\"atom_id\":\"a\",\"mock\":{\"status\":503,\"shape\":\"$shape\",\"fail\":\"no\"}}" -i
        assert_line 503
        output=$(grep '^{' <<< "$output") holds "${shapes[$shape]}"
    done
    run -0 post run-atom '{"atom_id":"a","mock":{"status":500,"shape":"problem"}}' -i
    assert_line $'Content-Type: application/problem+json\r'
}

@test "greenlight-mock: fills a default body with what the script says" {
    start
    run -0 post run-atom '{"atom_id":"a","mock":{"correct":"yes","score":0.70,"total":5,"passed":0,"atom_id":"b"}}'
    holds '.atom_id == "b" and .correct == "yes" and .tests_passed == 0 and .tests_total == 5'
    assert_output --partial '"partial_score":0.70,'
    run -0 post run-atom '{"atom_id":"a","mock":{"correct":false}}'
    holds '.correct == false and .partial_score == 0.5'
}

@test "greenlight-mock: an execution goes through the words of its script to its result" {
    start
    id=$(queue '{"atom_id":"a","mock":{"polls":3,"poll_status":["queued","executing"],"estimated_wait_seconds":7,"result":{"n":1.10}}}')
    for word in queued executing executing; do
        run -0 get "/greenlight/execution/$id"
        holds ". == {\"status\":\"$word\",\"estimated_wait_seconds\":7}"
    done
    run -0 get "/greenlight/execution/$id"
    assert_line '{"status":"completed","result":{"n":1.10}}'
}

@test "greenlight-mock: an execution fails in every shape of the contract" {
    local -A shapes=(
        [error]='.error == "no"'
        [error_message]='.error_message == "no"'
        [detail]='.error.detail == "no"'
        [problem]='.error.title'
    )
    start
    for shape in "${!shapes[@]}"; do
        id=$(queue "{\"atom_id\":\"a\",\"mock\":{\"polls\":0,\"shape\":\"$shape\",\"fail\":\"no\"}}")
        run -0 get "/greenlight/execution/$id"
        holds ".status == \"failed\" and (${shapes[$shape]})"
    done
}

@test "greenlight-mock: takes ids of executions as they are percent-encoded" {
    start
    post queue-atom '{"atom_id":"a","mock":{"polls":0,"execution_id":"../x y%/é?"}}'
    run -0 get '/greenlight/execution/%2E%2E%2Fx%20y%25%2F%C3%A9%3F'
    holds '.result.atom_id == "a"'
    run -0 get '/greenlight/execution/../x'
    assert_line 404
}

@test "greenlight-mock: a rule follows executions by their atom, and makes up those that nobody queued" {
    rules '{"match":{"method":"GET","atom_id":"a"},"answers":"500,200"}' \
        '{"match":{"path":"/greenlight/execution/lost"},"answers":{"polls":1,"result":{"found":true}}}'
    start --scenario "$BATS_TEST_TMPDIR/rules"
    id=$(queue '{"atom_id":"a","mock":{"polls":0}}')
    assert_equal "$(statuses 2 get "/greenlight/execution/$id")" '500 200'
    run -0 get /greenlight/execution/lost
    holds '.status == "pending"'
    run -0 get /greenlight/execution/lost
    holds '.result.found'
}

@test "greenlight-mock: with --honour-keys a key that was answered is answered the same again" {
    start --honour-keys
    one=$(post queue-atom '{"atom_id":"a"}' -H 'Idempotency-Key: k1')
    two=$(post queue-atom '{"atom_id":"a"}' -H 'Idempotency-Key: k1')
    three=$(post queue-atom '{"atom_id":"a"}' -H 'Idempotency-Key: k2')
    assert_equal "$two" "$one"
    [ "$three" != "$one" ]
    log_holds 'map([.n, .replayed]) == [[1, false], [2, true], [3, false]]'
}

@test "greenlight-mock: without --honour-keys every POST counts" {
    start
    one=$(post queue-atom '{"atom_id":"a"}' -H 'Idempotency-Key: k1')
    two=$(post queue-atom '{"atom_id":"a"}' -H 'Idempotency-Key: k1')
    [ "$two" != "$one" ]
}

@test "greenlight-mock: with --honour-keys an error is not kept, and a lost answer is given whole" {
    start --honour-keys
    script='[503,{"fault":"drop","result":{"first":true}},{"result":{"first":false}}]'
    atom="{\"atom_id\":\"a\",\"mock\":$script}"
    run -0 post run-atom "$atom" -H 'Idempotency-Key: k'
    assert_line 503
    run -52 post run-atom "$atom" -H 'Idempotency-Key: k'
    run -0 post run-atom "$atom" -H 'Idempotency-Key: k'
    assert_line '{"first":true}'
    run -0 post run-atom "$atom" -H 'Idempotency-Key: other'
    assert_line '{"first":false}'
}

@test "greenlight-mock: --exec answers with a command's output" {
    start --exec 'jq -c "{got: .x, n: input_line_number}"'
    run -0 post run-atom '{"x":[1,2]}'
    assert_line 200
    holds '.got == [1,2] and .n == 1'
    id=$(queue '{"x":3}')
    finished() { get "/greenlight/execution/$id" | head -n 1 | jq -e '.status == "completed" and .result.got == 3'; }
    eventually 20 finished
}

@test "greenlight-mock: --exec says when the command fails without an output" {
    # shellcheck disable=SC2016 # the command expands it
    start --exec 'read -r line; test "$line" = "{\"a\":1}" || exit 3; echo "{}"; exit 3'
    run -0 post run-atom '{"a":2}'
    assert_line 502
    holds '.detail == "the command ended with exit 3"'
    run -0 post run-atom '{"a":1}'
    assert_line 200
    id=$(queue '{"a":2}')
    failed() { get "/greenlight/execution/$id" | head -n 1 | jq -e '.status == "failed" and .error == "the command ended with exit 3"'; }
    eventually 20 failed
}

@test "greenlight-mock: --exec runs no more than eight commands at once and blocks nobody" {
    mkdir "$BATS_TEST_TMPDIR/on"
    cd "$BATS_TEST_TMPDIR"
    start --exec 'cat; touch on/$$; until test -e go; do sleep 0.02; done'
    for i in {1..12}; do
        post run-atom "{\"n\":$i}" > "answer.$i" &
    done
    eight() { [ "$(find on -type f | wc -l)" -eq 8 ]; }
    eventually 20 eight
    run -0 get /health --max-time 10
    assert_line 200
    eight
    touch go
    all() { cat answer.* | grep -c '^200$' | grep -qx 12; }
    eventually 20 all
}

@test "greenlight-mock: --exec with --honour-keys answers 409 while the command works for a key" {
    cd "$BATS_TEST_TMPDIR"
    start --honour-keys --exec 'cat; touch begun; until test -e go; do sleep 0.02; done'
    post run-atom '{"n":1}' -H 'Idempotency-Key: k' > first &
    eventually 20 test -e begun
    run -0 post run-atom '{"n":1}' -H 'Idempotency-Key: k'
    assert_line 409
    touch go
    eventually 20 grep -qx 200 first
    run -0 post run-atom '{"n":2}' -H 'Idempotency-Key: k'
    assert_line '{"n":1}'
}

@test "greenlight-mock: logs a request as it was sent" {
    start
    printf '{"atom_id":"a", "t":"\\u0000\xff\t"}' > "$BATS_TEST_TMPDIR/body"
    curl -sS --data-binary "@$BATS_TEST_TMPDIR/body" -H 'X-Twice: 1' -H 'x-twice: 2' -H 'Content-Type: application/json' \
        --path-as-is "$GREENLIGHT_API_URL/a%2F../b?c=%20d" > /dev/null
    log_holds '.[0] | .method == "POST" and .path == "/a%2F../b?c=%20d" and .headers["x-twice"] == "1, 2"
               and .headers["content-type"] == "application/json" and .body == "{\"atom_id\":\"a\", \"t\":\"\\u0000\ufffd\t\"}"
               and .status == 404 and .n == 1 and .in_flight == 1 and .replayed == false and (.time_ms | type) == "number"'
}

# start_slow INJECTION [ARGUMENT ...]: a mock whose system calls strace delays.
start_slow() {
    injection=$1
    shift
    greenlight-mock() {
        exec strace -D -f -qq -o /dev/null -e "inject=$injection" "$(type -P greenlight-mock)" "$@"
    }
    start "$@"
}

# bats test_tags=plain
@test "greenlight-mock: a request is in the log before its answer has come" {
    start_slow write:delay_enter=200000
    for i in {1..3}; do
        post run-atom '{"atom_id":"a"}' > /dev/null
        log_holds "map(.n) == [range(1; $((i + 1)))]"
    done
}

# bats test_tags=plain
@test "greenlight-mock: a client that asks one thing after the other is never seen twice at once" {
    start_slow sendmsg,sendto:delay_exit=200000 --threads 4
    for _ in {1..4}; do
        post run-atom '{"atom_id":"a"}' > /dev/null
    done
    log_holds 'map(.in_flight) == [1, 1, 1, 1]'
}

@test "greenlight-mock: --token asks every request for it" {
    start --token sesame
    assert_equal "$(statuses 1 get /health)" 401
    assert_equal "$(statuses 1 get /health -H 'Authorization: Bearer sesam')" 401
    assert_equal "$(statuses 1 get /health -H 'Authorization: Basic sesame')" 401
    assert_equal "$(statuses 1 get /health -H 'Authorization: Bearer sesame')" 200
}

@test "greenlight-mock: listens on a Unix socket, also where an earlier one was left" {
    socket=$BATS_TEST_TMPDIR/socket
    start --unix "$socket"
    assert_equal "$GREENLIGHT_API_URL" "unix:$socket"
    kill -9 "$server_pid"
    wait "$server_pid" || true
    test -S "$socket"
    rm "$BATS_TEST_TMPDIR/ready"
    start --unix "$socket"
    run -0 curl -sS --unix-socket "$socket" http://localhost/health
    holds '.status == "ok"'
    stop_server
    refute test -e "$socket"
}

# certificate NAME [ISSUER]: NAME.pem and NAME.key, signed by ISSUER or itself.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -addext subjectAltName=IP:127.0.0.1 ${2:+-CA "$2.pem" -CAkey "$2.key"} -keyout "$1.key" -out "$1.pem" 2> "$1.err"
}

@test "greenlight-mock: speaks TLS, and takes only clients of its CA where it has one" {
    cd "$BATS_TEST_TMPDIR"
    certificate server
    certificate ca
    certificate client ca
    certificate other
    start --tls-cert server.pem --tls-key server.key
    run -0 get /health --cacert server.pem
    holds '.status == "ok"'
    run -60 get /health
    stop_server
    rm ready
    start --tls-cert server.pem --tls-key server.key --client-ca ca.pem
    run -0 get /health --cacert server.pem --cert client.pem --key client.key
    holds '.status == "ok"'
    run get /health --cacert server.pem
    refute_line 200
    run get /health --cacert server.pem --cert other.pem --key other.key
    refute_line 200
}

@test "greenlight-mock: ends by SIGTERM in good order, whoever still waits" {
    start
    post run-atom '{"atom_id":"slow","mock":{"delay_ms":60000}}' > /dev/null 2>&1 3>&- &
    eventually 20 grep -q slow "$log"
    kill -TERM "$server_pid"
    wait "$server_pid" || status=$?
    assert_equal "$status" 143
    assert_equal "$(< "$BATS_TEST_TMPDIR/server.log")" ''
}

@test "greenlight-mock: --until-eof ends when stdin does" {
    mkfifo "$BATS_TEST_TMPDIR/in"
    greenlight-mock --until-eof < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    server_pid=$!
    exec {in}> "$BATS_TEST_TMPDIR/in"
    eventually 20 grep -q ^ready "$BATS_TEST_TMPDIR/out"
    echo more >&"$in"
    run -0 curl -sS "$(sed 's/^ready //' "$BATS_TEST_TMPDIR/out")/health"
    exec {in}>&-
    wait "$server_pid"
}

@test "greenlight-mock: --threads serves many connections at once, without losing a request" {
    start --threads 4
    for i in {1..200}; do
        printf 'url = "%s/greenlight/run-atom"\ndata = "{\\"atom_id\\":\\"a%d\\",\\"mock\\":{\\"delay_ms\\":%d}}"\noutput = /dev/null\nnext\n' \
            "$GREENLIGHT_API_URL" "$((i % 7))" "$((i % 50))"
    done | sed '$d' > "$BATS_TEST_TMPDIR/curl"
    run -0 curl -sS --parallel --parallel-max 50 -K "$BATS_TEST_TMPDIR/curl"
    log_holds 'length == 200 and all(.status == 200) and (map(.in_flight) | max) > 1 and (map(.in_flight) | max) <= 50
               and (group_by(.path + (.body | fromjson | .atom_id)) | all(map(.n) | sort == [range(1; 1 + length)]))'
}

# What stalls does a few dozen a second.
@test "greenlight-mock: 128 connections that are ready at once do not stall it" {
    start
    run -0 wrk -t 1 -c 128 -d 2 "$GREENLIGHT_API_URL/health"
    [[ $output =~ ([0-9]+)" requests in" ]]
    assert [ "${BASH_REMATCH[1]}" -gt 500 ]
}

@test "greenlight-mock: a wrong command line is exit 64" {
    run -64 greenlight-mock --port 70000
    run -64 greenlight-mock --tls-cert x
    run -64 greenlight-mock operand
}
