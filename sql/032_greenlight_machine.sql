-- The state machine of greenlight_queue, as functions.
--
--     pending -> executing -> complete | failed | cancelled
--        ^           |
--        +-----------+   retry, release, sweep
--
-- They are the only place where it is written down, so that psql, Python and
-- the tools share it.  Who claims rows gets a lease and a token; who settles one
-- shows the token, and a token that is not the row's any more changes nothing.
-- Nothing here needs a session: every call may go through a pooler to another
-- connection.  Rows are locked in the order of their ids, or skipped where
-- somebody else has them, so that no two calls wait for each other.

-- ---- texts as jsonb ----

-- A text as jsonb; what jsonb refuses is replaced: NULs and lone surrogates by
-- U+FFFD, then, where a number or the depth is too much, that member of the
-- outermost object by null.  A text that is no JSON is an error (22P02).
create or replace function greenlight_jsonb(given text) returns jsonb language plpgsql as $$
declare
    high constant text := '\\u[dD][89abAB][[:xdigit:]]{2}';
    low constant text := '\\u[dD][c-fC-F][[:xdigit:]]{2}';
    known text;
    name text;
    value json;
    copy jsonb := '{}';
begin
    begin
        return given::jsonb;
    exception when untranslatable_character or invalid_text_representation
                or numeric_value_out_of_range or statement_too_complex then
        null;
    end;
    known := regexp_replace(given, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g');
    known := regexp_replace(known, '(?<!\\)((?:\\\\)*)' || high || '(?!' || low || ')', '\1\\ufffd', 'g');
    known := regexp_replace(known, '(?<!' || high || ')(?<!\\)((?:\\\\)*)' || low, '\1\\ufffd', 'g');
    begin
        copy := known::jsonb;
        raise warning 'U+FFFD is stored for characters that jsonb cannot hold';
        return copy;
    exception when numeric_value_out_of_range or statement_too_complex then
        null;
    end;
    for name, value in select * from json_each(known::json) loop
        begin
            copy := copy || jsonb_build_object(name, value::jsonb);
        exception when numeric_value_out_of_range or statement_too_complex then
            copy := copy || jsonb_build_object(name, null);
            raise warning 'the member "%" is stored as null: jsonb cannot hold it', name;
        end;
    end loop;
    return copy;
end $$;

-- Many at once; one by one only where one of them is refused.
create or replace function greenlight_jsonb(given text[]) returns jsonb[] language plpgsql as $$
begin
    return given::jsonb[];
exception when data_exception or untranslatable_character or invalid_text_representation
            or numeric_value_out_of_range or statement_too_complex then
    return array(select greenlight_jsonb(t) from unnest(given) with ordinality as u(t, n) order by n);
end $$;

-- Whether a text says what its jsonb copy does not: escapes that were replaced,
-- members that occur twice, exponents and negative zeros.  Blanks, the order of
-- members and other escapes mean nothing.
create or replace function greenlight_is_lossy(given text, copy jsonb) returns boolean
language sql immutable parallel safe
return (strpos(given, '\u') > 0 and given ~ '\\u(0000|0022|[dD][89a-fA-F])')
    or regexp_count(given, '"\s*:') <> regexp_count(copy::text, '"\s*:')
    or given ~ '[0-9][eE][-+]?[0-9]|-0' -- else there is nothing to look for outside of strings
       and regexp_replace(given, '"(?:[^"\\]|\\.)*"', '""', 'g') ~ '[0-9][eE]|-0(\.0+)?(?![0-9.])';

-- The request as it is to be posted: the exact text where one is kept, else the
-- payload, with atom_id and the learner from the columns where it has none.
create or replace function greenlight_request(q greenlight_queue) returns text
language sql stable
return coalesce(q.request_text, (
    q.request_payload
    || case when q.request_payload ?| array['atom_id', 'id'] or q.atom_id is null then '{}'
            else jsonb_build_object('atom_id', q.atom_id) end
    || case when q.request_payload ? 'learner_id'
                 or q.request_payload -> 'session_context' ? 'learner_id' then '{}'
            else jsonb_build_object('session_context',
                case jsonb_typeof(q.request_payload -> 'session_context')
                     when 'object' then q.request_payload -> 'session_context' else '{}' end
                || jsonb_build_object('learner_id', q.learner_id)) end)::text);

-- ---- errors and charging ----

-- What a settlement says of an error: an object, or a plain message.
create or replace function greenlight_error(given text) returns jsonb
language sql stable
return case when given ~ '^\s*\{' then greenlight_jsonb(given)
            else jsonb_build_object('message', given) end;

-- The list with one more error, stamped; the last ten are kept.
create or replace function greenlight_add_error(errors jsonb, retry_count int, error jsonb) returns jsonb
language sql stable parallel safe
return case when error is null then errors
            else case when jsonb_array_length(errors) >= 10 then errors - 0 else errors end
                 || (jsonb_build_object('at', now(), 'retry_count', retry_count) || error) end;

-- How long a row waits that has been charged: 60 s, 4 min, 16 min, …, at most a
-- week, more or less by a fifth, so that what failed together does not come back
-- together.
create or replace function greenlight_backoff(retry_count int) returns interval
language sql volatile parallel safe
return least(interval '60 s' * power(4, least(retry_count, 8)), interval '7 days')
       * (0.8 + 0.4 * random());

-- Ends a lease on rows that the caller has locked: back to pending, one retry
-- poorer where `charged`, or failed where none is left.
create or replace function greenlight_end_lease(ids uuid[], charged boolean, error jsonb) returns int
language plpgsql as $$
declare
    ended int;
begin
    if cardinality(ids) = 0 then -- as nearly always; the update is not even planned
        return 0;
    end if;
    update greenlight_queue q
       set status = case when charged and q.retry_count >= q.max_retries then 'failed' else 'pending' end,
           retry_count = q.retry_count + (charged and q.retry_count < q.max_retries)::int,
           run_at = now() + case when charged then greenlight_backoff(q.retry_count) else interval '60 s' end,
           error_message = coalesce(error ->> 'message', q.error_message),
           errors = greenlight_add_error(q.errors, q.retry_count, error)
     where q.id = any(ids);
    get diagnostics ended = row_count;
    return ended;
end $$;

-- ---- the state machine ----

-- The rows of a batch as the table will have them; wanted: which of them, null for
-- all.  In the order of keys, for two batches with the same ones must not wait for
-- each other.  It is inlined where it is called.
create or replace function greenlight_rows(moment timestamptz, wanted int[], id uuid[], request text[],
    payload jsonb[], atom_id text[], learner_id text[], idempotency_key text[], execution_id text[],
    endpoint text[], dedupe_key text[], priority int[], run_at timestamptz[], max_retries int[],
    verbatim boolean[])
returns table (id uuid, atom_id text, learner_id text, execution_id text, request_payload jsonb,
    max_retries int, priority smallint, queued_at timestamptz, run_at timestamptz, dedupe_key text,
    idempotency_key text, endpoint text, request_text text)
language sql stable
begin atomic
    select g.id, g.atom_id, g.learner_id, g.execution_id, g.payload, coalesce(g.max_retries, 3),
           coalesce(g.priority, 0)::smallint, moment, coalesce(g.run_at, moment), g.dedupe_key,
           g.idempotency_key, coalesce(g.endpoint, 'run-atom'),
           case when coalesce(g.verbatim, greenlight_is_lossy(g.request, g.payload)) then g.request end
      from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
           with ordinality as g(id, request, payload, atom_id, learner_id, idempotency_key, execution_id,
                                endpoint, dedupe_key, priority, run_at, max_retries, verbatim, ord)
     where wanted is null or g.ord = any(wanted)
     order by g.dedupe_key, g.ord;
end;

-- Stores requests; one row out for each in.  A request whose idempotency key is
-- stored already, or whose dedupe key an active row has, is not stored again:
-- the answer is that row, as a duplicate.  `row_id` names the rows, so that a caller
-- who had no answer can ask again: a row that has its id already is no duplicate.
-- `verbatim` says whether the exact text must be kept (it was posted under its
-- key); null: wherever jsonb loses something, which takes a while to find out.
-- long: the same columns are named for each of two ways to insert them.
create or replace function greenlight_enqueue(request text[], atom_id text[], learner_id text[],
    idempotency_key text[] default null, execution_id text[] default null, endpoint text[] default null,
    dedupe_key text[] default null, priority int[] default null, run_at timestamptz[] default null,
    max_retries int[] default null, verbatim boolean[] default null, row_id uuid[] default null)
returns table (ord int, id uuid, duplicate boolean, queued_at timestamptz)
language plpgsql as $$
#variable_conflict use_variable
declare
    payload jsonb[] := greenlight_jsonb(request);
    moment timestamptz := clock_timestamp();
    size int := coalesce(cardinality(request), 0);
    fresh uuid[] := array(select coalesce(row_id[i], greenlight_uuid7()) from generate_series(1, size) i);
    known uuid[] := array_fill(null::uuid, array[size]);
    missing int[]; -- null: all of them
    n int;
begin
    for turn in 1..100 loop
        if turn = 1 and idempotency_key is null and dedupe_key is null then
            -- There is nothing to conflict with but an earlier attempt of the
            -- caller's own, and to look for conflicts costs a tenth of it all.
            begin
                insert into greenlight_queue (id, atom_id, learner_id, execution_id, request_payload,
                                              max_retries, priority, queued_at, run_at, dedupe_key,
                                              idempotency_key, endpoint, request_text)
                select * from greenlight_rows(moment, null, fresh, request, payload, atom_id, learner_id,
                                              idempotency_key, execution_id, endpoint, dedupe_key, priority,
                                              run_at, max_retries, verbatim);
                exit;
            exception when unique_violation then
                continue;
            end;
        end if;
        insert into greenlight_queue (id, atom_id, learner_id, execution_id, request_payload, max_retries,
                                      priority, queued_at, run_at, dedupe_key, idempotency_key, endpoint,
                                      request_text)
        select * from greenlight_rows(moment, missing, fresh, request, payload, atom_id, learner_id,
                                      idempotency_key, execution_id, endpoint, dedupe_key, priority, run_at,
                                      max_retries, verbatim)
        on conflict do nothing;
        get diagnostics n = row_count;
        exit when n = coalesce(cardinality(missing), size);

        missing := coalesce(missing, array(select generate_series(1, size)));
        foreach n in array missing loop
            known[n] := coalesce(
                (select q.id from greenlight_queue q where q.id = fresh[n]),
                (select q.id from greenlight_queue q
                  where coalesce(q.idempotency_key, q.id::text) = coalesce(idempotency_key[n], fresh[n]::text)),
                (select q.id from greenlight_queue q
                  where q.dedupe_key = greenlight_enqueue.dedupe_key[n]
                    and q.status in ('pending', 'executing')));
        end loop;
        missing := array(select m from unnest(missing) m where known[m] is null);
        exit when cardinality(missing) = 0; -- else what stood in the way has gone meanwhile
        if turn = 100 then
            raise serialization_failure using message = 'requests conflict with rows that come and go';
        end if;
    end loop;
    return query
        select i, coalesce(known[i], fresh[i]), coalesce(known[i] <> fresh[i], false),
               case when known[i] is null then moment
                    else (select q.queued_at from greenlight_queue q where q.id = known[i]) end
          from generate_series(1, size) i;
end $$;

-- Takes the leases that have run out away, charging a retry each.  Locked rows
-- are being settled or renewed and are left alone.  Those that ran out before
-- `since` are not looked for.
create or replace function greenlight_sweep(n int default 1000, since timestamptz default '-infinity')
returns int
language plpgsql as $$
declare
    moment timestamptz := clock_timestamp();
begin
    return greenlight_end_lease(array(
        select q.id from greenlight_queue q
         where q.status = 'executing' and q.lease_until is not null
           and q.lease_until >= since and q.lease_until < moment
         order by q.lease_until limit n for update skip locked),
        true, '{"class": "lease", "message": "the lease ran out"}');
end $$;

-- How many rows a worker holds that Greenlight has not confirmed to execute.
create or replace function greenlight_held(worker text) returns int
language sql stable
begin atomic
    select count(*)::int from greenlight_queue q
     where q.status = 'executing' and q.claimed_by = worker and q.execution_id is null;
end;

-- The same for a worker that remembers what it claimed: which of these rows it
-- holds still.  Row by row this costs the same whatever else the worker has
-- claimed, where the count above has to pass all of that while an old snapshot is
-- held anywhere.
create or replace function greenlight_held(worker text, ids uuid[]) returns setof uuid
language plpgsql as $$
begin
    return query
        with remembered as materialized ( -- by id, whatever else there is an index for
            select q.id, q.status, q.claimed_by, q.execution_id
              from greenlight_queue q where q.id = any(ids))
        select r.id from remembered r
         where r.status = 'executing' and r.claimed_by = worker and r.execution_id is null;
end $$;

-- The first n ready rows, locked: the highest priority first, then by run_at.
-- since[p + 1] lets the walk of priority p begin at a run_at.  broken: the payload is
-- no object.
create or replace function greenlight_walk(moment timestamptz, n int, atom_id text, learner_id text,
    since timestamptz[])
returns table (id uuid, broken boolean)
language plpgsql as $$
#variable_conflict use_column
begin
    return query
        with walk as materialized (
            select w.id, w.broken
              from generate_series(9, 0, -1) as p
             cross join lateral (
                select q.id, jsonb_typeof(q.request_payload) <> 'object' as broken
                  from greenlight_queue q
                 where q.status = 'pending' and q.priority = p::smallint
                   and q.run_at <= moment and q.run_at >= coalesce(since[p + 1], '-infinity')
                   and (greenlight_walk.atom_id is null or q.atom_id = greenlight_walk.atom_id)
                   and (greenlight_walk.learner_id is null or q.learner_id = greenlight_walk.learner_id)
                 order by q.run_at, q.id
                 limit n for update skip locked) w
             limit n)
        select * from walk;
end $$;

-- Leases up to n ready rows to a worker, in the order of greenlight_walk, never
-- more than max_held in its hands (greenlight_held).  It sweeps first, and fails
-- ready rows whose payload is no object.
--
-- `since` is for a worker that need not pass the dead entries of rows it has
-- claimed itself, which stay while an old snapshot is held anywhere.  Where that
-- finds fewer than n rows the walk is made from the beginning.  `swept` is the same
-- for the sweep: when the worker last made one.
create or replace function greenlight_claim(worker text, n int, max_held int default null,
    lease interval default '15 minutes', atom_id text default null, learner_id text default null,
    since timestamptz[] default null, swept timestamptz default '-infinity')
returns setof greenlight_queue
language plpgsql as $$
#variable_conflict use_column
declare
    token uuid := gen_random_uuid();
    moment timestamptz;
    room int := n;
    ready uuid[];
    broken uuid[];
    taken int;
begin
    perform greenlight_sweep(since => swept);
    if max_held is not null then -- one claim of a worker at a time, or two would fill the same room
        perform pg_advisory_xact_lock(hashtextextended('greenlight_claim ' || worker, 0));
        room := least(n, max_held - greenlight_held(worker));
    end if;
    moment := clock_timestamp();
    while room > 0 loop
        select array_agg(w.id) filter (where not w.broken), array_agg(w.id) filter (where w.broken)
          into ready, broken
          from greenlight_walk(moment, room, greenlight_claim.atom_id, greenlight_claim.learner_id, since) w;
        if broken is not null then
            update greenlight_queue q
               set status = 'failed', error_message = 'the payload is no object',
                   errors = greenlight_add_error(q.errors, q.retry_count, jsonb_build_object(
                                'class', 'bad_request', 'message', 'the payload is no object'))
             where q.id = any(broken);
        end if;
        return query
            with claimed as (
                update greenlight_queue q
                   set status = 'executing', lease_token = token, lease_until = moment + lease,
                       claimed_by = worker, started_at = moment, completed_at = null, acked_at = null
                 where q.id = any(ready)
                returning q.*)
            select * from claimed c order by c.priority desc, c.run_at, c.id;
        get diagnostics taken = row_count;
        room := room - taken;
        exit when since is null and broken is null; -- that was all there is
        since := null;
    end loop;
end $$;

-- Puts the ends of a worker's leases off, and says how many; but never past
-- max_lease after the claim, nor past max_lease + max_wait where an execution is
-- saved and only polled.  Locked rows are being settled and are left alone.
create or replace function greenlight_renew(worker text, lease interval,
    max_lease interval default '15 minutes', max_wait interval default '5 minutes')
returns int
language plpgsql as $$
declare
    moment timestamptz := clock_timestamp();
    renewed int;
begin
    with held as materialized (
        select q.id, least(moment + lease, q.started_at + max_lease
                           + case when q.execution_id is null then interval '0' else max_wait end) as until
          from greenlight_queue q
         where q.status = 'executing' and q.claimed_by = worker
           for update skip locked)
    update greenlight_queue q set lease_until = held.until
      from held where q.id = held.id and held.until > q.lease_until;
    get diagnostics renewed = row_count;
    return renewed;
end $$;

-- Ends all leases of a worker at once: charged where one of its stages died, for
-- a record that ends programs must not lead the queue for ever.
create or replace function greenlight_release(worker text, charge boolean default true) returns int
language plpgsql as $$
begin
    return greenlight_end_lease(array(
        select q.id from greenlight_queue q
         where q.status = 'executing' and q.claimed_by = worker
         order by q.id for update),
        charge,
        case when charge then '{"class": "stage", "message": "a program that worked on it died"}'::jsonb end);
end $$;

-- What a settlement comes to.  A grade is never thrown away for a failure: a
-- late `complete` takes the place of `failed`, whoever recorded that.
create or replace function greenlight_judge(status text, is_mine boolean, outcome text) returns text
language sql immutable parallel safe
return case
    when status is null then 'gone'
    when status = 'failed' and outcome = 'complete' then 'settled'
    when not is_mine then 'stale'
    when outcome in ('retry', 'release') then
        case when status = 'executing' then 'released' else 'already' end
    when status in ('pending', 'executing') then
        case when outcome = 'progress' then 'progress' else 'settled' end
    when outcome in ('progress', status) then 'already'
    else 'stale' end;

-- Records how rows came out of a claim, one answer for each, in order:
--
--     outcome     needs a row that is    and does
--     progress    pending, executing     saves execution_id, keeps the lease
--     complete, failed, cancelled
--                 pending, executing     ends it, with its result
--     retry       executing              charges a retry: pending again, or failed where none is left
--     release     executing              pending again, uncharged
--
-- An execution_id is saved with any outcome; an empty one, with retry, means
-- that the server knows the old one no more: it is cleared, and the row gets a new
-- idempotency key.  run_after only ever puts a row off.  error is an object or a
-- plain message; it goes to the row's errors, and its message to error_message.
-- verbatim is as in greenlight_enqueue, for the result.  give_up is how long an
-- execution may take: where it was saved longer ago, `release` ends the row as
-- failed, class expired, with the result given.
--
-- settlement: settled, progress, released | already (it was recorded before) |
-- stale (another token has the row, or it ended otherwise) | gone.  Nobody but
-- the token's holder changes a row, with the one exception of greenlight_judge.
-- long: it is one statement, so that a batch costs one plan and looks at a row once.
create or replace function greenlight_settle(id uuid[], token uuid[], outcome text[],
    execution_id text[] default null, result text[] default null, error text[] default null,
    run_after interval[] default null, verbatim boolean[] default null,
    give_up interval[] default null)
returns table (ord int, settlement text, status text)
language plpgsql as $$
#variable_conflict use_column
declare
    payload jsonb[] := greenlight_jsonb(result);
    word text;
    pass int := 0;
    answered int := 0;
    n int;
begin
    select o into word from unnest(outcome) o
     where o is null or o not in ('progress', 'complete', 'failed', 'cancelled', 'retry', 'release') limit 1;
    if found then
        raise invalid_parameter_value using message = format('no such outcome: %L', word);
    end if;
    -- In the order of ids, as everybody who waits for locks does.
    perform from greenlight_queue q where q.id = any(greenlight_settle.id) order by q.id for update;
    while answered < cardinality(greenlight_settle.id) loop -- again for rows that are there twice
        pass := pass + 1;
        return query
            with asked as (
                select u.*, row_number() over (partition by u.id order by u.ord) as turn,
                       coalesce(u.outcome = 'retry' and u.execution_id = '', false) as anew
                  from unnest(greenlight_settle.id, token, outcome, greenlight_settle.execution_id, result,
                              payload, error, run_after, verbatim, give_up)
                       with ordinality as u(id, token, outcome, execution_id, result, payload, error,
                                            run_after, verbatim, give_up, ord)),
            judged as materialized (
                select a.*, q.status as was,
                       case when a.outcome = 'release' and q.submitted_at < now() - a.give_up
                            then jsonb_build_object('class', 'expired', 'message',
                                                    'it has not ended ' || justify_hours(a.give_up)
                                                               || ' after it was submitted')
                            when a.error is not null then greenlight_error(a.error) end as problem,
                       case when not a.anew then
                           coalesce(nullif(a.execution_id, ''), q.execution_id) end as known_as,
                       greenlight_judge(q.status, coalesce(q.lease_token = a.token, false), a.outcome)
                           as settlement,
                       case when a.outcome = 'progress' then q.status
                            when a.outcome = 'release' and q.submitted_at < now() - a.give_up then 'failed'
                            when a.outcome = 'release' then 'pending'
                            when a.outcome <> 'retry' then a.outcome
                            when q.retry_count >= q.max_retries then 'failed'
                            else 'pending' end as next
                  from asked a left join greenlight_queue q on q.id = a.id
                 where a.turn = pass),
            moved as (
                update greenlight_queue q
                   set status = j.next,
                       lease_until = case when j.next = 'executing' then q.lease_until end,
                       claimed_by = case when j.next = 'executing' then q.claimed_by end,
                       completed_at = case when j.next not in ('pending', 'executing') then now() end,
                       acked_at = null,
                       execution_id = j.known_as,
                       submitted_at = case when j.known_as = q.execution_id then q.submitted_at
                                           when j.known_as is not null then now() end,
                       idempotency_key = case when j.anew then gen_random_uuid()::text
                                              else q.idempotency_key end,
                       result_payload = case when j.next in ('pending', 'executing') then q.result_payload
                                             else j.payload end,
                       result_text = case when j.next in ('pending', 'executing') then q.result_text
                                          when coalesce(j.verbatim, greenlight_is_lossy(j.result, j.payload))
                                               then j.result end,
                       retry_count = q.retry_count + (j.outcome = 'retry' and j.next = 'pending')::int,
                       run_at = case when j.next = 'pending' and j.outcome = 'retry' then
                                          now() + greatest(greenlight_backoff(q.retry_count), j.run_after)
                                     when j.outcome = 'release' then
                                          now() + greatest(interval '60 s', j.run_after)
                                     else q.run_at end,
                       error_message = case when j.next <> 'complete' then
                                                 coalesce(j.problem ->> 'message', q.error_message) end,
                       errors = greenlight_add_error(q.errors, q.retry_count, j.problem)
                  from judged j
                 where q.id = j.id and j.settlement in ('settled', 'progress', 'released'))
            select j.ord::int,
                   case when j.settlement = 'released' and j.next = 'failed' then 'settled'
                        else j.settlement end,
                   case when j.settlement in ('settled', 'progress', 'released') then j.next else j.was end
              from judged j
             order by j.ord;
        get diagnostics n = row_count;
        answered := answered + n;
    end loop;
end $$;

-- ---- settings ----

-- The functions find the table whatever the caller's search_path is.
do $$
declare
    f regprocedure;
begin
    for f in select p.oid from pg_proc p join pg_language l on l.oid = p.prolang
              where p.pronamespace = current_schema()::regnamespace and p.proname like 'greenlight\_%'
                and l.lanname = 'plpgsql' loop
        execute format('alter function %s set search_path = %I, pg_temp', f, current_schema());
    end loop;
end $$;

-- A queue is empty and full in turns, so statistics are always of another day:
-- the walk over an index is right whatever they say, and each walk is planned for
-- the arguments that it has; all else has one way to go.  What is off counts as
-- dear, for which a plan would be compiled.
alter function greenlight_walk set plan_cache_mode = force_custom_plan set jit = off
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off;
alter function greenlight_claim set enable_seqscan = off;
alter function greenlight_sweep set plan_cache_mode = force_generic_plan set jit = off
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off;
alter function greenlight_renew set enable_seqscan = off;
alter function greenlight_held(text, uuid[]) set enable_seqscan = off;
alter function greenlight_release set enable_seqscan = off;
alter function greenlight_end_lease set enable_seqscan = off;
alter function greenlight_settle set enable_seqscan = off;
alter function greenlight_enqueue set enable_seqscan = off;

comment on function greenlight_enqueue is 'stores requests, each once';
comment on function greenlight_walk is 'locks the ready rows that come first';
comment on function greenlight_claim is 'leases ready rows to a worker';
comment on function greenlight_renew is 'puts the end of a worker''s leases off';
comment on function greenlight_settle is 'records outcomes, fenced by the token of the claim';
comment on function greenlight_release is 'ends all leases of a worker';
comment on function greenlight_sweep is 'ends leases that have run out, charging a retry';
comment on function greenlight_held(text) is 'how many rows a worker holds that are not saved executions';
comment on function greenlight_held(text, uuid[]) is 'which rows a worker holds that are not saved executions';
comment on function greenlight_request is 'the text to post for a row';
