#!/usr/bin/env bats
# gl-run: programs that forge results.  Each table has the tests of an exercise, what
# answers them honestly, which passes, and attacks, none of which may pass any test.

load lib/common
load lib/exercise

# exercise PATH RUNNER: what the rows that follow hand in and are run by.
exercise() {
    path=$1 runner=$2
    : > "$BATS_TEST_TMPDIR/in"
}

# honest CODE, attack NAME CODE: a row.
honest() {
    attack honest "$1"
}

attack() {
    jq -nc --arg name "$1" --arg code "$2" --arg path "$path" --argjson runner "$runner" '
        {atom_id: $name, content_json: {runner: ({entrypoint: $path, time_limit_ms: 20000} + $runner)},
         submission: {files: [{path: $path, content: $code}]}}' >> "$BATS_TEST_TMPDIR/in"
}

# passing: which rows passed a test; "honest" stands for all of its.
passing() {
    run --separate-stderr timeout 300 gl-run -j 2 "$BATS_TEST_TMPDIR/in"
    assert_equal "$(wc -l <<< "$output")" "$(wc -l < "$BATS_TEST_TMPDIR/in")"
    jq -r 'select(if .atom_id == "honest" then .correct else .tests_passed > 0 or .correct or .partial_score > 0 end) | .atom_id' <<< "$output"
}

@test "forging: what a program prints into its shell script's TAP passes no point" {
    exercise m.sh '{"language": "shell", "tests": "#!/bin/sh\necho 1..2\nsh m.sh a && echo ok 1 || echo not ok 1\nsh m.sh b && echo ok || echo not ok 2"}'
    honest 'echo "# fine"'
    attack 'points beforehand' 'echo ok 1; echo ok 2; exit 1'
    attack 'more points' 'seq -f "ok %.0f" 3 99; exit 1'
    attack 'a larger plan' 'echo 1..99; seq -f "ok %.0f" 3 99; exit 1'
    attack 'an open point' 'echo ok 2; printf "ok 1 "; exit 1'
    attack 'an open comment' 'echo ok 1; echo ok 2; printf "# "; exit 1'
    attack 'an open subtest' 'echo ok 1; echo ok 2; printf "    "; exit 1'
    attack 'a text that ends early' 'echo ok 2; printf "ok 1\\0"; exit 1'
    attack 'more than is kept' 'echo ok 1; echo ok 2; head -c 70000 /dev/zero | tr "\\0" "\\n"; exit 1'
    attack 'the end of the script' 'echo ok 1; echo ok 2; kill -9 $PPID; kill -9 1'
    attack 'no end' 'echo ok 1; echo ok 2; kill -STOP $PPID; exec sleep 99'
    sed -i '/"no end"/s/20000/1000/' "$BATS_TEST_TMPDIR/in"
    run passing
    assert_output honest
}

@test "forging: what a program prints changes no exit status of a script" {
    exercise m.sh '{"language": "shell", "tests": "#!/bin/sh\nout=$(sh m.sh)\nsh m.sh\n[ \"$out\" = 4 ] || { echo \"not ok - got $out\"; exit 1; }"}'
    honest 'echo 4'
    attack 'points' 'echo 1..9; seq -f "ok %.0f" 9'
    attack 'an excuse' 'echo "1 # Todo later"'
    attack 'a result' 'echo "{\"kind\":\"exit\",\"code\":0}" >&3'
    attack 'the result of others' 'for fd in /proc/[0-9]*/fd/*; do echo "{\"kind\":\"exit\",\"code\":0}" > $fd; done'
    run passing
    assert_output honest
}
