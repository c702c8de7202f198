#!/usr/bin/env bats
# The queue on a primary and a synchronous standby: the primary is killed under
# load and the standby promoted, and programs that know both hosts lose nothing.
#
# FAILOVER_RUNS says how often, FAILOVER_ROWS how many rows have an outcome
# before the kill and after it; with FAILOVER_TIMES=1 the outages are printed.

# bats file_tags=direct

load lib/common
load lib/failover

rows=${FAILOVER_ROWS:-100}

setup() {
    failover_setup
}

teardown() {
    touch stop
    failover_teardown
}

# stream: requests without end, some 400 a second, until there is a file `stop`.
stream() {
    local line n=0
    requests_of_run 1000000 | while read -r line && [ ! -e stop ]; do
        printf '%s\n' "$line"
        ((++n % 10)) || sleep 0.02
    done
}

# begin_load [ARGUMENT ...]: an empty queue that is filled and drained at once.
begin_load() {
    sql "truncate greenlight_queue, audit, acknowledged, posted"
    : > "$log"
    rm -f stop
    stream 2> /dev/null 3>&- | tee requests | gl-enqueue -q --rest rest "$@" > acknowledged 2> feeder.err 3>&- &
    feeder=$!
    begin -q -j 8 --follow --max-runtime 60s --grace 1s "$@"
    eventually 20 has_outcomes "$rows"
}

# has_outcomes N
has_outcomes() {
    [ "$(value 'count(*)' "status in ('complete', 'failed')")" -ge "$1" ]
}

# Every request that there was is a row, once.
check_requests() {
    no 'a request is no row, or two' "atom_id, count(*) from greenlight_queue group by atom_id having count(*) > 1"
    diff <(jq -r .atom_id requests | sort) <(value atom_id | sort) || fail 'other requests than rows'
}

# time_acknowledgements: notes when each comes, until gl-enqueue ends.
time_acknowledgements() {
    tail -f -s 0.01 --pid="$feeder" acknowledged 3>&- | while read -r _; do
        echo "${EPOCHREALTIME/./}"
    done > times 3>&- &
}

# The longest time in ms without one, and that in which the drain changed no row.
print_times() {
    [ -n "${FAILOVER_TIMES-}" ] || return 0
    echo "# $(awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print int(most / 1000) }' times)" \
        "ms without an acknowledgement, $(sql "select round(1000 * extract(epoch from max(gap)))
            from (select at - lag(at) over (order by at) as gap from audit) s") ms without a change of a row;" \
        "what waited to be committed was $fate" >&3
}

@test "failover: programs that know both hosts go on at the promoted standby; nothing is lost or done twice" {
    local n before fates=(lost kept)
    start
    for ((n = 0; n < ${FAILOVER_RUNS:-2}; n++)); do
        [ -n "$standby_pid" ] || start_standby
        begin_load --attempts 10 --backoff-base 100ms --backoff-cap 1s
        time_acknowledgements
        fail_over "${fates[n % 2]}"
        before=$(value 'count(*)' "status in ('complete', 'failed')")
        eventually 30 has_outcomes $((before + rows))
        touch stop
        ended 0 "$feeder"
        kill -TERM "$drain_pid"
        ended 143 "$drain_pid"
        nothing_left
        print_times
        drain_all
        check_run
        check_requests
    done
}

@test "failover: what gave up before the standby was promoted left nothing behind that is not spooled or told" {
    start
    begin_load --attempts 2 --backoff-base 10ms --circuit-pause 1s
    kill_primary
    ended 75 "$drain_pid"
    eventually 20 grep -q unavailable acknowledged
    touch stop
    ended 75 "$feeder"
    promote
    timeout 30 gl-enqueue -q rest >> acknowledged
    drain_all
    check_run
    check_requests
    assert_equal "$(ls -A spool)" ''
}
