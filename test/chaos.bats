#!/usr/bin/env bats
# bats file_tags=plain
# chaos: programs and PostgreSQL are killed at random moments while a queue is
# drained; a plain gl-drain then finishes, and nothing may be lost or done twice.
#
# CHAOS_RUNS and CHAOS_CRASHES say how many runs kill a program, or PostgreSQL
# (`make chaos` has the long numbers), CHAOS_ROWS how many rows each has.
# CHAOS_SEED repeats what was drawn by chance; it is printed.
#
# A trigger writes down every change of a row, and the mock every request.  They
# share a machine, so their clocks can be compared.

load lib/common
load lib/drain

runs=${CHAOS_RUNS:-6}
crashes=${CHAOS_CRASHES:-2}
rows=${CHAOS_ROWS:-500}

setup_file() {
    export CHAOS_SEED=${CHAOS_SEED:-$SRANDOM}
    echo "# CHAOS_SEED=$CHAOS_SEED" >&3
    start_postgres
}

teardown_file() {
    stop_postgres
}

setup() {
    drain_setup
    RANDOM=$((CHAOS_SEED % 32768 + BATS_TEST_NUMBER))
    audit
}

teardown() {
    drain_teardown
}

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

# begin_run: an empty queue, filled by gl-enqueue, whose output are the rows that
# it vouches for.
begin_run() {
    sql "truncate greenlight_queue, audit, acknowledged, posted"
    : > "$log"
    gl-enqueue < requests > acknowledged
}

# drain: as cron would run it, often enough for what was put off.
drain_all() {
    local turn
    for turn in 1 2 3 4 5 6; do
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

load_evidence() {
    jq -r '.id' acknowledged | sql_copy acknowledged
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

# ---- what is killed ----

stages=(gl-claim gl-submit save gl-poll gl-settle gl-drain)

# kill_one STAGE MS: SIGKILL to it MS after the drain began; sets killed, to 0
# where it had ended before.
kill_one() {
    local pid
    killed=0
    begin -q -j 8
    sleep "$(printf '%d.%03d' $(($2 / 1000)) $(($2 % 1000)))"
    if [ "$1" = gl-drain ]; then
        pid=$drain_pid
    else
        pid=$(stage "$1")
    fi
    if [ -n "$pid" ] && kill -9 "$pid" 2> /dev/null; then
        killed=1
    fi
    wait "$drain_pid" || true
    eventually 30 nothing_left
}

# length_of_run: how long an undisturbed drain takes, in ms.
length_of_run() {
    local start=${EPOCHREALTIME/./}
    begin_run
    timeout 60 gl-drain -q -j 8 > /dev/null 2>&1 || true
    echo $(((${EPOCHREALTIME/./} - start) / 1000))
}

# kill_programs N [MOCK_OPTION]: N runs in which one was killed, each in its turn;
# six runs of two tests are all of them.
kill_programs() {
    local n tries=0 length name turn=$((CHAOS_SEED + 3 * BATS_TEST_NUMBER))
    declare -A kills
    start "${@:2}"
    requests_of_run "$rows" > requests
    length=$(length_of_run)
    drain_all
    check_run
    for ((n = 0; n < $1; n++)); do
        name=${stages[(turn + n) % 6]}
        killed=0
        while ((killed == 0)); do
            ((++tries < 5 * $1 + 20)) || fail "of $tries kills only $n met a program"
            begin_run
            kill_one "$name" $((RANDOM % length))
        done
        kills[$name]=$((${kills[$name]:-0} + 1))
        echo "run $n, $name killed"
        drain_all
        check_run
    done
    for name in "${stages[@]}"; do
        echo "# killed $name: ${kills[$name]:-0}" >&3
    done
}

@test "chaos: programs killed at random, the server honours keys: nothing is lost or done twice" {
    kill_programs $(((runs + 1) / 2)) --honour-keys
}

@test "chaos: programs killed at random, the server ignores keys: nothing is lost or done twice" {
    kill_programs $((runs / 2))
}

@test "chaos: PostgreSQL killed at random while rows come and go: nothing is lost or done twice" {
    local n length feeder
    start
    start_postgres synchronous_commit=on # one of our own; its commits have to last
    new_database
    audit
    requests_of_run "$rows" > requests
    length=$(length_of_run)
    for ((n = 1; n <= crashes; n++)); do
        sql "truncate greenlight_queue, audit, acknowledged, posted"
        : > "$log"
        gl-enqueue -q < requests > acknowledged 2> feeder.err 3>&- &
        feeder=$!
        begin -q -j 8 --follow --max-runtime 4s --grace 1s --attempts 5
        sleep "$(printf '0.%03d' $((RANDOM % (length < 1000 ? length : 1000))))"
        halt_postgres immediate
        run_postgres
        wait "$drain_pid" || true
        wait "$feeder" || true
        eventually 30 nothing_left
        echo "run $n"
        drain_all
        check_run
    done
    echo "# killed PostgreSQL: $crashes" >&3
    stop_postgres
}
