#!/usr/bin/env bats
# Holds what the tools read and write to the JSON Schemas that are installed.

load lib/common
load lib/exercise
load lib/schema
load lib/submit

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    stop_server
}

# atoms JQ ...: a request for each program, which makes its script for the mock.
atoms() {
    local number=0 program
    for program in "$@"; do
        number=$((number + 1))
        jq -nc --arg id "a$number" "{atom_id: \$id, mock: ($program)}"
    done
}

shapes=(flat nested score tests_failed counts lists tests results errors details meta_cognitive correct_only)
error_shapes=(detail error error_message problem)

@test "schema: the example atoms and requests are requests" {
    hold request "$FIXTURES/atoms.ndjson"
    hold request "$FIXTURES/learner.ndjson"
}

@test "schema: gl-route passes on requests and rejects with results" {
    keep gl-route "$FIXTURES/atoms.ndjson"
    hold request
    keep gl-route --max-record 2K <<< \
        $'[1]\n{"a":\n{"id":1,}\n{"a":"\xff"}\n'"{\"pad\":\"$(printf '%3000s' '')\"}"
    assert_equal "$(wc -l < records)" 5
    hold result
}

@test "schema: what gl-submit sends and what it leaves for later are requests" {
    start
    jq -c '._gl = {context: 1}' "$FIXTURES/atoms.ndjson" | gl-submit > records || true
    jq -r .body log > sent
    assert_equal "$(wc -l < sent)" "$(wc -l < "$FIXTURES/atoms.ndjson")"
    hold request sent
    jq -se 'all(has("atom_id") and (has("_gl") | not))' sent
    keep gl-submit --url http://127.0.0.1:1 --attempts 1 --rest later "$FIXTURES/learner.ndjson"
    assert_equal "$(wc -l < later)" 3
    hold request later
    hold result
}

@test "schema: gl-submit makes results of every shape in which servers grade" {
    local shape programs=()
    start
    for shape in "${shapes[@]}"; do
        programs+=("{shape: \"$shape\"}" "{shape: \"$shape\", passed: 1, total: 3}" \
            "{shape: \"$shape\", correct: false, passed: 0}")
    done
    atoms "${programs[@]}" > in
    keep gl-submit --raw in
    assert_equal "$(jq -c .status records | sort | uniq -c | tr -s ' ')" ' 36 "complete"'
    hold result
    has '.correct' '.correct == false' '.tests_total == null' '.test_results[0].actual' '.meta.confidence' \
        '.score_source == "score"' '.score_source == "correct"'
}

@test "schema: gl-submit makes results of every status, and of odd answers" {
    start
    atoms '{result: {status: "incomplete", tests_passed: 1, tests_total: 2}}' \
        '{result: {status: "incomplete"}}' \
        '{result: {status: "failed", error: {class: "no_compiler", code: "E1", message: "m"}}}' \
        '{result: {status: "failed"}}' '{result: {status: "rejected", error_message: "no"}}' \
        '{result: {status: "cancelled"}}' '{result: {status: "skipped"}}' '{result: {status: "complete"}}' \
        '{result: []}' '{text: "<html>"}' '{body: {correct: true, atom_id: "other"}}' \
        '{result: {score: 7, correct: "yes", tests_total: -1, meta: [], git_suggestions: "git add",
                   test_results: ["x", {passed: 1}], extra: 1.10}}' \
        '{result: {partial_score: "0.9"}}' \
        '{result: {correct: true, error: "slow", _gl: {queue_id: 1}, warnings: ["w"]}}' \
        '{result: {tests_passed: 5, tests_total: 2}}' '{pad: 9000000}' > in
    keep gl-submit in
    assert_equal "$(wc -l < records)" 16
    hold result
    has '.status == "incomplete" and .partial_score == 0.5' \
        '.status == "incomplete" and .partial_score == null' \
        '.status == "failed" and .error.class == "no_compiler"' \
        '.status == "failed" and .error.message == null' '.status == "rejected"' '.status == "cancelled"' \
        '.status == "skipped"' '.error.class == "malformed"' '.error.class == "mismatch"' \
        '.error.class == "too_large"' '.score_source == "tests"' '.warnings | length > 2' \
        '.test_results[1].passed == null'
}

@test "schema: gl-submit makes results of every failure on the way" {
    local shape programs=(400 403 409 404 301 501 505 '"503,429,500"' '{fault: "drop"}'
        '{fault: "truncate_length"}' '{status: 503, retry_after: "3600"}' '{delay_ms: 5000}'
        '[{fault: "drop"}, 409]')
    start
    for shape in "${error_shapes[@]}"; do
        programs+=("{status: 422, shape: \"$shape\", fail: \"no\"}" \
            "{status: 500, shape: \"$shape\", fail: \"no\"}")
    done
    atoms "${programs[@]}" > all
    grep -v 3600 all > in
    keep gl-submit -j 32 --timeout 1s --backoff-base 1ms in
    hold result
    has '.error.class == "http_4xx"' '.error.class == "redirect"' '.error.class == "http_501"' \
        '.error.class == "http_505"' '.error.class == "http_5xx"' '.error.class == "reset"' \
        '.error.class == "truncated"' '.error.class == "timeout"' '.error.class == "conflict"' \
        '.error.code' '._gl.attempts | length == 3'
    grep 3600 all > in
    keep gl-submit in
    hold result
    has '.error.retry_after_ms > 3590000'
}

@test "schema: gl-submit makes results of what ends a run" {
    start --token right
    requests 1 30 > in
    keep gl-submit in
    hold result
    has '.error.class == "unauthorised"'
    keep gl-submit -j 1 --url http://127.0.0.1:1 --circuit-pause 10ms --backoff-base 1ms in
    hold result
    has '.error.class == "connect"' '.error.class == "circuit"'
    echo right > token
    requests 1 3 '.mock = {delay_ms: 5000}' > in
    keep gl-submit --token-file token --deadline 200ms in
    hold result
    has '.error.class == "deadline"'
    requests 1 300 '.mock = 503' > in
    keep gl-submit --token-file token --backoff-base 1ms -j 8 in
    hold result
    has '.error.class == "retry_budget"'
}

@test "schema: gl-submit rejects with results" {
    start
    keep gl-submit --filter 'if .n then error else . end' <<< \
        $'rubbish\n{"a":1}\n{"id":"x","n":1}\n{"id":"x","_gl":{"idempotency_key":"a b","context":[]}}'
    assert_equal "$(jq -c .error.class records | uniq -c | tr -s ' ')" ' 4 "bad_request"'
    # The key in the last one is the caller's, and no key: it is told apart.
    head -n 3 records > kept
    hold result kept
    run -1 hold result
    assert_output --partial 'record 4: $._gl.idempotency_key'
}

@test "schema: executions of gl-submit and gl-poll are executions, their ends results" {
    local shape programs=('{polls: 0}' \
        '{polls: 2, poll_status: ["queued", "executing"], estimated_wait_seconds: 0.01}'
        '{polls: 0, shape: "nested"}' '{polls: 0, fail: "no"}' '{polls: 0, result: {status: "cancelled"}}' \
            '{polls: 0, result: []}')
    for shape in "${error_shapes[@]}"; do
        programs+=("{polls: 0, shape: \"$shape\", fail: \"no\"}")
    done
    start
    atoms "${programs[@]}" > in
    keep gl-submit --async in
    hold execution
    has '.estimated_wait_seconds == 0.01'
    cp records executions
    keep gl-poll --interval 10ms executions
    assert_equal "$(wc -l < records)" 10
    hold result
    has '.status == "complete"' '.status == "failed"' '.status == "cancelled"' '.status == "protocol_error"'
    atoms '{polls: 9}' '{polls: 9, poll_status: ["executing"]}' '{polls: 9, poll_status: ["simmering"]}' |
        gl-submit --async > executions || true
    keep gl-poll --max-wait 0 executions
    assert_equal "$(jq -r .status records | sort | paste -sd ' ')" 'pending running running'
    hold execution
    jq -c '{execution_id}' executions > bare
    keep gl-poll --max-wait 0 bare
    hold execution
    keep gl-poll <<< $'{"execution_id":"nobody\'s"}\n{"execution_id":5}\n'
    hold result
    has '.error.class == "execution_unknown"' '.error.class == "bad_request"'
}

@test "schema: results of gl-run are results" {
    { cat "$FIXTURES/learner.ndjson" "$FIXTURES/atoms.ndjson"
        request 'def f(: pass'
        request 'def f(): return set()'
        request 'def f():
    while True: pass' '{"time_limit_ms": 300}'
        request 'def f(): return bytearray(1 << 30)' '{"memory_limit_mb": 64}'
        request 'print("x" * 100000)
def f(): return 1' '{"time_limit_ms": -1, "version": "2.7"}'
        request 'def f(): return 1' '{"tests": "from main import f\nassert f() == 2\nassert f() == 1"}'
        request 'def f(): return 1' '{"tests": []}'
        request 'def f(): return 1' '{"tests": [{"input": 1}]}'
        request 'def f(): return 1
def g(): return 2' '{"function": null}'
        request 'def f(): return 1' '{"entrypoint": "../x.py"}'
        echo rubbish; } > in
    keep gl-run in
    hold result
    has '.correct' '.error_class == "logic"' '.error_class == "runtime"' '.error_class == "syntax"' \
        '.error_class == "memory"' '.status == "incomplete" and .error_class == "timeout"' \
        '.warnings | length > 1' '.error.class == "no_submission"' '.error.class == "unsupported"' \
        '.error.class == "no_tests"' '.error.class == "bad_tests"' '.error.class == "no_function"' \
        '.error.class == "bad_path"' '.error.class == "bad_request"' \
        '.test_results | map(.passed) == [false, true]'
}

@test "schema: without a sandbox gl-run's results are results" {
    mkdir bin
    ln -s "$(command -v gl-run)" bin
    PATH=$PWD/bin keep "$(command -v gl-run)" "$FIXTURES/learner.ndjson"
    hold result
    has '.error.class == "no_sandbox"'
}

@test "schema: wrong results are refused" {
    start
    keep gl-submit <<< '{"atom_id":"a"}'
    refuses result "$(< records)" 'del(.correct)' 'del(._gl)' '.correct = "yes"' '.correct = 1' \
        '.status = "done"' '.status = "pending"' '.partial_score = 1.5' '.partial_score = null' \
        '.score_source = null' '.score_source = "luck"' '.tests_total = 0' '.tests_total = 1.5' \
        '.tests_total = null' '.test_results = {}' '.test_results[0].passed = 1' \
        'del(.test_results[0].name)' '.error = "no"' '.warnings = [1]' '.meta = null' \
        '._gl.type = "execution"' 'del(._gl.type)' '._gl.endpoint = "x"' \
        '._gl.attempts[0].class = "unlucky"' '._gl.attempts[0].wait_ms = 5' '.status = "unavailable"' \
        '.status = "failed"' '.atom_id = 5' '.atom_id = ""'
    keep gl-submit --url http://127.0.0.1:1 --attempts 1 <<< '{"atom_id":"a"}'
    refuses result "$(< records)" '.partial_score = 0' '.correct = false' '.error = null' \
        '.error.class = "failed"' '.error.retryable = false' '.error.extra = 1' '.status = "complete"' \
        '.status = "protocol_error"' '.status = "skipped"' 'del(.error.code)'
}

@test "schema: wrong executions and requests are refused" {
    refuses execution '{"atom_id":"a","execution_id":"e","status":"pending","_gl":{"type":"execution"}}' \
        'del(.execution_id)' '.execution_id = 5' '.execution_id = ""' '.status = "complete"' \
        '.status = "queued"' '._gl.type = "result"' 'del(._gl)' '.estimated_wait_seconds = "5"'
    refuses request \
        '{"id":"a","submission":{"files":[{"path":"a","content":""}]},"runner":{"tests":[{"expected":1}]}}' \
        'del(.id)' '.id = ""' '.atom_id = 5' '.owner = "me"' '.grading_mode = "auto"' \
        '._gl.type = "result"' '.submission.files = {}' '.submission.files[0].path = ""' \
        'del(.submission.files[0].content)' '.content_json = []' '.runner.tests = [{}]' \
        '.runner.tests = ["a", {expected: 1}]' '.runner.time_limit_ms = "1"' '.async_execution = "yes"' \
        '.session_context = "x"' '._gl.idempotency_key = "a b"'
}

@test "schema: no record at all is refused" {
    run -1 "$GL_TOP/test/lib/check-records" result < /dev/null
    assert_output 'no record'
}
