#!/usr/bin/env bats
# gl-handoff: what a session gets of each atom, with Greenlight there or not, and
# what the learner sees meanwhile.

load lib/common
load lib/submit
load lib/database
load lib/terminal

setup() {
    new_database
    export GREENLIGHT_LEARNER_ID=ada XDG_STATE_HOME=$BATS_TEST_TMPDIR/state GREENLIGHT_BACKOFF_BASE_MS=20
    cd "$BATS_TEST_TMPDIR"
}

teardown() {
    close_terminal
    stop_server
}

# atom ID [MEMBERS]: one of Greenlight's.
atom() {
    printf '{"id":"%s","owner":"greenlight","front":"Do %s"%s}\n' "$1" "$1" "${2:+,$2}"
}

# outcomes JQ: the program is true of the list of records in ./out.
outcomes() {
    jq -se "$1" out > /dev/null || fail "not true: $1 of $(cat out)"
}

nothing_left() {
    run ! pgrep -f "$GREENLIGHT_API_URL"
}

no_database() {
    export PGHOST=/nonexistent GREENLIGHT_RETRY_ATTEMPTS=1
}

# ---- outcomes ----

@test "gl-handoff: right, half right and wrong are graded, and count from 0.7" {
    start
    { atom a '"mock":{"score":1}'; atom b '"mock":{"score":0.7}'; atom c '"mock":{"score":0.695}'; atom d '"mock":{"score":0}'; } > in
    run -0 gl-handoff in
    echo "$output" > out
    outcomes 'map([.atom_id, .outcome, .is_correct, .partial_score]) ==
        [["a", "graded", true, 1], ["b", "graded", true, 0.7], ["c", "graded", false, 0.695], ["d", "graded", false, 0]]'
}

@test "gl-handoff: cortex's own atoms pass byte for byte, in their place" {
    start
    run -0 gl-handoff "$FIXTURES/atoms.ndjson"
    assert_equal "${#lines[@]}" 12
    assert_equal "${lines[7]}" "$(sed -n 8p "$FIXTURES/atoms.ndjson")"
    echo "$output" > out
    outcomes '[.[] | select(._gl.type == "outcome")] | length == 11 and all(.outcome == "graded")'
}

@test "gl-handoff: a rejected atom is skipped with its reason, and not queued" {
    start
    gl-handoff <<< "$(atom a '"mock":{"status":422,"fail":"no such exercise"}')" > out
    outcomes '.[0].outcome == "skipped" and .[0].is_correct == null and .[0].result.status == "rejected"
        and (.[0].result.error.message | test("no such exercise"))'
    assert_equal "$(sql 'select count(*) from greenlight_queue')" 0
}

@test "gl-handoff: what Greenlight could not do is failed, without a number" {
    start
    gl-handoff --interval 10ms <<< "$(atom a '"async_execution":true,"mock":{"fail":"out of sandboxes"}')" > out
    outcomes '.[0] | .outcome == "failed" and .correct == null and .is_correct == null and .partial_score == null'
    gl-handoff <<< "$(atom a '"mock":{"text":"<html>"}')" > out
    outcomes '.[0] | .outcome == "failed" and .partial_score == null and .result.error.class == "malformed"'
}

@test "gl-handoff: a bad line is a rejected record in its place, the others go on" {
    start
    run -65 --separate-stderr gl-handoff <<< "$(atom a; echo nonsense; atom b)"
    echo "$output" > out
    outcomes 'map(.outcome // .status) == ["graded", "rejected", "graded"]'
    # shellcheck disable=SC2154 # run sets it
    assert_equal "$stderr" 'gl-handoff: stdin:2: not a JSON object'
}

@test "gl-handoff: what asks for it, and what takes a person long, goes by queue-atom" {
    start
    { atom a '"async_execution":1'; atom b '"metadata":{"estimated_time_minutes":5}'
      atom c '"metadata":{"estimated_time_minutes":5},"submission":{"files":[]}'; atom d; } > in
    gl-handoff --interval 10ms in > out
    outcomes 'map(.outcome) == ["graded", "graded", "graded", "graded"]'
    log_holds '[.[] | select(.method == "POST") | .path] == ["/greenlight/queue-atom", "/greenlight/queue-atom",
        "/greenlight/run-atom", "/greenlight/run-atom"]'
}

# ---- falling back ----

@test "gl-handoff: after a time-out it posts once more, under the same key, and queues that request" {
    start
    gl-handoff --attempts 5 --timeout 200ms <<< "$(atom a '"mock":{"delay_ms":5000}')" > out
    outcomes '.[0] | .outcome == "queued" and .correct == null and .partial_score == null and .queue_id != null'
    log_holds 'length == 2 and (map(.headers["idempotency-key"]) | unique | length == 1)'
    assert_equal "$(sql 'select id, atom_id, learner_id, status, endpoint, idempotency_key from greenlight_queue')" \
        "$(jq -r '.queue_id' out)|a|ada|pending|run-atom|$(jq -r '.headers["idempotency-key"]' "$log" | head -n 1)"
}

@test "gl-handoff: an execution that takes too long is queued with its id" {
    start
    gl-handoff --interval 50ms --max-wait 200ms <<< "$(atom a '"async_execution":true,"mock":{"polls":1000,"execution_id":"ex-1"}')" > out
    outcomes '.[0].outcome == "queued" and (.[0].result.status | test("running|pending"))'
    assert_equal "$(sql 'select execution_id, endpoint from greenlight_queue')" 'ex-1|queue-atom'
}

@test "gl-handoff: with Greenlight away each mode does what it says" {
    start
    stop_server
    gl-handoff --attempts 2 <<< "$(atom a)" > out
    outcomes '.[0].outcome == "queued"'
    GREENLIGHT_FALLBACK_MODE=skip gl-handoff --attempts 2 <<< "$(atom b)" > out
    outcomes '.[0] | .outcome == "skipped" and .is_correct == null and .queue_id == null'
    gl-handoff --fallback manual --attempts 2 <<< "$(atom c)" > out # nobody to ask
    outcomes '.[0].outcome == "queued"'
    assert_equal "$(sql 'select string_agg(atom_id, null order by id) from greenlight_queue')" ac
}

@test "gl-handoff: with the database away too the spool has it, and it is stored later" {
    start
    stop_server
    (no_database && gl-handoff --attempts 1 2> /dev/null <<< "$(atom a)" > out)
    outcomes '.[0].outcome == "queued" and .[0].queue_id != null'
    gl-enqueue < /dev/null
    assert_equal "$(sql 'select id, atom_id from greenlight_queue')" "$(jq -r .queue_id out)|a"
    assert_equal "$(find state -name '*.jsonl*')" ''
}

@test "gl-handoff: switched off, it asks nobody and falls back" {
    start
    GREENLIGHT_ENABLED=false gl-handoff <<< "$(atom a)" > out
    outcomes '.[0].outcome == "queued" and .[0].result == null'
    log_holds 'length == 0'
    GREENLIGHT_ENABLED=perhaps run -78 gl-handoff < /dev/null
    assert_output --partial GREENLIGHT_ENABLED
}

@test "gl-handoff: what cannot be queued is not said to be" {
    start
    stop_server
    unset GREENLIGHT_LEARNER_ID
    gl-handoff --attempts 1 2> err <<< "$(atom a)" > out
    outcomes '.[0].outcome == "failed" and .[0].queue_id == null'
    grep -q 'no learner' err
}

@test "gl-handoff: wrong settings are told before an atom is shown" {
    run -78 gl-handoff --token-file /nowhere <<< "$(atom a)"
    run -64 gl-handoff --session-context '[' <<< "$(atom a)"
    run -64 gl-handoff --db postgresql://u:secret@h/d <<< "$(atom a)"
    refute_output --partial secret
}

@test "gl-handoff: a full disk is exit 74, a closed pipe is quiet, and leaves nobody behind" {
    start --delay 20s
    run -74 bash -c 'gl-handoff <<< "{\"id\":\"a\"}" > /dev/full'
    run -141 bash -c 'set -o pipefail; yes "{\"id\":\"a\"}" | head -n 10000 | gl-handoff | head -n 1'
}

@test "gl-handoff: a token that is not accepted queues the atoms, and is exit 77" {
    start --token right
    echo wrong > token
    run -77 gl-handoff --token-file token <<< "$(atom a; atom b)"
    records > out
    outcomes 'map([.outcome, .result.error.class]) == [["queued", "unauthorised"], ["queued", "unauthorised"]]'
}

# ---- kills ----

@test "gl-handoff: killed at any moment it leaves no child, and the atom in its hands to the next drain" {
    start
    for ms in 10 60 200; do
        gl-handoff <<< "$(atom "k$ms" '"mock":{"delay_ms":3000}')" > out 3>&- &
        pid=$!
        [ "$ms" = 10 ] || eventually 20 log_holds "any(.atom_id == \"k$ms\" or (.body | test(\"k$ms\")))"
        kill -KILL "$pid"
        wait "$pid" 2> /dev/null || true
        eventually 20 nothing_left
    done
    gl-enqueue < /dev/null
    run -0 sql "select count(*) from greenlight_queue where atom_id in ('k60', 'k200')"
    assert_output 2
}

@test "gl-handoff: SIGTERM ends the session, every atom accounted for" {
    start
    { atom a; atom b '"async_execution":true,"mock":{"polls":1000,"execution_id":"ex-b"}'; echo '{"id":"mine"}'; atom c; } > in
    gl-handoff --interval 50ms in > out 3>&- &
    pid=$!
    eventually 20 log_holds 'any(.method == "GET")'
    kill -TERM "$pid"
    timeout 15 tail --pid="$pid" -f /dev/null
    ended 143 "$pid"
    outcomes 'map([.atom_id // .id, .outcome]) == [["a", "graded"], ["b", "queued"], ["mine", null], ["c", "cancelled"]]'
    assert_equal "$(sql 'select execution_id from greenlight_queue')" ex-b
    nothing_left
}

@test "gl-handoff: a signal before a sibling can answer it cancels the atom, and fails nothing" {
    mkdir programs
    cp "$GL_BUILD/bin/gl-handoff" programs
    ln -s "$GL_BUILD/bin/gl-poll" programs
    printf '#!/bin/sh\nexec sleep 30\n' > programs/gl-submit
    chmod +x programs/gl-submit
    programs/gl-handoff <<< "$(atom a)" > out 3>&- &
    pid=$!
    eventually 20 pgrep -P "$pid" sleep
    kill -TERM "$pid"
    timeout 15 tail --pid="$pid" -f /dev/null
    ended 143 "$pid"
    outcomes 'map(.outcome) == ["cancelled"]'
}

# ---- on a terminal ----

@test "gl-handoff: the learner sees the task, what goes on, and the result" {
    start
    atom a '"atom_type":"debugging","language":"c","mock":[503,{"delay_ms":1500,"score":1}]' > in
    on_terminal 80 "gl-handoff --backoff-base 1s in > out"
    on_screen 'Greenlight Handoff'
    on_screen 'Something is broken: find it'
    on_screen 'next try in 1 s'
    on_screen 'attempt 2. Ctrl-C cancels.'
    on_screen 'PASS 100%'
    terminal_ended
    assert_equal "$code" 0
    run -1 grep -E 'Waiting for|Ctrl-C|debugging' screen
    outcomes 'length == 1 and .[0].outcome == "graded"'
}

@test "gl-handoff: each end is shown in the learner's words, and recorded as what it is" {
    start
    {
        atom right '"mock":{"score":1}'
        atom half '"mock":{"score":0.66,"passed":2,"total":3}'
        atom crashed '"mock":{"body":{"correct":false,"partial_score":0,"error_class":"runtime","stderr":"ZeroDivisionError"}}'
        atom late '"mock":{"body":{"status":"incomplete","correct":false,"partial_score":0.5,"error_class":"timeout","tests_passed":1,"tests_total":2}}'
        atom refused '"mock":{"status":422,"fail":"no such exercise"}'
        atom broken '"mock":{"text":"<html>"}'
        atom away '"mock":503'
        atom slow '"mock":{"delay_ms":9000}'
    } > in
    on_terminal 80 "gl-handoff --attempts 2 --timeout 700ms in > out"
    on_screen 'Do slow'
    terminal_ended
    assert_equal "$code" 0
    terminal capture-pane -p -S - > screen
    for words in 'PASS 100%' 'PARTIAL 66%' 'FAIL 0%' 'class: runtime' 'ZeroDivisionError' 'PARTIAL 50%' 'class: timeout' \
        'NOT GRADED' 'no such exercise' "Greenlight's answer made no sense." 'Greenlight has a problem of its own' \
        'Greenlight did not answer in time.' 'Nothing counts against you.' 'Queued as '; do
        grep -qF -- "$words" screen || fail "not on the screen: $words, but $(cat screen)"
    done
    outcomes 'map([.atom_id, .outcome, .is_correct]) == [["right", "graded", true], ["half", "graded", false],
        ["crashed", "graded", false], ["late", "graded", false], ["refused", "skipped", null],
        ["broken", "failed", null], ["away", "queued", null], ["slow", "queued", null]]'
    outcomes 'all(.[4:][]; .correct == null and .partial_score == null)'
}

@test "gl-handoff: with nobody there, and each mode, the learner is told what is true" {
    start
    stop_server
    atom a > in
    for case in 'queue|Queued as' 'skip|Skipped. Nothing counts against you.'; do
        on_terminal 60 "gl-handoff --fallback ${case%|*} --attempts 1 in > out"
        on_screen "${case#*|}"
        terminal_ended
        close_terminal
    done
    on_terminal 60 "PGHOST=/nonexistent gl-handoff --attempts 1 in > out 3>&1"
    on_screen 'Kept on this computer as'
    terminal_ended
    close_terminal
    on_terminal 60 "GREENLIGHT_ENABLED=no gl-handoff in > out"
    on_screen 'Greenlight is switched off.'
    on_screen 'Queued as'
    terminal_ended
}

@test "gl-handoff: on 40 columns nothing is wider" {
    start
    atom a '"mock":{"delay_ms":700}' > in
    on_terminal 40 "gl-handoff in > out"
    on_screen 'Waiting for Greenlight: 0 s, attempt 1.'
    on_screen 'PASS'
    terminal_ended
    run -0 screen
    assert [ "$(wc -L < screen)" -le 40 ]
}

@test "gl-handoff: the menu tries again, and the session goes on" {
    start
    { atom a; atom b; atom c; atom d; echo '{"id":"mine"}'; } > in
    port=${GREENLIGHT_API_URL##*:}
    stop_server
    on_terminal 80 "gl-handoff --fallback manual --attempts 1 in > out"
    on_screen '[q]ueue for later, [s]kip, [t]ry again, e[x]it the session?'
    rm ready
    start --port "$port"
    type_keys t Enter
    on_screen 'PASS'
    terminal_ended
    outcomes 'map(.outcome) == ["graded", "graded", "graded", "graded", null]'
}

@test "gl-handoff: the menu skips, queues and ends the session, as told" {
    start
    stop_server
    { atom a; atom b; atom c; atom d; echo '{"id":"mine"}'; } > in
    on_terminal 80 "gl-handoff --fallback manual --attempts 1 in > out"
    on_screen 'e[x]it the session?'
    type_keys s Enter
    on_screen 'Skipped.'
    on_screen 'Do b'
    eventually 20 shows_times 2 'e[x]it the session?'
    type_keys z Enter
    eventually 20 shows_times 3 'e[x]it the session?'
    type_keys q Enter
    on_screen 'Queued as'
    eventually 20 shows_times 4 'e[x]it the session?'
    type_keys x Enter
    terminal_ended
    assert_equal "$code" 0
    outcomes 'map(.outcome) == ["skipped", "queued", "cancelled", "cancelled", null]'
    assert_equal "$(sql 'select atom_id from greenlight_queue')" b
}

# shows_times N TEXT: the screen shows TEXT so many times.
shows_times() {
    [ "$(screen | grep -cF -- "$2")" -eq "$1" ]
}

@test "gl-handoff: Ctrl-C cancels this handoff alone, and asks" {
    start
    { atom a '"mock":{"delay_ms":30000}'; atom b; } > in
    on_terminal 80 "gl-handoff in > out"
    on_screen 'Waiting for Greenlight: 1 s'
    type_keys C-c
    on_screen 'e[x]it the session?'
    type_keys s Enter
    on_screen 'PASS'
    terminal_ended
    assert_equal "$code" 0
    outcomes 'map(.outcome) == ["skipped", "graded"]'
    nothing_left
}

@test "gl-handoff: Ctrl-C twice ends the session, an execution under way kept by its id" {
    start
    { atom a '"async_execution":true,"mock":{"polls":1000,"execution_id":"ex-a"}'; atom b; } > in
    on_terminal 80 "gl-handoff --interval 50ms in > out"
    on_screen 'Greenlight is working on it'
    type_keys C-c
    on_screen 'e[x]it the session?'
    type_keys C-c
    terminal_ended
    assert_equal "$code" 130
    outcomes 'map(.outcome) == ["queued", "cancelled"]'
    assert_equal "$(sql 'select execution_id from greenlight_queue')" ex-a
    nothing_left
}

@test "gl-handoff: hostile text stays in its place in the panel" {
    start
    jq -c 'select(.id == "hostile-06")' "$FIXTURES/atoms.ndjson" > in
    on_terminal 80 "gl-handoff in > out"
    on_screen '\x1b[2J\x1b]8;;http://x.test\x07here'
    terminal_ended
    grep -q 'Greenlight Handoff' screen # the screen was not cleared
    outcomes '.[0].atom_id == "hostile-06" and .[0].outcome == "graded"'
}

# ---- the loop of the README ----

@test "gl-handoff: a shell loop asks, hands over, and records" {
    start
    cp "$FIXTURES/atoms.ndjson" atoms.ndjson
    while read -r atom; do
        outcome=$(gl-handoff <<< "$atom") || break
        case $(jq -r '.outcome // "mine"' <<< "$outcome") in
        graded) jq -r '"\(.atom_id) \(.is_correct)"' <<< "$outcome" ;;
        mine) echo "ask $(jq -r .id <<< "$outcome")" ;;
        cancelled) break ;;
        esac
    done < atoms.ndjson > record
    assert_equal "$(grep -c ' true$' record)" 11
    grep -qx 'ask op-shift-33' record
}
