#!/usr/bin/env bats
# gl-ack: whose outcomes it marks, and what it lets through.

load lib/common
load lib/database
load lib/queue

unseen() {
    sql "select count(*) from greenlight_queue where acked_at is null"
}

@test "gl-ack: takes rows and outcomes, and passes them on byte for byte" {
    add_as failed 3
    { gl-ls -n 1 | sed 's/,/ , /'; gl-ls --outcomes -r -n 1; } > in
    run -0 gl-ack in
    assert_output "$(< in)"
    [ "$(unseen)" = 1 ]
    [ "$(sql "select atom_id from greenlight_queue where acked_at is null")" = a2 ]
}

@test "gl-ack: takes ids as operands, beside files" {
    add_as failed 3
    mapfile -t ids < <(sql "select id from greenlight_queue order by id")
    gl-ls -n 1 > row
    run -0 gl-ack "${ids[0]}" row "${ids[1]^^}"
    assert_output "$(printf '{"id":"%s"}\n' "${ids[0]}" "${ids[1]^^}"; cat row)"
    [ "$(unseen)" = 0 ]
    run -0 gl-ack "${ids[0]}" < /dev/full
}

@test "gl-ack: a settled result names its row by _gl.queue_id" {
    add_as complete 1
    run -0 gl-ack <<< "{\"status\":\"complete\",\"_gl\":{\"type\":\"result\",\"queue_id\":\"$(sql "select id from greenlight_queue")\"}}"
    [ "$(unseen)" = 0 ]
}

@test "gl-ack: a second time changes nothing, and -e says so" {
    add_as failed 1
    gl-ls > row
    run -0 gl-ack -e row
    at=$(sql "select acked_at from greenlight_queue")
    run -0 gl-ack row
    run -1 gl-ack -e row
    [ "$(sql "select acked_at from greenlight_queue")" = "$at" ]
}

@test "gl-ack: what has another outcome by now stays unseen, and is rejected" {
    add_as failed 1
    gl-ls > row
    gl-ls --outcomes > outcome
    sql "update greenlight_queue set status = 'complete'"
    run -65 --separate-stderr gl-ack row outcome
    [ "$(jq -r '"\(.status) \(.error.class) \(.error.message) \(.atom_id)"' <<< "$output")" = "\
rejected bad_request row:1: the row has another outcome than the one that was seen a1
rejected bad_request outcome:1: the row has another outcome than the one that was seen a1" ]
    [ "$(unseen)" = 1 ]
    add_as pending 1
    gl-ls -n 1 > row
    sql "update greenlight_queue set status = 'complete' where status = 'pending'"
    run -65 gl-ack row
    [ "$(unseen)" = 2 ]
}

@test "gl-ack: one record leaves for each that comes, in order, whatever is wrong with it" {
    add_as failed 1
    add_as pending 1
    id=$(sql "select id from greenlight_queue where status = 'failed'")
    pending=$(sql "select id from greenlight_queue where status = 'pending'")
    cat > in << END
{"id":"$id"}
rubbish
{"id":"a1","front":"an atom"}
{"atom_id":"x","outcome":"skipped","queue_id":null,"_gl":{"type":"outcome"}}
{"id":"00000000-0000-7000-8000-000000000000"}
{"id":"$pending","_gl":{"context":[1.10]}}
{"_gl":{"type":"stats"}}
{"queue_id":7}
{"id":"${id}0"}
{"queue_id":"$id"}
END
    run -65 --separate-stderr gl-ack in
    [ "$(jq -c 'if .status == "rejected" then .error.message else . end' <<< "$output")" = "$(jq -c . << END
{"id":"$id"}
"in:2: not a JSON object"
"in:3: the record names no row by a uuid"
{"atom_id":"x","outcome":"skipped","queue_id":null,"_gl":{"type":"outcome"}}
"in:5: there is no row with this id"
"in:6: the row has no outcome yet"
{"_gl":{"type":"stats"}}
"in:8: the record names no row by a uuid"
"in:9: the record names no row by a uuid"
{"queue_id":"$id"}
END
)" ]
    assert_line --index 5 --partial '"context":[1.10]'
    # shellcheck disable=SC2154 # run sets it
    [ "$(wc -l <<< "$stderr")" = 6 ]
    [[ $stderr == 'gl-ack: in:2: not a JSON object'* ]]
}

@test "gl-ack: thousands of records go through in order" {
    add_as failed 2345
    gl-ls --outcomes > in
    gl-ack < in > out
    cmp in out
    [ "$(unseen)" = 0 ]
}

# acked N: so many records have come out.
acked() {
    [ "$(wc -l < out)" -eq "$1" ]
}

@test "gl-ack: acknowledges what is there without waiting for more" {
    add_as failed 2
    gl-ls > rows
    mkfifo pipe
    gl-ack < pipe > out 3>&- &
    exec 4> pipe
    head -n 1 rows >&4
    eventually 20 acked 1
    [ "$(unseen)" = 1 ]
    tail -n 1 rows >&4
    exec 4>&-
    wait $!
    [ "$(unseen)" = 0 ]
}

@test "gl-ack: a failed result that passes through counts, as everywhere" {
    run -69 gl-ack <<< '{"status":"failed","_gl":{"type":"result"}}'
    assert_output '{"status":"failed","_gl":{"type":"result"}}'
}

@test "gl-ack: two at once acknowledge each row once, and neither fails" {
    add_as failed 3000
    gl-ls > rows
    shuf rows > mixed
    gl-ack --verbose rows > out.1 2> log.1 3>&- &
    run -0 --separate-stderr gl-ack --verbose mixed
    ended 0 $!
    cmp rows out.1
    [ "$(unseen)" = 0 ]
    [ "$(cat log.1 - <<< "$stderr" | awk '/acknowledged$/ { n += $(NF - 1) } END { print n }')" = 3000 ]
}

@test "gl-ack: no database is exit 75 with nothing let through, and a missing file 74" {
    add_as failed 1
    gl-ls > row
    run -75 --separate-stderr gl-ack --db "host=$BATS_TEST_TMPDIR" --attempts 1 row
    assert_output ''
    run -74 gl-ack nowhere row
    [ "$(unseen)" = 0 ]
    run -74 bash -c 'gl-ack row > /dev/full'
}
