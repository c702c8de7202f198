# peers: gl-drain beside other queues on Postgres, each with the same requests to
# the same server, 64 at once.  `make bench-peers` installs them into GL_BUILD/peers.
#
# shellcheck disable=SC2154 # queue sets work, runs, rows, ballast

peers_folder=$GL_BUILD/peers

# peer NAME [keep]: notes the rate that the script prints.
peer() {
    timeout 600 "$peers_folder/node_modules/.bin/node" "$peers_folder/$1.js" "$work/requests" "${2-}" >> "$work/noted.$1${2-}"
}

bench_peers() {
    local i
    if [ ! -x "$peers_folder/node_modules/.bin/node" ]; then
        row 'gl-drain: rows/s ÷ graphile-worker 0.18' 'not measured' '' '' 1.3 2
        row 'gl-drain: rows/s ÷ pg-boss 12' 'not measured' '' '' 1.3 2
        return
    fi
    durable on
    requests "$rows" > "$work/requests"
    for ((i = 0; i < runs; i++)); do
        ready_rows "$rows"
        rate noted.drain "$rows" drained "$rows"
        peer graphile
        peer pgboss
        peer graphile keep
        peer pgboss keep
    done
    versus 'gl-drain: rows/s ÷ graphile-worker 0.18, local queue and batching on' noted.drain noted.graphile 1.3 2
    versus '  where the results are stored, as gl-drain does' noted.drain noted.graphilekeep
    versus 'gl-drain: rows/s ÷ pg-boss 12, batch 500' noted.drain noted.pgboss 1.3 2
    versus '  where the results are stored, as gl-drain does' noted.drain noted.pgbosskeep
    rm "$work/requests"
}
