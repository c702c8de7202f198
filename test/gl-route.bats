#!/usr/bin/env bats
# gl-route: which atoms go to Greenlight, and that they go untouched.

load lib/common

greenlights='{"id":"g","owner":"greenlight","n":12345678901234567890,"x": 1.10 ,"e":1e400}'
cortexs='{"id":"c","owner":"cortex"}'

# owned ATOM: passes when gl-route passes the atom on.
owned() {
    [ "$(gl-route <<< "$1")" = "$1" ]
}

@test "gl-route: routes every example atom as expected, byte for byte" {
    gl-route "$FIXTURES/atoms.ndjson" > "$BATS_TEST_TMPDIR/ours"
    gl-route -v "$FIXTURES/atoms.ndjson" > "$BATS_TEST_TMPDIR/theirs"
    run -0 jq -rs --slurpfile ours "$BATS_TEST_TMPDIR/ours" '.[] | select((.owner == "greenlight")
        != (.id as $id | any($ours[]; (.atom_id // .id) == $id))) | .id' "$FIXTURES/atoms.expect.ndjson"
    assert_output ''
    diff <(sort "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs") <(sort "$FIXTURES/atoms.ndjson")
}

@test "gl-route: owner or mode decides, and content_json wins over what stands beside it" {
    owned '{"owner":"greenlight"}'
    owned '{"grading_mode":"runtime"}'
    owned '{"grading_mode":"hybrid"}'
    owned '{"grading_logic":{"mode":"runtime"}}'
    owned '{"owner":"cortex","content_json":{"owner":"greenlight"}}'
    owned '{"owner":"cortex","content_json":"{\"owner\":\"greenlight\"}"}'
    owned '{"content":{"grading_mode":"hybrid"}}'
    owned '{"grading_mode":"static","content_json":{"grading_logic":{"mode":"runtime"}}}'
    ! owned '{"owner":"greenlight","content_json":{"owner":"cortex"}}'
    ! owned '{"grading_mode":"runtime","content_json":{"grading_mode":"static"}}'
    ! owned '{"grading_mode":"human"}'
    ! owned '{"owner":"Greenlight"}'
    ! owned '{"owner":true}'
    ! owned '{}'
}

@test "gl-route: --invert-match passes on the others, --rest writes them in the same pass" {
    run -0 gl-route --invert-match <<< "$greenlights"$'\n'"$cortexs"
    assert_output "$cortexs"
    run -0 gl-route --rest "$BATS_TEST_TMPDIR/rest" <<< "$greenlights"$'\n'"$cortexs"
    assert_output "$greenlights"
    assert_equal "$(< "$BATS_TEST_TMPDIR/rest")" "$cortexs"
}

@test "gl-route: a bad line comes out as a rejected record that says where, and the rest go on" {
    printf '%s\n' "$greenlights" 'oops' "$greenlights" > "$BATS_TEST_TMPDIR/in"
    run -65 --separate-stderr gl-route "$BATS_TEST_TMPDIR/in"
    assert_line --index 0 "$greenlights"
    assert_line --index 2 "$greenlights"
    assert_equal "$stderr" "gl-route: $BATS_TEST_TMPDIR/in:2: not a JSON object"
    jq -e '.status == "rejected" and .error.class == "bad_request" and (.error.message | endswith("in:2: not a JSON object"))
           and .partial_score == null and ._gl.type == "result"' <<< "${lines[1]}"
}

@test "gl-route: pretty-printed records come out on one line, with every digit" {
    run -0 gl-route <<< $'{\n  "owner": "greenlight",\n  "n": 1.10,\n  "s": "a  b"\n}'
    assert_output '{"owner": "greenlight","n": 1.10,"s": "a  b"}'
}

@test "gl-route: records of other types pass, and results count for the exit code" {
    run -75 gl-route <<< '{"status":"unavailable","_gl":{"type":"result"}}'
    assert_output '{"status":"unavailable","_gl":{"type":"result"}}'
    run -0 gl-route <<< '{"status":"failed","_gl":{"type":"row"}}'
    assert_output '{"status":"failed","_gl":{"type":"row"}}'
}

@test "gl-route: -e is exit 1 when nothing was passed on, 0 when something was" {
    run -1 gl-route -e <<< "$cortexs"
    run -1 gl-route -e < /dev/null
    run -0 gl-route -e <<< "$greenlights"
    run -0 gl-route < /dev/null
}

@test "gl-route: several files, - for stdin, and one that is missing" {
    echo "$greenlights" > "$BATS_TEST_TMPDIR/one"
    run -74 --separate-stderr gl-route "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/none" - <<< "$greenlights"
    assert_output "$greenlights"$'\n'"$greenlights"
    assert_equal "$stderr" "gl-route: cannot open \"$BATS_TEST_TMPDIR/none\": No such file or directory"
}

@test "gl-route: a record over --max-record is one rejected record" {
    run -65 --separate-stderr gl-route --max-record 100 <<< "{\"id\":\"$(printf %200s)\"}"$'\n'"$greenlights"
    assert_line --index 1 "$greenlights"
    assert_equal "$stderr" 'gl-route: stdin:1: record larger than 100 bytes (--max-record)'
}

@test "gl-route: a full disk is exit 74, a closed pipe is quiet" {
    run -74 --separate-stderr bash -c "gl-route > /dev/full <<< '$greenlights'"
    assert_equal "$stderr" 'gl-route: cannot write to standard output: No space left on device'
    run --separate-stderr bash -c "yes '$greenlights' | gl-route | head -n 1; echo \${PIPESTATUS[1]}"
    assert_output "$greenlights"$'\n'141
    assert_equal "$stderr" ''
}

@test "gl-route: passes a record on before the next one is there" {
    mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    gl-route < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    exec 8> "$BATS_TEST_TMPDIR/in" 9< "$BATS_TEST_TMPDIR/out"
    echo "$greenlights" >&8
    read -r -t 5 line <&9
    exec 8>&-
    assert_equal "$line" "$greenlights"
    wait $!
}

@test "gl-route: after SIGTERM it reads on to the end, then ends by the signal" {
    mkfifo "$BATS_TEST_TMPDIR/in"
    gl-route < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 8> "$BATS_TEST_TMPDIR/in"
    echo "$greenlights" >&8
    eventually 20 grep -q greenlight "$BATS_TEST_TMPDIR/out"
    kill -TERM "$pid"
    echo "$greenlights" >&8
    exec 8>&-
    ended 143 "$pid"
    assert_equal "$(wc -l < "$BATS_TEST_TMPDIR/out")" 2
}

@test "gl-route: loads neither libcurl nor libpq nor libjq" {
    run -0 ldd "$GL_BUILD/bin/gl-route"
    refute_output --regexp 'libcurl|libpq|libjq'
}

# bats test_tags=plain
@test "gl-route: a million records in less than 40 MiB" {
    run -0 bash -c "yes '$greenlights' | head -n 1000000 | { ulimit -v 65536; gl-route; } | wc -l"
    assert_output 1000000
    yes "$greenlights" | head -n 100000 > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr command time -f %M gl-route -q "$BATS_TEST_TMPDIR/in" -v
    assert [ "$stderr" -lt 40960 ]
}

@test "gl-route: of several records 75 wins over 76 over 69 over 65 over 0" {
    local -A records=(
        [0]='{"status":"cancelled","_gl":{"type":"result"}}'
        [65]='{"status":"rejected","error":{"http_status":null},"_gl":{"type":"result"}}'
        [69]='{"status":"rejected","error":{"http_status":400},"_gl":{"type":"result"}}'
        [76]='{"status":"protocol_error","_gl":{"type":"result"}}'
        [75]='{"status":"running","_gl":{"type":"execution"}}'
    )
    local better=() code other
    for code in 0 65 69 76 75; do
        better+=("$code")
        for other in "${better[@]}"; do
            run "-$code" gl-route <<< "${records[$code]}"$'\n'"${records[$other]}"
            run "-$code" gl-route <<< "${records[$other]}"$'\n'"${records[$code]}"
        done
    done
}

@test "gl-route: any number of files, one open at a time" {
    echo "$greenlights" > "$BATS_TEST_TMPDIR/one"
    files=()
    for _ in $(seq 100); do files+=("$BATS_TEST_TMPDIR/one"); done
    run -0 bash -c 'ulimit -n 32; gl-route "$@"' - "${files[@]}"
    assert_equal "$(wc -l <<< "$output")" 100
}

@test "gl-route: a signal while stdout is full loses no record" {
    yes "$greenlights" | head -n 20000 > "$BATS_TEST_TMPDIR/in"
    mkfifo "$BATS_TEST_TMPDIR/out"
    gl-route "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
    pid=$!
    exec 9< "$BATS_TEST_TMPDIR/out"
    eventually 20 grep -q pipe_write "/proc/$pid/wchan" || sleep 1
    kill -TERM "$pid"
    assert_equal "$(wc -l <&9)" 20000
    ended 143 "$pid"
}

@test "gl-route: a standard stream that is closed is exit 74, never a hang" {
    run -74 timeout 30 bash -c 'gl-route <&-'
    echo "$greenlights" > "$BATS_TEST_TMPDIR/in"
    run -74 timeout 30 bash -c "gl-route '$BATS_TEST_TMPDIR/in' <&- >&-"
}

@test "gl-route: a record whose _gl tells no kind is bad input, and one of a kind to come is passed on" {
    for gl in 7 '[]' '"result"' true '{"type":7}' '{"type":{}}' '{"type":false}'; do
        run -65 --separate-stderr gl-route <<< "$greenlights
{\"id\":\"odd\",\"owner\":\"greenlight\",\"_gl\":$gl}
$greenlights"
        [ "${#lines[@]}" -eq 3 ]
        assert_line --index 0 "$greenlights"
        assert_line --index 1 --partial '"status":"rejected"'
        assert_line --index 2 "$greenlights"
        # shellcheck disable=SC2154 # set by run
        assert_regex "$stderr" '^gl-route: stdin:2: _gl(\.type is not a string| is not an object)$'
    done
    for gl in null '{}' '{"type":null}'; do
        owned "{\"id\":\"g\",\"owner\":\"greenlight\",\"_gl\":$gl}"
    done
    run -0 --separate-stderr gl-route <<< '{"id":"g","owner":"cortex","_gl":{"type":"wonder"}}'
    assert_output '{"id":"g","owner":"cortex","_gl":{"type":"wonder"}}'
    assert_equal "$stderr" ''
}
