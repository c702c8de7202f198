#!/usr/bin/env bats
# gl-render: what people see, and what never reaches their terminal.
# The golden files hold whole screens; with GOLDEN=write in the environment
# they are written anew, to be looked at before they are committed.

load lib/common
load lib/render
load lib/terminal

teardown() {
    close_terminal
}

# each_width COMMAND: runs COMMAND WIDTH LOCALE at every width in both locales.
each_width() {
    local width locale
    for width in 30 40 59 60 80 120 200; do
        for locale in C.UTF-8 C; do
            "$1" "$width" "$locale" || { echo "at $width columns in $locale"; return 1; }
        done
    done
}

@test "gl-render: panels are as in the golden files at every width, in UTF-8 and ASCII" {
    cd "$FIXTURES/render"
    golden_widths panel gl-render records.ndjson
    golden_widths report gl-render report.ndjson
    golden_widths tasks gl-render ../atoms.ndjson
}

@test "gl-render: plain text is as in the golden files at 40 and 80 columns" {
    cd "$FIXTURES/render"
    for width in 40 80; do
        gl-render --width $width records.ndjson 2> "$BATS_TEST_TMPDIR/err" | golden "plain-$width.txt"
    done
}

@test "gl-render: colours are as in the golden file" {
    cd "$FIXTURES/render"
    gl-render --format panel --color always --width 80 records.ndjson 2> "$BATS_TEST_TMPDIR/err" | golden color-80.txt
}

@test "gl-render: hostile text stays in its place at every width, in panels and plain" {
    "$GL_TOP/test/lib/hostile-records" > "$BATS_TEST_TMPDIR/hostile"
    held() {
        local set=utf8
        [ "$2" = C ] && set=ascii
        for format in panel plain; do
            local shape=lines
            [ $format = panel ] && [ "$1" -ge 60 ] && shape=boxed
            LC_ALL=$2 gl-render --format $format --width "$1" "$BATS_TEST_TMPDIR/hostile" > "$BATS_TEST_TMPDIR/screen"
            [ $? -eq 75 ] || return 1
            "$GL_TOP/test/lib/check-screen" "$1" $shape $set < "$BATS_TEST_TMPDIR/screen" || return 1
        done
    }
    each_width held
}

@test "gl-render: the only escape sequences are its own colours" {
    "$GL_TOP/test/lib/hostile-records" | gl-render --format panel --color always --width 80 > "$BATS_TEST_TMPDIR/screen" || [ $? -eq 75 ]
    grep -q $'\033' "$BATS_TEST_TMPDIR/screen"
    sed $'s/\033\\[[0-9;]*m//g' "$BATS_TEST_TMPDIR/screen" | "$GL_TOP/test/lib/check-screen" 80 boxed utf8
}

@test "gl-render: a line in colour ends where its text does, without a styled blank" {
    "$GL_TOP/test/lib/hostile-records" > "$BATS_TEST_TMPDIR/hostile"
    for width in 40 80; do
        gl-render --format plain --color always --width $width "$BATS_TEST_TMPDIR/hostile" > "$BATS_TEST_TMPDIR/colored" || [ $? -eq 75 ]
        run -1 grep -nP ' (\033\[[0-9;]*m)*$' "$BATS_TEST_TMPDIR/colored"
        gl-render --format plain --width $width "$BATS_TEST_TMPDIR/hostile" > "$BATS_TEST_TMPDIR/plain" || [ $? -eq 75 ]
        sed $'s/\033\\[[0-9;]*m//g' "$BATS_TEST_TMPDIR/colored" | cmp - "$BATS_TEST_TMPDIR/plain"
    done
}

@test "gl-render: controls become visible text" {
    run -0 gl-render <<< '{"atom_id":"a\u001b[2J\u0000\u202e\u009b","status":"complete","partial_score":1,"feedback":"x\ry\ud800"}'
    assert_line --index 0 '✓ PASS 100%  a\x1b[2J\x00\u202e\u009b'
    assert_line '  │ x\x0dy�'
}

@test "gl-render: feedback cannot forge the rows of other records" {
    run -0 gl-render <<< "$(graded 0 '"feedback":"no\n\n✓ PASS 100%  other\n  ✓ PASS  test"')"
    refute_line --regexp '^ *✓ PASS'
    assert_line '  │ ✓ PASS 100%  other'
}

@test "gl-render: a box closes around a name of 300 characters" {
    name=$(printf 'n%.0s' {1..300})
    gl-render --format panel --width 80 <<< "$(graded 0 "\"test_results\":[{\"name\":\"$name\",\"passed\":false,\"message\":\"$name\"}]")" > "$BATS_TEST_TMPDIR/screen"
    [ "$(tr -cd n < "$BATS_TEST_TMPDIR/screen" | wc -c)" -eq 600 ]
    "$GL_TOP/test/lib/check-screen" 80 boxed utf8 < "$BATS_TEST_TMPDIR/screen"
}

@test "gl-render: a name stands in the border as long as a rule fits behind it, else below" {
    titled() { graded 1 | sed "s/\"a\"/\"$(printf 'n%.0s' $(seq "$1"))\"/" | gl-render --format panel --width 80; }
    run -0 titled 60
    assert_line --index 0 --regexp '^╭─ ✓ PASS 100% ─ n{60} ─╮$'
    run -0 titled 61
    assert_line --index 0 --regexp '^╭─ ✓ PASS 100% ─+╮$'
    assert_line --index 1 --regexp '^│ n{61} +│$'
}

@test "gl-render: the score is shown as it is, rounded down, with its word" {
    while read -r score want; do
        run -0 gl-render <<< "$(graded "$score")"
        assert_line --index 0 --partial "$want"
    done << 'END'
0.7                 ✓ PASS 70%
0.69999999999       ~ PARTIAL 69%
0.695               ~ PARTIAL 69%
0.4                 ~ PARTIAL 40%
0.39999             ✗ FAIL 39%
0.29                ✗ FAIL 29%
0.57                ~ PARTIAL 57%
0                   ✗ FAIL 0%
1                   ✓ PASS 100%
0.999999            ✓ PASS 99%
7e-1                ✓ PASS 70%
END
}

@test "gl-render: the score is green from 0.7, yellow from 0.4, else red" {
    for case in 0.7:32 0.695:33 0.4:33 0.399:31; do
        run -0 gl-render --color always <<< "$(graded "${case%:*}")"
        assert_line --index 0 --regexp $'^\033\\[1;'"${case#*:}m"
    done
}

@test "gl-render: a score outside 0 to 1, or none, is no score" {
    for score in 1.7 -0.1 '"0.9"' null; do
        run -0 gl-render <<< "$(graded "$score")"
        assert_line --index 0 '? GRADED  a'
        refute_output --partial '%'
    done
}

@test "gl-render: tests passed and total, and never 0/0" {
    run -0 gl-render <<< "$(graded 0.5 '"tests_passed":2,"tests_total":4')"
    assert_line '  2/4 tests passed'
    run -0 gl-render <<< "$(graded 0.5 '"tests_passed":null,"tests_total":null')"
    refute_output --partial test
    run -0 gl-render <<< "$(graded 0.5 '"tests_passed":0,"tests_total":0')"
    assert_line '  no tests'
}

@test "gl-render: what was not graded never looks like a score" {
    while read -r status class want; do
        run gl-render --width 200 <<< "$(ungraded "$status" "$class" | sed 's/"error"/"partial_score":0,"correct":false,"tests_passed":0,"tests_total":3,"error"/')"
        assert_line --index 0 '! NOT GRADED  a'
        assert_output --partial "$want"
        assert_output --partial "$class"
        assert_output --partial 'Nothing counts against you'
        refute_output --regexp '%|FAIL|PASS|tests'
    done << 'END'
unavailable connect could not be reached
unavailable http_5xx could not answer
unavailable timeout did not answer in time
rejected http_4xx refused
rejected no_submission no answer of yours
failed failed could not
failed unsupported cannot be run here
protocol_error malformed made no sense
END
}

@test "gl-render: a queued request says that it will be tried again" {
    run -75 gl-render <<< '{"atom_id":"a","status":"unavailable","error":{"class":"connect"},"_gl":{"type":"result","queue_id":"q"}}'
    assert_output --partial 'stays in the queue'
}

@test "gl-render: an answer is not given away before grading" {
    run -75 gl-render << 'END'
{"id":"1","back":"SECRET","content_json":{"solution_code":"SECRET"}}
{"id":"2","request_payload":{"back":"SECRET"},"request_text":"SECRET","_gl":{"type":"row"}}
{"id":"3","back":"SECRET","nested":{"fix_patch":"SECRET"},"_gl":{"type":"later"}}
{"atom_id":"4","status":"unavailable","diff_suggestion":"SECRET","test_results":[{"name":"t","expected":"SECRET"}],"_gl":{"type":"result"}}
END
    assert_line '• REQUEST  1'
    refute_output --partial SECRET
    for member in back solution_code fix_patch expected_output error_line solution request_payload request_text \
        content_json content grading_logic; do
        run -0 gl-render <<< "{\"id\":\"5\",\"$member\":\"SECRET\",\"_gl\":{\"type\":\"later\"}}"
        assert_output --partial "$member"
        refute_output --partial SECRET
    done
}

@test "gl-render: expected and actual tell a text from a number" {
    run -0 gl-render <<< "$(graded 0 '"test_results":[{"name":"t","passed":false,"expected":"1","actual":1},{"name":"u","passed":false,"expected":"x","actual":"x "},{"name":"v","passed":false,"expected":"x","actual":"y"}]')"
    assert_line '          expected  "1"'
    assert_line '          actual    1'
    assert_line '          actual    "x "'
    assert_line '          actual    y'
}

# differ EXPECTED ACTUAL [OPTION ...]: a failed test that expected one value and found the other.
differ() {
    graded 0 "\"test_results\":[{\"name\":\"t\",\"passed\":false,\"expected\":$1,\"actual\":$2}]" |
        gl-render "${@:3}" | sed -n '/expected/,$p'
}

@test "gl-render: the difference between expected and actual is marked below" {
    while IFS='/' read -r expected actual carets; do
        run -0 differ "$expected" "$actual"
        assert_line --index $((${#lines[@]} - 1)) "                    $carets"
    done << 'END'
"0.0.0.15"/"0.0.0.16"/       ^
"ab"/"axxxb"/ ^^^
[1,2]/[1,2,3]/    ^^
"a中文b"/"a中b"/   ^^
"aaa"/"aa"/  ^
"éx"/"ex"/^
"x👍🏽"/"x👍🏿"/ ^^
END
    run -0 differ '"0.0.0.15"' '"0.0.0.16"' --width 40
    assert_line --index 2 '                     ^'
}

@test "gl-render: where values are long, words say where they differ" {
    run -0 differ '"one\ntwo\nthree"' '"one\ntwo\nfour"'
    assert_line '          differ    from line 3 on'
    numbers=$(seq -s , 40)
    run -0 differ "{\"a\":[$numbers]}" "{\"a\":[$numbers,41]}"
    assert_line '          differ    first at .a[40]'
    run -0 differ "\"${numbers}x\"" "\"${numbers}y\""
    assert_line '          differ    from column 111 on'
}

@test "gl-render: carets stand below values that leave room for one behind them, words below longer ones" {
    long=$(printf 'a%.0s' {1..56})
    run -0 differ "\"$long\"" "\"${long}b\"" --format panel --width 80
    assert_line --index 2 --regexp "^│ {19}${long//a/ }\\^ +│$"
    run -0 differ "\"$long\"" "\"${long}bc\"" --format panel --width 80
    assert_line --index 2 --regexp '^│ +differ +from column 57 on +│$'
}

@test "gl-render: values with nothing in common, and one alone, have no marks" {
    run -0 differ '"x"' '"y"'
    assert_equal "${#lines[@]}" 2
    run -0 differ '"x"' '"x"'
    assert_equal "${#lines[@]}" 0
    run -0 gl-render <<< "$(graded 0 '"test_results":[{"name":"t","passed":false,"expected":"x"}]')"
    refute_output --regexp '\^|differ'
}

@test "gl-render: in colour the difference is underlined, and only that" {
    run -0 differ '"0.0.0.15"' '"0.0.0.16"' --color always
    assert_line --index 0 --partial $'\033[32m0.0.0.1\033[0m\033[1;4;32m5\033[0m'
    assert_line --index 1 --partial $'\033[31m0.0.0.1\033[0m\033[1;4;31m6\033[0m'
    run -0 differ '"a b"' '"ab"' --color always
    assert_line --index 0 --partial $'\033[32ma\033[0m\033[1;4;32m \033[0m\033[32mb\033[0m'
}

@test "gl-render: long output is shortened, and says so" {
    run -0 gl-render <<< "$(graded 1 "\"stdout\":\"$(printf '%s\\n' {1..1000})\"")"
    assert_line '  │ 10'
    refute_line '  │ 11'
    assert_line '  │ … 980 lines left out …'
    assert_line '  │ 1000'
}

@test "gl-render: a line is not left out for a line that says so, and no character is cut" {
    run -0 gl-render <<< "$(graded 1 "\"stdout\":\"$(printf '%s\\n' {1..21})\"")"
    assert_line '  │ 11'
    refute_output --partial 'left out'
    run -0 gl-render <<< "$(graded 1 "\"stdout\":\"$(printf '%s\\n' {1..22})\"")"
    assert_line '  │ … 2 lines left out …'
    run -0 gl-render <<< "$(graded 1 "\"feedback\":\"x$(printf 'é%.0s' {1..2000})\"")"
    assert_output --partial 'é … 2 more bytes'
    refute_output --partial '\x'
}

@test "gl-render: of many suggestions there are fifty" {
    run -0 gl-render <<< "$(graded 1 "\"git_suggestions\":[$(printf '"s%s",' {1..51})\"last\"]")"
    assert_line '  │ • s50'
    refute_line '  │ • s51'
    assert_line '  │ … 2 more left out'
}

@test "gl-render: times are told as one would" {
    while IFS='|' read -r ms want; do
        run -0 gl-render <<< "$(graded 1 "\"execution_time_ms\":$ms")"
        assert_line --index 1 "  $want"
    done << 'END'
0|0.0 ms
9.94|9.9 ms
9.96|10 ms
999|999 ms
1000|1.00 s
59990|59.99 s
60000|1 min 0 s
3599999|59 min 59 s
3600000|1 h 0 min
90061000|25 h 1 min
END
}

@test "gl-render: texts of 10 MB are shortened" {
    { printf '{"atom_id":"a","status":"complete","partial_score":1,"feedback":"'; head -c 10000000 /dev/zero | tr '\0' f; printf '"}\n'; } > "$BATS_TEST_TMPDIR/big"
    run -0 gl-render --max-record 16MiB "$BATS_TEST_TMPDIR/big"
    assert_output --partial '9996000 more bytes'
    [ "${#output}" -lt 6000 ]
    run -65 gl-render "$BATS_TEST_TMPDIR/big"
    assert_output --partial 'larger than'
}

@test "gl-render: pending and running executions are one line each" {
    run -75 gl-render << 'END'
{"atom_id":"a","execution_id":"e1","status":"pending","_gl":{"type":"execution"}}
{"atom_id":"b","execution_id":"e2","status":"running","_gl":{"type":"execution"}}
{"atom_id":"c","execution_id":"e3","status":"queued"}
END
    [ "${#lines[@]}" -eq 3 ]
    assert_line --index 0 '… PENDING  a  execution e1'
    assert_line --index 1 '… RUNNING  b  execution e2'
    assert_line --index 2 '… PENDING  c  execution e3'
}

@test "gl-render: a bare object with a status is a result" {
    run -75 gl-render <<< '{"atom_id":"a","status":"unavailable"}'
    assert_line --index 0 '! NOT GRADED  a'
    run -0 gl-render <<< '{"atom_id":"a","status":"completed","score":1}'
    assert_line --index 0 '✓ PASS 100%  a'
}

@test "gl-render: bad input is told on stderr and shown in its place" {
    run -65 --separate-stderr gl-render <<< $'{"id":"1"}\nnonsense\n{"id":"2"}'
    assert_line --index 0 '• REQUEST  1'
    assert_line --index 1 '! BAD INPUT  stdin:2: not a JSON object'
    assert_line --index 2 '• REQUEST  2'
    # shellcheck disable=SC2154 # run sets it
    assert_equal "$stderr" 'gl-render: stdin:2: not a JSON object'
}

@test "gl-render: the exit code is the worst that the records count for" {
    while read -r code records; do
        run -"$code" gl-render <<< "$(for r in $records; do ungraded "${r%%:*}" failed "$(cut -d: -f2 -s <<< "$r")"; done)"
    done << 'END'
0 complete incomplete skipped cancelled
75 unavailable
75 pending
65 rejected
69 rejected:422
69 failed
76 protocol_error
75 failed rejected unavailable protocol_error
76 failed protocol_error rejected
69 rejected failed
END
}

@test "gl-render: -e exits 1 when there was nothing to show" {
    run -1 gl-render -e < /dev/null
    run -0 gl-render < /dev/null
    run -0 gl-render -e <<< '{"id":"1"}'
}

@test "gl-render: a record is shown before the next one comes" {
    mkfifo "$BATS_TEST_TMPDIR/in"
    gl-render < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" &
    exec 7> "$BATS_TEST_TMPDIR/in"
    echo '{"id":"first"}' >&7
    eventually 20 grep first "$BATS_TEST_TMPDIR/out"
    exec 7>&-
    wait $!
}

@test "gl-render: a closed pipe is quiet and a full disk is exit 74" {
    for ((i = 0; i < 20000; i++)); do echo '{"id":"x"}'; done > "$BATS_TEST_TMPDIR/many"
    # shellcheck disable=SC2016 # the inner shell expands it
    run -141 bash -c 'set -o pipefail; gl-render "$1" | head -n 1' _ "$BATS_TEST_TMPDIR/many"
    assert_output '• REQUEST  x'
    # shellcheck disable=SC2016
    run -74 bash -c 'gl-render "$1" > /dev/full' _ "$BATS_TEST_TMPDIR/many"
    assert_output --partial 'No space left'
    run -74 gl-render "$BATS_TEST_TMPDIR/missing"
}

@test "gl-render: colour by --color, NO_COLOR, the forcing variables, then the terminal" {
    shows_color() { gl-render "$@" <<< "$(graded 1)" | grep -q $'\033'; }
    run -1 shows_color
    shows_color --color always
    NO_COLOR=1 shows_color --color always
    FORCE_COLOR=1 shows_color
    CLICOLOR_FORCE=1 shows_color
    FORCE_COLOR=0 run -1 shows_color
    NO_COLOR=1 FORCE_COLOR=1 run -1 shows_color
    FORCE_COLOR=1 run -1 shows_color --color never
}

@test "gl-render: on a terminal it draws panels in colour, as wide as the terminal" {
    graded 1 > "$BATS_TEST_TMPDIR/r"
    on_terminal() { script -qec "stty cols 71; $1 gl-render $BATS_TEST_TMPDIR/r" /dev/null < /dev/null | tr -d '\r'; }
    on_terminal 'TERM=xterm' > "$BATS_TEST_TMPDIR/screen"
    grep -q $'\033\\[1;32m✓ PASS 100%' "$BATS_TEST_TMPDIR/screen"
    sed $'s/\033\\[[0-9;]*m//g' "$BATS_TEST_TMPDIR/screen" | "$GL_TOP/test/lib/check-screen" 71 boxed utf8
    grep -q '╭.*╮' "$BATS_TEST_TMPDIR/screen"
    on_terminal 'TERM=dumb' > "$BATS_TEST_TMPDIR/screen"
    run -1 grep -q $'\033' "$BATS_TEST_TMPDIR/screen"
}

@test "gl-render: a terminal of any width shows what was drawn for it, and nothing wraps" {
    sed -n '2,6p' "$FIXTURES/render/records.ndjson" > "$BATS_TEST_TMPDIR/records"
    as_drawn() { diff <(screen | head -n "$(wc -l < drawn)") drawn; }
    cd "$BATS_TEST_TMPDIR"
    for width in 30 40 59 60 80 120 200; do
        gl-render --format panel --width $width records > drawn || [ $? -eq 75 ]
        on_terminal $width "gl-render records"
        eventually 20 as_drawn
        close_terminal
    done
}

@test "gl-render: the width is --width, else COLUMNS, else 80, and 20 at least" {
    widest() { gl-render --format panel "$@" <<< "$(graded 1)" | head -n 1 | wc -m; }
    [ "$(widest)" -eq 81 ]
    [ "$(COLUMNS=100 widest)" -eq 101 ]
    [ "$(COLUMNS=100 widest --width 90)" -eq 91 ]
    [ "$(COLUMNS=junk widest)" -eq 81 ]
    [ "$(widest --width 5000)" -eq 1001 ]
    gl-render --width 1 <<< "$(graded 1 '"feedback":"one two three four five six"')" | "$GL_TOP/test/lib/check-screen" 20
    run -64 gl-render --width 0 < /dev/null
}

@test "gl-render: --ascii writes nothing but ASCII" {
    run -0 gl-render --ascii --format panel <<< "$(graded 1 '"feedback":"é 中"')"
    assert_output --partial '\u00e9 \u4e2d'
    LC_ALL=C run -1 grep '[^ -~]' <<< "$output"
}

@test "gl-render: loads no library that it does not use" {
    run -0 ldd "$(command -v gl-render)"
    refute_output --regexp 'libcurl|libpq|libjq'
}

# bats test_tags=plain
@test "gl-render: memory does not grow with the stream" {
    yes "$(graded 0.5 '"feedback":"some words"')" | head -n 100000 > "$BATS_TEST_TMPDIR/many"
    head -n 100 "$BATS_TEST_TMPDIR/many" > "$BATS_TEST_TMPDIR/few"
    [ "$(peak "$BATS_TEST_TMPDIR/many")" -le $(($(peak "$BATS_TEST_TMPDIR/few") + 1024)) ]
}

@test "gl-render: a task tells neither its answer nor what its authors call it" {
    run -0 gl-render "$FIXTURES/atoms.ndjson"
    for word in code_submission debugging minimal_fix output_prediction hybrid 255.255.255.255 'lo <= hi' 'i<n;' '==0'; do
        refute_output --partial -- "$word"
    done
    run -0 gl-render <<< '{"id":"a","front":"F","back":"SECRET","atom_type":"debugging_fix","content_json":{"prompt":"P","code":"C",
        "solution_code":"SECRET","expected_output":"SECRET","error_line":"SECRET","fix_patch":"SECRET","hints":["SECRET"],
        "tests":[{"input":"SECRET","expected":"SECRET"}]}}'
    refute_output --partial SECRET
    assert_line --index 0 'Greenlight Handoff  Something is broken: find it'
    assert_line '  1 test · a'
}

@test "gl-render: what is known of a task is said, and what makes no sense is not" {
    run -0 gl-render <<< '{"id":"a","front":"F","metadata":{"estimated_time_minutes":1},"language":5,"tests":"inline"}'
    assert_line '  about 1 minute · a'
    run -0 gl-render <<< '{"id":"a","front":"F","metadata":{"estimated_time_minutes":-3},"tests":[{},{}],"language":"sql"}'
    assert_line '  sql · 2 tests · a'
}
