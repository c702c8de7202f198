#!/usr/bin/env bats
# bats file_tags=plain
# The functions of the queue called by many sessions at once, and the plans that
# they run by when the queue is large.

load lib/common
load lib/postgres
load lib/queue

setup_file() {
    start_postgres deadlock_timeout=50ms
}

teardown_file() {
    stop_postgres
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    new_database
}

# add N: N pending rows.
add() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload)
         select 'a' || n, 'l' || n % 100, '{}' from generate_series(1, $1) n"
}

# sessions N SCRIPT: N sessions at once that repeat SCRIPT until it says 0.
sessions() {
    local i pids=()
    for ((i = 1; i <= $1; i++)); do
        {
            while [ "$(psql -XqAt -v ON_ERROR_STOP=1 -v worker="w$i" -f "$2" | tee -a "out.$i" | tail -n 1)" != 0 ]; do
                :
            done
        } 2>> "err.$i" 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i"
    done
    cat err.*
    [ -z "$(cat err.*)" ]
}

@test "claim: eight sessions over 10,000 rows take none twice and leave none" {
    add 10000
    cat > claim.sql << 'END'
insert into taken select id, :'worker' from greenlight_claim(:'worker', 97);
select count(*) from greenlight_queue where status = 'pending';
END
    sql "create table taken (id uuid, worker text)"
    sessions 8 claim.sql
    run -0 sql "select count(*), count(distinct id), count(distinct worker) > 1 from taken"
    assert_output '10000|10000|t'
    run -0 sql "select count(*) from greenlight_queue q join taken t using (id)
        where q.status = 'executing' and q.claimed_by = t.worker"
    assert_output 10000
}

@test "claim: sessions of one worker together never hold more than max_held" {
    add 1000
    cat > claim.pgbench << 'END'
select count(*) from greenlight_claim('w', 7, 40);
select 1 / (greenlight_held('w') <= 40)::int;
select count(*) from greenlight_settle((select array_agg(id) from (select id from greenlight_queue where status = 'executing' limit 3) q),
    (select array_agg(lease_token) from (select lease_token from greenlight_queue where status = 'executing' limit 3) q),
    array['complete', 'complete', 'complete']);
END
    run -0 pgbench -n -c 8 -t 20 -f claim.pgbench
    assert_output --partial 'number of failed transactions: 0 '
}

@test "enqueue: eight sessions with the same keys in any order store each once, and none fails" {
    cat > enqueue.pgbench << 'END'
with keys as (select k || '-' || floor(extract(epoch from now()) * 10) as k from generate_series(1, 200) k order by random())
select count(*) from greenlight_enqueue((select array_agg('{}'::text) from keys),
    (select array_agg('a'::text) from keys), (select array_agg('l'::text) from keys), idempotency_key => (select array_agg('i' || k) from keys),
    dedupe_key => (select array_agg('d' || k) from keys));
END
    run -0 pgbench -n -c 8 -T 2 -f enqueue.pgbench
    assert_output --partial 'number of failed transactions: 0 '
    run -0 sql "select count(*) > 1000, count(distinct dedupe_key) = count(*), count(distinct idempotency_key) = count(*)
        from greenlight_queue"
    assert_output 't|t|t'
}

@test "settle, renew, release, sweep and claim of the same rows never wait for each other in a circle" {
    add 2000
    sql "update greenlight_queue set max_retries = 100000"
    cat > settle.pgbench << 'END'
with mine as (select id, lease_token from greenlight_queue where status = 'executing' order by random() limit 500)
select count(*) from greenlight_settle((select array_agg(id) from mine), (select array_agg(lease_token) from mine),
    (select array_agg('release'::text) from mine));
update greenlight_queue set run_at = now() where id in (
    select id from greenlight_queue where status = 'pending' order by id for update skip locked);
END
    cat > claim.pgbench << 'END'
\set w random(1, 2)
select count(*) from greenlight_claim('w' || :w, 500, lease => '100 ms');
END
    printf '%s\n' '\set w random(1, 2)' "select greenlight_renew('w' || :w, '200 ms');" > renew.pgbench
    printf '%s\n' '\set w random(1, 2)' "select greenlight_release('w' || :w);" > release.pgbench
    echo 'select greenlight_sweep();' > sweep.pgbench
    run -0 pgbench -n -c 8 -T 4 -f settle.pgbench@4 -f claim.pgbench@4 -f renew.pgbench@6 -f release.pgbench@1 -f sweep.pgbench@2
    assert_output --partial 'number of failed transactions: 0 '
    run -1 grep -i deadlock "$PG_DIR/log.out"
    [ "$(sql "select count(*) from greenlight_queue where status in ('pending', 'executing')")" = 2000 ]
}

@test "settle: of two sessions that settle the same rows at once each row is settled by one" {
    add 1000
    sql "create table claimed as select id, lease_token from greenlight_claim('w', 1000)"
    cat > settle.sql << 'END'
select count(*) filter (where settlement = 'settled'), count(*) filter (where settlement = 'already')
  from greenlight_settle((select array_agg(id order by random()) from claimed),
                         (select array_agg(lease_token) from claimed), (select array_agg('complete'::text) from claimed));
select 0;
END
    sessions 4 settle.sql
    run -0 awk -F'|' 'NF == 2 { settled += $1; already += $2 } END { print settled, already }' out.1 out.2 out.3 out.4
    assert_output '1000 3000'
}

@test "sweep: rows that are being settled are left to who settles them" {
    add 2
    sql "select count(*) from greenlight_claim('w', 2, lease => '-1 s')"
    psql -Xq -c "begin; select 1 from greenlight_queue where atom_id = 'a1' for update; select pg_sleep(20)" 3>&- &
    eventually 20 locked
    [ "$(sql "select greenlight_renew('w', '-1 ms'), greenlight_sweep()")" = '1|1' ]
    [ "$(sql "select atom_id from greenlight_queue where status = 'executing'")" = a1 ]
    kill $!
}

locked() {
    [ "$(sql "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")" = 1 ]
}

# Of twelve rows one is pending, one is of top priority and far in the future, the others have
# ended: GL_PLAN_ROWS=1200000 is a million of those.
@test "plans: behind finished and far-future rows each query goes by the index meant for it" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, priority, run_at, acked_at, completed_at)
         select 'a' || n % 1000, 'l' || n % 1000, '{}', case when n % 12 < 2 then 'pending' else 'complete' end,
                case when n % 12 = 1 then 9 else 0 end,
                case when n % 12 = 1 then now() + interval '1 year' else now() - interval '1 hour' + n * interval '1 ms' end,
                case when n % 24 = 2 then now() end, now() - n * interval '1 s'
           from generate_series(1, ${GL_PLAN_ROWS:-180000}) n"
    sql "select count(*) from greenlight_claim('other', 500); select count(*) from greenlight_claim('w', 500)"
    sql "create table held as select array_agg(id) ids, array_agg(lease_token) tokens from (
         select id, lease_token from greenlight_queue where claimed_by = 'other' limit 300) q"
    sql "analyze greenlight_queue"

    uses greenlight_queue_ready "select count(*) from greenlight_claim('w', 100)"
    uses greenlight_queue_ready_atom "select count(*) from greenlight_claim('w', 100, atom_id => 'a7')"
    uses greenlight_queue_ready_learner "select count(*) from greenlight_claim('w', 100, learner_id => 'l7')"
    uses greenlight_queue_held "select greenlight_held('w')"
    uses greenlight_queue_pkey "select count(*) from held, greenlight_held('other', ids)"
    uses greenlight_queue_ready "select count(*) from greenlight_claim('w', 100, since => array[now() - interval '1 hour'], swept => now())"
    uses greenlight_queue_held "select greenlight_renew('w', '60 s')"
    uses greenlight_queue_expired "select greenlight_sweep()"
    uses greenlight_queue_pkey "select count(*) from held, greenlight_settle(ids, tokens, array_fill('retry'::text, array[300]))"
    uses greenlight_queue_idempotency "select duplicate from greenlight_enqueue(array_fill('{}'::text, array[3]), array['a', 'a', 'a'],
        array['l', 'l', 'l'], idempotency_key => array['k', 'k', 'k'])"
    uses greenlight_queue_dedupe "select duplicate from greenlight_enqueue(array_fill('{}'::text, array[3]), array['a', 'a', 'a'],
        array['l', 'l', 'l'], dedupe_key => array['d', 'd', 'd'])"
    uses greenlight_queue_held "select greenlight_release('w')"
}

@test "plans: a claim touches no more of a full queue than of a small one" {
    cost() {
        psql -XqAt -c "explain (analyze, buffers, costs off, timing off, summary off)
            select count(*) from greenlight_claim('w', 50)" | sed -nE 's/.*Buffers: shared hit=([0-9]+).*/\1/p' | head -n 1
    }
    add 1000
    sql "vacuum analyze greenlight_queue"
    cost > /dev/null
    small=$(cost)
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, priority, run_at)
         select 'a', 'l', '{}', case when n % 3 = 0 then 'complete' else 'pending' end, case when n % 3 = 1 then 9 else 0 end,
                case when n % 3 = 1 then now() + interval '1 year' else now() end
           from generate_series(1, 200000) n"
    large=$(cost)
    echo "small $small, large $large"
    [ "$small" -gt 0 ]
    [ "$large" -lt $((2 * small)) ]
}
