# drain: gl-drain -j 64 against the mock server: beside a loop without HTTP, two
# of them, beside a million other rows, beside an old snapshot; and its memory.
#
# The mock, the database and all of gl-drain share this machine's cores.
#
# shellcheck disable=SC2119,SC2154 # serve needs no arguments; queue sets work, runs, rows, ballast

# drained N [ARGUMENT ...]: gl-drain, which must bring N records.
drained() {
    local n=$1 got
    shift
    got=$(gl-drain -q -j 64 "$@" | wc -l)
    [ "$got" -eq "$n" ] || { echo "gl-drain brought $got of $n records" >&2 && return 1; }
}

ready_rows() {
    empty_queue
    fill "$1"
    settle_down
}

bench_drain() {
    local fsync i
    ready_rows 100
    drained 100
    psql -XAtq -c 'select result_payload from greenlight_queue limit 1' > "$work/result"
    for fsync in on off; do
        rm -f "$work"/noted.*
        durable $fsync
        for ((i = 0; i < runs; i++)); do
            ready_rows "$rows"
            rate noted.drain "$rows" drained "$rows"
            ready_rows "$rows"
            rate noted.loop "$rows" bench-loop "$rows" "$work/result"
        done
        versus "gl-drain, fsync $fsync: rows/s ÷ claim and settle in batches of 100, no HTTP" noted.drain noted.loop 0.5 0.85
        versus "  the server's CPU a row, µs" noted.drain.cpu noted.loop.cpu
    done
    durable on
}

two_drains() {
    local first
    gl-drain -q -j 48 > "$work/first" &
    first=$!
    gl-drain -q -j 48 > "$work/second"
    wait $first
    [ "$(cat "$work/first" "$work/second" | wc -l)" -eq "$1" ]
}

two_rounds() {
    local i
    for ((i = 0; i < runs; i++)); do
        ready_rows "$1"
        rate noted.one "$1" drained "$1" -j 48
        ready_rows "$1"
        rate noted.two "$1" two_drains "$1"
    done
}

# Where one keeps every core busy two can do no more; where the server takes its
# time, they show whether they are in each other's way.  -j 48: libmicrohttpd stalls
# when 128 connections are ready at once.
bench_two() {
    durable on
    two_rounds "$rows"
    versus "two gl-drain: rows/s ÷ one; $(nproc) cores" noted.two noted.one 1.6 1.9
    rm -f "$work"/noted.*
    serve --delay 100ms
    two_rounds $((rows / 4))
    versus "  where an answer takes 100 ms" noted.two noted.one 1.6 1.9
    serve
}

# beside WHAT COLUMNS EXPRESSIONS: drains in turn in an empty database and in one
# with the ballast; what was drained before stays there too.
beside() {
    local i
    rm -f "$work"/noted.*
    createdb -T greenlight_template bench_full
    PGDATABASE=bench_full fill "$ballast" "$2" "$3"
    PGDATABASE=bench_full settle_down
    for ((i = 0; i < runs; i++)); do
        ready_rows "$rows"
        rate noted.none "$rows" drained "$rows"
        [ "$1" = pending ] || PGDATABASE=bench_full fill "$rows"
        PGDATABASE=bench_full settle_down
        PGDATABASE=bench_full rate noted.full "$rows" drained "$rows" -n "$rows"
    done
    dropdb bench_full
    versus "gl-drain beside $ballast $1 rows: rows/s ÷ beside none" noted.full noted.none 0.8 0.95
}

bench_full() {
    durable on
    empty_queue
    beside finished 'status, queued_at, completed_at, result_payload' \
        "'complete', now() - interval '9 days' + n * interval '1 ms', now() - interval '8 days' + n * interval '1 ms', '{\"partial_score\": 1}'"
    beside pending 'priority' 0
    beside future 'priority, run_at' "9, now() + interval '1 day' + n * interval '1 ms'"
}

bench_snapshot() {
    local i
    durable on
    for ((i = 0; i < runs; i++)); do
        ready_rows "$rows"
        rate noted.without "$rows" drained "$rows"
        ready_rows "$rows"
        coproc OLD { psql -XAtq; }
        echo 'begin isolation level repeatable read; select 1;' >&"${OLD[1]}"
        read -r -t 10 -u "${OLD[0]}"
        rate noted.with "$rows" drained "$rows"
        echo 'commit; \q' >&"${OLD[1]}"
        wait "$OLD_PID"
    done
    versus 'gl-drain while an old snapshot is held elsewhere: rows/s ÷ without' noted.with noted.without 0.5 0.8
}

# watched FOLDER: there gl-drain finds its stages as scripts that note their peak.
watched() {
    local name
    mkdir "$1"
    cp "$GL_BUILD/bin/gl-drain" "$1"
    for name in gl-claim gl-submit gl-settle gl-poll; do
        printf '#!/bin/sh\nexec /usr/bin/time -a -o %s -f "%%M %s" -q %s "$@"\n' "$work/peaks" "$name" "$GL_BUILD/bin/$name" > "$1/$name"
        chmod 755 "$1/$name"
    done
}

bench_memory() {
    local count=${GL_BENCH_MEMORY:-1000000} name
    durable off
    empty_queue
    watched "$work/watched"
    rm -f "$work/peaks"
    requests "$count" | /usr/bin/time -a -o "$work/peaks" -f '%M gl-enqueue' -q gl-enqueue > /dev/null
    /usr/bin/time -a -o "$work/peaks" -f '%M gl-drain' -q "$work/watched/gl-drain" -q -j 64 > "$work/drained"
    [ "$(wc -l < "$work/drained")" -eq "$count" ]
    rm -r "$work/drained" "$work/watched"
    for name in gl-enqueue gl-drain gl-claim gl-submit gl-settle gl-poll; do
        row "$name, $count rows: peak MiB" \
            "$(calc %.1f "$(awk -v n="$name" '$2 == n { print $1 }' "$work/peaks" | sort -n | tail -n 1) / 1024")" '' '' '<40' '<20'
    done
}
