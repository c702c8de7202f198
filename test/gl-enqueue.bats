#!/usr/bin/env bats
# gl-enqueue: what is stored, and what comes out for it.  Outages, kills and the
# spool are in gl-enqueue-outage.bats.

load lib/common
load lib/database
load lib/enqueue

setup() {
    new_database
    cd "$BATS_TEST_TMPDIR" || return
    export GREENLIGHT_SPOOL_DIR=$BATS_TEST_TMPDIR/spool
}

@test "gl-enqueue: a request goes in, the row as the database has it comes out" {
    run -0 --separate-stderr gl-enqueue <<< '{"atom_id":"a","learner_id":"ada","front":"Write f"}'
    assert_equal "${#lines[@]}" 1
    id=$(jq -r .id <<< "$output")
    run -0 diff <(jq -S 'del(._gl)' <<< "$output") \
        <(sql "select to_jsonb(q) - array['request_payload', 'result_payload', 'request_text', 'result_text']
            || jsonb_build_object(
                'queued_at', to_char(queued_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
                'run_at', to_char(run_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))
            from greenlight_queue q where id = '$id'" | jq -S .)
    run -0 sql "select atom_id, learner_id, status, request_payload, request_text is null from greenlight_queue"
    assert_output 'a|ada|pending|{"front": "Write f", "atom_id": "a", "learner_id": "ada"}|t'
}

@test "gl-enqueue: an atom's id is stored as atom_id, --session-context is merged in, _gl is not stored but comes out" {
    run -0 gl-enqueue --session-context '{"session_id":"s","learner_id":"bob"}' \
        <<< '{"id":"a","session_context":{"learner_id":"ada","mastery_level":0.50},"_gl":{"context":[1]}}'
    holds '.[0] | .atom_id == "a" and .learner_id == "bob" and ._gl == {type: "row", context: [1]}'
    run -0 sql "select request_payload from greenlight_queue"
    assert_output '{"atom_id": "a", "session_context": {"learner_id": "bob", "session_id": "s", "mastery_level": 0.50}}'
}

@test "gl-enqueue: one record out for each in, in the order of the input, whatever they are" {
    requests 1 4000 '
        if .n % 7 == 0 then del(.learner_id) elif .n % 11 == 0 then ._gl = {type: "outcome"}
        elif .n % 13 == 0 then "\(.)" else . end | if type == "object" then . + {_gl: (._gl + {context: .n})} else . end' > in
    run -65 --separate-stderr gl-enqueue in
    echo "$output" > out
    holds 'length == 4000' out
    holds '[to_entries[] | (.value._gl.context // .key + 1) == .key + 1] | all' out
    holds '[to_entries[] | (.key + 1) as $n | .value |
            if $n % 7 == 0 then .status == "rejected" elif $n % 11 == 0 then ._gl.type == "outcome"
            elif $n % 13 == 0 then .status == "rejected" else ._gl.type == "row" and .atom_id == "a\($n)" end] | all' out
    run -0 sql "select count(*) = $(jq -s 'map(select(._gl.type == "row")) | length' out) from greenlight_queue"
    assert_output t
    # … and in that order in the table, which is by id.
    sql "select atom_id from greenlight_queue order by id" > stored
    jq -r 'select(._gl.type == "row").atom_id' out | diff - stored
}

@test "gl-enqueue: a bad record is rejected with its file and line, and the others go in" {
    { requests 1 2; echo '{"atom_id":'; requests 3 3; echo '{"learner_id":"ada"}'; echo '{"atom_id":"a\u0000b","learner_id":"ada"}'; } > in
    run -65 gl-enqueue in
    assert_line --regexp '^gl-enqueue: in:3: not JSON'
    assert_line 'gl-enqueue: in:5: no atom_id or id (a string that is not empty)'
    assert_line 'gl-enqueue: in:6: atom_id has a NUL in it'
    holds 'map(.status) == ["pending", "pending", "rejected", "pending", "rejected", "rejected"]
           and .[4].error.class == "bad_request" and (.[4].error.message | startswith("in:5: "))
           and .[5].atom_id == "a\u0000b"'
    [ "$(sql "select count(*) from greenlight_queue")" = 3 ]
}

@test "gl-enqueue: what is no request passes byte for byte, is counted by its status, and is told" {
    printf '%s\n' '{"_gl": {"type":"result"},"status":"complete", "n":1.10}' > in
    run -0 --separate-stderr gl-enqueue in
    assert_output "$(< in)"
    assert_equal "$stderr" 'gl-enqueue: 1 records that are no requests were passed on and not stored'
    run -75 gl-enqueue <<< '{"_gl":{"type":"execution"},"status":"pending"}'
    run -75 gl-enqueue <<< '{"_gl":{"type":"result"},"status":"unavailable"}'
    [ "$(sql "select count(*) from greenlight_queue")" = 0 ]
}

@test "gl-enqueue: the learner by --learner, --session-context, the request's context, its learner_id, the variable" {
    both='{"id":"a","session_context":{"learner_id":"c"},"learner_id":"d"}'
    export GREENLIGHT_LEARNER_ID=e
    learner() {
        jq -r .learner_id <<< "$1" > /dev/null
        gl-enqueue "${@:2}" <<< "$1" | jq -r .learner_id
    }
    assert_equal "$(learner "$both" --learner a --session-context '{"learner_id":"b"}')" a
    assert_equal "$(learner "$both" --session-context '{"learner_id":"b"}')" b
    assert_equal "$(learner "$both")" c
    assert_equal "$(learner '{"id":"a","session_context":{"learner_id":7},"learner_id":"d"}')" d
    assert_equal "$(learner '{"id":"a","learner_id":"é\u00e9"}')" éé
    assert_equal "$(learner '{"id":"a","learner_id":""}')" e
    unset GREENLIGHT_LEARNER_ID
    run -65 gl-enqueue <<< '{"id":"a"}'
    assert_output --partial 'stdin:1: no learner'
}

@test "gl-enqueue: --dedupe stores nothing while an unfinished row has the same key, and says so" {
    requests 1 3 'del(._gl) | .atom_id = "a\(.n % 2)"' > in
    run -0 gl-enqueue --dedupe '[.learner_id, .atom_id]' in
    holds '(map(.duplicate) == [null, null, true]) and .[0].id == .[2].id and .[2].status == "pending"
           and .[0].dedupe_key == "[\"ada\",\"a1\"]" and (.[2] | keys - ["duplicate"]) == (.[0] | keys)'
    run -0 gl-enqueue --dedupe .atom_id --learner ada <<< '{"id":"x"}'
    run -0 gl-enqueue --dedupe .atom_id --learner bob <<< '{"id":"x"}'
    holds '.[0].duplicate and .[0].learner_id == "ada" and .[0].dedupe_key == "x"'
    run -0 gl-enqueue --dedupe '[.learner_id, .atom_id]' --learner bob <<< '{"id":"x"}'
    holds '.[0].duplicate == null'
    sql "update greenlight_queue set status = 'complete' where dedupe_key = 'x'"
    run -0 gl-enqueue --dedupe .atom_id --learner ada <<< '{"id":"x"}'
    holds '.[0].duplicate == null'
}

@test "gl-enqueue: a --dedupe that gives null or false makes no key; one that fails rejects its record alone" {
    run -65 --separate-stderr gl-enqueue --dedupe 'if .n == 1 then null elif .n == 2 then false elif .n == 3 then error("no") else .n end' \
        <(requests 1 4)
    holds 'map(.dedupe_key) == [null, null, null, "4"] and map(.status) == ["pending", "pending", "rejected", "pending"]'
    run -64 gl-enqueue --dedupe '.[' /dev/null
    assert_output --partial -- '--dedupe: not a jq program'
}

@test "gl-enqueue: --priority, --run-at, --delay and --max-retries are the row's" {
    run -0 gl-enqueue --priority 9 --run-at 2040-01-02T03:04:05.25+01:00 --max-retries 0 < <(requests 1 1)
    holds '.[0] | .priority == 9 and .run_at == "2040-01-02T02:04:05.250000Z" and .max_retries == 0'
    run -0 sql "select priority, run_at = '2040-01-02T02:04:05.25Z', max_retries from greenlight_queue"
    assert_output '9|t|0'
    sql "truncate greenlight_queue"
    gl-enqueue --delay 2h < <(requests 1 1) > /dev/null
    run -0 sql "select run_at between now() + interval '119 min' and now() + interval '120 min' from greenlight_queue"
    assert_output t
    run -64 gl-enqueue --priority 10 /dev/null
    run -64 gl-enqueue --run-at tomorrow /dev/null
    assert_output --partial 'not a moment'
    run -64 gl-enqueue --run-at 2040-01-02T03:04:05Z --delay 1h /dev/null
}

@test "gl-enqueue: the exact text is kept where jsonb loses something, or where it was posted under its key" {
    local text
    texts=('{"learner_id":"l","atom_id":"1","n":1e5}' '{"learner_id":"l","atom_id":"2","n":-0}'
        '{"learner_id":"l","atom_id":"3","n":1,"n":2}' '{"learner_id":"l","atom_id":"4","o":{"a":1,"a":1}}'
        '{"learner_id":"l","atom_id":"5","s":"\u0000"}' '{"learner_id":"l","atom_id":"6","s":"\ud800"}'
        '{"learner_id":"l","atom_id":"7","s":{"\u0061":1}}')
    printf '%s\n' "${texts[@]}" > in
    run -0 --separate-stderr gl-enqueue in
    assert_equal "$(sql "select greenlight_request(q) from greenlight_queue q order by id")" "$(< in)"
    sql "truncate greenlight_queue"
    exact=('{"learner_id":"l","atom_id":"1","n":12345678901234567890,"m":-1.10,"a":[0,-0.01]}'
        '{"learner_id":"l","atom_id":"2","s":"\u00e9 \\u0000 \" - 1e5 -0","o":[{"a":1},{"a":1}]}')
    printf '%s\n' "${exact[@]}" > in
    run -0 gl-enqueue in
    [ "$(sql "select count(request_text) from greenlight_queue")" = 0 ]
    run -0 sql "select greenlight_request(q)::json ->> 'n' from greenlight_queue q order by id limit 1"
    assert_output 12345678901234567890
    sql "truncate greenlight_queue"
    run -0 gl-enqueue <<< '{"learner_id":"l", "atom_id":"1","_gl":{"idempotency_key":"k","endpoint":"queue-atom"}}'
    run -0 sql "select request_text, idempotency_key, endpoint from greenlight_queue"
    assert_output '{"learner_id":"l", "atom_id":"1"}|k|queue-atom'
}

@test "gl-enqueue: what jsonb refuses goes in with a replacement and a warning" {
    deep=$(printf '{"learner_id":"l","atom_id":"1","d":%s%s}' "$(printf '%9000s' '' | tr ' ' '[')" "$(printf '%9000s' '' | tr ' ' ']')")
    run -0 gl-enqueue <<< "$deep"
    [ "$(sql "select request_text from greenlight_queue")" = "$deep" ]
}

@test "gl-enqueue: a request that was executing keeps its execution" {
    run -0 gl-enqueue <<< '{"atom_id":"a","learner_id":"l","_gl":{"idempotency_key":"k","execution_id":"e 1"}}'
    holds '.[0].execution_id == "e 1" and .[0].submitted_at != null and .[0].duplicate == null and .[0].status == "pending"'
}

@test "gl-enqueue: what gl-submit --rest wrote goes in under its key, once, however often it is given" {
    requests 1 3 'del(._gl)' > in
    run -75 gl-submit --url http://127.0.0.1:1 --attempts 1 --rest later in
    run -0 gl-enqueue later
    holds 'map(.idempotency_key | length) == [36, 36, 36] and all(.duplicate == null)'
    cat later later > twice
    run -0 gl-enqueue twice
    holds 'length == 6 and all(.duplicate and .status == "pending")'
    [ "$(sql "select count(*) from greenlight_queue")" = 3 ]
}

@test "gl-enqueue: a row that the database refuses is reported alone, and the others go in" {
    long=$(head -c 30000 /dev/urandom | base64 -w0)
    { requests 1 300; echo "{\"id\":\"$long\",\"learner_id\":\"ada\"}"; requests 302 700; } > in
    run -65 --separate-stderr gl-enqueue in
    echo "$output" > out
    holds 'length == 700 and ([.[] | select(.status == "rejected")] | length == 1)
           and (.[300] | .status == "rejected" and .error.class == "bad_request" and (.error.message | test("^in:301: .*index")))
           and ([to_entries[] | select(.key != 300) | .value.atom_id == "a\(.key + 1)"] | all)' out
    [ "$(sql "select count(*) from greenlight_queue")" = 699 ]
}

@test "gl-enqueue: a row is out before the next request comes" {
    mkfifo pipe
    timeout --foreground 20 gl-enqueue < pipe > out 3>&- &
    exec 5> pipe
    for n in 1 2 3; do
        requests $n $n >&5
        eventually 20 eval "[ \"\$(wc -l < out)\" = $n ]"
    done
    exec 5>&-
    ended 0 $!
}

@test "gl-enqueue: a steady trickle does not fill one statement a request, nor wait for a full one" {
    sql "create table batches (n int); create function count_rows() returns trigger language plpgsql as
         'begin insert into batches select count(*) from fresh; return null; end';
         create trigger count_rows after insert on greenlight_queue referencing new table as fresh
         for each statement execute function count_rows()"
    requests 1 2000 > in
    run -0 --separate-stderr bash -c 'cat in | gl-enqueue'
    assert_equal "${#lines[@]}" 2000
    run -0 sql "select sum(n), count(*) < 60, max(n) <= 500 from batches"
    assert_output '2000|t|t'
}

@test "gl-enqueue: after a signal it reads on to the end of the input, and ends by that signal" {
    mkfifo pipe
    gl-enqueue < pipe > out 3>&- &
    pid=$!
    exec 5> pipe
    requests 1 1 >&5
    eventually 20 test -s out
    kill -TERM "$pid"
    requests 2 2 >&5
    eventually 20 eval '[ "$(wc -l < out)" = 2 ]'
    exec 5>&-
    ended 143 "$pid"
    [ "$(sql "select count(*) from greenlight_queue")" = 2 ]
}

# bats test_tags=plain
@test "gl-enqueue: after a signal an input that does not end is waited for 10 s at most" {
    mkfifo pipe
    library=$(compgen -G '/usr/lib/*/faketime/libfaketime.so.1')
    LD_PRELOAD=$library FAKETIME='+0 x4' gl-enqueue < pipe > out 3>&- &
    pid=$!
    exec 5> pipe
    requests 2 2 > second
    requests 1 1 >&5
    eventually 20 test -s out
    kill -TERM "$pid"
    cat second >&5
    eventually 20 eval '[ "$(wc -l < out)" = 2 ]'
    ended 143 "$pid"
    exec 5>&-
}

@test "gl-enqueue: a write error is exit 74, a closed pipe is quiet" {
    requests 1 2000 > in
    run -74 bash -c 'gl-enqueue in > /dev/full'
    assert_output --partial 'cannot write to standard output'
    run bash -c 'gl-enqueue in | head -n 1 > /dev/null; echo "${PIPESTATUS[0]}"'
    assert_output 141
    run -74 gl-enqueue nowhere in
    run -74 gl-enqueue --rest nowhere/rest in
}

@test "gl-enqueue: exit 1 under -e when there was no record" {
    run -1 gl-enqueue -e /dev/null
    run -0 gl-enqueue /dev/null
}

# bats test_tags=plain
@test "gl-enqueue: memory does not grow with the input" {
    pad=$(printf '%1400s' '' | tr ' ' x)
    seq 60000 | awk -v pad="$pad" '{ printf "{\"id\":\"a%d\",\"learner_id\":\"l\",\"front\":\"%s\"}\n", $1, pad }' > in
    command time -f %M -o peak gl-enqueue in > /dev/null
    echo "$(< peak) KiB"
    [ "$(< peak)" -lt 20480 ]
    [ "$(sql "select count(*) from greenlight_queue")" = 60000 ]
}
