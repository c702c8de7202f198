-- What people and cron do with greenlight_queue: list it, take note of outcomes,
-- put rows back, end them, delete them, and measure it.
--
-- The functions that change rows take ids and give one answer for each, in order.
-- They lock rows in the order of their ids, as greenlight_settle does.  Nothing here
-- reads the table from end to end, however many finished rows it has.

-- ---- listing ----

-- The n newest rows (or oldest) that fit, beginning after the row that the page
-- before ended with.  Each status, seen or unseen, is a piece of one index in the
-- order of ids, and the pieces are merged: a page costs what it holds.
create or replace function greenlight_list(status text[] default null, learner_id text default null,
    atom_id text default null, unseen boolean default false, id uuid[] default null, n int default 100,
    after uuid default null, oldest_first boolean default false)
returns setof greenlight_queue
language plpgsql stable as $$
#variable_conflict use_column
declare
    wanted text := concat_ws(' and ', 'true',
        case when learner_id is not null then 'q.learner_id = $1' end,
        case when atom_id is not null then 'q.atom_id = $2' end,
        case when greenlight_list.id is not null then 'q.id = any($3)' end,
        case when after is not null then 'q.id ' || case when oldest_first then '>' else '<' end || ' $4' end);
    page text := format(' order by q.id %s limit $5', case when oldest_first then 'asc' else 'desc' end);
    pieces text;
begin
    if status is null and learner_id is null and atom_id is null and not unseen then
        pieces := 'select * from greenlight_queue q where ' || wanted;
    else
        select string_agg(
                   format('(select * from greenlight_queue q where %s and q.status = %L and (q.acked_at is null) is %s %s)',
                          wanted, word, is_new::text, page), ' union all ')
          into pieces
          from unnest(case when unseen then array['complete', 'failed', 'cancelled']
                           else array['pending', 'executing', 'complete', 'failed', 'cancelled'] end) as word,
               unnest(case when unseen then array[true] else array[true, false] end) as is_new
         where status is null or word = any(status);
    end if;
    return query execute format('select * from (%s) q %s',
                                coalesce(pieces, 'select * from greenlight_queue where false'), page)
        using learner_id, atom_id, greenlight_list.id, after, n;
end $$;

-- How much of the disk a row's large values take, without reading them: for pages
-- that hold as much as fits, not as many rows as were asked for.
create or replace function greenlight_size(request jsonb, request_text text, result jsonb, result_text text)
returns int
language sql stable parallel safe
return coalesce(pg_column_size(request), 0) + coalesce(pg_column_size(request_text), 0)
     + coalesce(pg_column_size(result), 0) + coalesce(pg_column_size(result_text), 0);

-- A moment as records have it: RFC 3339 in UTC, whatever the session's time zone is.
create or replace function greenlight_moment(moment timestamptz) returns text
language sql stable parallel safe
return case when isfinite(moment)
                 then to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            else moment::text end;

-- ---- taking note, putting back, ending ----

-- Takes note of outcomes.  With completed_at, as the tools write it in records, only
-- of the outcome of that moment: one that came later is not the one that was seen.
--
-- answer: acked | already | open (there is no outcome yet) | changed (another
-- outcome than the one that was seen) | gone.
create or replace function greenlight_ack(id uuid[], completed_at text[] default null)
returns table (ord int, answer text)
language plpgsql as $$
#variable_conflict use_column
begin
    perform from greenlight_queue q where q.id = any(greenlight_ack.id) order by q.id for update;
    return query
        with judged as materialized (
            select a.ord, a.id,
                   case when q.id is null then 'gone'
                        when q.status in ('pending', 'executing') then 'open'
                        when a.completed_at <> greenlight_moment(q.completed_at) then 'changed'
                        when q.acked_at is not null then 'already'
                        else 'acked' end as answer
              from unnest(greenlight_ack.id, greenlight_ack.completed_at)
                   with ordinality as a(id, completed_at, ord)
              left join greenlight_queue q on q.id = a.id),
        noted as (
            update greenlight_queue q set acked_at = clock_timestamp()
             where q.id = any(array(select j.id from judged j where j.answer = 'acked')))
        select j.ord::int, j.answer from judged j order by j.ord;
end $$;

-- Puts rows that failed or were cancelled back, as if they were new: all retries
-- before them, at once, and under a new idempotency key, since a server that honours
-- the old one would only repeat the old failure.  Who held a row before has no say
-- in it any more.  The list of errors stays.
--
-- answer: retried | unchanged (there was nothing to put back: see status) |
-- duplicate (an active row has its dedupe key; of several with one key the newest
-- is put back) | gone.
create or replace function greenlight_retry(id uuid[])
returns table (ord int, answer text, status text)
language plpgsql as $$
#variable_conflict use_column
declare
    moved uuid[];
begin
    for turn in 1..100 loop
        perform from greenlight_queue q where q.id = any(greenlight_retry.id) order by q.id for update;
        begin
            with ended as materialized (
                select q.id, q.dedupe_key, row_number() over (
                           partition by q.dedupe_key, case when q.dedupe_key is null then q.id end
                           order by q.id desc) as turn
                  from greenlight_queue q
                 where q.id = any(greenlight_retry.id) and q.status in ('failed', 'cancelled')),
            put as (
                update greenlight_queue q
                   set status = 'pending', retry_count = 0, run_at = now(), lease_token = null,
                       idempotency_key = gen_random_uuid()::text, execution_id = null,
                       result_payload = null, result_text = null, error_message = null
                  from ended e
                 where q.id = e.id and e.turn = 1
                   and not exists (select from greenlight_queue other
                                    where other.dedupe_key = e.dedupe_key
                                      and other.status in ('pending', 'executing'))
                returning q.id)
            select coalesce(array_agg(p.id), '{}') into moved from put p;
            exit;
        exception when unique_violation then -- the dedupe key was stored again meanwhile
            if turn = 100 then
                raise serialization_failure using message = 'rows conflict with others that come and go';
            end if;
        end;
    end loop;
    return query
        select a.ord::int,
               case when q.id is null then 'gone'
                    when q.id = any(moved)
                         and row_number() over (partition by a.id order by a.ord) = 1 then 'retried'
                    when q.status in ('failed', 'cancelled') then 'duplicate'
                    else 'unchanged' end,
               q.status
          from unnest(greenlight_retry.id) with ordinality as a(id, ord)
          left join greenlight_queue q on q.id = a.id
         order by a.ord;
end $$;

-- Ends pending rows.  One that executes is its worker's until that settles or
-- releases it, and is left alone.
--
-- answer: cancelled | unchanged (see status) | gone.
create or replace function greenlight_cancel(id uuid[])
returns table (ord int, answer text, status text)
language plpgsql as $$
#variable_conflict use_column
declare
    moved uuid[];
begin
    perform from greenlight_queue q where q.id = any(greenlight_cancel.id) order by q.id for update;
    with ended as (
        update greenlight_queue q
           set status = 'cancelled', error_message = 'cancelled on request',
               errors = greenlight_add_error(q.errors, q.retry_count,
                            '{"class": "cancelled", "message": "cancelled on request"}')
         where q.id = any(greenlight_cancel.id) and q.status = 'pending'
        returning q.id)
    select coalesce(array_agg(e.id), '{}') into moved from ended e;
    return query
        select a.ord::int,
               case when q.id is null then 'gone'
                    when q.id = any(moved)
                         and row_number() over (partition by a.id order by a.ord) = 1 then 'cancelled'
                    else 'unchanged' end,
               q.status
          from unnest(greenlight_cancel.id) with ordinality as a(id, ord)
          left join greenlight_queue q on q.id = a.id
         order by a.ord;
end $$;

-- ---- deleting ----

-- The first n rows that may be deleted, after the one given: finished, taken note
-- of, and ended for older_than.  `version` changes with every change of the row.
create or replace function greenlight_old(older_than interval default '30 days', n int default 1000,
    since timestamptz default '-infinity', after uuid default null)
returns table (id uuid, completed_at timestamptz, version xid, size int)
language sql stable
begin atomic
    select q.id, q.completed_at, q.xmin,
           greenlight_size(q.request_payload, q.request_text, q.result_payload, q.result_text)
      from greenlight_queue q
     where q.status in ('complete', 'failed', 'cancelled') and (q.acked_at is null) is false
       and q.completed_at < now() - older_than
       and q.completed_at >= since
       and (after is null or (q.completed_at, q.id) > (since, after))
     order by q.completed_at, q.id
     limit n;
end;

-- Deletes those of the rows that are still as they were when they were listed, and
-- says how many.  Locked rows are being changed and are left alone.
create or replace function greenlight_purge(id uuid[], version xid[]) returns int
language plpgsql as $$
#variable_conflict use_column
declare
    deleted int;
begin
    with same as materialized (
        select q.id
          from unnest(greenlight_purge.id, greenlight_purge.version) as o(id, version)
          join greenlight_queue q on q.id = o.id and q.xmin = o.version
         where q.status in ('complete', 'failed', 'cancelled') and q.acked_at is not null
         order by q.id
           for update of q skip locked)
    delete from greenlight_queue q using same where q.id = same.id;
    get diagnostics deleted = row_count;
    return deleted;
end $$;

-- ---- measuring ----

-- What a result's grade is: partial_score as the tools store it, else what an
-- application stored; null where it is no grade.
create or replace function greenlight_score(result jsonb) returns double precision
language sql immutable parallel safe
return case when jsonb_typeof(result -> 'partial_score') = 'number'
                 then (result ->> 'partial_score')::double precision
            when jsonb_typeof(result -> 'score') = 'number' then (result ->> 'score')::double precision
            when jsonb_typeof(result -> 'correct') = 'boolean'
                 then (result ->> 'correct')::boolean::int::double precision end;

-- How many rows there are that fit a condition on `greenlight_queue q`: counted, up
-- to `most`; beyond that as many as the planner believes, and no fewer.
create or replace function greenlight_count(condition text, most int default 1000)
returns table (rows bigint, estimated boolean)
language plpgsql as $$
declare
    plan json;
begin
    execute format('select count(*) from (select from greenlight_queue q where %s limit %s) c',
                   condition, most + 1) into rows;
    estimated := rows > most;
    if estimated then
        execute 'explain (format json) select from greenlight_queue q where ' || condition into plan;
        rows := greatest(rows, (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint);
    end if;
    return next;
end $$;

-- How rows ended on a day (UTC): counted where less than 1,000 did, else the day's
-- estimated number, shared out as among its last 1,000.  The pass rate is that of the
-- grades among its last 400.
create or replace function greenlight_day(day date) returns json
language plpgsql as $$
declare
    most constant int := 1000;
    sample constant int := 400;
    begun constant timestamptz := day::timestamp at time zone 'UTC';
    seen record;
    scale double precision := 1;
begin
    select count(*) as rows,
           count(*) filter (where e.status = 'complete') as complete,
           count(*) filter (where e.status = 'failed') as failed,
           count(*) filter (where e.status = 'cancelled') as cancelled,
           count(e.score) as graded,
           count(*) filter (where e.score >= 0.7) as passed
      into seen
      from (select l.status,
                   case when l.n <= sample and l.status = 'complete'
                        then greenlight_score(l.result_payload) end as score
              from (select q.status, q.result_payload, row_number() over (order by q.completed_at desc) as n
                      from greenlight_queue q
                     where q.status in ('complete', 'failed', 'cancelled')
                       and q.completed_at >= begun and q.completed_at < begun + interval '1 day'
                     order by q.completed_at desc
                     limit most) l) e;
    if seen.rows = most then
        select greatest(c.rows, most) / most::double precision into scale
          from greenlight_count(format(
                   $c$q.status in ('complete', 'failed', 'cancelled')
                      and q.completed_at >= %L and q.completed_at < %L$c$,
                   begun, begun + interval '1 day'), 0) c;
    end if;
    return json_build_object(
        'day', day, 'complete', round(seen.complete * scale), 'failed', round(seen.failed * scale),
        'cancelled', round(seen.cancelled * scale), 'estimated', seen.rows = most,
        'graded', seen.graded, 'passed', seen.passed,
        'pass_rate', round(seen.passed / nullif(seen.graded, 0)::numeric, 4));
end $$;

-- How many rows came and ended a second: in the last five minutes, or while the
-- last 1,000 did where that is less.
create or replace function greenlight_rates() returns json
language sql stable
begin atomic
    with bounds as (
        select now() - interval '5 minutes' as since,
               (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - 300000), 12, '0')
                || '70008000000000000000')::uuid as first,
               (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint + 1), 12, '0')
                || '70008000000000000000')::uuid as last),
    queued as (
        select count(*) as n, min(w.queued_at) as since
          from bounds b, lateral (select q.queued_at from greenlight_queue q
                                   where q.id >= b.first and q.id < b.last
                                   order by q.id desc limit 1000) w),
    ended as (
        select count(*) as n, min(w.completed_at) as since
          from bounds b, lateral (select q.completed_at from greenlight_queue q
                                   where q.status in ('complete', 'failed', 'cancelled')
                                     and q.completed_at >= b.since
                                   order by q.completed_at desc limit 1000) w)
    select json_build_object(
               'queued_per_s', round(q.n / case when q.n < 1000 then 300 else greatest(
                                         extract(epoch from clock_timestamp() - q.since), 0.001) end, 3),
               'ended_per_s', round(e.n / case when e.n < 1000 then 300 else greatest(
                                        extract(epoch from clock_timestamp() - e.since), 0.001) end, 3))
      from queued q, ended e;
end;

-- What holds vacuum back: how many transactions old the oldest snapshot or
-- unfinished change is, and for how long it has been there.  Of the sessions of other
-- roles only members of pg_read_all_stats are told.
create or replace function greenlight_oldest_xmin(out transactions bigint, out seconds double precision)
language sql stable
begin atomic
    select max(o.age), extract(epoch from clock_timestamp() - min(o.since))::double precision
      from (select greatest(age(a.backend_xid), age(a.backend_xmin)), a.xact_start
              from pg_stat_activity a
             where a.pid <> pg_backend_pid() and (a.datname = current_database() or a.datname is null)
               and a.backend_type <> 'autovacuum worker'
               and (a.backend_xid is not null or a.backend_xmin is not null)
            union all
            select age(p.transaction), p.prepared from pg_prepared_xacts p
             where p.database = current_database()
            union all
            select age(s.xmin), null from pg_replication_slots s
             where s.xmin is not null) as o(age, since);
end;

-- The queue in figures, in a few milliseconds whatever its size: see gl-stats(1).
create or replace function greenlight_stats() returns json
language plpgsql as $$
declare
    ready constant text := 'q.status = ''pending'' and q.priority = %s and q.run_at <= now()';
    rows json;
    days json;
    graded bigint;
    passed bigint;
    answer json;
begin
    select json_object_agg(w.word, json_build_object('rows', c.rows, 'estimated', c.estimated) order by w.n)
      into rows
      from unnest(array['pending', 'executing', 'complete', 'failed', 'cancelled']) with ordinality as w(word, n),
           greenlight_count(format('q.status = %L', w.word),
                            case when w.word in ('pending', 'executing') then 20000 else 5000 end) c;
    select json_agg(d.figures order by d.n desc), sum((d.figures ->> 'graded')::bigint),
           sum((d.figures ->> 'passed')::bigint)
      into days, graded, passed
      from (select n, greenlight_day((now() at time zone 'UTC')::date - n) as figures
              from generate_series(6, 0, -1) n) d;
    select json_build_object(
               'at', greenlight_moment(clock_timestamp()),
               'database', current_database(),
               'rows', rows,
               'ready', (select json_build_object('rows', sum(c.rows), 'estimated', bool_or(c.estimated))
                           from generate_series(0, 9) p, greenlight_count(format(ready, p)) c),
               'oldest_ready_age_s',
                   (select round(extract(epoch from clock_timestamp() - min(f.run_at)), 3)
                      from generate_series(0, 9) p
                     cross join lateral (select q.run_at from greenlight_queue q
                                          where q.status = 'pending' and q.priority = p::smallint
                                            and q.run_at <= now()
                                          order by q.run_at, q.id limit 1) f),
               'expired_leases',
                   (select json_build_object('rows', c.rows, 'estimated', c.estimated)
                      from greenlight_count('q.status = ''executing'' and q.lease_until is not null'
                                            ' and q.lease_until < now()') c),
               'unseen',
                   (select json_build_object('rows', sum(c.rows), 'estimated', bool_or(c.estimated))
                      from unnest(array['complete', 'failed', 'cancelled']) word,
                           greenlight_count(format('q.status = %L and q.acked_at is null', word)) c),
               'dead_rows', pg_stat_get_dead_tuples('greenlight_queue'::regclass),
               'bytes', pg_total_relation_size('greenlight_queue'::regclass),
               'oldest_xmin_age', x.transactions, 'oldest_xmin_age_s', round(x.seconds::numeric, 3),
               'rates', greenlight_rates(),
               'graded', graded, 'passed', passed,
               'pass_rate', round(passed / nullif(graded, 0)::numeric, 4),
               'days', days)
      into answer from greenlight_oldest_xmin() x;
    return answer;
end $$;

-- ---- settings ----

-- As at the end of the file before: the functions find the table whatever the
-- caller's search_path is, and walk an index whatever the statistics say.
do $$
declare
    f regprocedure;
begin
    for f in select p.oid from pg_proc p join pg_language l on l.oid = p.prolang
              where p.pronamespace = current_schema()::regnamespace and l.lanname = 'plpgsql'
                and p.proname in ('greenlight_list', 'greenlight_ack', 'greenlight_retry', 'greenlight_cancel',
                                  'greenlight_purge', 'greenlight_count', 'greenlight_day',
                                  'greenlight_stats') loop
        execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
        execute format('alter function %s set jit = off set enable_seqscan = off', f);
    end loop;
end $$;

-- With pages for nothing a plan costs as many rows as it looks at, so none walks an
-- index in a convenient order past rows that it does not want.
alter function greenlight_list set seq_page_cost = 0 set random_page_cost = 0
    set enable_bitmapscan = off set enable_sort = off;
alter function greenlight_count set seq_page_cost = 0 set random_page_cost = 0
    set enable_bitmapscan = off;
alter function greenlight_day set enable_bitmapscan = off set enable_sort = off;
alter function greenlight_stats set enable_bitmapscan = off set enable_sort = off;
alter function greenlight_old set jit = off
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off;
alter function greenlight_rates set jit = off
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off;

comment on function greenlight_list is 'lists rows, filtered, newest or oldest first, page by page';
comment on function greenlight_ack is 'takes note of outcomes';
comment on function greenlight_retry is 'puts failed and cancelled rows back as new';
comment on function greenlight_cancel is 'ends pending rows';
comment on function greenlight_old is 'lists rows that may be deleted';
comment on function greenlight_purge is 'deletes rows that greenlight_old listed';
comment on function greenlight_stats is 'the queue in figures';
