# scale: what more hosts, a pooler, a standby and purging come to; and row locks held
# while the server answers, which is what leases are there to avoid.
#
# shellcheck disable=SC2119,SC2154 # serve needs no arguments; queue sets work, runs, rows

# pooled COMMAND ...: with the database behind pgbouncer and its four sessions.
pooled() {
    GREENLIGHT_DATABASE_URL="host=$PG_DIR/pooler user=greenlight dbname=$PGDATABASE" "$@"
}

# many N ROWS: as N hosts would, each with its own gl-drain -j 8.
many() {
    local i pids=()
    rm -f "$work"/many.*
    for ((i = 0; i < $1; i++)); do
        gl-drain -q -j 8 > "$work/many.$i" &
        pids+=($!)
    done
    wait "${pids[@]}"
    [ "$(cat "$work"/many.* | wc -l)" -eq "$2" ]
}

# locked N: N rows by 64 clients that each lock one, wait for 100 ms and update it.
locked() {
    cat > "$work/locked.sql" << 'END'
begin;
select quote_literal(id) as id from greenlight_queue where status = 'pending' order by priority desc, run_at, id for update skip locked limit 1 \gset
\sleep 100 ms
update greenlight_queue set status = 'complete' where id = :id;
commit;
END
    "$PG_BIN/pgbench" -n -c 64 -j 2 -t $(($1 / 64)) -f "$work/locked.sql" \
        -h "$PG_DIR/pooler" -U greenlight "$PGDATABASE" > "$work/locked.log" 2>&1 || { grep -m 1 error "$work/locked.log" >&2; return 1; }
}

# sessions COMMAND ...: notes the most sessions that the server had meanwhile.
sessions() {
    local most=0 now pid
    "$@" &
    pid=$!
    while kill -0 $pid 2> /dev/null; do
        now=$(psql -XAtc "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()")
        most=$((now > most ? now : most))
        sleep 0.1
    done
    wait $pid
    echo "$most" > "$work/noted.sessions"
}

bench_scale() {
    local i few=$((rows / 4))
    durable on
    start_pooler
    for ((i = 0; i < runs; i++)); do
        ready_rows "$rows"
        rate noted.direct "$rows" drained "$rows"
        ready_rows "$rows"
        pooled rate noted.pooled "$rows" drained "$rows"
    done
    versus 'gl-drain through pgbouncer, 4 sessions: rows/s ÷ without' noted.pooled noted.direct
    serve --delay 100ms
    for ((i = 0; i < runs; i++)); do
        ready_rows 512
        rate noted.one 512 many 1 512
        ready_rows "$few"
        pooled rate noted.eight "$few" many 8 "$few"
        ready_rows 512
        rate noted.locks 512 locked 512
    done
    ready_rows "$few"
    sessions many 8 "$few"
    versus 'eight gl-drain -j 8 through it, answers after 100 ms: rows/s ÷ one' noted.eight noted.one
    row '  sessions of the server without it' "$(noted noted.sessions)" '' ''
    versus '  rows/s ÷ a lock held for each of 64 rows, through it' noted.eight noted.locks
    serve
    stop_pooler
    fill "$rows" 'status, queued_at, completed_at, acked_at' "'complete', now() - interval '50 days', now() - interval '40 days', now()"
    rate noted.purged "$rows" repeat 1 gl-purge -q --older-than 30d --export "$work/purged"
    row 'gl-purge --export: rows/s' "$(calc %.0f "$(noted noted.purged)")" '' ''
    bench_standby
}

# A standby that streams; what reads, reads there.
bench_standby() {
    local primary=$PG_DIR i
    ready_rows "$rows"
    for ((i = 0; i < runs; i++)); do
        PGHOST=$primary rate noted.stats 20 repeat 20 gl-stats
    done
    PG_DIR=$(mktemp -d /tmp/gl-pg.XXXXXX)
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$PG_DIR"
    (as_postgres "$PG_BIN/pg_basebackup" -h "$primary" -U greenlight -D "$PG_DIR/data" -R -c fast --no-sync)
    run_postgres
    [ "$(PGHOST=$PG_DIR gl-ls -n 50 | wc -l)" -eq 50 ]
    repeat "$runs" rate noted.there 20 repeat 20 env PGHOST="$PG_DIR" gl-stats
    PGHOST=$primary rate noted.streamed "$rows" drained "$rows"
    stop_postgres
    PG_DIR=$primary
    versus 'gl-stats on a standby: calls/s ÷ on the primary' noted.there noted.stats
    row 'gl-drain while a standby streams: rows/s' "$(calc %.0f "$(noted noted.streamed)")" "$(calc %.0f "$(noted noted.direct)")" ''
}

repeat() {
    local i n=$1
    shift
    for ((i = 0; i < n; i++)); do
        "$@" > /dev/null
    done
}
