# enqueue: gl-enqueue beside COPY, which is the ceiling, and beside single INSERTs.
#
# shellcheck disable=SC2154 # queue sets work, runs, rows, ballast

# The same rows, ids and all, as COPY has them.
enqueue_rounds() {
    local columns='id, atom_id, learner_id, request_payload, queued_at, run_at, max_retries, priority, endpoint' count i
    count=$(wc -l < "$work/requests")
    empty_queue
    gl-enqueue "$work/requests" > /dev/null
    psql -Xq -c "\\copy (select $columns from greenlight_queue order by id) to '$work/rows'"
    for ((i = 0; i < runs; i++)); do
        empty_queue
        rate noted.copy "$count" psql -Xq -c "\\copy greenlight_queue ($columns) from '$work/rows'"
        empty_queue
        rate noted.ours "$count" gl-enqueue "$work/requests" > /dev/null
        empty_queue
        pgbench -n -M prepared -c 1 -T 3 -f "$work/insert" -D atom=net-3.1-code-000001 -D learner=learner-1 \
            -D "payload=$(head -n 1 "$work/requests")" 2> /dev/null | awk '/^tps/ { print $3 }' >> "$work/noted.insert"
    done
}

bench_enqueue() {
    local fsync
    requests $((5 * rows)) > "$work/requests"
    echo 'insert into greenlight_queue (atom_id, learner_id, request_payload) values (:atom, :learner, :payload) returning id;' > "$work/insert"
    for fsync in on off; do
        rm -f "$work"/noted.*
        durable $fsync
        enqueue_rounds
        versus "gl-enqueue, fsync $fsync: rows/s ÷ COPY" noted.ours noted.copy 0.6 0.9
        versus "  the server's CPU a row, µs ÷ COPY" noted.ours.cpu noted.copy.cpu
        versus "  ÷ one prepared INSERT a transaction" noted.ours noted.insert 7 9
    done
    rm "$work/requests" "$work/rows"
}
