#!/usr/bin/env bats
# gl-drain: what a drain does with rows, servers and databases that are well or
# not.  Signals and kills are in gl-drain-kill.bats.

load lib/common
load lib/database
load lib/drain

setup() {
    drain_setup
}

teardown() {
    drain_teardown
}

# ---- rows ----

@test "gl-drain: what is ready is posted once under the row's key, recorded and printed" {
    start
    add 1 50
    run --separate-stderr -0 timeout 30 gl-drain
    assert_equal "$(jq -r '._gl.settlement + " " + .status' <<< "$output" | sort | uniq -c | tr -s ' ')" \
        ' 50 settled complete'
    # shellcheck disable=SC2154
    assert_equal "$stderr" 'gl-drain: done: 50 ended, 0 failed, 0 to be tried again, 0 taken by others'
    state_is 'complete 50'
    assert_equal "$(posts . | wc -l)" 50
    diff <(posts '.headers["idempotency-key"]' | tr -d '"' | sort) <(value id | sort)
    assert_equal "$(value "count(*)" "result_payload ->> 'correct' = 'true'")" 50
    nothing_left
}

@test "gl-drain: with nothing to do it says so and is 0, 1 with -e, silent with -q" {
    start
    run -0 gl-drain
    assert_output 'gl-drain: done: nothing was ready'
    run -1 gl-drain -e -q
    assert_output ''
    add 1 3
    run --separate-stderr -0 gl-drain -q
    assert_equal "$stderr" ''
}

@test "gl-drain: a 4xx row fails at once and alone, also at the head of the queue" {
    start
    add 1 1 403 priority 9
    add 2 2 422
    add 3 12
    run -69 timeout 30 gl-drain
    assert_line --partial 'done: 10 ended, 2 failed, 0 to be tried again'
    state_is 'complete 10, failed 2'
    assert_equal "$(posts 'select(.n > 1)')" ''
    assert_equal "$(charged)" 0
}

@test "gl-drain: a row that always gets a 500 stops after max_retries, with its errors" {
    start
    add 1 1 500
    add 2 4
    run -75 timeout 30 gl-drain
    assert_line --partial 'done: 3 ended, 0 failed, 1 to be tried again'
    assert_equal "$(value "retry_count, run_at between now() + interval '40 s' and now() + interval '75 s'" \
        "status = 'pending'")" '1|t'
    run -0 timeout 30 gl-drain # it is not ready yet
    for turn in 2 3; do
        ready
        run -75 timeout 30 gl-drain
        assert_equal "$(value retry_count "status = 'pending'")" "$turn"
    done
    ready
    run -69 timeout 30 gl-drain
    assert_equal "$(value "status, retry_count, jsonb_array_length(errors), errors -> 3 ->> 'class', error_message <> ''" \
        "atom_id = 'a1'")" 'failed|3|4|http_5xx|t'
    ready
    run -0 timeout 30 gl-drain
    assert_equal "$(posts 'select(.body | fromjson.atom_id == "a1")' | wc -l)" 12
    state_is 'complete 3, failed 1'
}

@test "gl-drain: -n, --atom and --learner choose rows" {
    start
    add 1 10
    add 11 11 200 priority 3
    sql "update greenlight_queue set learner_id = 'bob' where atom_id = 'a7'"
    run -0 gl-drain -n 2
    assert_equal "$(value "string_agg(atom_id, ' ' order by id)" "status = 'complete'")" 'a1 a11'
    run -0 gl-drain --atom a5
    assert_equal "$(value status "atom_id = 'a5'")" complete
    run -0 gl-drain --learner bob
    assert_equal "$(value status "atom_id = 'a7'")" complete
    state_is 'complete 4, pending 7'
}

@test "gl-drain: executions are saved before they are polled, posted once, and settled" {
    start
    sql "create table seen (atom_id text, status text, execution_id text, at timestamptz);
         create function see() returns trigger language plpgsql as \$\$ begin
             insert into seen values (new.atom_id, new.status, new.execution_id, clock_timestamp());
             return new; end \$\$;
         create trigger see after update on greenlight_queue for each row execute function see()"
    add 1 20 '{"polls": 1, "estimated_wait_seconds": 0.2}' endpoint "'queue-atom'"
    add 21 25
    run -0 timeout 30 gl-drain
    state_is 'complete 25'
    assert_equal "$(posts 'select(.path == "/greenlight/queue-atom")' | wc -l)" 20
    assert_equal "$(sql "select count(*) from seen where status = 'executing' and execution_id is not null")" 20
    assert_equal "$(value "count(*)" "execution_id is not null and submitted_at is not null")" 20
}

@test "gl-drain: an execution that does not end in time is polled another time, not posted again" {
    start
    add 1 1 '{"polls": 3, "estimated_wait_seconds": 0.1}' endpoint "'queue-atom'"
    run -75 timeout 30 gl-drain --max-wait 0
    assert_line --partial '0 ended, 0 failed, 1 to be tried again'
    assert_equal "$(value "status, retry_count, execution_id is not null, run_at > now() + interval '50 s'")" 'pending|0|t|t'
    ready
    run -0 timeout 30 gl-drain
    state_is 'complete 1'
    assert_equal "$(posts . | wc -l)" 1
}

@test "gl-drain: an execution that the server forgot is posted anew under another key, charged" {
    start
    add 1 1 '{"polls": 0, "estimated_wait_seconds": 0.1}' endpoint "'queue-atom'"
    sql "update greenlight_queue set execution_id = 'gone'"
    run -75 timeout 30 gl-drain
    assert_equal "$(value "retry_count, execution_id is null, idempotency_key <> id::text")" '1|t|t'
    ready
    run -0 timeout 30 gl-drain
    state_is 'complete 1'
}

@test "gl-drain: two at once post and settle every row once" {
    start
    add 1 300 '{"delay_ms": 5}'
    timeout --foreground 60 gl-drain -q > one 3>&- &
    other=$!
    run -0 timeout 60 gl-drain -q
    ended 0 "$other"
    state_is 'complete 300'
    assert_equal "$(posts . | wc -l)" 300
    assert_equal "$(wc -l < one | awk '{ print ($1 > 0 && $1 < 300) }')" 1
}

@test "gl-drain: leases are renewed while rows take longer than they last" {
    start
    add 1 1 '{"delay_ms": 3500}'
    begin --lease 1s
    eventually 20 posts_are 1
    sleep 2 # longer than the lease
    run -0 gl-drain -q
    assert_equal "$(value 'status, retry_count')" 'executing|0'
    ended 0 "$drain_pid"
    state_is 'complete 1'
}

@test "gl-drain: --follow takes what comes later, until it is told to end" {
    start
    begin --follow
    add 1 3
    eventually 20 state_is 'complete 3'
    add 4 5
    eventually 20 state_is 'complete 5'
    kill "$drain_pid"
    ended 143 "$drain_pid"
    assert_equal "$(wc -l < out)" 5
    nothing_left
}

@test "gl-drain: --max-runtime ends it with 75, and what is under way is finished" {
    start
    add 1 100 '{"delay_ms": 300}'
    run --separate-stderr -75 timeout 30 gl-drain -j 2 --max-runtime 1s
    assert_equal "$(charged)" 0
    done_rows=$(value 'count(*)' "status = 'complete'")
    [ "$done_rows" -ge 4 ] && [ "$done_rows" -lt 100 ]
    assert_equal "$(value 'count(*)' "status = 'executing'")" 0
    assert_equal "$(grep -c '"settled"' <<< "$output")" "$done_rows"
    nothing_left
}

# ---- siblings ----

@test "gl-drain: runs the programs beside it, also through a link, and only then those on PATH" {
    start
    add 1 1
    mkdir bin elsewhere
    printf '#!/bin/sh\necho wrong >&2; exit 70\n' > elsewhere/gl-submit
    chmod +x elsewhere/gl-submit
    ln -s "$(command -v gl-drain)" elsewhere/gl-drain
    PATH=$PWD/elsewhere:$PATH run -0 gl-drain -q
    add 2 2
    cp "$(command -v gl-drain)" bin
    PATH=$GL_BUILD/bin:$PATH run -0 bin/gl-drain -q
    state_is 'complete 2'
    PATH=/usr/bin:/bin run -71 bin/gl-drain
    assert_output 'gl-drain: cannot run gl-claim: No such file or directory'
}

@test "gl-drain: a stage that ends with 70, or cannot do its work, ends the drain" {
    start
    add 1 3
    mkdir bin
    cp "$GL_BUILD"/bin/gl-* bin
    printf '#!/bin/sh\nread -r line; exit 70\n' > bin/gl-submit
    run -70 timeout 30 bin/gl-drain
    assert_line 'gl-drain: gl-submit has a bug and ended'
    nothing_left
    assert_equal "$(value 'count(*), sum(retry_count)' "status = 'pending'")" '3|3'
    ready
    printf '#!/bin/sh\nread -r line; exit 71\n' > bin/gl-submit
    run -71 timeout 30 bin/gl-drain
    nothing_left
    assert_equal "$(value 'count(*), sum(retry_count)' "status = 'pending'")" '3|3'
}

# ---- servers ----

@test "gl-drain: with the server down it ends with 75 within 6 s and touches no row" {
    add 1 5
    before=$(value 'ctid, xmin, *')
    SECONDS=0
    GREENLIGHT_API_URL=http://127.0.0.1:1 run -75 gl-drain
    assert_output --partial 'http://127.0.0.1:1/health: '
    assert_output --partial '; nothing was claimed'
    echo '{"match": {"path": "/health"}, "answers": {"delay_ms": 60000}}' > scenario
    start --scenario scenario
    run -75 gl-drain
    [ "$SECONDS" -le 8 ]
    stop_server
    rm ready
    echo '{"match": {"path": "/health"}, "answers": 503}' > scenario
    start --scenario scenario
    run -75 gl-drain
    assert_output --partial '/health: '
    GREENLIGHT_API_URL=http://127.0.0.1:1 run -75 gl-drain -q
    assert_output ''
    [ "$(value 'ctid, xmin, *')" = "$before" ]
    stop_server
    rm ready
    start
    run -0 timeout 30 gl-drain
    state_is 'complete 5'
}

@test "gl-drain: a URL without Greenlight behind it is 78, and no row is charged or failed" {
    local code
    add 1 30
    for code in 404 405; do
        echo "{\"answers\": $code}" > scenario
        start --scenario scenario
        run -78 timeout 30 gl-drain
        assert_output --partial "gl-drain: $GREENLIGHT_API_URL: no Greenlight is there"
        assert_equal "$(value "count(*), sum(retry_count), sum(jsonb_array_length(errors))" "status = 'pending'")" '30|0|0'
        nothing_left
        ready
        stop_server
        rm ready
    done
    start
    run -0 timeout 30 gl-drain
    state_is 'complete 30'
}

@test "gl-drain: one row that gets 404 from a server without /health fails alone" {
    echo '{"match": {"path": "/health"}, "answers": 404}' > scenario
    start --scenario scenario
    add 1 1 404 priority 9
    add 2 40
    run -69 timeout 30 gl-drain
    state_is 'complete 39, failed 1'
}

@test "gl-drain: without an accepted token it ends with 77, and no row is charged" {
    start --token right
    add 1 40
    echo wrong > token
    run -77 timeout 30 gl-drain --token-file token
    refute_output --partial wrong
    assert_equal "$(value 'count(*), sum(retry_count)' "status = 'pending'")" '40|0'
    [ "$(posts . | wc -l)" -le 8 ]
    nothing_left
    echo right > token
    ready
    run -0 timeout 30 gl-drain --token-file token
    state_is 'complete 40'
}

@test "gl-drain: when the server goes away it stops claiming, 75, and charges nothing for that" {
    start
    add 1 400 '{"delay_ms": 20}'
    begin -j 4 --attempts 1 --circuit-pause 10ms
    eventually 20 posts_are 20
    kill -9 "$server_pid"
    ended 75 "$drain_pid"
    nothing_left
    assert_equal "$(value "count(*)" "status = 'executing' or status = 'failed'")" 0
    # What was under way is charged, what was not sent is not.
    [ "$(charged)" -le 4 ]
    [ "$(value "count(*)" "status = 'pending' and started_at is null")" -gt 100 ]
}

# ---- databases ----

# bats test_tags=direct
@test "gl-drain: without a database it ends with 75, with a wrong one with 78" {
    start
    PGHOST=$BATS_TEST_TMPDIR run -75 timeout 30 gl-drain
    assert_output --partial 'gl-claim: cannot connect to the database'
    PGDATABASE=nobody run -78 timeout 30 gl-drain
    PGDATABASE=postgres run -78 timeout 30 gl-drain
    assert_output --partial 'was gl-migrate run on it?'
    nothing_left
}

@test "gl-drain: a password goes to its stages, and not by their command lines" {
    local pid
    start
    add 1 1 '{"delay_ms": 60000}'
    run -64 gl-drain --db "host=$PGHOST dbname=$PGDATABASE password=hunter2"
    refute_output --partial hunter2
    GREENLIGHT_DATABASE_URL="host=$PGHOST dbname=$PGDATABASE user=greenlight password=hunter2" PGHOST=/nowhere \
        begin --grace 0
    eventually 20 posts_are 1
    for pid in "$drain_pid" $(stage_pids); do
        run ! grep -asq hunter2 "/proc/$pid/cmdline" # gl-claim may have ended
    done
    kill "$drain_pid"
    ended 143 "$drain_pid"
}

@test "gl-drain: --db goes to the stages too" {
    start
    add 1 1
    PGHOST=/nowhere PGDATABASE=nobody run -0 gl-drain --db "host=$PGHOST dbname=$PGDATABASE user=greenlight"
    state_is 'complete 1'
}

# ---- output ----

@test "gl-drain: when nobody reads the output it ends quietly, with nothing left behind" {
    start
    add 1 300 '{"delay_ms": 5}'
    run -0 bash -c 'timeout 30 gl-drain -q --grace 1s | head -n 1; echo "${PIPESTATUS[0]}" > code'
    assert_equal "$(cat code)" 141
    assert_equal "$(wc -l <<< "$output")" 1
    eventually 20 nothing_left
    assert_equal "$(value "count(*)" "status = 'executing'")" 0
    assert_equal "$(charged)" 0
}

@test "gl-drain: a full disk behind its output is 74, and every row is accounted for" {
    start
    add 1 300 '{"delay_ms": 5}'
    run -74 bash -c 'timeout 30 gl-drain -q --grace 1s > /dev/full'
    assert_output 'gl-drain: cannot write to standard output: No space left on device'
    nothing_left
    assert_equal "$(value "count(*)" "status = 'executing'")" 0
    assert_equal "$(charged)" 0
}

@test "gl-drain: a slow reader gets every record" {
    start
    add 1 400
    timeout 60 gl-drain -q 3>&- | { sleep 1; cat > out; }
    assert_equal "$(wc -l < out)" 400
    state_is 'complete 400'
}

@test "gl-drain: shows progress of its own, one line, and none of its stages'" {
    start
    add 1 40 '{"delay_ms": 800}'
    tmux -L "drain$$" -f /dev/null new-session -d -x 100 -y 20 "gl-drain > out; sleep 60"
    screen() { tmux -L "drain$$" capture-pane -p | grep .; }
    shows() { screen | grep -qE '^[1-9][0-9]* done, 0 failed, [0-9]+/s *$'; }
    eventually 20 shows
    assert_equal "$(screen | wc -l)" 1
    finished() { screen | grep -q '^gl-drain: done: 40 ended'; }
    eventually 20 finished
    assert_equal "$(screen | wc -l)" 1
    tmux -L "drain$$" kill-server
}
