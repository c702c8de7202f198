-- greenlight_queue: runtime atoms that wait for Greenlight, one row a handoff.
--
-- An application may insert pending rows and update them itself: to executing,
-- then to complete with result_payload, or to failed with error_message.  What it
-- need not know, leases, tokens and dates, the triggers keep in order.  The
-- state machine of the tools is in 032_greenlight_machine.sql.
--
-- Everything lands in the first schema of search_path.  The file can be run
-- again without harm; it needs Postgres 15 and no rights but those to create.

-- Time-ordered (RFC 9562, version 7) with microseconds in the twelve bits
-- after the version: x is the time in 1/4096 ms, of which the upper 48 bits are
-- the milliseconds.
create or replace function greenlight_uuid7() returns uuid
language sql volatile parallel safe
return (overlay(lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 4096000)::bigint), 15, '0')
                placing '7' from 13 for 0) || substr(gen_random_uuid()::text, 20))::uuid;

create table if not exists greenlight_queue (
    id               uuid        not null default greenlight_uuid7(),
    atom_id          text,
    learner_id       text        not null,
    execution_id     text,
    status           text        not null default 'pending',
    request_payload  jsonb       not null,
    result_payload   jsonb,
    queued_at        timestamptz not null default clock_timestamp(),
    started_at       timestamptz,
    completed_at     timestamptz,
    error_message    text,
    retry_count      integer     not null default 0,
    max_retries      integer     not null default 3,

    priority         smallint    not null default 0,
    run_at           timestamptz not null default clock_timestamp(),
    lease_token      uuid,
    lease_until      timestamptz,
    claimed_by       text,
    submitted_at     timestamptz,
    dedupe_key       text,
    idempotency_key  text,
    endpoint         text        not null default 'run-atom',
    errors           jsonb       not null default '[]',
    acked_at         timestamptz,
    request_text     text,
    result_text      text,

    constraint greenlight_queue_pkey primary key (id),
    constraint greenlight_queue_status
        check (status in ('pending', 'executing', 'complete', 'failed', 'cancelled')),
    constraint greenlight_queue_priority check (priority between 0 and 9),
    constraint greenlight_queue_endpoint check (endpoint in ('run-atom', 'queue-atom')),
    constraint greenlight_queue_errors check (jsonb_typeof(errors) = 'array'),
    constraint greenlight_queue_lease check (case when lease_until is null then claimed_by is null
                                                  else claimed_by is not null and status = 'executing' end)
);

-- Room for the next version of a row beside it; vacuum and analyze by what has
-- changed, however many finished rows there are.
alter table greenlight_queue set (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0,
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 10000);

-- Requests are large enough to be compressed; lz4 takes a fifth of the time, where
-- the server was built with it.
do $$
begin
    alter table greenlight_queue alter request_payload set compression lz4,
                                 alter result_payload set compression lz4;
exception when feature_not_supported then
    null;
end $$;

-- One index a query, named after it.  The partial ones hold only rows that the
-- query can want, so that a million finished rows cost a claim nothing.
create index if not exists greenlight_queue_ready on greenlight_queue (priority desc, run_at, id)
    where status = 'pending';                                       -- claim, the oldest ready row
create index if not exists greenlight_queue_ready_atom
    on greenlight_queue (atom_id, priority desc, run_at, id)
    where status = 'pending';                                       -- claim --atom
create index if not exists greenlight_queue_ready_learner
    on greenlight_queue (learner_id, priority desc, run_at, id)
    where status = 'pending';                                       -- claim --learner
create index if not exists greenlight_queue_expired on greenlight_queue (lease_until)
    where status = 'executing' and lease_until is not null;         -- sweep, expired leases
create index if not exists greenlight_queue_held on greenlight_queue (claimed_by, (execution_id is null))
    where status = 'executing' and claimed_by is not null;          -- held, renew, release
create unique index if not exists greenlight_queue_dedupe on greenlight_queue (dedupe_key)
    where dedupe_key is not null and status in ('pending', 'executing');
create unique index if not exists greenlight_queue_idempotency
    on greenlight_queue ((coalesce(idempotency_key, id::text)));

-- What is listed comes in the order of ids: with the status and whether somebody
-- took note of the outcome before the id, any choice of these is a few pieces of
-- one index, each in that order (greenlight_list).
create index if not exists greenlight_queue_by_status
    on greenlight_queue (status, (acked_at is null), id);
create index if not exists greenlight_queue_by_learner
    on greenlight_queue (learner_id, status, (acked_at is null), id);
create index if not exists greenlight_queue_by_atom
    on greenlight_queue (atom_id, status, (acked_at is null), id);
create index if not exists greenlight_queue_ended
    on greenlight_queue (completed_at, (acked_at is null), id)
    where status in ('complete', 'failed', 'cancelled');            -- purge, stats by day

-- How many outcomes are unseen is a matter of both columns together.
create statistics if not exists greenlight_queue_seen (mcv) on status, acked_at from greenlight_queue;

-- ---- what follows from a change, whoever makes it ----

-- Dates and leases follow the status; a value that the same statement sets
-- itself stays.  A token ends with a foreign `executing`, so that who held it
-- before cannot settle the row any more.
create or replace function greenlight_queue_follow() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        new.submitted_at := case when new.execution_id is not null then coalesce(new.submitted_at, now()) end;
        new.started_at := case when new.status <> 'pending' then coalesce(new.started_at, now()) end;
        new.completed_at := case when new.status not in ('pending', 'executing')
                                 then coalesce(new.completed_at, now()) end;
        return new;
    end if;
    if new.execution_id is distinct from old.execution_id
       and new.submitted_at is not distinct from old.submitted_at then
        new.submitted_at := case when new.execution_id is not null then now() end;
    end if;
    if new.status = old.status then
        return new;
    end if;
    if new.status = 'executing' then
        if new.started_at is not distinct from old.started_at then
            new.started_at := now();
        end if;
        if new.lease_token is not distinct from old.lease_token then
            new.lease_token := null;
        end if;
    end if;
    if new.status <> 'executing' or new.lease_token is null then
        new.lease_until := null;
        new.claimed_by := null;
    end if;
    if new.status in ('pending', 'executing') then
        new.completed_at := null;
    elsif new.completed_at is not distinct from old.completed_at then
        new.completed_at := now();
    end if;
    if new.acked_at is not distinct from old.acked_at then
        new.acked_at := null;
    end if;
    return new;
end $$;

create or replace trigger greenlight_queue_inserted before insert on greenlight_queue
    for each row when (new.status <> 'pending' or new.execution_id is not null)
    execute function greenlight_queue_follow();
-- The functions of 032 keep all of it in order themselves, where a call for each
-- row would be a tenth of what the row costs.
create or replace trigger greenlight_queue_moved before update of status, execution_id on greenlight_queue
    for each row when (
        new.execution_id is distinct from old.execution_id
            and new.submitted_at is not distinct from old.submitted_at
        or new.status <> old.status and (
            case when new.status = 'executing'
                 then new.started_at is not distinct from old.started_at or new.lease_token is null
                      or new.lease_token is not distinct from old.lease_token
                 else new.lease_until is not null or new.claimed_by is not null end
            or case when new.status in ('pending', 'executing') then new.completed_at is not null
                    else new.completed_at is not distinct from old.completed_at end
            or new.acked_at is not null))
    execute function greenlight_queue_follow();

-- Who changes a payload and knows nothing of the text beside it means the payload.
create or replace function greenlight_queue_rewrite() returns trigger language plpgsql as $$
begin
    if new.request_text is not distinct from old.request_text
       and new.request_payload is distinct from old.request_payload then
        new.request_text := null;
    end if;
    if new.result_text is not distinct from old.result_text
       and new.result_payload is distinct from old.result_payload then
        new.result_text := null;
    end if;
    return new;
end $$;

create or replace trigger greenlight_queue_rewritten
    before update of request_payload, result_payload on greenlight_queue
    for each row when (old.request_text is not null or old.result_text is not null)
    execute function greenlight_queue_rewrite();

comment on table greenlight_queue is 'Runtime atoms handed over to Greenlight, one row a handoff';
comment on column greenlight_queue.id is 'time-ordered: rows sort as they were queued';
comment on column greenlight_queue.atom_id is 'the atom that is handed over';
comment on column greenlight_queue.learner_id is 'whose it is';
comment on column greenlight_queue.execution_id is 'Greenlight''s name for it, once it was accepted';
comment on column greenlight_queue.status is 'pending, executing, complete, failed or cancelled';
comment on column greenlight_queue.request_payload is 'what is posted (see request_text)';
comment on column greenlight_queue.result_payload is 'what came back (see result_text)';
comment on column greenlight_queue.queued_at is 'when it was stored';
comment on column greenlight_queue.started_at is 'when it was last claimed';
comment on column greenlight_queue.completed_at is 'when it became complete, failed or cancelled';
comment on column greenlight_queue.error_message is 'the last error, in words';
comment on column greenlight_queue.retry_count is 'retries that were charged so far';
comment on column greenlight_queue.max_retries is 'a row whose retries are used up fails';
comment on column greenlight_queue.priority is '0 to 9, higher first';
comment on column greenlight_queue.run_at is 'not claimed before';
comment on column greenlight_queue.lease_token is 'the last claim; only who shows it may settle the row';
comment on column greenlight_queue.lease_until is 'when the claim ends by itself; null: never swept';
comment on column greenlight_queue.claimed_by is 'the worker that holds the lease';
comment on column greenlight_queue.submitted_at is 'when execution_id was saved';
comment on column greenlight_queue.dedupe_key is 'of rows pending or executing only one has it';
comment on column greenlight_queue.idempotency_key is 'sent with every post of this row; null: the id';
comment on column greenlight_queue.endpoint is 'run-atom or queue-atom';
comment on column greenlight_queue.errors is 'the last ten errors, the newest at the end';
comment on column greenlight_queue.acked_at is 'when somebody took note of the outcome';
comment on column greenlight_queue.request_text is 'the exact bytes, where jsonb does not give them back';
comment on column greenlight_queue.result_text is 'the exact bytes, where jsonb does not give them back';

comment on function greenlight_uuid7 is 'a time-ordered uuid';
