#!/usr/bin/env bats
# gl-settle while its server is shut down and comes back, so on a server of its own.

load lib/common
load lib/postgres

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    start_postgres synchronous_commit=on
    new_database
    export GREENLIGHT_SPOOL_DIR=$BATS_TEST_TMPDIR/spool
}

teardown() {
    stop_postgres
}

@test "gl-settle: a server that is shut down in the middle loses no outcome" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload)
         select 'a' || n, 'l', '{}' from generate_series(1, 300) n"
    gl-claim | jq -c '{atom_id, _gl, status: "complete"} | ._gl.type = "result"' > records
    { head -n 100 records; until [ -e down ]; do sleep 0.01; done; tail -n 200 records; } |
        gl-settle --batch 10 --attempts 1 > out 2> err 3>&- &
    pid=$!
    eventually 20 settled_are 100
    halt_postgres immediate
    : > down
    ended 75 "$pid"
    assert_equal "$(wc -l < out)" 300
    assert_equal "$(jq -r ._gl.settlement out | uniq -c)" "$(printf '    100 settled\n    200 null')"
    run_postgres
    settled_are 100
    run -0 gl-settle < /dev/null
    settled_are 300
    run ! ls spool/*
}

settled_are() {
    [ "$(sql "select count(*) from greenlight_queue where status = 'complete'")" -eq "$1" ]
}
