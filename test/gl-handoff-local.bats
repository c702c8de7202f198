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
    refute grep -q "$XDG_STATE_HOME" out
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

# own_programs: gl-handoff in programs/, with siblings there that a test may replace.
own_programs() {
    mkdir programs
    cp "$GL_BUILD/bin/gl-handoff" programs
    ln -s "$GL_BUILD/bin/gl-edit" "$GL_BUILD/bin/gl-run" "$GL_BUILD/bin/gl-render" programs
}

# program NAME LINE ...: NAME in programs/ is a script of these lines.
program() {
    rm -f "programs/$1"
    printf '%s\n' '#!/bin/sh' "${@:2}" > "programs/$1"
    chmod +x "programs/$1"
}

@test "gl-handoff --local: where nothing can be run it is failed, not queued, and not wrong" {
    own_programs
    program gl-run 'echo "{\"atom_id\":\"a\",\"status\":\"unavailable\",\"error\":{\"class\":\"no_sandbox\",\"message\":\"no bwrap\"}}"' \
        'exit 71'
    editor 'echo mine > "$1"'
    atom a > in
    run -0 --separate-stderr programs/gl-handoff --local in
    echo "$output" > out
    outcomes '.[0] | .outcome == "failed" and .correct == null and .is_correct == null and .queue_id == null
        and .result.error.class == "no_sandbox"'
    # What was written is still there, and it is said where.
    # shellcheck disable=SC2154 # run sets it
    assert_equal "$stderr" "gl-handoff: the work is kept in $(echo "$desks"/*/work): the same atom goes on with it"
    grep -rq --include double.py mine "$desks"
    # A learner who is there is asked, and the work is not asked for again.
    editor "echo begun >> $BATS_TEST_TMPDIR/begun" 'grep -q mine "$1" && echo "def double(n): return n + n" > "$1"'
    on_terminal 80 "EDITOR=$EDITOR programs/gl-handoff --local in > out"
    on_screen '[s]kip, [t]ry again, e[x]it the session?'
    ln -sf "$GL_BUILD/bin/gl-run" programs/gl-run
    type_keys t Enter
    on_screen 'PASS 100%'
    terminal_ended
    assert_equal "$(wc -l < begun)" 1
    outcomes 'map(.outcome) == ["graded"]'
    assert_equal "$(find state -type f)" ''
}

# session [MORE]: gl-handoff --local on the atom in ./in, in the background.
session() {
    programs/gl-handoff --local in > "${1:-out}" 2> /dev/null 3>&- &
    pid=$!
}

# survives: the session was killed; the next one finds the work that was saved, and has it graded.
survives() {
    kill -KILL "$pid"
    ended 137 "$pid"
    touch go
    eventually 20 lock_is_free
    rm -rf programs
    own_programs
    editor 'grep -q mine "$1" && echo "def double(n): return n + n" > "$1"'
    programs/gl-handoff --local in > out
    outcomes 'map([.outcome, .is_correct]) == [["graded", true]]'
    assert_equal "$(find state -type f)" ''
}

lock_is_free() {
    local lock
    for lock in "$desks"/*/lock; do
        flock -n "$lock" true || return 1
    done
}

@test "gl-handoff --local: killed while the editor is open, the work is there the next time" {
    own_programs
    atom a > in
    # The editor goes too, else it would have the folder.
    editor 'echo mine > "$1"; touch ../../../../../open' 'until [ -e ../../../../../never ]; do sleep 0.02; done'
    session
    eventually 20 test -e open
    survives
}

@test "gl-handoff --local: killed when the editor has ended and nobody has read that, the work is there" {
    own_programs
    atom a > in
    editor 'echo mine > "$1"'
    program gl-edit "$GL_BUILD/bin/gl-edit \"\$@\" > held" 'touch edited; until [ -e go ]; do sleep 0.02; done'
    session
    eventually 20 test -e edited
    survives
}

@test "gl-handoff --local: killed while the work runs, it is there the next time" {
    own_programs
    atom a > in
    editor 'echo mine > "$1"'
    program gl-run 'touch runs; until [ -e go ]; do sleep 0.02; done'
    session
    eventually 20 test -e runs
    survives
}

# has_no_children PID
has_no_children() {
    [ -z "$(< "/proc/$1/task/$1/children")" ]
}

@test "gl-handoff --local: killed while it writes the outcome, the work is there the next time" {
    own_programs
    atom a > in
    editor 'echo mine > "$1"'
    program gl-run "$GL_BUILD/bin/gl-run \"\$@\"; touch ran"
    # Nobody reads, and the pipe is full.
    mkfifo full
    exec 7<> full
    timeout 1 cat /dev/zero > full || true
    session full
    eventually 20 test -e ran
    eventually 20 has_no_children "$pid"
    survives
    exec 7>&-
}

@test "gl-handoff --local: what is graded takes only its own work away, not what went on with it" {
    own_programs
    atom a > in
    editor 'echo "def double(n): return n + n" > "$1"'
    program gl-run 'touch runs; until [ -e go ]; do sleep 0.02; done' "exec $GL_BUILD/bin/gl-run \"\$@\""
    session first
    eventually 20 test -e runs
    # Another session on the same atom goes on with the same work, and is given up.
    editor 'echo "# better" >> "$1"; exit 1'
    gl-handoff --local in > out
    outcomes 'map(.outcome) == ["cancelled"]'
    touch go
    ended 0 "$pid"
    jq -e '.outcome == "graded" and .is_correct' first
    grep -rq --include double.py 'return n + n' "$desks"
    grep -rq --include double.py better "$desks"
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
    grep -q 'the work is kept in' screen
    grep -q 'sleep(30)' "$desks"/*/*/double.py
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
