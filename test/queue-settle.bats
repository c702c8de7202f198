#!/usr/bin/env bats
# bats file_tags=plain
# greenlight_settle: what each outcome does to a row, whoever comes late.

load lib/common
load lib/database
load lib/queue

setup() {
    new_database
}

# Every outcome from every status, by the token's holder (t) and another (f).
transitions() {
    sql "create table made (status text, mine bool, outcome text, id uuid default greenlight_uuid7(), token uuid default gen_random_uuid());
         insert into made (status, mine, outcome) select s, m, o
           from unnest('{pending,executing,complete,failed,cancelled}'::text[]) s, unnest('{t,f}'::bool[]) m,
                unnest('{progress,complete,failed,cancelled,retry,release}'::text[]) o;
         insert into greenlight_queue (id, learner_id, request_payload, status, lease_token, lease_until, claimed_by)
         select id, 'l', '{}', status, token, case when status = 'executing' then now() end,
                case when status = 'executing' then 'w' end from made;
         update made set token = gen_random_uuid() where not mine;
         with batch as (select array_agg(id order by id) ids, array_agg(token order by id) tokens,
                               array_agg(outcome order by id) outcomes,
                               array_agg('{\"r\":1}'::text) results from made),
              answer as (select (b.ids)[s.ord] as id, s.settlement, s.status from batch b,
                         greenlight_settle(ids, tokens, outcomes, result => results) s)
         select m.status, m.mine, m.outcome, a.settlement, a.status
           from made m join answer a on a.id = m.id
          order by array_position('{pending,executing,complete,failed,cancelled}', m.status), m.mine desc,
                   array_position('{progress,complete,failed,cancelled,retry,release}', m.outcome)"
}

@test "settle: every outcome from every status" {
    run -0 transitions
    assert_output "$(
        cat << 'END'
pending|t|progress|progress|pending
pending|t|complete|settled|complete
pending|t|failed|settled|failed
pending|t|cancelled|settled|cancelled
pending|t|retry|already|pending
pending|t|release|already|pending
pending|f|progress|stale|pending
pending|f|complete|stale|pending
pending|f|failed|stale|pending
pending|f|cancelled|stale|pending
pending|f|retry|stale|pending
pending|f|release|stale|pending
executing|t|progress|progress|executing
executing|t|complete|settled|complete
executing|t|failed|settled|failed
executing|t|cancelled|settled|cancelled
executing|t|retry|released|pending
executing|t|release|released|pending
executing|f|progress|stale|executing
executing|f|complete|stale|executing
executing|f|failed|stale|executing
executing|f|cancelled|stale|executing
executing|f|retry|stale|executing
executing|f|release|stale|executing
complete|t|progress|already|complete
complete|t|complete|already|complete
complete|t|failed|stale|complete
complete|t|cancelled|stale|complete
complete|t|retry|already|complete
complete|t|release|already|complete
complete|f|progress|stale|complete
complete|f|complete|stale|complete
complete|f|failed|stale|complete
complete|f|cancelled|stale|complete
complete|f|retry|stale|complete
complete|f|release|stale|complete
failed|t|progress|already|failed
failed|t|complete|settled|complete
failed|t|failed|already|failed
failed|t|cancelled|stale|failed
failed|t|retry|already|failed
failed|t|release|already|failed
failed|f|progress|stale|failed
failed|f|complete|settled|complete
failed|f|failed|stale|failed
failed|f|cancelled|stale|failed
failed|f|retry|stale|failed
failed|f|release|stale|failed
cancelled|t|progress|already|cancelled
cancelled|t|complete|stale|cancelled
cancelled|t|failed|stale|cancelled
cancelled|t|cancelled|already|cancelled
cancelled|t|retry|already|cancelled
cancelled|t|release|already|cancelled
cancelled|f|progress|stale|cancelled
cancelled|f|complete|stale|cancelled
cancelled|f|failed|stale|cancelled
cancelled|f|cancelled|stale|cancelled
cancelled|f|retry|stale|cancelled
cancelled|f|release|stale|cancelled
END
    )"
    # Only what was settled has the new result.
    [ "$(sql "select count(*) from greenlight_queue where result_payload is not null")" = 8 ]
}

@test "settle: a result is stored with its exact text where jsonb loses something, and ends lease and error" {
    add 1
    claim
    settle progress "'{e1}'"
    [ "$(row "status, execution_id, submitted_at is not null, claimed_by")" = 'executing|e1|t|w' ]
    [ "$(settle complete "null, array['{\"partial_score\":1e0}']")" = 'settled|complete' ]
    run -0 row "result_payload, result_text, execution_id, completed_at is not null, lease_until, claimed_by, error_message"
    assert_output '{"partial_score": 1}|{"partial_score":1e0}|e1|t|||'
}

@test "settle: a row that is not there is gone, and an empty batch is no answer" {
    run -0 sql "select * from greenlight_settle(array[gen_random_uuid()], array[gen_random_uuid()], '{complete}')"
    assert_output '1|gone|'
    run -0 sql "select * from greenlight_settle('{}', '{}', '{}')"
    assert_output ''
}

@test "settle: what cannot be stored is a data error that leaves the whole batch as it was" {
    add 2
    claim 2
    for argument in "null, '{\"{}\",x}'" "null, null, '{x,\"{\\\"a\\\":}\"}'"; do
        run ! psql -XqAt -v VERBOSITY=verbose -c "select greenlight_settle(array_agg(id), array_agg(lease_token),
            '{complete,complete}', $argument) from greenlight_queue"
        assert_output --partial 'ERROR:  22P02'
    done
    run ! settle finished
    assert_output --partial "no such outcome: 'finished'"
    [ "$(sql "select count(*) from greenlight_queue where status = 'executing'")" = 2 ]
}

@test "settle: one row twice in a batch is settled in order" {
    add 1
    claim
    run -0 sql "select s.* from greenlight_queue, greenlight_settle(array[id, id, id],
        array[lease_token, lease_token, lease_token], '{progress,complete,complete}', '{e,null,null}') s"
    assert_output "$(printf '%s\n' '1|progress|executing' '2|settled|complete' '3|already|complete')"
    [ "$(row execution_id)" = e ]
}

@test "settle: a retry costs one and waits 60 s times 4 each time, and the row fails when none is left" {
    local n wait
    add 1
    for n in 0 1 2; do
        claim
        [ "$(settle retry "null, null, '{\"{\\\"class\\\":\\\"http_5xx\\\",\\\"message\\\":\\\"m$n\\\"}\"}'")" = 'released|pending' ]
        wait=$((60 * 4 ** n))
        [ "$(row "retry_count, extract(epoch from run_at - now()) between $wait * 0.79 and $wait * 1.21")" = "$((n + 1))|t" ]
        [ -z "$(claim)" ]
        sql "update greenlight_queue set run_at = now()"
    done
    claim
    [ "$(settle retry "null, null, '{last}'")" = 'settled|failed' ]
    run -0 row "retry_count, error_message, jsonb_array_length(errors), errors -> 1 ->> 'message', errors -> 0 ->> 'class'"
    assert_output '3|last|4|m1|http_5xx'
}

@test "settle: waits after a retry differ by chance" {
    add 200
    claim 200
    settle retry
    run -0 sql "select count(distinct date_trunc('second', run_at)) > 10,
        min(run_at) > now() + interval '47 s', max(run_at) < now() + interval '73 s' from greenlight_queue"
    assert_output 't|t|t'
}

@test "settle: a release costs nothing and waits 60 s, or as long as the server asked" {
    add 1
    claim
    [ "$(settle release "null, null, null, '{00:00:05}'")" = 'released|pending' ]
    [ "$(row "retry_count, run_at - now() between interval '59 s' and interval '60 s'")" = '0|t' ]
    sql "update greenlight_queue set run_at = now()"
    claim
    settle release "'{e9}', null, null, '{01:00:00}'"
    [ "$(row "execution_id, run_at - now() between interval '59 minutes' and interval '60 minutes'")" = 'e9|t' ]
}

@test "settle: an execution that was saved longer ago than it may take fails in place of a release" {
    add 3
    claim 3 > /dev/null
    sql "update greenlight_queue set execution_id = 'e', submitted_at = now() - interval '8 days' where atom_id <> 'a3'"
    run -0 sql "select s.settlement, s.status from (select array_agg(id order by id) ids, array_agg(lease_token order by id) tokens
        from greenlight_queue) q, greenlight_settle(ids, tokens, '{release,release,release}',
        result => array['{\"given\":\"up\"}', '{\"given\":\"up\"}', '{\"given\":\"up\"}'], give_up => '{7 days,9 days,7 days}') s"
    assert_output $'settled|failed\nreleased|pending\nreleased|pending'
    run -0 sql "select result_payload, errors #>> '{0,class}', error_message, retry_count from greenlight_queue order by id"
    assert_output $'{"given": "up"}|expired|it has not ended 7 days after it was submitted|0\n|||0\n|||0'
}

@test "settle: an error with characters that jsonb cannot hold is kept without them" {
    add 1
    claim
    [ "$(settle retry "null, null, array['{\"message\":\"a\\u0000b\"}']" 2> /dev/null)" = 'released|pending' ]
    [ "$(row "error_message")" = $'a\uFFFDb' ]
}

@test "settle: a longer Retry-After puts a charged retry off too" {
    add 1
    claim
    settle retry "null, null, null, '{02:00:00}'"
    [ "$(row "run_at - now() > interval '119 minutes'")" = t ]
}

@test "settle: an execution that the server forgot is cleared, under a new key" {
    add 1
    claim
    settle progress "'{e1}'"
    settle retry "'{\"\"}'"
    [ "$(row "execution_id, submitted_at, idempotency_key is not null and idempotency_key <> id::text, retry_count")" = '||t|1' ]
}

@test "settle: the last ten errors are kept" {
    add 1 max_retries 99
    for n in {1..12}; do
        claim > /dev/null
        settle retry "null, null, '{e$n}'" > /dev/null
        sql "update greenlight_queue set run_at = now()"
    done
    run -0 row "jsonb_array_length(errors), errors -> 0 ->> 'message', errors -> 9 ->> 'message', errors -> 9 ? 'at'"
    assert_output '10|e3|e12|t'
}

@test "settle: a grade that comes after the lease counts while nobody else has the row" {
    add 2 max_retries 0
    sql "select greenlight_claim('slow', 1, lease => '-1 s')"
    [ "$(sql "select greenlight_sweep()")" = 1 ]
    [ "$(sql "select status from greenlight_queue where atom_id = 'a1'")" = failed ]
    run -0 sql "select settlement, s.status from greenlight_queue,
        greenlight_settle(array[id], array[lease_token], '{complete}', result => '{\"{}\"}') s where atom_id = 'a1'"
    assert_output 'settled|complete'
    [ "$(sql "select error_message from greenlight_queue where atom_id = 'a1'")" = '' ]
}

@test "settle: what comes after somebody else has the row is stale, and the fresh outcome stands" {
    add 1
    sql "select greenlight_claim('slow', 1, lease => '-1 s')"
    late=$(row lease_token)
    sql "select greenlight_sweep(); update greenlight_queue set run_at = now()"
    claim
    settle_late() {
        sql "select settlement from greenlight_queue, greenlight_settle(array[id], array['$late'::uuid], '{complete}',
             result => '{\"{\\\"late\\\":1}\"}')"
    }
    [ "$(settle_late)" = stale ]
    settle complete "null, array['{\"fresh\":1}']"
    [ "$(settle_late)" = stale ]
    [ "$(row result_payload)" = '{"fresh": 1}' ]
}

@test "settle: claims and settlements leave nothing to the trigger, whose call for each row costs a tenth of it" {
    sql "create or replace function greenlight_queue_follow() returns trigger language plpgsql as
         'begin raise exception \$_\$row %\$_\$, to_json(new); end'"
    add 4
    claim 4
    sql "select s.settlement from (select array_agg(id order by id) ids, array_agg(lease_token order by id) tokens from greenlight_queue) q,
         greenlight_settle(ids, tokens, '{progress,complete,retry,release}', execution_id => '{e,f,null,null}') s"
    assert_equal "$(sql "select status, execution_id, submitted_at is not null, completed_at is not null, lease_until is not null
                           from greenlight_queue order by id")" 'executing|e|t|f|t
complete|f|t|t|f
pending||f|f|f
pending||f|f|f'
    run ! sql "update greenlight_queue set status = 'complete' where status = 'executing'"
}
