#!/usr/bin/env bats
# bats file_tags=plain
# What people and cron do with the queue, as SQL: each function by itself, from
# several sessions at once, and the plans behind them.

load lib/common
load lib/database
load lib/queue

# add STATUS [COLUMNS VALUES]: one row, whose atom is the status; prints its id.
add() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status${2:+, $2})
         values ('$1', 'l', '{}', '$1'${3:+, $3}) returning id"
}

# add_each: one row of each status.
add_each() {
    local status
    for status in pending executing complete failed cancelled; do
        add "$status"
    done > /dev/null
}

# atoms ARGUMENTS: of the rows that greenlight_list gives.
atoms() {
    sql "select coalesce(string_agg(atom_id, ' ' order by ordinality), '') from greenlight_list($1) with ordinality"
}

ids="(select array_agg(id order by id) from greenlight_queue)"

# ---- list ----

@test "list: newest first, or oldest first, and page by page without a gap" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status)
         select 'a' || n, 'l', '{}', (array['pending', 'complete', 'failed'])[1 + n % 3] from generate_series(1, 40) n"
    [ "$(atoms "n => 3")" = 'a40 a39 a38' ]
    [ "$(atoms "n => 3, oldest_first => true")" = 'a1 a2 a3' ]
    for order in true false; do
        for filter in "null" "'{complete,failed,pending}'"; do
            after=null seen=''
            while page=$(sql "select atom_id, id from greenlight_list($filter, n => 7, after => $after, oldest_first => $order)") &&
                [ -n "$page" ]; do
                seen+=$(cut -d'|' -f1 <<< "$page")$'\n'
                after="'$(tail -n 1 <<< "$page" | cut -d'|' -f2)'"
            done
            expected=$(seq -f 'a%g' 1 40)
            [ $order = true ] || expected=$(tac <<< "$expected")
            [ "${seen%$'\n'}" = "$expected" ]
        done
    done
}

@test "list: each filter, and all of them together" {
    add_each
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, acked_at)
         values ('seen', 'm', '{}', 'failed', now()), ('other', 'm', '{}', 'failed', null)"
    [ "$(atoms "")" = 'other seen cancelled failed complete executing pending' ]
    [ "$(atoms "'{failed}'")" = 'other seen failed' ]
    [ "$(atoms "'{pending,failed}'")" = 'other seen failed pending' ]
    [ "$(atoms "learner_id => 'm'")" = 'other seen' ]
    [ "$(atoms "atom_id => 'seen'")" = seen ]
    [ "$(atoms "unseen => true")" = 'other cancelled failed complete' ]
    [ "$(atoms "'{failed}', learner_id => 'm', unseen => true")" = other ]
    [ "$(atoms "'{failed}', 'm', 'seen', unseen => true")" = '' ]
    [ "$(atoms "'{pending}', unseen => true")" = '' ]
    [ "$(atoms "'{}'")" = '' ]
    [ "$(atoms "id => array(select id from greenlight_queue where atom_id in ('seen', 'pending'))")" = 'seen pending' ]
}

@test "list: a status or a name with a quote in it is no piece of SQL" {
    add_each
    [ "$(atoms "array[\$\$x' or true --\$\$]")" = '' ]
    [ "$(atoms "learner_id => \$\$l' or true --\$\$")" = '' ]
}

# ---- ack ----

@test "ack: what ended is marked, once, and the answer says what was there" {
    add_each
    gone=$(sql "select greenlight_uuid7()")
    run -0 sql "select answer from greenlight_ack($ids || '$gone'::uuid) order by ord"
    assert_output "$(printf '%s\n' open open acked acked acked gone)"
    before=$(sql "select string_agg(acked_at::text, ' ' order by id) from greenlight_queue")
    run -0 sql "select answer from greenlight_ack($ids) order by ord"
    assert_output "$(printf '%s\n' open open already already already)"
    [ "$(sql "select string_agg(acked_at::text, ' ' order by id) from greenlight_queue")" = "$before" ]
}

@test "ack: an outcome that came after the one that was seen stays unseen" {
    add failed
    seen=$(sql "select greenlight_moment(completed_at) from greenlight_queue")
    sql "update greenlight_queue set status = 'complete'"
    run -0 sql "select answer from greenlight_ack($ids, array['$seen'])"
    assert_output changed
    [ -z "$(sql "select acked_at from greenlight_queue")" ]
    run -0 sql "set timezone = 'Asia/Kolkata'; select answer from greenlight_ack($ids,
        array(select greenlight_moment(completed_at) from greenlight_queue))"
    assert_output acked
}

# ---- retry ----

@test "retry: failed and cancelled rows are as new, the others as they were" {
    add_each
    sql "update greenlight_queue set retry_count = 3, execution_id = 'e', lease_token = gen_random_uuid(), error_message = 'm',
         errors = '[1]', result_payload = '{}', result_text = '{}', run_at = now() + interval '1 day', acked_at = now()"
    before=$(sql "select q from greenlight_queue q where atom_id in ('pending', 'executing', 'complete') order by id")
    run -0 sql "select answer, status from greenlight_retry($ids) order by ord"
    assert_output "$(printf '%s\n' 'unchanged|pending' 'unchanged|executing' 'unchanged|complete' 'retried|pending' 'retried|pending')"
    [ "$(sql "select q from greenlight_queue q where atom_id in ('pending', 'executing', 'complete') order by id")" = "$before" ]
    run -0 sql "select retry_count, execution_id, submitted_at, lease_token, error_message, errors, result_payload, result_text,
        run_at <= now(), completed_at, acked_at, idempotency_key <> id::text
        from greenlight_queue where atom_id in ('failed', 'cancelled')"
    assert_output "$(printf '0|||||[1]|||t|||t\n%.0s' 1 2)"
    [ "$(sql "select count(*) from greenlight_claim('w', 10)")" = 2 ] # the third is for tomorrow
}

@test "retry: who held the row before has no say in it any more" {
    add pending
    sql "select greenlight_claim('w', 1)"
    token=$(sql "select lease_token from greenlight_queue")
    sql "select greenlight_settle($ids, array['$token'::uuid], '{failed}')"
    sql "select greenlight_retry($ids)"
    run -0 sql "select settlement, status from greenlight_settle($ids, array['$token'::uuid], '{failed}')"
    assert_output 'stale|pending'
}

@test "retry: each time there is another idempotency key" {
    add failed idempotency_key "'k'"
    sql "select greenlight_retry($ids)"
    first=$(sql "select idempotency_key from greenlight_queue")
    sql "update greenlight_queue set status = 'failed'"
    sql "select greenlight_retry($ids)"
    [ "$first" != k ]
    [ "$(sql "select idempotency_key <> '$first' from greenlight_queue")" = t ]
}

@test "retry: of rows with one dedupe key the newest is put back, and none beside an active one" {
    add failed dedupe_key "'d'"
    add failed dedupe_key "'d'"
    add failed dedupe_key "'e'"
    add pending dedupe_key "'e'"
    run -0 sql "select answer, status from greenlight_retry($ids) order by ord"
    assert_output "$(printf '%s\n' 'duplicate|failed' 'retried|pending' 'duplicate|failed' 'unchanged|pending')"
}

@test "retry: an id twice, and one that is nobody's" {
    add failed
    gone=$(sql "select greenlight_uuid7()")
    run -0 sql "select answer, status from greenlight_retry($ids || '$gone'::uuid || $ids) order by ord"
    assert_output "$(printf '%s\n' 'retried|pending' 'gone|' 'unchanged|pending')"
}

@test "retry: beside enqueues of the same dedupe keys nothing fails, and each key stays active once" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, dedupe_key)
         select 'a', 'l', '{}', 'failed', 'd' || n % 5 from generate_series(1, 50) n"
    cat > retry.pgbench << 'END'
select greenlight_retry(array(select id from greenlight_queue where status = 'failed' order by random() limit 10));
END
    cat > enqueue.pgbench << 'END'
\set n random(0, 4)
select greenlight_enqueue(array['{}'], array['a'], array['l'], dedupe_key => array['d' || :n]);
END
    cat > fail.pgbench << 'END'
update greenlight_queue set status = 'failed' where id in (
    select id from greenlight_queue where status = 'pending' order by id limit 2 for update skip locked);
END
    run -0 timeout 60 pgbench -n -c 6 -T 3 -f retry.pgbench@2 -f enqueue.pgbench@2 -f fail.pgbench@2
    assert_output --partial 'number of failed transactions: 0 '
    [ "$(sql "select coalesce(max(n), 0) <= 1 from (select count(*) n from greenlight_queue
        where status in ('pending', 'executing') group by dedupe_key) k")" = t ]
}

# ---- cancel ----

@test "cancel: pending rows end, the others stay as they were" {
    add_each
    run -0 sql "select answer, status from greenlight_cancel($ids) order by ord"
    assert_output "$(printf '%s\n' 'cancelled|cancelled' 'unchanged|executing' 'unchanged|complete' 'unchanged|failed' 'unchanged|cancelled')"
    run -0 sql "select error_message, errors -> 0 ->> 'class', completed_at is not null, acked_at
        from greenlight_queue where atom_id = 'pending'"
    assert_output 'cancelled on request|cancelled|t|'
    [ -z "$(sql "select id from greenlight_claim('w', 10)")" ]
}

# ---- old, purge ----

@test "purge: only what ended long ago and was seen is listed, the oldest first" {
    add_each
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, completed_at, acked_at)
         select 'o' || n, 'l', '{}', 'complete', now() - n * interval '1 day', case when n <> 33 then now() end
           from generate_series(29, 35) n"
    run -0 sql "select string_agg(atom_id, ' ' order by ordinality) from greenlight_old() with ordinality o join greenlight_queue using (id)"
    assert_output 'o35 o34 o32 o31 o30'
    [ "$(sql "select count(*) from greenlight_old('34 days', 1)")" = 1 ]
}

@test "purge: pages of rows that ended at the same moment have no gap" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, completed_at, acked_at)
         select 'a' || n, 'l', '{}', 'complete', '2020-01-01', now() from generate_series(1, 10) n"
    first=$(sql "select string_agg(id::text, ' ') from greenlight_old(n => 4)")
    last=${first##* }
    run -0 sql "select count(*), bool_and(id > '$last') from greenlight_old(since => '2020-01-01', after => '$last')"
    assert_output '6|t'
}

@test "purge: a row that has changed since it was listed stays" {
    add complete completed_at,acked_at "'2020-01-01', now()"
    add complete completed_at,acked_at "'2020-01-01', now()"
    sql "create table listed as select * from greenlight_old()"
    sql "update greenlight_queue set result_payload = '{}' where id = (select min(id::text)::uuid from listed)"
    run -0 sql "select greenlight_purge(array_agg(id), array_agg(version)) from listed"
    assert_output 1
    [ "$(sql "select result_payload from greenlight_queue")" = '{}' ]
}

@test "purge: what is not finished or not seen is not deleted, whatever is asked" {
    add_each
    run -0 sql "select greenlight_purge(array_agg(id), array_agg(xmin)) from greenlight_queue"
    assert_output 0
}

# ---- stats ----

# figure JQ: of greenlight_stats.
figure() {
    sql "select greenlight_stats()" | jq -c "$1"
}

@test "stats: depth, ready rows and their age" {
    add_each
    add pending run_at "now() + interval '1 hour'"
    add pending run_at,priority "now() - interval '100 s', 9"
    [ "$(figure '.rows | map_values(.rows)')" = '{"pending":3,"executing":1,"complete":1,"failed":1,"cancelled":1}' ]
    [ "$(figure '[.rows[].estimated] | any')" = false ]
    [ "$(figure '.ready.rows, .unseen.rows' | paste -sd' ')" = '2 3' ]
    [ "$(figure '.oldest_ready_age_s | . >= 100 and . < 130')" = true ]
    sql "delete from greenlight_queue"
    [ "$(figure .oldest_ready_age_s)" = null ]
}

@test "stats: leases that ran out, dead rows, and who holds vacuum back" {
    sql "alter table greenlight_queue set (autovacuum_enabled = off)"
    add pending
    sql "select greenlight_claim('w', 1, lease => '-1 s')"
    [ "$(figure .expired_leases.rows)" = 1 ]
    [ "$(figure .oldest_xmin_age)" = null ]
    psql -Xq -c "begin isolation level repeatable read; select 1; select pg_sleep(30)" 3>&- > /dev/null &
    snapshot() { [ "$(figure .oldest_xmin_age)" != null ]; }
    eventually 20 snapshot
    sql "update greenlight_queue set errors = '[1]'; update greenlight_queue set errors = '[2]'"
    held() { [ "$(figure '.oldest_xmin_age >= 1 and .oldest_xmin_age_s > 0 and .dead_rows >= 2')" = true ]; }
    eventually 20 held
    kill $!
}

@test "stats: what a grade is, and how many of them pass, by day" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, completed_at, result_payload)
         values ('a', 'l', '{}', 'complete', now(), '{\"partial_score\": 0.7}'),
                ('a', 'l', '{}', 'complete', now(), '{\"partial_score\": 0.69, \"correct\": true}'),
                ('a', 'l', '{}', 'complete', now(), '{\"score\": 1}'),
                ('a', 'l', '{}', 'complete', now(), '{\"correct\": false}'),
                ('a', 'l', '{}', 'complete', now(), null),
                ('a', 'l', '{}', 'failed', now(), '{\"partial_score\": null}'),
                ('a', 'l', '{}', 'cancelled', now(), null),
                ('a', 'l', '{}', 'complete', now() - interval '6 days', '{\"correct\": true}'),
                ('a', 'l', '{}', 'complete', now() - interval '8 days', '{\"correct\": true}')"
    run -0 figure '.days | length, (.[6] | .complete, .failed, .cancelled, .graded, .passed, .pass_rate, .estimated), .[0].complete'
    assert_output "$(printf '%s\n' 7 5 1 1 4 2 0.5 false 1)"
    [ "$(figure '.days[6].day' | tr -d '"')" = "$(date -u +%F)" ]
    [ "$(figure '[.graded, .passed, .pass_rate]')" = '[5,3,0.6]' ]
}

@test "stats: rates are those of the last five minutes" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload) select 'a', 'l', '{}' from generate_series(1, 30)"
    sql "insert into greenlight_queue (id, atom_id, learner_id, request_payload, status, completed_at)
         select gen_random_uuid(), 'a', 'l', '{}', 'failed', now() - interval '20 minutes' + n * interval '1 minute' from generate_series(1, 20) n"
    # 0.1 queued a second, and at most by chance a random id more; five ended in time, and the one of this moment.
    [ "$(figure '.rates | (.queued_per_s >= 0.1 and .queued_per_s < 0.11), (.ended_per_s > 0.01 and .ended_per_s < 0.021)' | paste -sd' ')" = 'true true' ]
}

@test "stats: more than 5,000 finished rows are estimated, and said to be" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, acked_at, completed_at)
         select 'a' || n, 'l', '{}', 'complete', case when n % 100 > 0 then now() end, now() - n * interval '20 s'
           from generate_series(1, 30000) n"
    [ "$(figure '.rows.complete | .estimated, .rows >= 5001' | paste -sd' ')" = 'true true' ]
    sql "analyze greenlight_queue"
    run -0 figure '.rows.complete.rows > 27000 and .rows.complete.rows < 33000 and .rows.failed == {rows: 0, estimated: false}'
    assert_output true
    [ "$(figure '.unseen == {rows: 300, estimated: false}')" = true ]
    # A day has 4,320 of them.
    run -0 figure '.days[3] | .estimated, (.complete > 3800 and .complete < 4800), .failed'
    assert_output "$(printf '%s\n' true true 0)"
}

# ---- plans ----

@test "plans: with 200,000 finished rows each question goes by the index meant for it" {
    # The rows of l1 and the failed ones are the oldest, so a walk from the newest would pass all others.
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, acked_at, completed_at, run_at)
         select 'a' || n % 1000, case when n <= 5000 then 'l1' else 'l' || 2 + n % 2 end, '{}',
                case when n > 199000 then 'pending' when n <= 2000 then 'failed' else 'complete' end,
                case when n between 1001 and 199000 then now() end, now() - interval '100 days' + n * interval '1 s',
                now() - interval '1 hour'
           from generate_series(1, 200000) n"
    sql "select count(*) from greenlight_claim('w', 500)"
    sql "vacuum analyze greenlight_queue"
    for oldest_first in false true; do
        page="n => 50, oldest_first => $oldest_first"
        uses greenlight_queue_pkey "select count(*) from greenlight_list($page)"
        uses greenlight_queue_by_status "select count(*) from greenlight_list('{failed}', $page)"
        uses greenlight_queue_by_status "select count(*) from greenlight_list('{pending,executing}', $page)"
        uses greenlight_queue_by_status "select count(*) from greenlight_list(unseen => true, $page)"
        uses greenlight_queue_by_learner "select count(*) from greenlight_list(learner_id => 'l1', $page)"
        uses greenlight_queue_by_learner "select count(*) from greenlight_list(learner_id => 'l2', $page)"
        uses greenlight_queue_by_learner "select count(*) from greenlight_list('{failed}', 'l1', unseen => true, $page)"
        uses greenlight_queue_by_learner "select count(*) from greenlight_list(learner_id => 'l3', unseen => true, $page)"
        uses greenlight_queue_by_atom "select count(*) from greenlight_list(atom_id => 'a7', $page)"
        uses greenlight_queue_by_atom "select count(*) from greenlight_list('{pending}', atom_id => 'a7', $page)"
        uses greenlight_queue_by_atom "select count(*) from greenlight_list(atom_id => 'a7', unseen => true, $page)"
    done
    uses greenlight_queue_ended "select count(*) from greenlight_old(n => 1000)"
    uses greenlight_queue_ended "select greenlight_stats()"
    assert_output --partial greenlight_queue_ready
    assert_output --partial greenlight_queue_by_status
    assert_output --partial greenlight_queue_expired
    uses greenlight_queue_pkey "select count(*) from greenlight_ack(array(select id from greenlight_old(n => 100)))"
    uses greenlight_queue_pkey "select count(*) from greenlight_retry(array(select id from greenlight_list('{failed}', n => 100)))"
    uses greenlight_queue_pkey "select count(*) from greenlight_cancel(array(select id from greenlight_list('{pending}', n => 100)))"
    uses greenlight_queue_pkey "select greenlight_purge(array_agg(id), array_agg(version)) from greenlight_old(n => 100)"
}
