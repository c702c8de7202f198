# evidence: what is written down while programs or databases are killed, and what
# must be true of it afterwards, whatever was killed when.  Loads lib/drain.
#
# A trigger writes down every change of a row, and the mock every request.  They
# share a machine, so their clocks can be compared.

load lib/drain

audit() {
    sql "create table audit (at timestamptz default clock_timestamp(), id uuid, old_status text, status text,
                             old_execution_id text, execution_id text, result jsonb);
         create function audit() returns trigger language plpgsql as \$\$ begin
             insert into audit (id, old_status, status, old_execution_id, execution_id, result)
                 values (new.id, old.status, new.status, old.execution_id, new.execution_id, new.result_payload);
             return new; end \$\$;
         create trigger audit after update on greenlight_queue for each row execute function audit();
         create table acknowledged (id uuid);
         create table posted (at timestamptz, atom_id text, key text, status int)"
}

# requests_of_run N: what is asked for in a run: mostly answers at once, executions, a
# few that are refused, and a few answers that only come the second time.
requests_of_run() {
    seq "$1" | jq -c '{atom_id: "a\(.)", async_execution: (. % 4 == 0), session_context: {learner_id: "ada"},
        mock: (if . % 4 == 0 then {polls: (. % 3), estimated_wait_seconds: 0.1}
               elif . % 50 == 1 then 422
               elif . % 50 == 2 then [{fault: "drop"}, {delay_ms: 5}]
               else {delay_ms: (. % 7)} end)}'
}

# drain_all: as cron would run it, often enough for what was put off.
drain_all() {
    local turn
    for ((turn = 0; turn < 6; turn++)); do
        ready
        timeout 60 gl-drain -q -j 8 > /dev/null 2>> drained.err || true
        [ "$(value 'count(*)' "status in ('pending', 'executing')")" -ne 0 ] || return 0
    done
    cat drained.err
    fail "rows are left: $(states)"
}

# The offset of the mock's clock, CLOCK_MONOTONIC in ms, to that of the database.
clock_offset() {
    python3 -c 'import time; print(time.time() - time.monotonic())'
}

# shellcheck disable=SC2154 # start sets log
load_evidence() {
    jq -r 'select(._gl.type == "row").id' acknowledged | sql_copy acknowledged
    jq -r --argjson offset "$(clock_offset)" 'select(.method == "POST") |
        [(.time_ms / 1000 + $offset | tostring), (.body | fromjson.atom_id), .headers["idempotency-key"], .status] | @csv' "$log" |
        psql -XqAt -v ON_ERROR_STOP=1 -c "create temp table p (at float8, atom_id text, key text, status int)" \
            -c "copy p from stdin csv" -c "insert into posted select to_timestamp(at), atom_id, key, status from p"
}

sql_copy() {
    psql -XqAt -v ON_ERROR_STOP=1 -c "copy $1 from stdin"
}

# no WHAT FROM-WHERE: no row of the query; else says which.
no() {
    local found
    found=$(sql "select $2 limit 5")
    [ -z "$found" ] || fail "$1: $found"
}

# What must be true of every run, whatever was killed when.
check_run() {
    load_evidence
    [ "$(sql 'select count(*) from acknowledged')" -ge 1 ]
    no 'an acknowledged row is lost' \
        "a.id from acknowledged a left join greenlight_queue q using (id) where q.id is null"
    no 'a row has no outcome' "id, status from greenlight_queue where status not in ('complete', 'failed')"
    no 'a row has the wrong outcome' "id, atom_id, status, errors from greenlight_queue
        where (status = 'failed') <> (substr(atom_id, 2)::int % 50 = 1 and substr(atom_id, 2)::int % 4 <> 0)"
    no 'a row has two outcomes' "id, count(*) from audit
        where status in ('complete', 'failed', 'cancelled') group by id having count(*) > 1"
    no 'a row left its outcome' "id from audit where old_status in ('complete', 'failed', 'cancelled')"
    no 'a row without its result' "id from greenlight_queue
        where status = 'complete' and result_payload ->> 'correct' is distinct from 'true'"
    no 'a row was posted under two keys' "atom_id, array_agg(distinct key) from posted
        group by atom_id having count(distinct key) > 1"
    no 'a key that is not the row'"'"'s' "p.key from posted p
        left join greenlight_queue q on coalesce(q.idempotency_key, q.id::text) = p.key where q.id is null"
    no 'an execution was posted again once its id was saved' "q.atom_id, p.at, saved.at
        from (select id, min(at) as at from audit where old_execution_id is null and execution_id is not null group by id) saved
        join greenlight_queue q using (id) join posted p using (atom_id) where p.at > saved.at + interval '2 ms'"
}
