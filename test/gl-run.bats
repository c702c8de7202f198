#!/usr/bin/env bats
# gl-run: requests in, results out; what is refused, limits, signals.

load lib/common
load lib/exercise

@test "gl-run: a right, a half-right and a crashing submission get their grades in order" {
    run --separate-stderr gl-run "$FIXTURES/learner.ndjson"
    assert_success
    assert_equal "$(show '[.status, .correct, .partial_score, .tests_passed, .tests_total, .score_source, .error_class]')" \
        '["complete",true,1,3,3,"tests",null]
["complete",false,0.6666666666666666,2,3,"tests","logic"]
["complete",false,0,0,3,"tests","runtime"]'
    assert_equal "$(show '.test_results[1] | [.name, .passed, .expected, .actual]' | sed -n 2p)" \
        '["wildcard(mask=\"0.0.0.0\")",false,"255.255.255.255","0.0.0.255"]'
    assert_equal "$(show '.atom_id, ._gl.type' | sort -u)" '"net-3.1-code-wildcard-001"
"result"'
}

@test "gl-run: the _gl of a request comes out again, and its id from id" {
    request 'def f(): return 1' | jq -c '.id = .atom_id | del(.atom_id) | ._gl = {context: {"n": 1}, queue_id: "q"}' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_success
    assert_equal "$(show '[.atom_id, ._gl.type, ._gl.context.n, ._gl.queue_id]')" '["atom-1","result",1,"q"]'
}

@test "gl-run: records that are no requests pass byte for byte" {
    local record='{ "status":"complete", "n":12345678901234567890, "_gl":{"type":"result"}, "x":1.10 }'
    run --separate-stderr gl-run <<< "$record"
    assert_success
    assert_output "$record"
}

@test "gl-run: bad lines among good ones become rejected records in their place" {
    { request 'def f(): return 1'; echo '{"a":'; echo 'rubbish'; echo '{"no":"id"}'; request 'def f(): return 1'; } > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$status" 65
    assert_equal "$(show '[.status, .error.class]' | tr '\n' ' ')" \
        '["complete",null] ["rejected","bad_request"] ["rejected","bad_request"] ["complete",null] '
}

@test "gl-run: without an atom_id the request is rejected" {
    run --separate-stderr gl-run <<< '{"front":"?"}'
    assert_equal "$status" 65
    assert_equal "$(show '[.status, .error.class, .correct]')" '["rejected","bad_request",null]'
}

@test "gl-run: without a submission the request is rejected, and says so" {
    request '' > "$BATS_TEST_TMPDIR/in"
    for change in 'del(.submission)' '.submission = null' '.submission.files = []' '.submission = {}'; do
        run --separate-stderr gl-run <<< "$(jq -c "$change" "$BATS_TEST_TMPDIR/in")"
        assert_equal "$status" 65
        assert_equal "$(show '[.status, .error.class, .partial_score]')" '["rejected","no_submission",null]'
    done
}

@test "gl-run: another language is failed and unsupported, naming it and those there are" {
    run_code '' '{"language": "cobol"}'
    assert_equal "$status" 69
    assert_equal "$(show '[.status, .error.class, .correct]')" '["failed","unsupported",null]'
    assert_regex "$(show .error.message)" 'cobol.*python'
}

@test "gl-run: paths that leave the folder are rejected, whoever gives them" {
    run_code 'def f(): return 1' '{"entrypoint": "../../etc/passwd"}'
    assert_equal "$status" 65
    assert_equal "$(show '[.status, .error.class]')" '["rejected","bad_path"]'
    for path in '../x.py' '/etc/x.py' 'a/../../x.py' '' 'a\u0000.py' 'a\nb.py'; do
        request 'def f(): return 1' > "$BATS_TEST_TMPDIR/in"
        run --separate-stderr gl-run <<< "$(jq -c ".submission.files += [{path: \"$path\", content: \"\"}]" "$BATS_TEST_TMPDIR/in")"
        assert_equal "$status" 65
        assert_equal "$(show '[.status, .error.class]')" '["rejected","bad_submission"]'
    done
}

@test "gl-run: files given twice, or as file and folder, are rejected" {
    request 'def f(): return 1' > "$BATS_TEST_TMPDIR/in"
    for path in ./main.py main.py/x.py; do
        run --separate-stderr gl-run <<< "$(jq -c ".submission.files += [{path: \"$path\", content: \"\"}]" "$BATS_TEST_TMPDIR/in")"
        assert_equal "$status" 65
        assert_equal "$(show '[.status, .error.class]')" '["rejected","bad_submission"]'
    done
}

@test "gl-run: an atom without usable tests is failed, not graded" {
    run_code 'def f(): return 1' '{"tests": []}'
    assert_equal "$(show '[.status, .error.class, .correct]')" '["failed","no_tests",null]'
    run_code 'def f(): return 1' '{"tests": "tests/test_f.py"}'
    assert_equal "$(show '[.status, .error.class]')" '["failed","no_tests"]'
    assert_regex "$(show .error.message)" 'tests/test_f.py'
    run_code 'def f(): return 1' '{"tests": [{"input": [1]}]}'
    assert_equal "$(show '[.status, .error.class]')" '["failed","bad_tests"]'
    assert_equal "$status" 69
}

@test "gl-run: limits that make no sense fall back, those over the maxima are lowered, with a warning" {
    run_code 'def f(): return 1' '{"time_limit_ms": 0, "memory_limit_mb": -1}'
    assert_equal "$(show '[.correct, (.warnings | length)]')" '[true,2]'
    run_code 'def f(): return 1' '{"time_limit_ms": 1e300, "memory_limit_mb": "lots"}'
    assert_equal "$(show '[.correct, (.warnings | length)]')" '[true,2]'
    assert_regex "$(show '.warnings[0]')" 'more than is allowed.*30000 ms'
}

@test "gl-run: --timeout and runner_limits end an endless loop" {
    request 'def f():
    while True: pass' '{"time_limit_ms": 60000}' > "$BATS_TEST_TMPDIR/in"
    SECONDS=0
    run --separate-stderr gl-run --timeout 400ms "$BATS_TEST_TMPDIR/in"
    assert_equal "$(show '[.status, .error_class, .correct]')" '["incomplete","timeout",false]'
    jq -c 'del(.content_json.runner.time_limit_ms) | .content_json.runner_limits = {cpu_ms: 300, memory_mb: 64}' \
        "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/in2"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in2"
    assert_equal "$(show '[.status, .error_class]')" '["incomplete","timeout"]'
    ((SECONDS < 10))
}

@test "gl-run: tests that were finished before the time was up count" {
    run_code 'def f(n):
    while n == 2: pass
    return n' '{"time_limit_ms": 500, "tests": [{"input": 1, "expected": 1}, {"input": 2, "expected": 2}, {"input": 3, "expected": 3}]}'
    assert_success
    assert_equal "$(show '[.status, .tests_passed, .tests_total, .error_class]')" '["incomplete",1,3,"timeout"]'
    assert_regex "$(show '.test_results[1].message')" 'the time limit of 500 ms'
    assert_regex "$(show '.test_results[2].message')" 'not run'
}

@test "gl-run: no sandbox is never a score, and exits 71; --no-sandbox insists" {
    local bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    ln -s "$(command -v gl-run)" "$bin/gl-run"
    ln -s /usr/bin/prlimit "$bin/prlimit"
    request 'def f(): return 1' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr env PATH="$bin" gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$status" 71
    assert_equal "$(show '[.status, .error.class, .correct, .partial_score]')" '["unavailable","no_sandbox",null,null]'
    assert_regex "$stderr" 'cannot start a sandbox.*--no-sandbox'
    run --separate-stderr env PATH="$bin" TMPDIR="$BATS_TEST_TMPDIR" gl-run --no-sandbox "$BATS_TEST_TMPDIR/in"
    assert_success
    assert_equal "$(show .correct)" true
    assert_equal "$(find "$BATS_TEST_TMPDIR" -name 'gl-run.*')" ''
}

@test "gl-run: a sandbox that bubblewrap cannot set up is told in its own words" {
    local bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    printf '#!/bin/sh\necho "bwrap: no namespaces today" >&2\nexit 1\n' > "$bin/bwrap"
    chmod +x "$bin/bwrap"
    share_tmp
    request 'def f(): return 1' > "$BATS_TEST_TMPDIR/in"
    PATH=$bin:$PATH run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$status" 71
    assert_equal "$(show .error.class)" '"no_sandbox"'
    assert_regex "$stderr" 'no namespaces today'
}

@test "gl-run: on SIGTERM the running request comes out unavailable, and the signal ends gl-run" {
    request 'def f():
    while True: pass' "{\"time_limit_ms\": 30000}" > "$BATS_TEST_TMPDIR/in"
    cat "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/two"
    gl-run "$BATS_TEST_TMPDIR/two" > "$BATS_TEST_TMPDIR/out" &
    local pid=$! code=0
    eventually 20 pgrep -P "$pid"
    kill -TERM "$pid"
    wait "$pid" || code=$?
    assert_equal "$code" 143
    output=$(< "$BATS_TEST_TMPDIR/out")
    assert_equal "$(show '[.status, .error.class, .correct, .error.retryable]')" '["unavailable","interrupted",null,true]
["unavailable","interrupted",null,true]'
    run pgrep -P "$pid"
    assert_failure
}

@test "gl-run: -j runs several at once, and results and other records keep their order" {
    local record='{"status":"complete","_gl":{"type":"result"},"n":1}' start
    for n in 1 2 3 4; do
        request "import time
def f():
    time.sleep($((5 - n)) * 0.4)
    return 1" | jq -c ".atom_id = \"$n\""
        echo "$record"
    done > "$BATS_TEST_TMPDIR/in"
    echo rubbish >> "$BATS_TEST_TMPDIR/in"
    start=${EPOCHREALTIME/./}
    run --separate-stderr gl-run -j 4 "$BATS_TEST_TMPDIR/in"
    local took=$(((${EPOCHREALTIME/./} - start) / 1000))
    assert_equal "$status" 65
    assert_equal "$(show '.atom_id // .n // .error.class' | tr '\n' ' ')" '"1" 1 "2" 1 "3" 1 "4" 1 "bad_request" '
    assert_equal "$(show .execution_time_ms | jq -s "add > $took * 1.2")" true
}

@test "gl-run: with -j a signal reaches all that run" {
    request 'def f():
    while True: pass' '{"time_limit_ms": 30000}' > "$BATS_TEST_TMPDIR/in"
    cat "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/three"
    gl-run -j 2 "$BATS_TEST_TMPDIR/three" > "$BATS_TEST_TMPDIR/out" &
    local pid=$!
    two() { [ "$(pgrep -c -P "$pid")" -eq 2 ]; }
    eventually 10 two
    kill -TERM "$pid"
    ended 143 "$pid"
    assert_equal "$(jq -r .error.class "$BATS_TEST_TMPDIR/out" | tr '\n' ' ')" 'interrupted interrupted interrupted '
}

@test "gl-run: waiting for input, SIGINT ends it at once" {
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    env --default-signal=INT gl-run "$BATS_TEST_TMPDIR/fifo" > "$BATS_TEST_TMPDIR/out" &
    local pid=$! code=0
    exec 9> "$BATS_TEST_TMPDIR/fifo"
    request 'def f(): return 1' >&9
    eventually 20 test -s "$BATS_TEST_TMPDIR/out"
    kill -INT "$pid"
    wait "$pid" || code=$?
    exec 9>&-
    assert_equal "$code" 130
    assert_equal "$(jq .correct "$BATS_TEST_TMPDIR/out")" true
}

@test "gl-run: -e is 1 when nothing was run, and /dev/full is 74" {
    run -1 gl-run -e <<< '{"status":"complete","_gl":{"type":"result"}}'
    run -1 gl-run -e < /dev/null
    run -0 gl-run < /dev/null
    request 'def f(): return 1' > "$BATS_TEST_TMPDIR/in"
    run -0 gl-run -e "$BATS_TEST_TMPDIR/in"
    run -74 bash -c 'gl-run "$1" > /dev/full' - "$BATS_TEST_TMPDIR/in"
}

@test "gl-run: it loads neither libcurl nor libpq nor libjq" {
    run ldd "$(command -v gl-run)"
    assert_success
    refute_output --regexp 'libcurl|libpq|libjq'
}
