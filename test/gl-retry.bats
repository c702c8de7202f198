#!/usr/bin/env bats
# gl-retry: which rows it puts back, and what it says of the others.

load lib/common
load lib/database
load lib/queue

# add_tried STATUS N: as add_as, with all retries used up.
add_tried() {
    add "$2" 'status, retry_count, execution_id' "'$1', 3, 'e'"
}

@test "gl-retry: failed and cancelled rows come out pending, under a new key" {
    add_tried failed 1
    add_tried cancelled 1
    gl-ls -r > rows
    run -0 gl-retry rows
    [ "$(jq -r '[.status, .retry_count, .execution_id, has("unchanged"), has("request_payload"), ._gl.type] | @csv' <<< "$output")" = \
        "$(printf '"pending",0,,false,false,"row"\n%.0s' 1 2)" ]
    [ "$(jq -r .id <<< "$output")" = "$(jq -r .id rows)" ]
    [ "$(sql "select count(distinct idempotency_key) from greenlight_queue where idempotency_key <> id::text")" = 2 ]
    [ "$(sql "select count(*) from greenlight_claim('w', 10)")" = 2 ]
}

@test "gl-retry: a row that is not to be put back comes out as it is, marked unchanged" {
    for status in pending executing complete; do
        add_tried $status 1
    done
    before=$(gl-ls -r --brief)
    mapfile -t ids < <(jq -r .id <<< "$before")
    run -0 gl-retry "${ids[@]}"
    [ "$(jq -c 'del(.unchanged)' <<< "$output")" = "$before" ]
    [ "$(jq -c .unchanged <<< "$output" | paste -sd' ')" = 'true true true' ]
    [ "$(gl-ls -r --brief)" = "$before" ]
    run -1 gl-retry -e "${ids[@]}"
}

@test "gl-retry: a row whose dedupe key is active again says so" {
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload, status, dedupe_key)
         values ('a', 'l', '{}', 'failed', 'd'), ('b', 'l', '{}', 'pending', 'd')"
    run -0 gl-retry "$(sql "select id from greenlight_queue where atom_id = 'a'")"
    [ "$(jq -c '[.status, .unchanged, .duplicate]' <<< "$output")" = '["failed",true,true]' ]
}

@test "gl-retry: an id that is nobody's, or none, is a rejected record in its place" {
    add_tried failed 1
    gl-ls > row
    run -65 --separate-stderr gl-retry 00000000-0000-7000-8000-000000000000 - row <<< '{"id":"x"}'
    [ "$(jq -r '.error.message // .status' <<< "$output")" = "\
00000000-0000-7000-8000-000000000000: there is no row with this id
stdin:1: the record names no row by a uuid
pending" ]
}

@test "gl-retry: all that failed, from a pipe, in order" {
    add_tried failed 1234
    gl-ls --status failed --brief > rows
    gl-retry < rows > out
    diff <(jq -r .id rows) <(jq -r .id out)
    [ "$(sql "select status, count(*) from greenlight_queue group by 1")" = 'pending|1234' ]
}

# bats test_tags=direct
@test "gl-retry: no database is exit 75, an unknown one 78" {
    run -75 gl-retry --db "host=$BATS_TEST_TMPDIR" --attempts 1 00000000-0000-7000-8000-000000000000
    run -78 gl-retry --db dbname=nowhere 00000000-0000-7000-8000-000000000000
    run -74 bash -c 'gl-retry 00000000-0000-7000-8000-000000000000 > /dev/full'
}
