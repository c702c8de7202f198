#!/usr/bin/env bats
# gl-submit at its limits: memory, descriptors, a reader or writer that stalls,
# hostile sizes.

load lib/common
load lib/submit

teardown() {
    stop_server
}

# bats test_tags=plain
@test "limits: 64 answers of 8 MiB at once, in order, stay within 200 MiB" {
    start
    requests 1 130 '.mock = {pad: 8000000, delay_ms: (if .n == 1 then 1500 else 0 end)}' > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "command time -f %M timeout 60 gl-submit -j 64 '$BATS_TEST_TMPDIR/in' |
        grep -o '^{\"atom_id\":\"[^\"]*\",\"status\":\"[^\"]*' | tr -cd 'a-z0-9\n'"
    assert_output "$(seq 130 | sed 's/.*/atomida&statuscomplete/')"
    assert [ "$stderr" -lt 204800 ]
}

# bats test_tags=plain
@test "limits: 64 answers of 8 MiB at once, as they end, stay within 150 MiB" {
    start
    requests 1 130 '.mock = {pad: 8000000}' > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "command time -f %M timeout 60 gl-submit -j 64 --unordered '$BATS_TEST_TMPDIR/in' |
        grep -c '^{\"atom_id\":\"[^\"]*\",\"status\":\"complete\"'"
    assert_output 130
    assert [ "$stderr" -lt 153600 ]
}

@test "limits: -j over the limit of open files means as many as there can be" {
    start
    requests 1 200 '.mock = {delay_ms: 20}' > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "ulimit -n 80; gl-submit -j 1000 --attempts 1 '$BATS_TEST_TMPDIR/in' |
        jq -r .status | uniq"
    assert_output complete
    [[ $stderr == *"only 16 requests at once: the limit of open files is 80"* ]]
}

@test "limits: a soft limit of open files is raised" {
    start
    requests 1 200 '.mock = {delay_ms: 20}' > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "ulimit -Sn 40; gl-submit -j 100 --attempts 1 '$BATS_TEST_TMPDIR/in' | jq -r .status | uniq"
    assert_output complete
    assert_equal "$stderr" ""
}

@test "limits: a reader that stalls is no time-out of the server's" {
    start
    requests 1 40 '.mock = {pad: 60000, delay_ms: 300}' > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr bash -c "gl-submit -j 8 --timeout 1s '$BATS_TEST_TMPDIR/in' | (sleep 3; cat) | jq -r .status | uniq -c"
    assert_output --regexp '^ *40 complete$'
    assert_equal "$stderr" ""
    log_holds 'length == 40'
}

@test "limits: what was read when a signal came comes out as interrupted, all of it" {
    start
    requests 1 100 '.mock = {delay_ms: 20000}' > "$BATS_TEST_TMPDIR/all"
    mkfifo "$BATS_TEST_TMPDIR/in"
    gl-submit -q -j 1 < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 8> "$BATS_TEST_TMPDIR/in"
    cat "$BATS_TEST_TMPDIR/all" >&8
    eventually 20 log_holds 'length == 1'
    kill -TERM "$pid"
    timeout 15 tail --pid="$pid" -f /dev/null
    exec 8>&-
    ended 143 "$pid"
    jq -se 'map(.atom_id) == [range(1; 101) | "a\(.)"] and all(.error.class == "interrupted")' "$BATS_TEST_TMPDIR/out"
}

# bats test_tags=plain
@test "limits: once the run is over, it does not wait for ever for input that does not come" {
    start --token right
    echo wrong > "$BATS_TEST_TMPDIR/token"
    mkfifo "$BATS_TEST_TMPDIR/in"
    faketime -f '+0 x10' gl-submit -q --token-file "$BATS_TEST_TMPDIR/token" < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 8> "$BATS_TEST_TMPDIR/in"
    echo '{"atom_id":"a"}' >&8
    eventually 20 test -s "$BATS_TEST_TMPDIR/out"
    echo '{"atom_id":"b"}' >&8
    timeout 20 tail --pid="$pid" -f /dev/null
    exec 8>&-
    ended 77 "$pid"
    jq -se 'map(.atom_id) == ["a", "b"] and all(.error.class == "unauthorised")' "$BATS_TEST_TMPDIR/out"
}

# bats test_tags=plain
@test "limits: --deadline ends a run whose input does not" {
    start
    mkfifo "$BATS_TEST_TMPDIR/in"
    exec 8<> "$BATS_TEST_TMPDIR/in"
    echo '{"atom_id":"a"}' >&8
    run -0 timeout 20 faketime -f '+0 x10' gl-submit --deadline 5s < "$BATS_TEST_TMPDIR/in"
    holds '.status == "complete"'
    exec 8>&-
}

@test "limits: objects of 200,000 members, twice the same, are compared in no time" {
    start
    members=$(seq 200000 | sed 's/.*/"k&":1/' | paste -sd ,)
    echo "{\"match\":{},\"answers\":[{\"body\":{\"correct\":true,$members,\"result\":{\"correct\":true,$members}}}]}" \
        > "$BATS_TEST_TMPDIR/rules"
    stop_server
    rm "$BATS_TEST_TMPDIR/ready"
    start --scenario "$BATS_TEST_TMPDIR/rules"
    timeout 30 gl-submit -q <<< '{"atom_id":"a"}' > "$BATS_TEST_TMPDIR/out"
    jq -e '.status == "complete" and .k200000 == 1' "$BATS_TEST_TMPDIR/out"
    assert_equal "$(grep -o '"k77":' "$BATS_TEST_TMPDIR/out" | wc -l)" 1
}

@test "limits: lines that open objects and never close them are read in no time" {
    yes $'{"a":[1,\n{"b":' | head -n 200000 > "$BATS_TEST_TMPDIR/in"
    run -65 timeout 30 bash -c "set -o pipefail; gl-route -q '$BATS_TEST_TMPDIR/in' 2> /dev/null | wc -l"
    assert [ "$output" -gt 0 ]
}

@test "limits: who waits for a server ends when nobody reads the output any more" {
    start --delay 30s
    for program in gl-submit gl-poll; do
        mkfifo "$BATS_TEST_TMPDIR/$program"
        "$program" <<< '{"atom_id":"a","execution_id":"e"}' > "$BATS_TEST_TMPDIR/$program" 3>&- &
        pid=$!
        exec 8< "$BATS_TEST_TMPDIR/$program"
        eventually 20 log_holds 'length >= 1'
        exec 8<&-
        timeout 15 tail --pid="$pid" -f /dev/null
        ended 141 "$pid"
        : > "$log"
    done
}
