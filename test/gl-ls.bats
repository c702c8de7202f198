#!/usr/bin/env bats
# gl-ls: which rows it lists, in which order and shape.

load lib/common
load lib/database
load lib/queue

atoms() {
    gl-ls "$@" | jq -r .atom_id | paste -sd' '
}

@test "gl-ls: newest first, -r oldest first, -n at most so many" {
    add 5
    [ "$(atoms)" = 'a5 a4 a3 a2 a1' ]
    [ "$(atoms -r)" = 'a1 a2 a3 a4 a5' ]
    [ "$(atoms -n 2)" = 'a5 a4' ]
    [ "$(atoms -r -n 2)" = 'a1 a2' ]
}

@test "gl-ls: thousands of rows come page by page, each once and in order" {
    add 2345
    diff <(gl-ls -r | jq -r .atom_id) <(seq -f 'a%g' 2345)
    diff <(gl-ls -n 1501 | jq -r .atom_id) <(seq -f 'a%g' 2345 -1 845)
}

@test "gl-ls: a row has the columns under their own names, and the kind of the record" {
    sql "select greenlight_enqueue('{\"{\\\"n\\\":1e5, \\\"big\\\":12345678901234567890}\"}', '{a}', '{l}', '{k}')"
    run -0 gl-ls
    assert_output --partial '"request_payload":{"n":1e5, "big":12345678901234567890},"result_payload":null,'
    [ "$(jq -r '[.status, .idempotency_key, ._gl.type] | join(" ")' <<< "$output")" = 'pending k row' ]
    [ "$(jq -r 'keys_unsorted[]' <<< "$output" | sort)" = "$(sql "select string_agg(c, E'\n' order by c collate \"C\") from (
        select column_name::text c from information_schema.columns where table_name = 'greenlight_queue'
           and column_name not in ('request_text', 'result_text') union select '_gl') c")" ]
    run -0 gl-ls --brief
    [ "$(jq -c '[has("request_payload"), has("result_payload"), .atom_id]' <<< "$output")" = '[false,false,"a"]' ]
}

@test "gl-ls: filters by status, learner, atom, what was not seen, and ids" {
    add 2
    add_as complete 1
    add_as failed 1
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, acked_at) values ('b', 'm', '{}', 'failed', now())"
    [ "$(atoms --status failed)" = 'b a1' ]
    [ "$(atoms --status complete,pending)" = 'a1 a2 a1' ]
    [ "$(atoms --learner m)" = b ]
    [ "$(atoms --atom a2)" = a2 ]
    [ "$(atoms --unseen)" = 'a1 a1' ]
    [ "$(atoms --unseen --status failed --learner l --atom a1)" = a1 ]
    [ "$(atoms --unseen --learner m)" = '' ]
    id=$(sql "select id from greenlight_queue where atom_id = 'a2'")
    [ "$(atoms "$id" "$(sql "select id from greenlight_queue where atom_id = 'b'")")" = 'b a2' ]
    [ "$(atoms "$id" --status failed)" = '' ]
}

@test "gl-ls: -e is 1 when nothing is listed" {
    run -0 gl-ls
    assert_output ''
    run -1 gl-ls -e
    add 1
    run -0 gl-ls -e
    run -1 gl-ls -e --unseen
}

@test "gl-ls: a wrong status, number or id is exit 64, named" {
    run -64 gl-ls --status pending,done
    assert_output --partial '"done" is none of pending'
    run -64 gl-ls --status ''
    run -64 gl-ls --status pending,
    run -64 gl-ls -n 0
    run -64 gl-ls 01a204ce-adab-75eb-994e-08eb1f9894e
    assert_output --partial 'is no id of a row'
}

# outcome STATUS RESULT [REQUEST]: lists the outcome of one such row.
outcome() {
    sql "truncate greenlight_queue; insert into greenlight_queue (atom_id, learner_id, status, result_payload, request_payload)
         values ('a', 'l', '$1', $2, '${3:-"{}"}')"
    run -0 gl-ls --outcomes
}

holds() {
    jq -e "$1" <<< "$output" > /dev/null || fail "not true: $1 of $output"
}

@test "gl-ls: --outcomes has the grade, right from 0.7 on" {
    outcome complete "'{\"status\":\"complete\",\"correct\":false,\"partial_score\":0.70,\"score_source\":\"score\",\"time_spent_ms\":1500,\"error_class\":\"logic\"}'" \
        '{"submission":{"files":[{"path":"a","content":"x"}]}}'
    assert_output --partial '"partial_score":0.70,'
    holds '.outcome == "graded" and .correct == false and .is_correct == true and .time_ms == 1500 and .error_class == "logic"'
    holds '.answer.files[0].content == "x" and .result.score_source == "score" and .learner_id == "l" and ._gl.type == "outcome"'
    holds ".queue_id == \"$(sql "select id from greenlight_queue")\" and .completed_at == \"$(sql "select greenlight_moment(completed_at) from greenlight_queue")\""
    outcome complete "'{\"status\":\"incomplete\",\"correct\":true,\"partial_score\":0.69}'" '{"answer":"42"}'
    holds '.outcome == "graded" and .is_correct == false and .correct == true and .answer == "42"'
}

@test "gl-ls: --outcomes reads what an application stored in another shape" {
    outcome complete "'{\"correct\":true}'"
    holds '.outcome == "graded" and .is_correct and .partial_score == 1'
    outcome complete "'{\"result\":{\"score\":0.5,\"passed\":false}}'"
    holds '.outcome == "graded" and .is_correct == false and .partial_score == 0.5'
}

@test "gl-ls: --outcomes counts nothing against a learner but a grade" {
    local nothing='[.correct, .is_correct, .partial_score, .time_ms, .error_class] == [null, null, null, null, null]'
    for status in pending executing; do
        outcome $status null
        holds "$nothing and .outcome == \"queued\" and .result == null and .completed_at == null"
    done
    outcome failed "'{\"status\":\"failed\",\"correct\":false,\"partial_score\":0,\"error_class\":\"timeout\",\"time_spent_ms\":9}'"
    holds "$nothing and .outcome == \"failed\" and .result.status == \"failed\""
    outcome cancelled null
    holds "$nothing and .outcome == \"cancelled\""
    for result in null "'{}'" "'[]'" "'{\"correct\":\"yes\"}'" "'{\"status\":\"failed\"}'" "'{\"execution_id\":\"e\",\"status\":\"running\"}'" \
        "'{\"status\":\"incomplete\",\"partial_score\":null,\"correct\":null,\"score_source\":null}'"; do
        outcome complete "$result"
        holds "$nothing and .outcome == \"failed\""
    done
}

@test "gl-ls: unseen outcomes go through a script to gl-ack, and are seen" {
    add_as failed 3
    add 1
    gl-ls --unseen --outcomes | tee outcomes | gl-ack > acked
    cmp outcomes acked
    [ "$(wc -l < acked)" -eq 3 ]
    run -1 gl-ls --unseen -e
}

@test "gl-ls: a row whose text is no UTF-8 for a terminal is still one line of JSON" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload) values (E'a\n\"\x1b[31m', 'l', '{}')"
    run -0 gl-ls
    [ "${#lines[@]}" -eq 1 ]
    [ "$(jq -c .atom_id <<< "$output")" = '"a\n\"\u001b[31m"' ]
}

@test "gl-ls: what cannot be written is exit 74, a closed pipe is quiet" {
    add 1000
    run -74 bash -c 'gl-ls > /dev/full'
    run -0 bash -c 'set -o pipefail; gl-ls | head -n 1 | jq -r .atom_id; [ ${PIPESTATUS[0]} -eq 141 ] || [ ${PIPESTATUS[0]} -eq 0 ]'
    assert_output a1000
}

@test "gl-ls: no database is exit 75, none with the schema 78" {
    run -75 gl-ls --db "host=$BATS_TEST_TMPDIR" --attempts 1
    run -78 gl-ls --db dbname=postgres
    assert_output --partial 'was gl-migrate run on it?'
}

# bats test_tags=plain
@test "gl-ls: memory does not grow with the list, nor with what rows hold" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload)
         select 'a', 'l', jsonb_build_object('pad', (select string_agg(md5(n * 1000 + m || ''), '') from generate_series(1, 16000) m))
           from generate_series(1, 120) n"
    command time -o peak -f %M gl-ls > rows
    [ "$(wc -l < rows)" -eq 120 ]
    [ "$(stat -c %s rows)" -gt 60000000 ]
    echo "peak $(< peak) KiB"
    [ "$(< peak)" -lt 40000 ]
}
