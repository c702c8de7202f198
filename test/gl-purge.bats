#!/usr/bin/env bats
# gl-purge: what it deletes, and that nothing goes which was not exported.

load lib/common
load lib/database

# add N [AGE]: N finished rows a1 ... aN that were seen and ended AGE ago.
add() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, result_payload, status, completed_at, acked_at)
         select 'a' || n, 'l', '{\"n\": 1.10}', '{\"partial_score\": 1}', 'complete', now() - interval '${2:-40 days}', now()
           from generate_series(1, $1) n"
}

rows() {
    sql "select count(*) from greenlight_queue"
}

# counts: found, exported and deleted of the record in $output.
counts() {
    jq -r 'select(._gl.type == "report") | "\(.found) \(.exported) \(.deleted)"' <<< "$output"
}

@test "gl-purge: deletes what ended more than thirty days ago and was seen" {
    add 3
    add 2 '29 days'
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, completed_at, acked_at)
         values ('u', 'l', '{}', 'failed', '2020-01-01', null), ('p', 'l', '{}', 'pending', null, now())"
    run -0 gl-purge
    [ "$(counts)" = '3 0 3' ]
    [ "$(sql "select string_agg(atom_id, ' ' order by atom_id) from greenlight_queue")" = 'a1 a2 p u' ]
    run -0 gl-purge --older-than 28d
    [ "$(counts)" = '2 0 2' ]
    run -1 gl-purge -e --older-than 0
    [ "$(counts)" = '0 0 0' ]
}

@test "gl-purge: --dry-run counts, deletes nothing and writes no file" {
    add 1500
    run -0 gl-purge --dry-run --export out
    [ "$(counts)" = '1500 0 0' ]
    [ "$(rows)" = 1500 ]
    [ ! -e out ]
}

@test "gl-purge: --export appends the whole rows, for their owner alone" {
    add 2500
    gl-ls | sort > before
    umask 0
    run -0 gl-purge --export out
    [ "$(counts)" = '2500 2500 2500' ]
    [ "$(rows)" = 0 ]
    cmp before <(sort out)
    [ "$(stat -c %a out)" = 600 ]
    add 1
    run -0 gl-purge --export out
    [ "$(wc -l < out)" = 2501 ]
}

@test "gl-purge: large rows go in small batches, and none is left out" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, completed_at, acked_at)
         select 'a' || n, 'l', jsonb_build_object('pad', (select string_agg(md5(n * 1000 + m || ''), '') from generate_series(1, 16000) m)),
                'failed', '2020-01-01', now() from generate_series(1, 30) n"
    run -0 gl-purge --export out
    [ "$(counts)" = '30 30 30' ]
    [ "$(jq -r .atom_id out | sort -u | wc -l)" = 30 ]
}

@test "gl-purge: a line that a crash left unfinished does not spoil the next" {
    add 1
    printf '{"torn' > out
    run -0 gl-purge --export out
    [ "$(head -n 1 out)" = '{"torn' ]
    [ "$(tail -n 1 out | jq -r .atom_id)" = a1 ]
}

# bats test_tags=plain
@test "gl-purge: where the file cannot be synced nothing is deleted, and nothing is left in it" {
    add 1500
    echo '{}' > out
    run -74 --separate-stderr strace -qq -o /dev/null -e inject=fsync:error=EIO:when=2+ gl-purge --export out
    [ "$(counts)" = '1000 0 0' ]
    [ "$(< out)" = '{}' ]
    [ "$(rows)" = 1500 ]
    run -74 --separate-stderr strace -qq -o /dev/null -P "$PWD/out" -e inject=write:error=ENOSPC:when=700+ gl-purge --export out
    [ "$(rows)" = 1500 ]
    [ "$(< out)" = '{}' ]
}

# bats test_tags=plain
@test "gl-purge: rows are deleted after they were synced, batch by batch" {
    add 2500
    strace -qq -o trace -e trace=fsync,sendto -e signal=none gl-purge --export out
    # After the first, which is of the folder: each batch is synced before its deletion is sent.
    run -0 awk '/greenlight_purge/ { if (synced < ++deleted) exit 1 } /^fsync/ && folder++ { synced++ } END { print (deleted >= 3) }' trace
    assert_output 1
}

@test "gl-purge: what is no file to rely on is refused" {
    run -64 gl-purge --export /dev/null
    assert_output --partial 'is no regular file'
    mkfifo pipe
    run -64 timeout 30 gl-purge --export pipe
    run -74 gl-purge --export nowhere/out
}

@test "gl-purge: two with one file: the second ends with 75 and deletes nothing" {
    add 1
    exec 4>> out
    flock -n 4
    run -75 gl-purge --export out 4>&-
    assert_output --partial 'another process writes to'
    [ "$(rows)" = 1 ]
}

@test "gl-purge: four at once delete each row once, and every one is in some file" {
    local i pids=()
    add 8000
    sql "select id from greenlight_queue order by id" > all
    for i in 1 2 3 4; do
        gl-purge --export "out.$i" > "report.$i" 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i"
    done
    [ "$(rows)" = 0 ]
    [ "$(cat report.* | jq -s 'map(.deleted) | add')" = 8000 ]
    cmp all <(cat out.* | jq -r .id | sort -u)
}

@test "gl-purge: a row that changes between listing and deleting stays" {
    add 1
    psql -Xq -c "begin; update greenlight_queue set acked_at = now(); select pg_sleep(1); commit" 3>&- > /dev/null &
    sleeps() { [ "$(sql "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")" = 1 ]; }
    eventually 20 sleeps
    run -0 gl-purge --export out
    wait
    [ "$(counts)" = '1 1 0' ]
    [ "$(rows)" = 1 ]
    run -0 gl-purge --export out
    [ "$(rows)" = 0 ]
}

@test "gl-purge: a signal ends it between batches, with its count" {
    add 20000
    # Each deletion takes a while, so that the signal comes in the middle.
    sql "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.1); return null; end'"
    sql "create trigger slow after delete on greenlight_queue for each statement execute function slow()"
    gl-purge --export out > report 3>&- &
    some() { [ "$(wc -l < out)" -ge 1000 ]; }
    eventually 20 some
    kill $!
    ended 143 $!
    deleted=$(jq .deleted report)
    [ "$deleted" -lt 20000 ]
    [ "$(rows)" = $((20000 - deleted)) ]
    [ "$(wc -l < out)" = "$deleted" ]
}

@test "gl-purge: no database is exit 75, with a count of nothing" {
    run -75 --separate-stderr gl-purge --db "host=$BATS_TEST_TMPDIR" --attempts 1
    [ "$(counts)" = '0 0 0' ]
    run -74 bash -c 'gl-purge > /dev/full'
}
