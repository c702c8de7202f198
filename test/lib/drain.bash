# drain: what the tests of gl-drain have in common.
#
#     setup()    { drain_setup; }
#     teardown() { drain_teardown; }
#
# Loads lib/postgres and lib/submit, whose `start` starts the mock.

load lib/postgres
load lib/submit

drain_setup() {
    cd "$BATS_TEST_TMPDIR" || return
    new_database
    # Tells the processes of this test from all others.
    export GREENLIGHT_SPOOL_DIR=$BATS_TEST_TMPDIR/spool
    export GREENLIGHT_BACKOFF_BASE_MS=1
}

drain_teardown() {
    local left
    stop_server
    left=$(left_over)
    # shellcheck disable=SC2086 # pids
    [ -z "$left" ] || kill -9 $left 2> /dev/null || true
}

# add FIRST LAST [MOCK [COLUMNS VALUES]]: rows for atoms a1, a2, …; MOCK tells
# the mock what to answer, COLUMNS and VALUES are SQL.
add() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload${4:+, $4})
         select 'a' || n, 'ada', jsonb_build_object('atom_id', 'a' || n, 'mock', '${3:-200}'::jsonb)${5:+, $5}
           from generate_series($1, $2) n"
}

# states: how many rows are in each status, as "complete 3, pending 1".
states() {
    sql "select coalesce(string_agg(status || ' ' || n, ', ' order by status), 'none')
           from (select status, count(*) as n from greenlight_queue group by status) s"
}

# state_is TEXT
state_is() {
    [ "$(states)" = "$1" ]
}

# value COLUMN [WHERE]
value() {
    sql "select $1 from greenlight_queue ${2:+where $2}"
}

# charged: how many retries all rows were charged.
charged() {
    value 'sum(retry_count)'
}

# ready: makes pending rows ready now; leases of the dead end.
ready() {
    sql "update greenlight_queue set run_at = now() where status = 'pending';
         update greenlight_queue set lease_until = now() - interval '1 s' where lease_until is not null"
}

# posts JQ: what the program says of each POST that the mock saw.
# shellcheck disable=SC2154 # start sets log
posts() {
    jq -c "select(.method == \"POST\") | $1" "$log"
}

posts_are() {
    [ "$(posts . | wc -l)" -ge "$1" ]
}

# begin [ARGUMENT ...]: gl-drain in the background; sets drain_pid.  Its output
# goes to `out` and `err`.
begin() {
    env --default-signal=INT gl-drain "$@" > out 2> err 3>&- &
    drain_pid=$!
    eventually 20 stage_pids > /dev/null
}

# stage_pids: those of gl-drain's children, in the order of the pipeline.
stage_pids() {
    grep . "/proc/$drain_pid/task/$drain_pid/children" 2> /dev/null
}

# stage NAME: its pid; the first gl-settle is called save here.
stage() {
    local pid name
    for pid in $(stage_pids); do
        name=$(tr '\0' '\n' 2> /dev/null < "/proc/$pid/cmdline" | sed 's/^--progress$/save/' | grep -x -e "gl-[a-z]*" -e save | tail -n 1)
        [ "$name" != "$1" ] || echo "$pid"
    done
}

# left_over: the programs of this test that still run, by the environment that
# they were started with (zombies have none).
left_over() {
    local all=(/proc/[0-9]*/environ) file
    grep -lzFx -f - "${all[@]}" 2> /dev/null <<< "GREENLIGHT_SPOOL_DIR=$BATS_TEST_TMPDIR/spool" |
        while read -r file; do
            file=${file#/proc/}
            grep -qs '^gl-\|^greenlight-mock' "/proc/${file%/environ}/comm" && echo "${file%/environ}"
        done
}

# nothing_left: no stage runs any more.
nothing_left() {
    local pid
    for pid in $(left_over); do
        [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = greenlight-mock ] || return 1
    done
}
