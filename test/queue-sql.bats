#!/usr/bin/env bats
# bats file_tags=plain
# The schema of the queue: the table as an application sees it, and each
# function of the state machine by itself.

load lib/common
load lib/database
load lib/queue

setup() {
    new_database
}

# ---- the table ----

@test "queue: 100,000 identifiers come in the order of time, and are version 7" {
    run -0 sql "with made as materialized (select n, greenlight_uuid7() as id from generate_series(1, 100000) n),
        pairs as (select id, lag(id) over (order by n) as before from made)
        select count(*) filter (where id <= before), count(*) filter (where id::text !~ '^.{14}7.{4}[89ab]'),
               count(distinct id) from pairs"
    assert_output "0|0|100000"
    run -0 sql "select abs(extract(epoch from clock_timestamp())
        - ('x' || left(replace(greenlight_uuid7()::text, '-', ''), 12))::bit(48)::bigint / 1000.0) < 1"
    assert_output t
    add 20000
    run -0 sql "select count(*) from (select atom_id, row_number() over (order by id) n from greenlight_queue) q
        where atom_id <> 'a' || n"
    assert_output 0
}

@test "queue: values that no row can have are refused" {
    add 1
    refuses greenlight_queue_status "update greenlight_queue set status = 'done'"
    refuses greenlight_queue_priority "update greenlight_queue set priority = 10"
    refuses greenlight_queue_endpoint "update greenlight_queue set endpoint = 'run'"
    refuses greenlight_queue_errors "update greenlight_queue set errors = '{}'"
    refuses greenlight_queue_lease "update greenlight_queue set lease_until = now()"
    refuses learner_id "insert into greenlight_queue (atom_id, request_payload) values ('a', '{}')"
    refuses request_payload "insert into greenlight_queue (atom_id, learner_id) values ('a', 'l')"
}

@test "queue: an application that knows only the documented columns works on it" {
    add 2
    run -0 sql "select atom_id, retry_count, max_retries, queued_at <= clock_timestamp(), started_at, completed_at
        from greenlight_queue where status = 'pending' order by queued_at"
    assert_output "$(printf 'a%s|0|3|t||\n' 1 2)"
    sql "update greenlight_queue set status = 'executing', execution_id = 'e' where atom_id = 'a1'"
    run -0 sql "select started_at is not null, submitted_at is not null, completed_at, lease_token, lease_until
        from greenlight_queue where atom_id = 'a1'"
    assert_output 't|t|||'
    sql "update greenlight_queue set status = 'complete', result_payload = '{\"correct\":true}' where atom_id = 'a1'"
    sql "update greenlight_queue set status = 'failed', error_message = 'no' where atom_id = 'a2'"
    run -0 sql "select completed_at is not null, started_at is not null from greenlight_queue order by id"
    assert_output "$(printf 't|%s\n' t f)"
}

@test "queue: dates that an application sets itself stay" {
    add 1
    sql "update greenlight_queue set status = 'executing', started_at = '2020-01-01'"
    sql "update greenlight_queue set status = 'complete', completed_at = '2020-01-02'"
    [ "$(row "started_at::date, completed_at::date")" = '2020-01-01|2020-01-02' ]
    sql "insert into greenlight_queue (learner_id, request_payload, status) values ('m', '{}', 'failed')"
    [ "$(sql "select completed_at is not null from greenlight_queue where learner_id = 'm'")" = t ]
}

@test "queue: an executing row of an application has no lease, and is never swept" {
    add 1
    sql "update greenlight_queue set status = 'executing', started_at = now() - interval '1 year'"
    [ "$(sql "select greenlight_sweep()")" = 0 ]
    [ -z "$(claim)" ]
    [ "$(row status)" = executing ]
}

@test "queue: an application that takes a row over ends the token of who held it" {
    add 1
    claim
    token=$(row lease_token)
    sql "update greenlight_queue set status = 'pending'"
    [ "$(row "lease_token = '$token', lease_until, claimed_by")" = 't||' ]
    sql "update greenlight_queue set status = 'executing'"
    run -0 sql "select settlement from greenlight_queue, greenlight_settle(array[id], array['$token'::uuid], '{complete}')"
    assert_output stale
}

@test "queue: an outcome that changes has to be seen again" {
    add 1
    sql "update greenlight_queue set status = 'failed'"
    sql "update greenlight_queue set acked_at = now()"
    [ "$(row "acked_at is not null")" = t ]
    sql "update greenlight_queue set status = 'pending'"
    [ "$(row "acked_at, completed_at")" = '|' ]
}

@test "queue: who changes a payload means it, whatever exact text stood beside it" {
    sql "select greenlight_enqueue('{\"{\\\"n\\\":1e5}\"}', '{a}', '{l}')"
    [ "$(row request_text)" = '{"n":1e5}' ]
    sql "update greenlight_queue set request_payload = '{\"n\":2}'"
    [ -z "$(row request_text)" ]
}

# ---- enqueue ----

@test "enqueue: one answer for each request, in order, with what the columns default to" {
    run -0 sql "select ord, duplicate from greenlight_enqueue('{\"{\\\"x\\\":1}\",\"{}\",\"{}\"}', '{a,b,c}', '{l,l,m}')"
    assert_output "$(printf '%s|f\n' 1 2 3)"
    run -0 sql "select atom_id, learner_id, status, priority, endpoint, max_retries, idempotency_key, request_text
        from greenlight_queue order by id"
    assert_output "$(printf '%s|pending|0|run-atom|3||\n' 'a|l' 'b|l' 'c|m')"
    run -0 sql "select count(*) from greenlight_enqueue('{}', '{}', '{}')"
    assert_output 0
}

@test "enqueue: stores what it is given beside the request" {
    sql "select greenlight_enqueue('{\"{}\"}', '{a}', '{l}', '{k}', '{e}', '{queue-atom}', '{d}', '{9}', '{2040-01-01}', '{7}')"
    run -0 row "idempotency_key, execution_id, endpoint, dedupe_key, priority, run_at::date, max_retries, submitted_at is not null"
    assert_output 'k|e|queue-atom|d|9|2040-01-01|7|t'
}

@test "enqueue: a request under a stored idempotency key is that row, whatever became of it" {
    first=$(sql "select id from greenlight_enqueue('{\"{}\"}', '{a}', '{l}', '{k}')")
    sql "update greenlight_queue set status = 'complete'"
    run -0 sql "select id, duplicate from greenlight_enqueue('{\"{}\",\"{}\"}', '{a,b}', '{l,l}', '{k,k2}') where ord = 1"
    assert_output "$first|t"
    [ "$(row "count(*)")" = 2 ]
}

@test "enqueue: without a key the id is the key" {
    add 1
    id=$(row id)
    run -0 sql "select id, duplicate from greenlight_enqueue('{\"{}\"}', '{a}', '{l}', array['$id'])"
    assert_output "$id|t"
}

@test "enqueue: a dedupe key is one row while that is pending or executing" {
    first=$(sql "select id from greenlight_enqueue('{\"{}\"}', '{a}', '{l}', dedupe_key => '{d}')")
    claim
    run -0 sql "select id, duplicate from greenlight_enqueue('{\"{}\"}', '{a}', '{l}', dedupe_key => '{d}')"
    assert_output "$first|t"
    settle complete
    run -0 sql "select duplicate from greenlight_enqueue('{\"{}\",\"{}\"}', '{a,a}', '{l,l}', dedupe_key => '{d,d}')"
    assert_output "$(printf '%s\n' f t)"
}

@test "enqueue: the exact text is kept only where jsonb would not give it back" {
    local text
    for text in '{"n":1e5}' '{"n":-0}' '{"n":-0.00}' '{"a":1,"a":2}' '{"s":"\u0000"}' '{"s":"\ud800"}' '{"n":1e200000}' \
        '{"a":{"b":[{"c":1,"c":1}]}}' '{"n":1E+2}' '{"a" :1,"a" :2}' '{"a":1, "a\u0022:":2,"a":3}'; do
        sql "truncate greenlight_queue; select greenlight_enqueue(array['$text'], '{a}', '{l}')" 2> /dev/null
        [ "$(row request_text)" = "$text" ] || fail "not kept: $text"
        [ "$(row "greenlight_request(greenlight_queue)")" = "$text" ]
    done
    for text in '{"n":1.10}' '{"n":12345678901234567890}' '{"n":-0.5,"m":[-1,10]}' '{"s":"1e5 -0 \u00e9 \"a\": x"}' \
        '{ "a" : 1 , "b":{"a":2}}' '{"d":"2026-01-02","u":"1e5a-0e9f"}' '{"n":-0.05}'; do
        sql "truncate greenlight_queue; select greenlight_enqueue(array['$text'], '{a}', '{l}')"
        [ -z "$(row request_text)" ] || fail "kept: $text"
    done
    sql "truncate greenlight_queue; select greenlight_enqueue('{\"{ }\"}', '{a}', '{l}', verbatim => '{t}')"
    [ "$(row request_text)" = '{ }' ]
}

@test "enqueue: what jsonb refuses is replaced in the copy, with a warning" {
    run -0 sql "select greenlight_enqueue(array['{\"s\":\"\\u0000\\\\u0000\\ud83d\\ude00\\ude00\\ud83d\"}'], '{a}', '{l}')"
    assert_output --partial 'WARNING:  U+FFFD is stored'
    [ "$(row "request_payload ->> 's' = U&'\\FFFD\\\\u0000\\+01F600\\FFFD\\FFFD'")" = t ]
    sql "truncate greenlight_queue"
    run -0 sql "select greenlight_enqueue('{\"{\\\"n\\\":1e200000,\\\"m\\\":1}\"}', '{a}', '{l}')"
    assert_output --partial 'the member "n" is stored as null'
    [ "$(row request_payload)" = '{"m": 1, "n": null}' ]
}

@test "enqueue: a text that is no JSON is a data error, and nothing of its batch is stored" {
    local text
    for text in '{' '' 'x' '{"a":1}}' '{"s":"\ud800}'; do
        run ! psql -XqAt -v VERBOSITY=verbose -c "select greenlight_enqueue(array['{}', '$text'], '{a,b}', '{l,l}')"
        assert_output --regexp 'ERROR:  22P0[25]'
    done
    [ "$(row "count(*)")" = 0 ]
}

# ---- claim ----

@test "claim: the highest priority first, then by run_at, never before it" {
    add 6 "priority, run_at" "(array[0, 5, 5, 9, 0, 9])[n], now() + (array[-1, -1, -3, 60, -2, -1])[n] * interval '1 minute'"
    [ "$(claim 2 | paste -sd' ')" = "a6 a3" ]
    [ "$(claim 9 | paste -sd' ')" = "a2 a5 a1" ]
    [ -z "$(claim 9)" ]
}

@test "claim: gives a lease and one fresh token, and none where nothing is wanted" {
    add 3
    [ -z "$(claim 0)" ]
    claim 2
    run -0 sql "select count(*), count(distinct lease_token), min(claimed_by), bool_and(started_at is not null),
        bool_and(lease_until between now() + interval '14 minutes' and now() + interval '15 minutes')
        from greenlight_queue where status = 'executing'"
    assert_output '2|1|w|t|t'
    before=$(sql "select lease_token from greenlight_queue where status = 'executing' limit 1")
    claim 1
    [ "$(sql "select count(distinct lease_token) from greenlight_queue")" = 2 ]
    settle release > /dev/null
    sql "update greenlight_queue set run_at = now()"
    claim 3
    [ "$(sql "select count(*) from greenlight_queue where lease_token = '$before'")" = 0 ]
}

@test "claim: only one atom's, or one learner's, where asked" {
    add 3
    sql "update greenlight_queue set learner_id = 'm' where atom_id = 'a2'"
    [ "$(sql "select atom_id from greenlight_claim('w', 9, atom_id => 'a3')")" = a3 ]
    [ "$(sql "select atom_id from greenlight_claim('w', 9, learner_id => 'm')")" = a2 ]
    [ -z "$(sql "select atom_id from greenlight_claim('w', 9, atom_id => 'a1', learner_id => 'm')")" ]
}

@test "claim: a worker never holds more than max_held rows, saved executions apart" {
    add 10
    [ "$(sql "select count(*) from greenlight_claim('w', 3, 4)")" = 3 ]
    [ "$(sql "select count(*) from greenlight_claim('w', 3, 4)")" = 1 ]
    [ "$(sql "select count(*) from greenlight_claim('w', 3, 4)")" = 0 ]
    [ "$(sql "select count(*) from greenlight_claim('v', 3, 4)")" = 3 ]
    sql "update greenlight_queue set execution_id = 'e' where claimed_by = 'w'"
    [ "$(sql "select greenlight_held('w')")" = 0 ]
    [ "$(sql "select count(*) from greenlight_claim('w', 9, 4)")" = 3 ]
}

@test "claim: fails a row whose payload is no object, and takes the next" {
    add 3
    sql "update greenlight_queue set request_payload = '[1]' where atom_id in ('a1', 'a2')"
    [ "$(claim 1)" = a3 ]
    run -0 sql "select status, error_message, errors -> 0 ->> 'class' from greenlight_queue where atom_id = 'a1'"
    assert_output 'failed|the payload is no object|bad_request'
    [ "$(sql "select count(*) from greenlight_queue where status = 'failed'")" = 2 ]
}

@test "claim: a request lacks neither its atom nor its learner" {
    request() {
        sql "truncate greenlight_queue; insert into greenlight_queue (atom_id, learner_id, request_payload)
             values ('a', 'l', '$1'); select greenlight_request(q)::jsonb = '$2' from greenlight_claim('w', 1) q"
    }
    [ "$(request '{"n":1}' '{"n":1,"atom_id":"a","session_context":{"learner_id":"l"}}')" = t ]
    [ "$(request '{"id":"b","learner_id":"m"}' '{"id":"b","learner_id":"m"}')" = t ]
    [ "$(request '{"session_context":{"x":1}}' '{"atom_id":"a","session_context":{"x":1,"learner_id":"l"}}')" = t ]
    [ "$(request '{"session_context":null}' '{"atom_id":"a","session_context":{"learner_id":"l"}}')" = t ]
    [ "$(request '{"atom_id":"b","session_context":{"learner_id":"m"}}' \
        '{"atom_id":"b","session_context":{"learner_id":"m"}}')" = t ]
}

@test "claim: sweeps first" {
    add 1 "max_retries" 5
    sql "select greenlight_claim('gone', 1, lease => '-1 s')"
    [ -z "$(claim)" ]
    [ "$(row "status, retry_count")" = 'pending|1' ]
}

@test "claim: does not look again for leases that ran out before it was said to have swept" {
    add 2 "max_retries" 5
    claim 2 > /dev/null
    sql "update greenlight_queue set lease_until = now() - case atom_id when 'a1' then interval '1 hour' else interval '1 s' end"
    sql "select count(*) from greenlight_claim('w', 1, swept => now() - interval '1 minute')"
    run -0 sql "select status, retry_count from greenlight_queue order by id"
    assert_output $'executing|0\npending|1'
}

@test "held: of the rows that a worker remembers those that it holds, saved executions apart" {
    add 6
    claim 4 > /dev/null
    claim 1 other > /dev/null
    settle complete > /dev/null
    sql "update greenlight_queue set status = 'executing', lease_token = gen_random_uuid(), lease_until = now(), claimed_by = 'w'
         where atom_id in ('a1', 'a2', 'a3')"
    sql "update greenlight_queue set execution_id = 'e' where atom_id = 'a3'"
    run -0 sql "select atom_id from greenlight_held('w', (select array_agg(id) from greenlight_queue where atom_id <> 'a2')) h
        join greenlight_queue q on q.id = h"
    assert_output a1
}

@test "claim: begins where it is told to, and finds what lies before that in the end" {
    add 4 "run_at" "now() - (10 - n) * interval '1 minute'"
    since="array_fill(now() - interval '7 minutes 30 s', array[10])"
    [ "$(sql "select atom_id from greenlight_claim('w', 1, since => $since)")" = a3 ]
    [ "$(sql "select atom_id from greenlight_claim('w', 3, since => $since)" | sort | paste -sd' ')" = "a1 a2 a4" ]
}

# ---- leases ----

@test "sweep: takes only what has run out, oldest first, and charges it" {
    add 3
    sql "select greenlight_claim('w', 3); update greenlight_queue set lease_until = now() - (atom_id = 'a2')::int * interval '1 s'
         - (atom_id = 'a3')::int * interval '2 s' + (atom_id = 'a1')::int * interval '1 s'"
    [ "$(sql "select greenlight_sweep(1)")" = 1 ]
    run -0 sql "select atom_id, retry_count, error_message, errors -> 0 ->> 'class' from greenlight_queue where status = 'pending'"
    assert_output 'a3|1|the lease ran out|lease'
    [ "$(sql "select greenlight_sweep()")" = 1 ]
    [ "$(sql "select status from greenlight_queue where atom_id = 'a1'")" = executing ]
}

@test "renew: puts a worker's leases off, and nobody else's" {
    add 2
    claim 1 v
    claim 1 w
    sql "update greenlight_queue set lease_until = now() + interval '1 s'"
    [ "$(sql "select greenlight_renew('w', '60 s')")" = 1 ]
    run -0 sql "select claimed_by, lease_until > now() + interval '59 s' from greenlight_queue order by claimed_by"
    assert_output "$(printf '%s\n' 'v|f' 'w|t')"
}

@test "renew: never past max_lease after the claim, and max_wait more for a saved execution" {
    add 2
    sql "select greenlight_claim('w', 2, lease => '1 s'); update greenlight_queue set execution_id = 'e' where atom_id = 'a2'"
    sql "update greenlight_queue set started_at = now() - interval '10 minutes'"
    [ "$(sql "select greenlight_renew('w', '1 hour', '15 minutes', '5 minutes')")" = 2 ]
    run -0 sql "select round(extract(epoch from lease_until - started_at) / 60) from greenlight_queue order by atom_id"
    assert_output "$(printf '%s\n' 15 20)"
    sql "update greenlight_queue set started_at = now() - interval '1 hour'"
    [ "$(sql "select greenlight_renew('w', '1 hour', '15 minutes', '5 minutes')")" = 0 ]
    [ "$(sql "select min(lease_until) > now() from greenlight_queue")" = t ]
}

@test "release: gives back all that a worker holds, charged or not" {
    add 3
    claim 2 w
    claim 1 v
    [ "$(sql "select greenlight_release('w')")" = 2 ]
    run -0 sql "select status, retry_count, coalesce(claimed_by, '-'), errors -> 0 ->> 'class' from greenlight_queue order by id"
    assert_output "$(printf '%s\n' 'pending|1|-|stage' 'pending|1|-|stage' 'executing|0|v|')"
    [ "$(sql "select greenlight_release('v', false)")" = 1 ]
    [ "$(sql "select retry_count, errors, run_at > now() + interval '59 s' from greenlight_queue where atom_id = 'a3'")" = '0|[]|t' ]
    [ "$(sql "select greenlight_release('w')")" = 0 ]
}

@test "queue: the functions find their table whatever the caller's search_path is" {
    run -0 psql -XqAt -v ON_ERROR_STOP=1 << 'END'
create schema elsewhere;
create table elsewhere.greenlight_queue (n int);
set search_path = elsewhere;
select count(*) from public.greenlight_enqueue('{"{}"}', '{a}', '{l}');
select count(*) from public.greenlight_claim('w', 1, 5);
select public.greenlight_renew('w', '1 hour'), public.greenlight_sweep(), public.greenlight_held('w');
select settlement from public.greenlight_queue q, public.greenlight_settle(array[id], array[lease_token], '{retry}');
select public.greenlight_release('w');
END
    assert_output "$(printf '%s\n' 1 1 '0|0|1' released 0)"
}

@test "queue: in a schema of its own it works as in public" {
    sql "create schema own; alter database $PGDATABASE set search_path = own"
    gl-migrate
    sql "select own.greenlight_enqueue('{\"{}\"}', '{a}', '{l}')"
    [ "$(sql "select count(*) from own.greenlight_claim('w', 1)")" = 1 ]
    [ "$(sql "select count(*) from public.greenlight_queue")" = 0 ]
}
