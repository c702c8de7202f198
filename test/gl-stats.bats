#!/usr/bin/env bats
# gl-stats: the record, the metrics, and the file they go to.  The figures themselves
# are tested in queue-upkeep.bats.

load lib/common
load lib/database

add_some() {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, result_payload, completed_at)
         values ('a', 'l', '{}', 'pending', null, null), ('a', 'l', '{}', 'pending', null, null),
                ('a', 'l', '{}', 'complete', '{\"partial_score\": 1}', now()),
                ('a', 'l', '{}', 'complete', '{\"partial_score\": 0}', now()), ('a', 'l', '{}', 'failed', null, now())"
}

# metric SERIES: its value.
metric() {
    awk -v series="$1" '$1 == series { print $2 }' metrics
}

@test "gl-stats: one record, with its kind" {
    add_some
    run -0 gl-stats
    [ "${#lines[@]}" -eq 1 ]
    [ "$(jq -c '[._gl.type, .database, .rows.pending, .unseen.rows, .pass_rate, (.days | length)]' <<< "$output")" = \
        "[\"stats\",\"$PGDATABASE\",{\"rows\":2,\"estimated\":false},3,0.5,7]" ]
}

@test "gl-stats: --prometheus is what Prometheus reads, with the same figures" {
    add_some
    gl-stats --prometheus > metrics
    run -0 "$GL_TOP/test/lib/check-metrics" metrics
    [ "$(metric "greenlight_queue_rows{database=\"$PGDATABASE\",status=\"pending\"}")" = 2 ]
    [ "$(metric "greenlight_queue_rows{database=\"$PGDATABASE\",status=\"failed\"}")" = 1 ]
    [ "$(metric "greenlight_queue_rows_estimated{database=\"$PGDATABASE\",status=\"failed\"}")" = 0 ]
    [ "$(metric "greenlight_queue_ready_rows{database=\"$PGDATABASE\"}")" = 2 ]
    [ "$(metric "greenlight_queue_unseen_rows{database=\"$PGDATABASE\"}")" = 3 ]
    [ "$(metric "greenlight_queue_pass_ratio{database=\"$PGDATABASE\"}")" = 0.5000 ]
    [ "$(metric "greenlight_queue_size_bytes{database=\"$PGDATABASE\"}")" -gt 0 ]
    for name in $(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' metrics); do
        grep -q "^$name{" metrics || fail "no sample of $name"
    done
}

@test "gl-stats: an empty queue has no pass ratio, and an age of 0" {
    gl-stats --prometheus > metrics
    run -0 "$GL_TOP/test/lib/check-metrics" metrics
    [ -z "$(metric "greenlight_queue_pass_ratio{database=\"$PGDATABASE\"}")" ]
    [ "$(metric "greenlight_queue_oldest_ready_age_seconds{database=\"$PGDATABASE\"}")" = 0 ]
    [ "$(gl-stats | jq -c '[.pass_rate, .oldest_ready_age_s]')" = '[null,null]' ]
}

@test "gl-stats: a database's name is escaped as Prometheus asks" {
    createdb -T greenlight_template $'a"b\\c\nd{e}'
    PGDATABASE=$'a"b\\c\nd{e}' gl-stats --prometheus > metrics
    run -0 "$GL_TOP/test/lib/check-metrics" metrics
    grep -qF 'greenlight_queue_dead_rows{database="a\"b\\c\nd{e}"} ' metrics
}

@test "gl-stats: text that Prometheus would refuse is seen by the test" {
    gl-stats --prometheus > metrics
    for change in 's/ gauge$/ gauges/' '/^# TYPE .*_bytes/d' '/^# HELP .*_bytes/d' 's/database="/database=/' 's/^\(.*_bytes{.*\) [0-9]*$/\1 many/' \
        's/_bytes/_bytes_total/' 's/_seconds/_ms/' 's/status="pending"/status="failed"/' 's/database="/database="\\x/' '/^[^#]/d'; do
        sed "$change" metrics > wrong
        run -1 "$GL_TOP/test/lib/check-metrics" wrong
    done
}

@test "gl-stats: --output replaces the file at once, for all to read, and says nothing" {
    umask 077
    echo old > out.prom
    exec 4< out.prom
    run -0 gl-stats --prometheus --output out.prom
    assert_output ''
    [ "$(cat <&4)" = old ]
    [ "$(stat -c %a out.prom)" = 644 ]
    run -0 "$GL_TOP/test/lib/check-metrics" out.prom
    [ "$(ls -A)" = out.prom ]
    run -0 gl-stats --output "$PWD/out.json"
    [ "$(jq -r ._gl.type out.json)" = stats ]
}

# bats test_tags=plain
@test "gl-stats: --output that fails leaves the old file and nothing beside it" {
    echo old > out.prom
    for fault in fsync rename write fchmod; do
        run -74 strace -qq -o /dev/null -e inject=$fault:error=EIO:when=1 gl-stats --output out.prom
        assert_output --partial 'cannot write "out.prom"'
        [ "$(< out.prom)" = old ]
        [ "$(ls -A)" = out.prom ]
    done
    run -74 gl-stats --output nowhere/out.prom
}

@test "gl-stats: without the database the old file stays, exit 75" {
    echo old > out.prom
    run -75 gl-stats --output out.prom --db "host=$BATS_TEST_TMPDIR" --attempts 1
    [ "$(< out.prom)" = old ]
    run -78 gl-stats --db dbname=postgres
    run -74 bash -c 'gl-stats > /dev/full'
}

@test "gl-stats: a role that may only read gets the figures" {
    sql "create role reader login; grant select on greenlight_queue to reader"
    run -0 gl-stats --db user=reader
    [ "$(jq -r .rows.pending.rows <<< "$output")" = 0 ]
    sql "revoke all on greenlight_queue from reader; drop role reader"
}
