#!/usr/bin/env bats
# gl-render --summary: what a stream came to.

load lib/common
load lib/render

# totals [OPTION ...]: the summary alone, as plain text.
totals() {
    gl-render --summary --ascii "$@" > "$BATS_TEST_TMPDIR/all" || [ $? -eq 75 ]
    sed -n '/^SUMMARY/,$p' "$BATS_TEST_TMPDIR/all"
}

@test "gl-render: --summary ends a stream as in the golden files" {
    cd "$FIXTURES/render"
    summary() { gl-render --summary records.ndjson "$@" | sed -n '/SUMMARY/,$p'; }
    golden_widths summary summary
}

@test "gl-render: --summary counts each record once, by what it came to" {
    run -0 totals <<< "$(graded 1; graded 0.7; graded 0.69; graded 0; graded null; ungraded unavailable timeout; ungraded rejected http_4xx; ungraded skipped; ungraded cancelled; ungraded running; echo '{"id":"1"}')"
    assert_line --index 0 'SUMMARY  10 results'
    assert_line '  +      2 passed'
    assert_line '  ~      1 partly right'
    assert_line '  x      1 failed'
    assert_line '  !      3 not graded'
    assert_line '  -      2 skipped'
    assert_line '  .      1 not ended'
    assert_line '  *      1 other records'
    assert_line '  mean score 59%'
}

@test "gl-render: --summary has each score in one bar, the longest of which fills the width" {
    run -0 totals <<< "$(for s in 0 0.0999 0.1 0.29 0.699999 0.7 0.7 0.7 0.7 0.9 1; do graded $s; done)"
    bar=$(printf '#%.0s' {1..40})
    assert_line "   70-79%  $bar 4"
    assert_line "  90-100%  ${bar:0:20} 2"
    assert_line "     0-9%  ${bar:0:20} 2"
    assert_line "   20-29%  ${bar:0:10} 1"
    assert_line "   60-69%  ${bar:0:10} 1"
    assert_line '   80-89%  0'
}

@test "gl-render: --summary adds up tests and times, and leaves out what is not known" {
    run -0 totals <<< "$(graded 1 '"tests_passed":2,"tests_total":3,"execution_time_ms":1500'; graded 0 '"tests_passed":null,"tests_total":9,"execution_time_ms":600'; graded 0)"
    assert_line '  mean score 33% - 2/3 tests passed - 2.10 s in all'
    run -0 totals <<< "$(ungraded unavailable timeout)"
    refute_output --regexp 'mean|Scores|tests'
}

@test "gl-render: --summary lists a hundred that did not pass, and counts the rest" {
    run -0 totals <<< "$(for ((i = 0; i < 130; i++)); do graded 0.$((i % 2 * 8)) | sed "s/\"a\"/\"n$i\"/"; graded 0.5; done)"
    assert_line '  | x FAIL 0%  n0'
    assert_line '  | ~ PARTIAL 50%  a'
    assert_line '  | ... 95 more'
    refute_line --regexp ' n1$'
}

@test "gl-render: names in a summary stay in their place" {
    "$GL_TOP/test/lib/hostile-records" > "$BATS_TEST_TMPDIR/hostile"
    for width in 20 60 80; do
        for format in panel plain; do
            shape=lines
            [ $format-$width = panel-20 ] || [ $format = plain ] || shape=boxed
            gl-render --summary --format $format --width $width "$BATS_TEST_TMPDIR/hostile" > "$BATS_TEST_TMPDIR/all" || [ $? -eq 75 ]
            sed -n '/SUMMARY/,$p' "$BATS_TEST_TMPDIR/all" > "$BATS_TEST_TMPDIR/screen"
            "$GL_TOP/test/lib/check-screen" $width $shape utf8 < "$BATS_TEST_TMPDIR/screen"
        done
    done
}

@test "gl-render: an empty stream has a summary too" {
    run -0 totals < /dev/null
    assert_output 'SUMMARY  0 results'
    run -1 gl-render -e --summary < /dev/null
}

@test "gl-render: documents have a summary where they have room for one" {
    made=$BATS_TEST_TMPDIR/made
    { graded 0; graded 1; } > "$BATS_TEST_TMPDIR/in"
    for format in tap junit github; do
        gl-render --format $format "$BATS_TEST_TMPDIR/in" > "$made"
        run -1 grep SUMMARY "$made"
        gl-render --format $format --summary "$BATS_TEST_TMPDIR/in" > "$made"
        grep -q 'SUMMARY  2 results' "$made"
    done
    gl-render --format tap --summary "$BATS_TEST_TMPDIR/in" > "$made"
    run -0 "$GL_TOP/test/lib/check-tap" "$made"
    assert_output 'points 2 failed 1 todo 0 skipped 0 yaml 1'
    gl-render --format junit --summary "$BATS_TEST_TMPDIR/in" > "$made"
    run -0 "$GL_TOP/test/lib/check-junit" "$made"
    assert_output 'tests 2 failures 1 errors 0 skipped 0'
}

@test "gl-render: a mean that is a whole percent is not told as less" {
    run -0 totals <<< "$(graded 0.7; graded 0.7; graded 0.7)"
    assert_line '  mean score 70%'
}
