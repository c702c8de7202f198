#!/usr/bin/env bats
# gl-handoff --local: a session without a server: panel, editor, run, result, outcome.

load lib/common
load lib/terminal

setup() {
    cd "$BATS_TEST_TMPDIR"
    # Nothing of a server or database is there to be asked.
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state PGHOST=/nonexistent GREENLIGHT_API_URL=http://127.0.0.1:1 GREENLIGHT_LEARNER_ID=ada
    desks=$XDG_STATE_HOME/greenlight/edit
}

teardown() {
    close_terminal
}

atom() {
    jq -nc --arg id "$1" '{id: $id, owner: "greenlight", front: "Double n.", runner: {language: "python",
        entrypoint: "double.py", time_limit_ms: 10000, tests: [{input: [2], expected: 4}, {input: [3], expected: 6}]}}'
}

outcomes() {
    jq -se "$1" out > /dev/null || fail "not true: $1 of $(cat out)"
}

@test "gl-handoff --local: the learner sees the task, writes, and sees the result, with nobody asked" {
    editor 'echo "editing $1"' 'read -r line' 'echo "def double(n): return $line" > "$1"'
    { atom right; atom half; echo '{"id":"mine"}'; } > in
    on_terminal 80 "EDITOR=$EDITOR gl-handoff --local in > out"
    on_screen 'Greenlight Handoff'
    on_screen 'editing double.py'
    type_keys 'n + n' Enter
    on_screen 'PASS 100%'
    shows_twice() { [ "$(screen | grep -c 'editing double.py')" -eq 2 ]; }
    eventually 15 shows_twice
    type_keys 'n * n' Enter
    terminal_ended
    assert_equal "$code" 0
    grep -q 'PARTIAL 50%' screen
    outcomes 'map([.atom_id // .id, .outcome, .is_correct, .partial_score]) ==
        [["right", "graded", true, 1], ["half", "graded", false, 0.5], ["mine", null, null, null]]'
    outcomes '.[0].answer.files[0].content == "def double(n): return n + n\n"'
    assert_equal "$(find state -type f)" ''
}

@test "gl-handoff --local: unchanged work is skipped, a failed editor cancels, and nothing counts" {
    editor 'exit 0'
    atom a | gl-handoff --local > out
    outcomes '.[0] | .outcome == "skipped" and .is_correct == null and .partial_score == null'
    editor 'echo mine >> "$1"; exit 1'
    atom a | gl-handoff --local > out
    outcomes '.[0] | .outcome == "cancelled" and .is_correct == null'
    # The next time the same atom begins with what was saved.
    editor 'grep -q mine "$1" && echo "def double(n): return n + n" > "$1"'
    atom a | gl-handoff --local > out
    outcomes '.[0] | .outcome == "graded" and .is_correct == true'
    assert_equal "$(find state -type f)" ''
}

@test "gl-handoff --local: where nothing can be run it is failed, not queued, and not wrong" {
    mkdir programs
    cp "$GL_BUILD/bin/gl-handoff" programs
    ln -s "$GL_BUILD/bin/gl-edit" "$GL_BUILD/bin/gl-render" programs
    printf '%s\n' '#!/bin/sh' 'echo "{\"atom_id\":\"a\",\"status\":\"unavailable\",\"error\":{\"class\":\"no_sandbox\",\"message\":\"no bwrap\"}}"' \
        'exit 71' > programs/gl-run
    chmod +x programs/gl-run
    editor 'echo x > "$1"'
    atom a | programs/gl-handoff --local > out
    outcomes '.[0] | .outcome == "failed" and .correct == null and .is_correct == null and .queue_id == null
        and .result.error.class == "no_sandbox"'
    assert_equal "$(find state -type f)" ''
    # A learner who is there is asked, and the work is not asked for again.
    editor "echo begun >> $BATS_TEST_TMPDIR/begun" 'echo "def double(n): return n + n" > "$1"'
    atom a > in
    on_terminal 80 "EDITOR=$EDITOR programs/gl-handoff --local in > out"
    on_screen '[s]kip, [t]ry again, e[x]it the session?'
    ln -sf "$GL_BUILD/bin/gl-run" programs/gl-run
    type_keys t Enter
    on_screen 'PASS 100%'
    terminal_ended
    assert_equal "$(wc -l < begun)" 1
    outcomes 'map(.outcome) == ["graded"]'
}

@test "gl-handoff --local: Ctrl-C is the editor's, and while the work runs it asks" {
    editor "trap 'echo the editor had it' INT" 'echo "editing $1"' 'until read -r line; do :; done' \
        'printf "import time\ndef double(n):\n    time.sleep(30)\n" > "$1"'
    { atom a; atom b; } > in
    on_terminal 80 "EDITOR=$EDITOR gl-handoff --local in > out"
    on_screen 'editing double.py'
    type_keys C-c
    on_screen 'the editor had it'
    type_keys x Enter
    on_screen 'Running your work: 1 s. Ctrl-C cancels.'
    type_keys C-c
    on_screen 'e[x]it the session?'
    type_keys x Enter
    terminal_ended
    outcomes 'map(.outcome) == ["cancelled", "cancelled"]'
}

@test "gl-handoff --local: SIGTERM ends the editor and the session, and what was saved is there" {
    editor "echo mine >> \"\$1\"; touch $BATS_TEST_TMPDIR/open; sleep 60"
    { atom a; atom b; } > in
    gl-handoff --local in > out 3>&- &
    pid=$!
    eventually 10 test -e open
    assert_equal "$(find state -path '*spool*' -type f)" ''
    kill -TERM "$pid"
    timeout 20 tail --pid="$pid" -f /dev/null
    ended 143 "$pid"
    outcomes 'map(.outcome) == ["cancelled", "cancelled"]'
    grep -q mine "$desks"/*/*/double.py
}
