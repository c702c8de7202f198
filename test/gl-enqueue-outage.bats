#!/usr/bin/env bats
# gl-enqueue while things break: databases that are away, answers that get lost,
# kills, and the spool.  Postgres itself is killed in gl-enqueue-crash.bats.

load lib/common
load lib/postgres
load lib/enqueue

# What was committed must outlive the server, though not the machine.
setup_file() {
    start_postgres synchronous_commit=on
}

teardown_file() {
    stop_postgres
}

setup() {
    new_database
    cd "$BATS_TEST_TMPDIR" || return
    export GREENLIGHT_SPOOL_DIR=$BATS_TEST_TMPDIR/unused
}

# away COMMAND ...: where nobody listens.
away() {
    PGHOST=$BATS_TEST_TMPDIR "$@" --backoff-base 10ms
}

# ---- no spool ----

@test "outage: with the database away every request comes out as unavailable, exit 75, and --rest has it" {
    requests 1 3 'if .n == 2 then ._gl = {context: "c", endpoint: "queue-atom"} else . end' > in
    run -75 --separate-stderr away gl-enqueue --rest rest in
    echo "$output" > out
    assert_equal "$(wc -l <<< "$stderr")" 1
    holds 'length == 3 and (map(.atom_id) == ["a1", "a2", "a3"]) and all(.[];
           .status == "unavailable" and .error.class == "connect" and .error.retryable and .correct == null
           and ._gl.type == "result") and (.[1]._gl | .context == "c" and (.idempotency_key | length == 36))' out
    holds 'map([._gl.idempotency_key, ._gl.endpoint, .n, .learner_id]) as $rest | $rest[0] == ["k1", "run-atom", 1, "ada"]
           and $rest[1][1] == "queue-atom" and ($rest[1][0] | length == 36) and all(.[]; ._gl.type == null)' rest
    assert_equal "$(jq -r '._gl.idempotency_key' out)" "$(jq -r '._gl.idempotency_key' rest)"
    [ ! -e unused ]
    run -0 gl-enqueue rest
    assert_equal "$(sql "select string_agg(idempotency_key, ' ' order by id) from greenlight_queue")" \
        "$(jq -r '._gl.idempotency_key' rest | paste -sd' ')"
}

@test "outage: a database that stays away is not asked for each batch" {
    requests 1 20000 > in
    SECONDS=0
    PGHOST=$BATS_TEST_TMPDIR run -75 --separate-stderr gl-enqueue --attempts 2 in
    ((SECONDS < 8)) || fail "took $SECONDS s"
    assert_equal "${#lines[@]}" 20000
    assert_equal "$(wc -l <<< "$stderr")" 1
}

@test "outage: once --circuit-pause is over, a database that came back gets what comes" {
    mkdir sockets
    mkfifo pipe
    PGHOST=$BATS_TEST_TMPDIR/sockets timeout --foreground 30 gl-enqueue --attempts 1 --circuit-pause 300ms < pipe > out 2> err 3>&- &
    exec 5> pipe
    requests 1 1 >&5
    eventually 20 grep -q unavailable out
    ln -s "$PGHOST/.s.PGSQL.5432" sockets/
    stored() { requests 2 2 >&5; grep -q '"status":"pending"' out; }
    eventually 20 stored
    exec 5>&-
    ended 75 $!
}

# bats test_tags=direct
@test "outage: a database that is not there or not ours is exit 78 or 77, and nothing is lost" {
    requests 1 2 > in
    PGDATABASE=nowhere run -78 --separate-stderr gl-enqueue --rest rest in
    assert_equal "$(grep -c unavailable <<< "$output") $(wc -l < rest)" '2 2'
    PGUSER=nobody run -77 gl-enqueue in
    sql "drop function greenlight_enqueue"
    run -78 gl-enqueue in
    assert_output --partial 'was gl-migrate run on it?'
}

# bats test_tags=plain
@test "outage: rows whose COMMIT was answered to nobody are stored once and are no duplicates" {
    requests 1 3 'if .n == 2 then . else del(._gl) end' > in
    # The descriptor breaks at each moment in turn: while connecting, and with the answer on its way.
    for n in {1..12}; do
        strace -qq -o /dev/null -e trace=recvfrom -e inject=recvfrom:error=ECONNRESET:when="$n" \
            gl-enqueue --backoff-base 10ms --verbose --dedupe "[\"$n\", .atom_id]" in > out 2>> err ||
            fail "run $n: exit $? $(cat err)"
        holds 'length == 3 and all(.[]; ._gl.type == "row" and .status == "pending" and .duplicate == null)' out
        every_acknowledged out
        [ "$(sql "select count(*) from greenlight_queue")" = 3 ]
        sql "truncate greenlight_queue"
    done
}

@test "outage: a session that the server ends in the middle of a batch is replaced, and each row stored once" {
    sql "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.5); return new; end';
         create trigger slow before insert on greenlight_queue for each row when (new.atom_id = 'a250') execute function slow()"
    requests 1 1000 'del(._gl)' > in
    gl-enqueue --backoff-base 10ms in > out 3>&- &
    pid=$!
    ends_session() {
        [ "$(sql "select count(pg_terminate_backend(pid)) from pg_stat_activity
                  where datname = current_database() and wait_event = 'PgSleep'")" = 1 ]
    }
    eventually 20 ends_session
    ended 0 "$pid"
    holds 'length == 1000 and all(.[]; .status == "pending" and .duplicate == null)' out
    every_acknowledged out
    [ "$(sql "select count(*) from greenlight_queue")" = 1000 ]
}

@test "outage: a database that does not answer is given up after --db-timeout, though no more input comes" {
    sql "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(30); return new; end';
         create trigger slow before insert on greenlight_queue for each row execute function slow()"
    mkfifo pipe
    timeout --foreground 30 gl-enqueue --db-timeout 1s --attempts 1 < pipe > out 2> err 3>&- &
    exec 5> pipe
    requests 1 1 >&5
    eventually 20 grep -q '"class":"connect"' out
    exec 5>&-
    ended 75 $!
}

@test "outage: a host that falls silent is left to the kernel to find out, in 10 s or as the connection string says" {
    local option
    # socket_options [WORD]: what is set on the socket before it connects.
    socket_options() {
        requests 1 1 | strace -qq -o calls -e trace=setsockopt gl-enqueue --attempts 1 --db "host=127.0.0.1 port=1 $1" > out || true
    }
    socket_options ''
    for option in 'TCP_USER_TIMEOUT, [10000]' 'TCP_KEEPIDLE, [5]' 'TCP_KEEPINTVL, [2]'; do
        grep -qF "$option" calls || fail "no $option in $(< calls)"
    done
    socket_options tcp_user_timeout=3000
    grep -qF 'TCP_USER_TIMEOUT, [3000]' calls
}

@test "outage: beside a host that says nothing, the next one is asked again until it takes writes" {
    local silent pid
    mkdir silent
    python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); s.bind("silent/.s.PGSQL.5432"); s.listen(); time.sleep(60)' 3>&- &
    silent=$!
    eventually 20 test -S silent/.s.PGSQL.5432
    sql "alter database $PGDATABASE set default_transaction_read_only = on"
    requests 1 1 | timeout 40 gl-enqueue --verbose --backoff-base 100ms \
        --db "host=$PWD/silent,$PGHOST target_session_attrs=read-write connect_timeout=1" > out 2> err 3>&- &
    pid=$!
    eventually 20 grep -q 'trying again' err
    PGOPTIONS='-c default_transaction_read_only=off' sql "alter database $PGDATABASE reset default_transaction_read_only"
    ended 0 "$pid"
    kill "$silent"
    holds '.[0].status == "pending"' out
}

# breaks_commit SQLSTATE: every transaction with the row a2 fails when it commits,
# after it has answered.
breaks_commit() {
    sql "create function break() returns trigger language plpgsql as \$\$ begin
             if new.atom_id = 'a2' then raise exception 'not so' using errcode = '$1'; end if; return null; end \$\$;
         create constraint trigger broken after insert on greenlight_queue deferrable initially deferred
             for each row execute function break()"
}

@test "outage: what the database answered and then could not commit is not acknowledged" {
    requests 1 3 'del(._gl)' > in
    breaks_commit 40001
    run -75 --separate-stderr gl-enqueue --backoff-base 10ms in
    echo "$output" > out
    holds 'length == 3 and all(.[]; .status == "unavailable")' out
    sql "drop function break() cascade"
    breaks_commit 23514
    run -65 --separate-stderr gl-enqueue in
    echo "$output" > out
    holds 'map(.status) == ["pending", "rejected", "pending"]' out
    every_acknowledged out
}

# ---- kills ----

@test "kill: gl-enqueue is killed at any moment: what it acknowledged is there, and the same input again adds what is missing" {
    requests 1 6000 > in
    for n in {1..8}; do
        : > out
        gl-enqueue in > out 3>&- &
        pid=$!
        eventually 20 test -s out
        sleep "0.0$((RANDOM % 10))"
        kill -9 "$pid" 2> /dev/null || true
        wait "$pid" || true
        every_acknowledged out
        sql "delete from greenlight_queue where random() < 0.5"
    done
    sql "truncate greenlight_queue"
    run -0 --separate-stderr gl-enqueue in
    echo "$output" > out
    holds 'length == 6000 and all(.[]; .status == "pending")' out
    run -0 sql "select count(*), count(distinct idempotency_key) from greenlight_queue"
    assert_output '6000|6000'
}

# ---- spool ----

@test "spool: with the database away requests are kept, and the next run stores them under the ids that were told" {
    { requests 1 2; echo x; requests 4 4; } > in
    run -75 --separate-stderr away gl-enqueue --spool s/p --delay 1h in
    echo "$output" > out
    holds 'map(.status) == ["spooled", "spooled", "rejected", "spooled"] and (.[0] | ._gl.type == "row"
           and .queued_at == null and .idempotency_key == "k1")' out
    assert_equal "$(stat -c %a s/p s/p/* | paste -sd' ')" '700 600'
    run -0 --separate-stderr gl-enqueue --verbose --spool s/p /dev/null
    assert_equal "$(sql "select id from greenlight_queue order by id")" "$(jq -r 'select(.id).id' out)"
    run -0 sql "select count(*), min(run_at) > now() + interval '50 min', min(greenlight_request(q)::json ->> 'n') from greenlight_queue q"
    assert_output '3|t|1'
    [ -z "$(ls s/p)" ]
}

@test "spool: a spool that is replayed twice, or by eight at once, stores each request once" {
    requests 1 3000 'del(._gl)' > in
    run -75 --separate-stderr away gl-enqueue --spool spool in
    cp -r spool copy
    pids=()
    for _ in {1..8}; do
        gl-enqueue --spool spool /dev/null 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do ended 0 "$pid"; done
    [ -z "$(ls spool)" ]
    gl-enqueue --spool copy /dev/null
    run -0 sql "select count(*), count(distinct atom_id) from greenlight_queue"
    assert_output '3000|3000'
}

@test "spool: GREENLIGHT_SPOOL_DIR, or XDG_STATE_HOME, is replayed but only --spool makes gl-enqueue write" {
    requests 1 1 > in
    away gl-enqueue --spool state/greenlight/spool in > out || [ $? = 75 ]
    cp -r state/greenlight/spool named
    (unset GREENLIGHT_SPOOL_DIR && XDG_STATE_HOME=$PWD/state gl-enqueue /dev/null)
    [ "$(sql "select count(*) from greenlight_queue")" = 1 ]
    sql "truncate greenlight_queue"
    GREENLIGHT_SPOOL_DIR=named gl-enqueue /dev/null
    [ "$(sql "select count(*) from greenlight_queue")" = 1 ]
    GREENLIGHT_SPOOL_DIR=named run -75 away gl-enqueue in
    assert_output --partial '"unavailable"'
    [ -z "$(ls named)" ]
}

@test "spool: a file that another program has locked is left to it" {
    requests 1 1 > in
    run -75 away gl-enqueue --spool spool in
    exec 6< spool/*
    flock 6
    run -0 gl-enqueue --spool spool /dev/null
    [ "$(sql "select count(*) from greenlight_queue")" = 0 ]
    exec 6<&-
    run -0 gl-enqueue --spool spool /dev/null
    [ "$(sql "select count(*) from greenlight_queue")" = 1 ]
}

# bats test_tags=plain
@test "spool: what cannot be kept is unavailable, not spooled, and leaves nothing" {
    requests 1 2 > in
    # The file's sync, its folder's, the renaming, and the making of the folder.
    for fault in fsync:error=EIO:when=1 fsync:error=EIO:when=2 renameat:error=ENOSPC mkdir:error=EROFS; do
        rm -rf spool
        [[ $fault == mkdir* ]] || mkdir spool
        PGHOST=$BATS_TEST_TMPDIR run -75 --separate-stderr strace -qq -o /dev/null -e trace="${fault%%:*}" \
            -e inject="$fault" gl-enqueue --attempts 1 --rest rest --spool spool in
        echo "$output" > out
        holds 'length == 2 and all(.[]; .status == "unavailable")' out
        [ "$(wc -l < rest)" = 2 ]
        [[ $stderr == *'spool'* ]]
        [ -z "$(ls spool 2> /dev/null)" ]
    done
}

@test "spool: a full disk is told, and the requests are unavailable" {
    requests 1 200 '.pad = "x" * 500' > in
    # No file may grow past 16 KiB; what would is refused, not ended.
    PGHOST=$BATS_TEST_TMPDIR run -75 --separate-stderr bash -c "trap '' XFSZ; ulimit -f 16; exec gl-enqueue --attempts 1 --spool spool in"
    echo "$output" > out
    holds 'length == 200 and all(.[]; .status == "unavailable")' out
    assert_line --regexp 'unavailable'
    [[ $stderr == *'cannot write to "spool/'*'File too large'* ]]
    [ -z "$(ls spool)" ]
}

@test "spool: garbage is moved aside and told, and the rest goes in" {
    requests 1 3 > in
    run -75 away gl-enqueue --spool spool in
    good=(spool/*)
    cp "${good[0]}" spool/1-cut.jsonl
    sed -i '$d; s/"k\([0-9]\)"/"c\1"/' spool/1-cut.jsonl
    sed 's/"k\([0-9]\)"/"t\1"/; 3s/.*/{"learner_id":/' "${good[0]}" > spool/2-torn.jsonl
    head -c 5000 /dev/urandom > spool/3-noise.jsonl
    : > spool/4-empty.jsonl
    echo '{"greenlight_spool":2,"call":"enqueue","rows":0}' > spool/5-version.jsonl
    echo '{"greenlight_spool":1,"call":"drop","rows":0}' > spool/6-call.jsonl
    sed 's/"k\([0-9]\)"/"r\1"/; 3s/{/{"priority":"11",/; 3s/"row_id":"[^"]*"/"row_id":"00000000-0000-0000-0000-000000000001"/' \
        "${good[0]}" > spool/7-refused.jsonl
    run -65 --separate-stderr gl-enqueue --spool spool /dev/null
    for name in 1-cut 2-torn 3-noise 4-empty 5-version 6-call 7-refused; do
        [ -e "spool/$name.jsonl.bad" ] || fail "$name is not moved aside"
        [[ $stderr == *"$name"* ]] || fail "$name is not told: $stderr"
    done
    [ "$(ls spool | grep -vc 'bad$')" = 0 ]
    [[ $stderr == *'7-refused.jsonl: row 2: '*priority* ]]
    # All have the ids of one file, so that each row is there once.
    [ "$(sql "select count(*) from greenlight_queue")" = 3 ]
    run -0 gl-enqueue --spool spool /dev/null
}

@test "spool: settlements are replayed too, in the order of writing" {
    gl-enqueue < <(requests 1 1) > row
    sql "create table claimed as select * from greenlight_claim('w', 1)"
    read -r id token < <(sql "select id || ' ' || lease_token from claimed")
    mkdir spool
    printf '%s\n' '{"greenlight_spool":1,"call":"settle","rows":1}' \
        "{\"id\":\"$id\",\"token\":\"$token\",\"outcome\":\"complete\",\"result\":\"{\\\"correct\\\":true}\"}" > spool/2.jsonl
    printf '%s\n' '{"greenlight_spool":1,"call":"settle","rows":1}' \
        "{\"id\":\"$id\",\"token\":\"$token\",\"outcome\":\"progress\",\"execution_id\":\"e\"}" > spool/1.jsonl
    run -0 gl-enqueue --spool spool /dev/null
    run -0 sql "select status, execution_id, result_payload from greenlight_queue"
    assert_output 'complete|e|{"correct": true}'
}

@test "spool: what a killed writer left is passed over, and removed after a day" {
    mkdir spool
    echo '{"greenlight_spool":1' > spool/1.jsonl.new
    run -0 gl-enqueue --spool spool /dev/null
    [ -e spool/1.jsonl.new ]
    touch -d '25 hours ago' spool/1.jsonl.new
    run -0 gl-enqueue --spool spool /dev/null
    [ ! -e spool/1.jsonl.new ]
}

@test "kill: gl-enqueue --spool is killed at any moment: what it said is spooled is stored by the next run" {
    requests 1 5000 'del(._gl)' > in
    for _ in {1..5}; do
        : > out
        PGHOST=$BATS_TEST_TMPDIR gl-enqueue --attempts 1 --spool spool in > out 2> err 3>&- &
        pid=$!
        eventually 20 test -s out
        kill -9 "$pid" 2> /dev/null || true
        wait "$pid" || true
        cat out >> all
        echo >> all
    done
    run -0 gl-enqueue --spool spool /dev/null
    grep '}$' all | jq -r 'select(.status == "spooled").id' | sort > told
    [ -s told ]
    sql "select id from greenlight_queue" | sort > stored
    assert_equal "$(comm -23 told stored)" ""
}
