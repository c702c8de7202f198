#!/usr/bin/env bats
# Holds what the tools print of the queue to the JSON Schemas that are installed.

load lib/common
load lib/database
load lib/schema

# A row of every kind.
fill() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, result_payload, acked_at)
         select 'a', 'l', '{\"submission\": 1}'::jsonb, status, result::jsonb, case when acked then now() end
           from unnest('{pending,executing,complete,failed,cancelled}'::text[]) status,
                unnest(array[null, '{}', '{\"correct\": true}', '{\"partial_score\": 0.7}', '{\"score\": 0.1, \"time_spent_ms\": 5}',
                             '{\"correct\": true, \"partial_score\": 0.2}']) result, unnest('{t,f}'::bool[]) acked
         union all select null, 'l', '[]'::jsonb, 'pending', null, null"
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, dedupe_key, idempotency_key, endpoint, execution_id, run_at, status)
         values ('b', 'l', '{}', 'd', 'k', 'queue-atom', 'e', 'infinity', 'pending'), ('b', 'l', '{}', 'd', 'k2', 'run-atom', null, now(), 'failed')"
    sql "select greenlight_claim('w', 3)"
}

@test "schema: rows as gl-ls lists them are rows" {
    fill
    keep gl-ls
    hold row
    has '.status == "executing" and .lease_until' '.status == "complete" and .acked_at' '.run_at == "infinity"' \
        '.execution_id == "e"' '.dedupe_key == "d"' '.atom_id == null'
    keep gl-ls --brief
    hold row
    has 'has("request_payload") | not'
}

@test "schema: rows as gl-enqueue prints them are rows" {
    keep gl-enqueue --learner l --dedupe .atom_id "$FIXTURES/atoms.ndjson" "$FIXTURES/atoms.ndjson"
    hold row
    has '.duplicate' '.duplicate | not'
    keep gl-enqueue --learner l --spool spool --db "host=$BATS_TEST_TMPDIR" --attempts 1 "$FIXTURES/learner.ndjson"
    hold row
    has '.status == "spooled"'
}

@test "schema: rows as gl-retry and gl-cancel leave them are rows" {
    fill
    gl-ls > all
    keep gl-retry all
    hold row
    has '.unchanged' '.duplicate' '.unchanged | not'
    keep gl-cancel all
    hold row
    has '.unchanged' '.status == "cancelled" and (.unchanged | not)'
    keep gl-ack 00000000-0000-7000-8000-000000000000
    hold result
}

@test "schema: outcomes are outcomes" {
    fill
    keep gl-ls --outcomes
    hold outcome
    has '.outcome == "graded" and .is_correct' '.outcome == "graded" and (.is_correct | not) and .correct' \
        '.outcome == "queued"' '.outcome == "failed"' '.outcome == "cancelled"' '.time_ms == 5' '.answer == 1'
}

@test "schema: stats are stats, of an empty queue and of a full one" {
    keep gl-stats
    hold stats
    fill
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, completed_at)
         select 'a', 'l', '{}', 'complete', now() from generate_series(1, 10100)"
    sql "update greenlight_queue set result_payload = '{\"correct\": true}' where status = 'complete'"
    psql -Xq -c "begin isolation level repeatable read; select 1; select pg_sleep(30)" 3>&- > /dev/null &
    keep gl-stats
    hold stats
    has '.rows.complete.estimated' '.pass_rate' '.days[6].estimated'
    kill $!
}

@test "schema: what gl-purge did is told as the schema says" {
    fill
    keep gl-purge --older-than 0 --export out
    hold purge
    has '.deleted > 0'
    hold row out
}

@test "schema: wrong rows and outcomes are refused" {
    fill
    refuses row "$(gl-ls --status complete -n 1)" 'del(.id)' '.id = "x"' '.status = "done"' '.completed_at = null' \
        '.queued_at = "yesterday"' '.claimed_by = "w"' '.extra = 1' '.unchanged = false' 'del(.result_payload)' \
        '._gl.type = "outcome"' '.priority = 10' '.learner_id = null' '.errors = {}' '.retry_count = "1"'
    refuses outcome "$(gl-ls --outcomes | grep -F '"is_correct":true' | head -n 1)" '.is_correct = false' '.partial_score = 0.5' \
        '.partial_score = null' '.outcome = "failed"' '.outcome = "lost"' '.correct = 1' 'del(.result)' '.result = null' \
        '._gl.type = "row"'
    refuses outcome "$(gl-ls --outcomes --status failed -n 1)" '.is_correct = false' '.correct = false' '.partial_score = 0' \
        '.error_class = "timeout"' '.time_ms = 1'
    refuses stats "$(gl-stats)" 'del(.rows)' '.rows.pending = 5' 'del(.rows.failed)' '.days = []' '.pass_rate = 2' \
        '.days[0].day = "monday"' 'del(.unseen.estimated)' '._gl.type = "row"'
}
