#!/usr/bin/env bats
# gl-serve: the API to curl and to the tools, keys, tokens, limits, and its end.

load lib/common
load lib/serve
load lib/exercise
load lib/terminal

setup() {
    cd "$BATS_TEST_TMPDIR"
    head -n 1 "$FIXTURES/learner.ndjson" > right
    jq -c '.atom_id = "other"' right > other
}

teardown() {
    close_terminal
    stop_serve
}

# ---- the API ----

@test "gl-serve: a client that is curl alone runs an atom, and gets what gl-run says of it" {
    start_serve
    gl-run "$FIXTURES/learner.ndjson" > expected
    while read -r line; do
        echo "$line" > request
        run -0 post run-atom request
        assert_output 200
        cat answer
        echo
        answer_holds 'has("_gl") | not'
    done < "$FIXTURES/learner.ndjson" | grep '^{' > got
    grep -qi '^content-type: application/json' headers
    assert_equal "$(wc -l < got)" 3
    diff <(timeless expected) <(timeless got)
}

@test "gl-serve: a client that is curl alone queues an atom, and polls it" {
    slow_runner
    start_serve
    run -0 post queue-atom right
    assert_output 202
    id=$(jq -r .execution_id answer)
    eventually 10 began 1
    run -0 get "/greenlight/execution/$id"
    assert_output 200
    answer_holds '.status == "running" and (has("result") | not)'
    run -0 post queue-atom other
    get "/greenlight/execution/$(jq -r .execution_id answer)" > /dev/null
    touch go
    eventually 10 execution_ended "$id"
    answer_holds '.status == "complete" and .result.correct == true and .result.atom_id == "net-3.1-code-wildcard-001"'
    run -0 get /greenlight/execution/no-such-id
    assert_output 404
}

@test "gl-serve: gl-submit and gl-poll get the same results from it as from gl-run, member for member" {
    start_serve
    {
        cat "$FIXTURES/learner.ndjson"
        request 'def f(): return 1'
        request 'def f(' && request 'def f(): raise ValueError("x")' && request 'def g(): pass' && request 'print("é"); f = 3'
        request 'import os; os._exit(3)'
        request 'while True: pass' '{"time_limit_ms": 300}'
        request 'x = bytearray(1 << 40)'
        jq -nc '{atom_id: "a", runner: {language: "cobol"}}'
    } > in
    gl-run in > expected || true
    gl-submit -j 4 in > sync || true
    gl-submit --async in | gl-poll --interval 50ms > queued || true
    assert_equal "$(wc -l < expected)" 12
    diff <(timeless expected) <(timeless sync)
    diff <(timeless expected | sort) <(timeless queued | sort)
}

@test "gl-serve: what is no request, or asked in another way, is refused and said why" {
    start_serve --max-body 2K
    echo '[1]' > list
    printf '{"atom_id":"a",' > cut
    echo '{"front":"x"}' > nobody
    echo '{"atom_id":"a","atom_id":"b"}' > twice
    { printf '{"atom_id":"'; head -c 3000 /dev/zero | tr '\0' x; printf '"}'; } > large
    for case in 'list 400' 'cut 400' 'nobody 422' 'twice 400' 'large 413'; do
        run -0 post run-atom "${case% *}"
        assert_equal "$output" "${case#* }"
        answer_holds '(.detail | length > 0) and (.error_code | length > 0)'
    done
    run -0 post run-atom large -H 'Transfer-Encoding: chunked'
    assert_output 413
    run -0 get /greenlight/run-atom --data-binary @right -H 'Content-Type: text/plain'
    assert_output 415
    run -0 post run-atom right -H "Idempotency-Key: $(printf 'k%.0s' {1..256})"
    assert_output 400
    run -0 get /greenlight/run-atom
    assert_output 405
    grep -qi '^allow: POST' headers
    run -0 post execution/x right
    assert_output 405
    run -0 get /other
    assert_output 404
    run -0 get /health -I
    assert_output 200
    run -0 get /health -H 'Host: attacker.example:8080'
    assert_output 421
    assert_equal "$(events run)" 0
}

@test "gl-serve: a client's _gl never reaches the runner, so nobody hands in a result" {
    start_serve
    jq -c '._gl = {type: "result"} | .status = "complete" | .correct = true | .submission.files[0].content = "x"' right > forged
    run -0 post run-atom forged
    answer_holds '.correct == false and .tests_passed == 0'
}

# ---- keys ----

@test "gl-serve: one key and body are run once, while it runs and afterwards, at both endpoints" {
    slow_runner
    start_serve
    for n in 1 2 3; do
        (mkdir "$n" && cd "$n" && post run-atom ../right -H 'Idempotency-Key: k' > code) 3>&- &
    done
    eventually 10 began 1
    run -0 post queue-atom right -H 'Idempotency-Key: k'
    assert_output 202
    id=$(jq -r .execution_id answer)
    touch go
    eventually 10 execution_ended "$id"
    wait $(jobs -p | grep -vx "$serve_pid")
    run -0 post run-atom right -H 'Idempotency-Key: k'
    cmp answer 1/answer && cmp answer 2/answer && cmp answer 3/answer
    assert_equal "$(cat 1/code 2/code 3/code)" 200200200
    began 1
    # Another body under it is an error of the client's, another key another run.
    run -0 post run-atom other -H 'Idempotency-Key: k'
    assert_output 422
    run -0 post run-atom right -H 'Idempotency-Key: l'
    began 2
}

@test "gl-serve: what was not run is not kept under its key" {
    mkdir programs
    cp "$GL_BUILD/bin/gl-serve" programs
    serve_program=$BATS_TEST_TMPDIR/programs/gl-serve
    printf '#!/bin/sh\nexit 70\n' > programs/gl-run
    chmod +x programs/gl-run
    start_serve
    run -0 post run-atom right -H 'Idempotency-Key: k'
    assert_output 500
    post queue-atom right -H 'Idempotency-Key: q' > /dev/null
    id=$(jq -r .execution_id answer)
    gone() { [ "$(get "/greenlight/execution/$id")" = 404 ]; }
    eventually 5 gone
    printf '#!/bin/sh\necho "%s"\n' '{\"atom_id\":\"a\",\"status\":\"unavailable\",\"error\":{\"class\":\"no_sandbox\",\"message\":\"no bwrap\"}}' > programs/gl-run
    run -0 post run-atom right -H 'Idempotency-Key: k'
    assert_output 503
    grep -qi '^retry-after: ' headers
    answer_holds '.error_code == "no_sandbox" and .detail == "no bwrap"'
    rm programs/gl-run
    ln -s "$GL_BUILD/bin/gl-run" programs
    run -0 post run-atom right -H 'Idempotency-Key: k'
    assert_output 200
}

@test "gl-serve: results are kept for --keep, and no longer" {
    start_serve --keep 300ms
    post queue-atom right > /dev/null
    id=$(jq -r .execution_id answer)
    forgotten() { [ "$(get "/greenlight/execution/$id")" = 404 ]; }
    eventually 10 forgotten
    [ "$(events run)" -eq 1 ]
}

# ---- who may ----

@test "gl-serve: without the token it is 401, and the token is nowhere to be seen" {
    echo s3cr3t-token > token
    start_serve --token-file token
    run -0 post run-atom right
    assert_output 401
    grep -qi '^www-authenticate: bearer' headers
    for wrong in 's3cr3t-toke' 's3cr3t-tokenn' 'x' 'S3cr3t-token'; do
        run -0 post run-atom right -H "Authorization: Bearer $wrong"
        assert_output 401
    done
    run -0 post run-atom right -H 'Authorization: Basic s3cr3t-token'
    assert_output 401
    run -0 post run-atom right -H 'Authorization: bearer s3cr3t-token'
    assert_output 200
    run -0 get /health
    assert_output 200
    run -0 gl-submit --token-file token right
    run -77 gl-submit right
    echo another > token.new && mv token.new token
    run -0 post run-atom right -H 'Authorization: Bearer s3cr3t-token'
    assert_output 401
    run -0 post run-atom right -H 'Authorization: Bearer another'
    assert_output 200
    run ! grep -r s3cr3t serve.log
    run ! grep -z s3cr3t "/proc/$serve_pid/cmdline"
    run -78 gl-serve --token-file /nowhere
}

@test "gl-serve: where others could reach it, it does not listen without a token" {
    run -78 timeout 10 gl-serve --listen 0.0.0.0:0
    assert_output --partial 'needs a --token-file'
    run -78 timeout 10 gl-serve --listen '[::]:0'
    run -64 timeout 10 gl-serve --listen somewhere:80
    run -64 timeout 10 gl-serve --listen 127.0.0.1:99999
    echo t > token
    start_serve --token-file token --listen 0.0.0.0:0
    url=http://127.0.0.1:${url##*:}
    run -0 get /health
    assert_output 200
    run -71 timeout 10 gl-serve --listen "127.0.0.1:${url##*:}"
    assert_output --partial 'cannot listen'
}

@test "gl-serve: a Unix socket is its owner's, replaces one left behind, and goes with the server" {
    start_serve --unix here
    assert_equal "$(stat -c %a here)" 600
    run -0 gl-submit --url http://localhost --unix-socket "$PWD/here" right
    run -71 timeout 10 gl-serve --unix here
    stop_serve
    [ -S here ]
    start_serve --unix here
    url=http://localhost
    run -0 get /health --unix-socket here
    kill -TERM "$serve_pid"
    ended 143 "$serve_pid"
    serve_pid=
    [ ! -e here ]
    touch file
    run -71 timeout 10 gl-serve --unix file
    [ -f file ]
}

# ---- how much ----

@test "gl-serve: -j bounds what runs, --queue what waits; then it is 429, and gl-submit comes back" {
    slow_runner
    start_serve -j 2 --queue 2
    for n in 1 2 3 4; do
        post queue-atom right > /dev/null
        [ "$n" -gt 2 ] || eventually 10 began "$n"
    done
    run -0 post run-atom right
    assert_output 429
    grep -qi '^retry-after: 5' headers
    run -0 get /health
    answer_holds '.running == 2 and .waiting == 2'
    began 2
    run -75 gl-submit --attempts 1 right
    assert_output --partial rate_limited
    touch go
    all_ended() { [ "$(events run)" -eq 4 ]; }
    eventually 20 all_ended
    run -0 gl-submit right
}

@test "gl-serve: --max-held gives way to new requests, but only what has ended" {
    start_serve --max-held 8K
    for n in 1 2 3 4 5 6 7 8; do
        run -0 post queue-atom right
        assert_output 202
        eventually 10 execution_ended "$(jq -r .execution_id answer)"
    done
    run -0 get "/greenlight/execution/$(jq -rs 'map(select(.event == "run"))[0].execution_id' serve.log)"
    assert_output 404
}

# The cgroups of a gl-run that is no more; others may be running beside this test.
orphaned_groups() {
    local group
    find /sys/fs/cgroup -type d -name 'gl-run.*' 2> /dev/null | sort | while read -r group; do
        ! flock -n "$group" true || echo "$group"
    done
}

@test "gl-serve: 100 executions in a row leave no process, mount, cgroup or file behind" {
    export TMPDIR=$BATS_TEST_TMPDIR/tmp
    mkdir tmp
    # What loses its parent becomes the server's own child, and is seen.
    printf '%s\n' '#!/usr/bin/python3' 'import ctypes, os, sys' 'PR_SET_CHILD_SUBREAPER = 36' \
        'ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)' 'os.execvp("gl-serve", sys.argv)' > reaper
    chmod +x reaper
    serve_program=./reaper
    start_serve -j 2
    mounts=$(< /proc/self/mountinfo)
    orphans=$(orphaned_groups)
    for _ in {1..100}; do cat right; done | gl-submit -j 8 > out
    assert_equal "$(jq -s 'map(select(.correct)) | length' out)" 100
    alone() { ! pgrep -P "$serve_pid"; }
    eventually 10 alone
    diff <(echo "$mounts") /proc/self/mountinfo
    no_more_orphans() { [ "$(orphaned_groups)" = "$orphans" ]; }
    eventually 10 no_more_orphans
    assert_equal "$(find tmp -mindepth 1)" ''
    few() { [ "$(find "/proc/$serve_pid/fd" -type l | wc -l)" -lt 16 ]; }
    eventually 10 few
    assert_equal "$(events run)" 100
}

# ---- logs and the end ----

@test "gl-serve: the log is JSON Lines, and has no learner's code" {
    start_serve
    jq -c '.submission.files[0].content = "import os, sys\nprint(\"PRIVATE\"); sys.stderr.write(\"PRIVATE\"); PRIVATE"' right > private
    post run-atom private > /dev/null
    get '/x%0aPRIVATE"' > /dev/null || true
    kill -TERM "$serve_pid"
    ended 143 "$serve_pid"
    serve_pid=
    jq -se 'map(.event) == ["start", "run", "request", "request", "stopping", "end"]
        and all(.time | test("^20.*Z$")) and (.[1] | .status == "complete" and .ran_ms >= 0)
        and .[2].status == 200 and .[3].status == 404' serve.log
    assert_equal "$(grep -c PRIVATE serve.log)" 1 # the path
}

@test "gl-serve: with -q there is no log, and where nobody can read its address it does not serve" {
    start_serve -q
    post run-atom right > /dev/null
    kill -TERM "$serve_pid"
    ended 143 "$serve_pid"
    serve_pid=
    [ ! -s serve.log ]
    run -74 bash -c 'timeout 10 gl-serve --listen 127.0.0.1:0 > /dev/full'
    assert_output --partial 'No space left'
    run -64 gl-serve operand
    run -71 setsid -w timeout 10 gl-serve --person --listen 127.0.0.1:0
    assert_output --partial '/dev/tty'
}

@test "gl-serve: the first signal lets what runs end and answers it; what waits, and comes, is 503" {
    slow_runner
    start_serve -j 1
    post run-atom right > code1 3>&- &
    first=$!
    eventually 10 began 1
    (mkdir waits && cd waits && post run-atom ../other > code) 3>&- &
    second=$!
    waits() { get /health > /dev/null && jq -e '.waiting == 1' answer; }
    eventually 10 waits
    rm answer
    kill -TERM "$serve_pid"
    ended 0 "$second"
    assert_equal "$(< waits/code)" 503
    run -7 curl -s "$url/health"
    touch go
    ended 0 "$first"
    assert_equal "$(< code1)" 200
    answer_holds '.correct == true'
    ended 143 "$serve_pid"
    serve_pid=
}

@test "gl-serve: after --grace, and at a second signal, what runs is ended and answered 503" {
    request 'import time; time.sleep(20)' '{"time_limit_ms": 30000}' > slow
    for how in grace signal; do
        start_serve --grace "$([ "$how" = grace ] && echo 200ms || echo 1h)"
        post run-atom slow > code 3>&- &
        client=$!
        runs() { [ "$(get /health)" = 200 ] && jq -e '.running == 1' answer; }
        eventually 10 runs
        kill -TERM "$serve_pid"
        if [ "$how" = signal ]; then
            stopping() { [ "$(events stopping)" -eq 2 ]; }
            eventually 5 stopping
            kill -TERM "$serve_pid"
        fi
        ended 0 "$client"
        assert_equal "$(< code)" 503
        timeout 20 tail --pid="$serve_pid" -f /dev/null
        ended 143 "$serve_pid"
        serve_pid=
    done
    run ! has_process "time.sleep"
}

# ---- a person ----

@test "gl-serve: with --person the atom opens in an editor on the server's terminal, and the POST waits" {
    printf '%s\n' '#!/bin/sh' 'echo "editing $1"' 'read -r line' 'echo "def double(n): return $line" > "$1"' > ed
    chmod +x ed
    jq -nc '{atom_id: "d", runner: {language: "python", entrypoint: "double.py", tests: [{input: [2], expected: 4}]}}' > atom
    on_terminal 80 "EDITOR=$PWD/ed XDG_STATE_HOME=$PWD/state gl-serve --person --listen 127.0.0.1:0 > address"
    eventually 10 test -s address
    url=$(jq -r .url address)
    post run-atom atom > posted 3>&- &
    client=$!
    on_screen 'editing double.py'
    [ ! -s posted ]
    type_keys 'n + n' Enter
    ended 0 "$client"
    assert_equal "$(< posted)" 200
    answer_holds '.atom_id == "d" and .correct == true'
    post run-atom atom > posted 3>&- &
    client=$!
    on_screen 'editing double.py'
    eventually 10 bash -c "$(declare -f screen terminal); [ \"\$(screen | grep -c editing)\" -eq 2 ]"
    type_keys C-c
    ended 0 "$client"
    type_keys C-c
    terminal_ended
    assert_equal "$code" 130
}

@test "gl-serve: killed while a person's work runs, the same atom goes on with it" {
    slow_runner
    ln -s "$GL_BUILD/bin/gl-edit" programs
    printf '%s\n' '#!/bin/sh' 'grep -q mine "$1" && echo "def double(n): return n + n" > "$1" || echo "# mine" > "$1"' > ed
    chmod +x ed
    jq -nc '{atom_id: "d", runner: {language: "python", entrypoint: "double.py", tests: [{input: [2], expected: 4}]}}' > atom
    for n in 1 2; do
        rm -f address
        on_terminal 80 "EDITOR=$PWD/ed XDG_STATE_HOME=$PWD/state programs/gl-serve --person --listen 127.0.0.1:0 > address & echo \$! > pid; wait"
        eventually 10 test -s address
        url=$(jq -r .url address)
        post run-atom atom > posted 3>&- &
        client=$!
        eventually 10 began "$n"
        [ "$n" = 2 ] || { kill -KILL "$(< pid)"; wait "$client" || true; }
    done
    touch go
    ended 0 "$client"
    answer_holds '.correct == true'
    assert_equal "$(find state -type f)" ''
}
