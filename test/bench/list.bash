# list: what a look at a queue with a great many finished rows takes.
#
# shellcheck disable=SC2154 # queue sets work, runs, rows, ballast

# fill_finished N: N rows that ended over the last hundred days, nearly all of them seen.
fill_finished() {
    PGOPTIONS='-c synchronous_commit=off' psql -Xq \
        -c "insert into greenlight_queue (id, atom_id, learner_id, request_payload, result_payload, status, acked_at, queued_at, completed_at)
            select (lpad(to_hex((extract(epoch from t) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8'
                    || lpad(to_hex(n), 15, '0'))::uuid,
                   'a' || n % 5003, case when n % 5 = 0 then 'big' else 'l' || n % 1009 end, '{\"front\": \"x\"}',
                   jsonb_build_object('partial_score', (n % 11) / 10.0),
                   case when n % 3001 = 0 then 'failed' when n % 5009 = 0 then 'cancelled' else 'complete' end,
                   case when n % 1000 <> 7 then t end, t, t
              from (select n, now() - interval '100 days' + n * (interval '100 days' / $1) as t from generate_series(1, $1) n) g" \
        -c 'vacuum analyze greenlight_queue'
}

# millis COMMAND ...: of one call, the median of eleven.
millis() {
    local i from
    for ((i = 0; i < 11; i++)); do
        from=$EPOCHREALTIME
        "$@" > /dev/null
        calc '%.1f\n' "($EPOCHREALTIME - $from) * 1000"
    done | median
}

bench_list() {
    local count=${GL_BENCH_FINISHED:-10000000} filter
    durable off
    empty_queue
    fill_finished "$count"
    for filter in '' -r '--status failed' '--learner big' '--learner l7 -r' --unseen '--unseen --learner l7' '--atom a7' '--atom a7 --learner big'; do
        # shellcheck disable=SC2086 # words
        row "gl-ls -n 50 $filter, $count finished rows: ms" "$(millis gl-ls -n 50 $filter)" '' '' '<50'
    done
    row "gl-stats: ms" "$(millis gl-stats)" '' '' '<50'
    row "  psql -c 'select 1', beside it" "$(millis psql -XAtqc 'select 1')"
    empty_queue
}
