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

# exercise ID LANGUAGE TESTS [MEMBERS]: an atom in a language.
exercise() {
    jq -nc --arg id "$1" --arg language "$2" --argjson tests "$3" \
        '{id: $id, owner: "greenlight", front: "Do it.", runner: {language: $language, tests: $tests}} '"${4:++ $4}"
}

@test "session: an exercise of each language and kind goes through editor and sandbox, and gl-serve says the same" {
    # Each language that is installed here.
    languages=$(gl-run --languages 2> /dev/null | jq -r .language) || languages=python
    : "${languages:=python}"
    {
        exercise python python '[{"input":[3],"expected":2}]' '{starter_code: "def less(n):\n    pass\n"}'
        exercise javascript javascript '[{"input":[3],"expected":2}]' '{function: "less"}'
        exercise c c '[{"input":[3],"expected":2}]' '{function_signature: "int less(int n)"}'
        exercise shell shell '[{"input":"a","expected_output":"a"}]'
        exercise sql sql '[{"input":"create table t(a); insert into t values (1);","expected_output":"1"}]'
        exercise session shell '[{"after":1,"expected_state":{"cwd":"sub"}}]' '{atom_type: "cli_emulator"}'
        exercise words shell null '{atom_type: "output_prediction", code: "echo seven", expected_output: "seven"}'
    } | while read -r atom; do
        language=$(jq -r .runner.language <<< "$atom")
        ! grep -qx "$language" <<< "$languages" || echo "$atom"
    done > atoms
    cat > ed << 'END'
#!/bin/sh
case $PWD/$1 in
*/python.*) echo 'def less(n): return n - 1' ;;
*/javascript.*) echo 'function less(n) { return n - 1 }' ;;
*/c.*) echo 'int less(int n) { return n - 1; }' ;;
*/shell.*) echo cat ;;
*/sql.*) echo 'select a from t;' ;;
*/session.*) echo 'mkdir sub && cd sub' ;;
*/words.*) echo seven ;;
esac > "$1"
END
    chmod +x ed
    on_terminal 80 "EDITOR=$PWD/ed; export EDITOR
gl-route < atoms | gl-edit | tee requests | gl-run | tee results | gl-render; echo ended \${PIPESTATUS[*]}"
    on_screen 'ended 0 0 0 0 0 0'
    assert_equal "$(jq -r 'select(.correct) | .atom_id' results)" "$(jq -r .id atoms)"
    start_serve
    gl-submit requests > served
    diff <(timeless results) <(timeless served)
}
