#!/usr/bin/env bats
# bats file_tags=plain
# chaos: programs and PostgreSQL are killed at random moments while a queue is
# drained; a plain gl-drain then finishes, and nothing may be lost or done twice.
#
# CHAOS_RUNS and CHAOS_CRASHES say how many runs kill a program, or PostgreSQL
# (`make chaos` has the long numbers), CHAOS_ROWS how many rows each has.
# CHAOS_SEED repeats what was drawn by chance; it is printed.

load lib/common
load lib/evidence

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

# begin_run: an empty queue, filled by gl-enqueue, whose output are the rows that
# it vouches for.
begin_run() {
    sql "truncate greenlight_queue, audit, acknowledged, posted"
    : > "$log"
    gl-enqueue < requests > acknowledged
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
            ((tries % 5)) || length=$(length_of_run) # the machine may have been busy
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
