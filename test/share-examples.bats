#!/usr/bin/env bats
# What share/examples has works, on the queue and the server of this test.

load lib/common
load lib/database
load lib/drain
load lib/terminal

setup() {
    drain_setup
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    PATH=$GL_TOP/share/examples:$PATH
}

teardown() {
    close_terminal
    drain_teardown
}

# holds JQ FILE: the program is true of the list of records in FILE.
holds() {
    jq -se "$1" "$2" > /dev/null || fail "not true: $1 of $(cat "$2")"
}

# ---- a session ----

@test "share: a session asks, hands over, and records what is graded" {
    start
    { sed -n 8p "$FIXTURES/atoms.ndjson"; sed -n 1,3p "$FIXTURES/atoms.ndjson"; } > atoms
    jq -c 'if input_line_number == 3 then .mock = 503 else . end' atoms > in
    export GREENLIGHT_LEARNER_ID=ada
    on_terminal 80 'greenlight-session in out'
    on_screen 'op-shift-33'
    type_keys forty Enter
    terminal_ended
    assert_equal "$code" 0
    holds 'map(.outcome) == ["asked", "graded", "graded"]' out
    holds '.[0].answer == "forty" and all(.[1:][]; .is_correct)' out
    assert_equal "$(states)" 'pending 1'
}

@test "share: a session that is cancelled ends, and records nothing of it" {
    start
    for id in a b; do
        echo '{"id":"'$id'","owner":"greenlight","front":"Do it","mock":{"delay_ms":30000}}'
    done > in
    export GREENLIGHT_LEARNER_ID=ada
    on_terminal 80 'greenlight-session in out; ls out'
    on_screen 'Waiting for Greenlight'
    type_keys C-c
    on_screen 'e[x]it the session?'
    type_keys x Enter
    terminal_ended
    [ ! -e out ]
    assert_equal "$(posts .atom_id | wc -l)" 1
}

# ---- an export ----

# cards: a table as cortex might have it; nasty texts, and one that is cortex's own.
cards() {
    sql "create table cards (atom_id text, owner text, front text, content_json jsonb);
         insert into cards values ('a', 'greenlight', E'back\\\\slash \"quote\" \\n\\t line', '{\"n\": 12345678901234567890}'),
                                  ('b', 'cortex', 'mine', null), ('c', 'greenlight', 'é ☃', '{}')"
}

@test "share: the export of a query is queued, each row once" {
    cards
    run -0 greenlight-export ada <<< 'select to_jsonb(c) from cards c order by atom_id'
    assert_equal "$(jq -r '.atom_id + " " + .status' <<< "$output")" $'a pending\nc pending'
    assert_equal "$(sql "select string_agg(learner_id, ' ') from greenlight_queue")" 'ada ada'
    assert_equal "$(sql "select request_payload ->> 'front' = (select front from cards where atom_id = 'a')
        and request_payload -> 'content_json' ->> 'n' = '12345678901234567890'
        from greenlight_queue where atom_id = 'a'")" t
    run -0 greenlight-export ada <<< 'select to_jsonb(c) from cards c order by atom_id'
    assert_equal "$(jq .duplicate <<< "$output")" $'true\ntrue'
    run -0 greenlight-export 'e"\(v)' <<< 'select to_jsonb(c) from cards c order by atom_id'
    assert_equal "$(jq .duplicate <<< "$output")" $'null\nnull'
    assert_equal "$(states)" 'pending 4'
}

@test "share: a query that fails is seen" {
    run -3 greenlight-export ada <<< 'select nonsense'
    assert_output --partial 'nonsense'
    assert_equal "$(states)" none
}

# ---- late results ----

# late: what came back while nobody looked: right, wrong, failed, cancelled; one of
# another learner's, and one that is still to come.
late() {
    start
    add 1 1
    add 2 2 '{"score":0.2}'
    add 3 3 422
    add 4 4
    add 5 5
    sql "update greenlight_queue set learner_id = 'eve' where atom_id = 'a5'"
    gl-cancel "$(value id "atom_id = 'a4'")" > /dev/null
    run -69 gl-drain
    add 6 6
}

@test "share: late results are handed out until they are acknowledged, failures too" {
    late
    run -0 --separate-stderr greenlight-late ada out
    assert_output ''
    holds 'map([.atom_id, .outcome, .is_correct]) ==
        [["a1", "graded", true], ["a2", "graded", false], ["a3", "failed", null], ["a4", "cancelled", null]]' out
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr == *'PASS 100%'*a1*'FAIL 20%'*a2*'NOT GRADED'*a3*CANCELLED*a4* ]] || fail "$stderr"
    "$GL_TOP/test/lib/check-records" outcome < out
    cp out before
    greenlight-late ada out
    cmp out before
    greenlight-late eve theirs
    holds 'map(.atom_id) == ["a5"]' theirs
    greenlight-late nobody none
    [ ! -e none ]
}

@test "share: what could not be recorded is handed out again" {
    late
    mkdir full
    run ! greenlight-late ada full
    assert_equal "$(value 'count(acked_at)')" 0
    # Killed when the first is recorded and not acknowledged yet.
    mkdir bin
    printf '#!/bin/sh\ntouch reached\nexec sleep 60\n' > bin/sync
    chmod +x bin/sync
    PATH=$PWD/bin:$PATH setsid greenlight-late ada out 3>&- 2> /dev/null &
    eventually 20 test -e reached
    kill -9 -- -$!
    wait $! || true
    assert_equal "$(value 'count(acked_at)')" 0
    greenlight-late ada out
    holds 'map(.atom_id) == ["a1", "a1", "a2", "a3", "a4"]' out
    assert_equal "$(value 'count(acked_at)')" 4
}

@test "share: gl-purge keeps what nobody has seen" {
    late
    sql "update greenlight_queue set completed_at = now() - interval '1 year' where completed_at is not null"
    gl-purge --older-than 30d
    assert_equal "$(states)" 'cancelled 1, complete 3, failed 1, pending 1'
    greenlight-late ada out
    gl-purge --older-than 30d
    assert_equal "$(states)" 'complete 1, pending 1'
    assert_equal "$(value learner_id "status = 'complete'")" eve
    greenlight-late eve out
    gl-purge --older-than 30d
    assert_equal "$(states)" 'pending 1'
}

# ---- two machines ----

# Two machines on this one: an ssh that keeps a list of who was asked, and does it here;
# those in the file `down` do not answer, those in `bare` have no sandbox.
machines() {
    mkdir machines empty
    touch asked down bare
    for program in gl-run bash sh perl cat; do
        ln -s "$(command -v "$program")" empty/
    done
    cat > machines/ssh << 'END'
#!/usr/bin/env bash
host=$1 top=${0%/*}/..
shift
[ "$1" != -- ] || shift
echo "$host" >> "$top/asked"
! grep -qx "$host" "$top/down" || exit 255
! grep -qx "$host" "$top/bare" || PATH=$top/empty
export SHELL=/bin/bash # sshd sets it, and without it parallel runs nothing there
exec bash -c "$*"
END
    chmod +x machines/ssh
    PATH=$PWD/machines:$PATH
    export HOME=$PWD # parallel keeps files of its own there
    for ((i = 1; i <= 24; i++)); do
        jq -c --arg id "a$i" '.atom_id = $id' "$FIXTURES/learner.ndjson" | sed -n "$((i % 3 + 1))p"
    done > in
    gl-run in | jq -c '[.atom_id, .partial_score]' > expected
}

@test "share: a fan-out over two machines has every result, in order" {
    machines
    greenlight-fan-out 1/alpha,1/beta < in > out
    jq -c '[.atom_id, .partial_score]' out | diff expected -
    grep -qx alpha asked
    grep -qx beta asked
}

@test "share: a fan-out whose input comes slowly is not cut short by a signal" {
    machines
    setsid greenlight-fan-out 1/alpha,1/beta < <(head -n 2 in; sleep 1; tail -n +3 in) > out 3>&- &
    sleep 0.5
    kill -CONT -- -$!
    wait $!
    jq -c '[.atom_id, .partial_score]' out | diff expected -
}

@test "share: a fan-out does without a machine that is down, or has no sandbox" {
    machines
    echo alpha > down
    greenlight-fan-out 1/alpha,1/beta < in > out
    jq -c '[.atom_id, .partial_score]' out | diff expected -
    : > down
    echo alpha > bare
    greenlight-fan-out 1/alpha,1/beta < in > out
    jq -c '[.atom_id, .partial_score]' out | diff expected -
}

@test "share: in a fan-out wrong requests have results as others" {
    machines
    { head -n 2 in; echo '{"atom_id":"x","owner":"greenlight"}'; sed -n 3,6p in; } > mixed
    greenlight-fan-out 1/alpha,1/beta < mixed > out
    holds 'length == 7 and .[2].atom_id == "x" and .[2].status == "failed" and .[2].partial_score == null' out
}
