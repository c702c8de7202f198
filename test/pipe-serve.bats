#!/usr/bin/env bats
# A whole exercise without a server of others': the tools against gl-serve, and the
# editor, the sandbox and the panel in one pipeline.

load lib/common
load lib/serve
load lib/database
load lib/terminal

setup() {
    new_database
    cd "$BATS_TEST_TMPDIR"
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state GREENLIGHT_LEARNER_ID=ada
}

teardown() {
    close_terminal
    stop_serve
}

@test "gl-serve: gl-drain has it run what the queue holds, synchronously and queued" {
    start_serve
    cat "$FIXTURES/learner.ndjson" > in
    jq -c '.async_execution = true' "$FIXTURES/learner.ndjson" >> in
    gl-enqueue in > rows
    run -0 timeout 60 gl-drain -q
    echo "$output" > out
    run -0 jq -rs 'map("\(._gl.settlement) \(.status) \(.tests_passed)") | sort | .[]' out
    assert_output "settled complete 0
settled complete 0
settled complete 2
settled complete 2
settled complete 3
settled complete 3"
    assert_equal "$(sql "select count(*) from greenlight_queue where status = 'complete'")" 6
    assert_equal "$(events run)" 6
}

@test "gl-serve: a submission at fault fails its row at once, by gl-drain, with what gl-run says of it" {
    start_serve
    head -n 1 "$FIXTURES/learner.ndjson" |
        jq -c '.submission.files[0].path = "../x" | ., .async_execution = true' | gl-enqueue > rows
    run -69 timeout 60 gl-drain -q
    assert_equal "$(sql "select status, retry_count, result_payload #>> '{error,class}' from greenlight_queue")" \
        'failed|0|bad_submission
failed|0|bad_submission'
}

@test "gl-serve: an execution that was lost with the server is posted anew by gl-drain" {
    slow_runner
    start_serve
    jq -c '.async_execution = true' "$FIXTURES/learner.ndjson" | head -n 1 | gl-enqueue > rows
    run -75 timeout 60 gl-drain --max-wait 1s -q
    assert_equal "$(sql 'select count(*) from greenlight_queue where execution_id is not null')" 1
    stop_serve # it ends by SIGKILL, all that it knew with it
    start_serve
    sql "update greenlight_queue set run_at = now()"
    run -75 timeout 60 gl-drain -q
    assert_output --partial execution_unknown
    sql "update greenlight_queue set run_at = now()"
    run -0 timeout 60 gl-drain -q
    assert_equal "$(sql "select status, result_payload ->> 'correct' from greenlight_queue")" 'complete|true'
}

@test "gl-serve: gl-handoff has a session graded by it" {
    start_serve
    gl-handoff --interval 50ms "$FIXTURES/learner.ndjson" > out
    run -0 jq -c '[.outcome, .is_correct]' out
    assert_output '["graded",true]
["graded",false]
["graded",false]'
}

# What learners write: right, half right, crashing, not compiling, looping, allocating, forking.
write_answers() {
    mkdir answers
    echo 'def f(n): return n + n' > answers/right.py
    echo 'def f(n): return n * n' > answers/half.py
    echo 'def f(n): return n / 0' > answers/crash.py
    echo 'def f(n) return n' > answers/syntax.py
    printf 'def f(n):\n    while True: pass\n' > answers/loop.py
    echo 'def f(n): return len(bytearray(1 << 40))' > answers/memory.py
    printf 'import os\ndef f(n):\n    try:\n        while True: os.fork() or os._exit(0)\n    except BlockingIOError: return n\n' > answers/fork.py
}

@test "session: gl-route | gl-edit | gl-run | gl-render in a terminal, and gl-serve says the same" {
    write_answers
    for name in right half crash syntax loop memory fork; do
        jq -nc --arg name "$name" '{id: $name, owner: "greenlight", front: "Double n.", runner: {language: "python",
            entrypoint: "\($name).py:f", time_limit_ms: 1000, tests: [{input: [2], expected: 4}, {input: [3], expected: 6}]}}'
    done > atoms
    echo '{"id":"mine","owner":"cortex"}' >> atoms
    printf '%s\n' '#!/bin/sh' 'cp ../../../../../answers/"$1" "$1"' > ed
    chmod +x ed
    on_terminal 80 "EDITOR=$PWD/ed; export EDITOR
gl-route < atoms | gl-edit | tee requests | gl-run | tee results | gl-render; echo ended \${PIPESTATUS[*]}"
    on_screen 'ended 0 0 0 0 0 0'
    terminal capture-pane -p -S - > screen
    for words in 'PASS 100%' 'PARTIAL 50%' 'class: runtime' 'class: syntax' 'class: timeout' 'class: memory'; do
        grep -qF -- "$words" screen || fail "not on the screen: $words, but $(cat screen)"
    done
    start_serve
    gl-submit requests > served
    # How far a fork bomb came is no property of the program.
    diff <(timeless results | grep -v '"fork"') <(timeless served | grep -v '"fork"')
    assert_equal "$(wc -l < served)" 7
}

# refused: requests whose submission or exercise is at fault.
refused() {
    jq -c 'select(.id == "python-fix-right") |
        .submission = ({files: [{path: "../x", content: ""}]}, {patch: "--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n-x\n+y\n"}, {files: 7})' requests
}

@test "session: every kind in every language, right and wrong, is the same by gl-run and gl-serve, member for member" {
    jq -nc -f "$GL_TOP/test/lib/exercises.jq" |
        jq -c '("right", "wrong") as $how | .atom.id += "-\($how)" | .text = .[$how]' > exercises
    jq -c .atom exercises > atoms
    cat > ed << 'END'
#!/bin/sh
id=${PWD%/*}
id=${id##*/}
jq -r --arg id "${id%%.*}" 'select(.atom.id == $id).text' ../../../../../exercises > "$1"
END
    chmod +x ed
    on_terminal 80 "EDITOR=$PWD/ed; export EDITOR
gl-route < atoms | gl-edit | tee requests | gl-run -j 2 | tee results | gl-render; echo ended \${PIPESTATUS[*]}"
    eventually 60 shows 'ended 0 0 0 0 0 0'
    assert_equal "$(jq -r '"\(.atom_id) \(.status) \(.correct)"' results)" \
        "$(jq -r '.id | "\(.) complete \(endswith("right"))"' atoms)"
    # A fix may also come as a patch.
    jq -c 'select(.text and .atom.starter_code and (.atom.id | test("-fix-"))) |
        .atom + {submission: {patch: "--- a/\(.file)\n+++ b/\(.file)\n@@ -1 +1 @@\n-\(.atom.starter_code)+\(.text)\n"}}' exercises > patches
    gl-run -j 2 patches > patched
    assert_equal "$(jq -c '[.atom_id, .correct]' patched)" "$(jq -c '[.id, (.id | endswith("right"))]' patches)"
    refused > at_fault
    run -65 --separate-stderr gl-run at_fault
    echo "$output" > refusals
    assert_equal "$(jq -r '"\(.status) \(.error.class)"' refusals)" "rejected bad_submission
rejected bad_patch
rejected bad_submission"

    start_serve -j 2
    cat requests patches at_fault > all
    cat results patched refusals | timeless - > expected
    assert_equal "$(jq -s 'map(.atom_id) | unique | length' expected)" "$(wc -l < atoms)"
    run -69 --separate-stderr gl-submit all
    echo "$output" > sync
    diff expected <(timeless sync)
    { gl-submit --async all || true; } | gl-poll --interval 50ms > queued || true
    diff <(sort expected) <(timeless queued | sort)
    # The HTTP status alone says who said so.
    assert_equal "$(jq -c 'select(.status == "rejected") | [.error.http_status, ._gl.attempts[0].http_status]' sync | sort -u)" '[422,422]'
}
