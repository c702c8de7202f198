#!/usr/bin/env bats
# gl-render --format: documents for other programs, each held to parsers that share no
# code with it.  The golden files hold whole documents; with GOLDEN=write in the
# environment they are written anew, to be looked at before they are committed.

load lib/common
load lib/render

setup() {
    hostile=$BATS_TEST_TMPDIR/hostile
    made=$BATS_TEST_TMPDIR/made
}

# made FORMAT [OPTION ...] < records: writes the document into $made.
made() {
    gl-render --format "$@" > "$made" || [ $? -eq 75 ]
}

# every_hostile: records with every text that a server could send.
every_hostile() {
    "$GL_TOP/test/lib/hostile-records"
    "$GL_TOP/test/lib/hostile-markup"
}

@test "gl-render: documents are as in the golden files" {
    cd "$FIXTURES/render"
    for format in tap junit markdown github html; do
        gl-render --format $format records.ndjson 2> "$BATS_TEST_TMPDIR/err" | golden "document.$format"
    done
}

@test "gl-render: whatever a record holds, no raw control gets into a document" {
    every_hostile > "$hostile"
    for format in tap junit markdown github html; do
        for ascii in "" --ascii; do
            # shellcheck disable=SC2086 # no option where it is empty
            made $format $ascii < "$hostile"
            "$GL_TOP/test/lib/check-text" < "$made" || { echo "in $format"; return 1; }
            if [ -n "$ascii" ]; then
                LC_ALL=C run -1 grep -n $'[^\t -~]' "$made"
            fi
        done
    done
}

@test "gl-render: documents do not depend on the locale, the terminal or NO_COLOR" {
    cd "$FIXTURES/render"
    for format in tap junit markdown github html; do
        LC_ALL=C COLUMNS=30 FORCE_COLOR=1 gl-render --format $format --color always records.ndjson 2> "$BATS_TEST_TMPDIR/err" |
            golden "document.$format"
    done
}

@test "gl-render: a document begins with its first record and ends when there is none" {
    for format in tap junit markdown github html; do
        gl-render --format $format < /dev/null > "$made"
        case $format in
        tap) assert_equal "$(cat "$made")" $'TAP version 13\n1..0' ;;
        junit) "$GL_TOP/test/lib/check-junit" "$made" ;;
        html) "$GL_TOP/test/lib/check-html" < "$made" ;;
        github) [ ! -s "$made" ] ;;
        markdown) grep -q '^\*\*0 results\*\*' "$made" ;;
        esac
        mkfifo "$BATS_TEST_TMPDIR/in.$format"
        gl-render --format $format < "$BATS_TEST_TMPDIR/in.$format" > "$made" &
        exec 7> "$BATS_TEST_TMPDIR/in.$format"
        echo '{"atom_id":"first","status":"complete","partial_score":0}' >&7
        eventually 20 grep first "$made"
        exec 7>&-
        ended 0 $!
    done
}

@test "gl-render: no document gives an answer away before grading" {
    secrets='"diff_suggestion":"SECRET","test_results":[{"name":"SECRET","expected":"SECRET"}],"back":"SECRET"'
    for format in tap junit markdown github html; do
        for status in unavailable rejected failed skipped running; do
            ungraded $status timeout | sed "s/\"error\"/$secrets,\"error\"/"
        done | made $format
        run -1 grep SECRET "$made"
    done
}

# ---- TAP ----

@test "gl-render: TAP means the same to the parsers of Perl and Python" {
    gl-render --format tap "$FIXTURES/render/records.ndjson" > "$made" 2> "$BATS_TEST_TMPDIR/err" || [ $? -eq 75 ]
    run -0 "$GL_TOP/test/lib/check-tap" "$made"
    assert_output 'points 7 failed 5 todo 1 skipped 0 yaml 5'
    every_hostile > "$hostile"
    made tap < "$hostile"
    run -0 "$GL_TOP/test/lib/check-tap" "$made"
    assert_output 'points 420 failed 294 todo 68 skipped 30 yaml 294'
}

@test "gl-render: prove passes what passed, and only that" {
    graded 0.7 '"test_results":[{"name":"t","passed":false,"message":"m"}]' | made tap
    run -0 prove --exec cat "$made"
    assert_output --partial 'Result: PASS'
    grep -qx '    not ok 1 - t # [A-Z]* the score is enough all the same' "$made"
    { graded 0.7; graded 0.69; ungraded unavailable timeout; } | made tap
    run -1 prove --exec cat "$made"
    assert_output --partial 'Failed tests:  2-3'
    { graded 1; ungraded skipped ''; ungraded pending ''; } | made tap
    run -0 prove --exec cat "$made"
}

@test "gl-render: a YAML block gives texts back as they were" {
    graded 0 '"feedback":"a \"b\" \\ c\n\n  d: - # e\t\u001b"' | made tap
    # shellcheck disable=SC2016 # perl's
    run -0 perl -MTAP::Parser -e '$p = TAP::Parser->new({exec => ["cat", $ARGV[0]]}); while ($l = $p->next) { print $l->data->{feedback} if $l->is_yaml }' "$made"
    assert_output $'a "b" \\ c\n\n  d: - # e      \\x1b'
}

# ---- JUnit ----

@test "gl-render: JUnit XML is valid, and its counts are those of its cases" {
    every_hostile > "$hostile"
    made junit < "$hostile"
    run -0 "$GL_TOP/test/lib/check-junit" "$made"
    assert_output 'tests 2945 failures 470 errors 185 skipped 368'
}

@test "gl-render: in JUnit wrong answers are failures, outages errors, and the rest skipped" {
    junit() {
        printf '%s\n' "$1" | made junit
        "$GL_TOP/test/lib/check-junit" "$made"
    }
    while IFS=/ read -r record want; do
        run -0 junit "$record"
        assert_output "$want"
    done << END
$(graded 1)/tests 1 failures 0 errors 0 skipped 0
$(graded 0.69)/tests 1 failures 1 errors 0 skipped 0
$(graded 0 '"test_results":[{"name":"a","passed":true},{"name":"b","passed":false}]')/tests 2 failures 1 errors 0 skipped 0
$(graded 0 '"test_results":[{"name":"a","passed":true}]')/tests 2 failures 1 errors 0 skipped 0
$(graded 0.8 '"test_results":[{"name":"a","passed":true},{"name":"b","passed":false}]')/tests 2 failures 0 errors 0 skipped 1
$(graded null '"test_results":[{"name":"b","passed":false}]')/tests 2 failures 0 errors 1 skipped 1
$(ungraded unavailable timeout)/tests 1 failures 0 errors 1 skipped 0
$(ungraded rejected http_4xx)/tests 1 failures 0 errors 1 skipped 0
$(ungraded skipped)/tests 1 failures 0 errors 0 skipped 1
$(ungraded pending)/tests 1 failures 0 errors 0 skipped 1
END
    gl-render --format junit <<< nonsense > "$made" || [ $? -eq 65 ]
    run -0 "$GL_TOP/test/lib/check-junit" "$made"
    assert_output 'tests 1 failures 0 errors 1 skipped 0'
}

@test "gl-render: in JUnit a record that is no result is a suite without cases, and is told" {
    {
        graded 1
        echo '{"id":"r1","atom_id":"a7","status":"pending","learner_id":"<me>","_gl":{"type":"row"}}'
        echo '{"depth":1,"_gl":{"type":"stats"}}'
    } > "$BATS_TEST_TMPDIR/mixed"
    run -0 --separate-stderr gl-render --format junit "$BATS_TEST_TMPDIR/mixed"
    # shellcheck disable=SC2154 # run sets it
    assert_equal "$stderr" 'gl-render: 2 records are no results and so no test cases'
    echo "$output" > "$made"
    run -0 "$GL_TOP/test/lib/check-junit" "$made"
    assert_output 'tests 1 failures 0 errors 0 skipped 0'
    run -0 xmllint --xpath 'string(//testsuite[2]/system-out)' "$made"
    assert_output --partial 'learner <me>'
    grep -q '<testsuite name="ROW a7" tests="0" failures="0" errors="0" skipped="0">' "$made"
    grep -q '<testsuite name="STATS" tests="0"' "$made"
    run -0 --separate-stderr gl-render -q --format junit "$BATS_TEST_TMPDIR/mixed"
    assert_equal "$stderr" ''
    sed -n 1,2p "$BATS_TEST_TMPDIR/mixed" > "$BATS_TEST_TMPDIR/one"
    run -0 --separate-stderr gl-render --format junit "$BATS_TEST_TMPDIR/one"
    assert_equal "$stderr" 'gl-render: 1 record is no result and so no test case'
}

# ---- HTML and Markdown ----

# marked FORMAT EXPECTED ACTUAL: how a failed test shows the two there.
marked() {
    graded 0 "\"test_results\":[{\"name\":\"t\",\"passed\":false,\"expected\":$2,\"actual\":$3}]" | made "$1"
    grep -oP '<code>\K.*?(?=</code>)' "$made" | tail -n 2
}

@test "gl-render: HTML and Markdown mark where expected and actual differ" {
    while IFS='|' read -r format expected actual first second; do
        run -0 marked "$format" "$expected" "$actual"
        assert_equal "$output" "$first"$'\n'"$second"
    done << 'END'
html|"0.0.0.15"|"0.0.0.16"|0.0.0.1<mark>5</mark>|0.0.0.1<mark>6</mark>
html|"aXb"|"ab"|a<mark>X</mark>b|ab
html|[1,2]|[1,2,3]|[1,2]|[1,2<mark>,3</mark>]
html|"a<i>"|"a<b>"|a&lt;<mark>i</mark>&gt;|a&lt;<mark>b</mark>&gt;
html|"x👍🏽"|"x👍🏿"|x<mark>👍🏽</mark>|x<mark>👍🏿</mark>
html|"x🇩🇪🇫🇷"|"x🇪🇫🇷"|x<mark>🇩🇪🇫🇷</mark>|x<mark>🇪🇫🇷</mark>
html|"x"|"y"|x|y
html|"1"|1|&quot;1&quot;|1
markdown|"0.0.0.15"|"0.0.0.16"|&quot;0.0.0.1<mark>5</mark>&quot;|&quot;0.0.0.1<mark>6</mark>&quot;
markdown|"a\nb"|"a\nc"|&quot;a\n<mark>b</mark>&quot;|&quot;a\n<mark>c</mark>&quot;
markdown|[1,2]|[1,2,3]|[1,2]|[1,2<mark>,3</mark>]
END
}

# ---- Markdown ----

@test "gl-render: in Markdown, server text stands in code alone, as GitHub reads it" {
    "$GL_TOP/test/lib/hostile-markup" | split -l 4 - "$BATS_TEST_TMPDIR/part."
    for part in "$BATS_TEST_TMPDIR"/part.*; do
        made markdown < "$part"
        run -0 "$GL_TOP/test/lib/check-markdown" evil < "$made"
        echo "$output" >> "$BATS_TEST_TMPDIR/codes"
    done
    # What is read back is what was sent: backticks, bars, backslashes and blanks too.
    for text in '`evil` ``evil`` ```evil``` `evil' '`' ' evil ' 'evil`' '``evil' 'evil | evil \| evil \\| evil \' \
        '|evil|' '\`evil\`' '\evil\' 'evil # SKIP evil'; do
        grep -qxF "$(jq -nc --arg t "$text" '$t')" "$BATS_TEST_TMPDIR/codes" || { echo "not found: $text"; return 1; }
    done
}

@test "gl-render: Markdown fits into a comment, and says what it leaves out" {
    for i in {1..300}; do graded 0 "\"feedback\":\"$(printf '%0999d' "$i")\""; done > "$BATS_TEST_TMPDIR/many"
    made markdown < "$BATS_TEST_TMPDIR/many"
    [ "$(wc -c < "$made")" -le 65536 ]
    [ "$(wc -c < "$made")" -gt 60000 ]
    shown=$(grep -cE 'FAIL 0%' "$made")
    grep -qx "$((300 - shown)) more records are left out: a comment holds 65536 characters." "$made"
    grep -qx '\*\*300 results\*\*: ❌ 300 failed; mean score 0%' "$made"
    # One that is too large alone still has its line.
    { graded 0 "\"feedback\":\"$(printf '%0999d\\n' {1..100})\""; graded 1; } | made markdown
    grep -qx -- '- ❌ \*\*FAIL 0%\*\* `a`' "$made"
    grep -qx -- '- ✅ \*\*PASS 100%\*\* `a`' "$made"
}

@test "gl-render: Markdown has fifty tests of a result, 300 bytes of a value, and says what it leaves out" {
    tests=$(for i in {1..52}; do printf '{"name":"t%d","passed":false,"expected":"%0400d","actual":1},' "$i" 7; done)
    graded 0 "\"test_results\":[${tests%,}]" | made markdown
    [ "$(grep -c '^<tr><td>❌ FAIL</td>' "$made")" -eq 50 ]
    grep -qx '2 more tests are left out.' "$made"
    grep -qF "<code>&quot;$(printf '%0299d' 0) … 102 more bytes</code>" "$made"
}

# ---- GitHub ----

@test "gl-render: no text of a record is a command to GitHub" {
    every_hostile > "$hostile"
    made github < "$hostile"
    run -0 grep -E '^[[:space:]]*(::|##)' "$made"
    refute_line --regexp '^ '
    refute_line --regexp '^##'
    for line in "${lines[@]}"; do
        [[ $line =~ ^::(group|endgroup)::|^::(error|warning|notice)\ title=[^:,]*:: ]] || { echo "$line"; return 1; }
    done
}

@test "gl-render: of a level there are ten annotations at most, the last one for the rest" {
    for n in 1 10 11 30; do
        for ((i = 0; i < n; i++)); do graded 0; ungraded unavailable timeout; ungraded pending; done | made github
        for level in error warning notice; do
            [ "$(grep -c "^::$level " "$made")" -eq $((n < 10 ? n : 10)) ]
            last=$(grep "^::$level " "$made" | tail -n 1)
            if ((n > 10)); then
                [[ $last == "::$level title=$((n - 9)) more::"* ]]
            else
                [[ $last != *more::* ]]
            fi
        done
        [ "$(grep -c '^! NOT GRADED' "$made")" -eq $n ]
    done
}

@test "gl-render: an annotation has a title of 255 characters and a message of 4096 at most" {
    name=$(printf 'n%.0s' {1..5000})
    tests=$(for i in {1..200}; do printf '{"name":"%s","passed":false,"message":"%s"},' "$name" "$name"; done)
    graded 0 "\"test_results\":[${tests%,}]" | sed "s/\"atom_id\":\"a\"/\"atom_id\":\"$name\"/" | made github
    run -0 grep '^::error ' "$made"
    [ "$(sed 's/^::error title=\(.*\)::.*/\1/' <<< "$output" | wc -m)" -le 256 ]
    [ "${#output}" -le 4352 ]
}

# ---- HTML ----

@test "gl-render: HTML is one page of known elements that loads and runs nothing" {
    every_hostile > "$hostile"
    made html < "$hostile"
    run -0 "$GL_TOP/test/lib/check-html" < "$made"
    run -1 grep -ciE '<(script|a|img|link|iframe)\b|javascript:|https?://[^<]*["'"'"'] *>' "$made"
    grep -q "default-src 'none'" "$made"
}

@test "gl-render: HTML has each record, the state that it is filtered by, and the totals" {
    { graded 1; graded 0.5; graded 0; ungraded unavailable timeout; ungraded cancelled; ungraded running; } | made html
    for class in passed partial failed ungraded skipped open; do
        [ "$(grep -c "^<details class=\"$class\"" "$made")" -eq 1 ]
        grep -q "id=\"f-$class\"" "$made"
        grep -qF "#f-$class:checked ~ main > :not(.$class, .rows)," "$made"
        grep -qF "#f-$class:checked ~ main tr[class]:not(.$class, .more)," "$made"
        grep -q "#f-$class:checked ~ footer \[for=f-$class\][ ,]" "$made"
        grep -q "#f-$class:focus-visible ~ footer \[for=f-$class\][ ,]" "$made"
        grep -q "<label class=\"$class\" for=\"f-$class\">1 " "$made"
    done
    grep -q 'Mean score 50%' "$made"
    grep -q 'aria-label="Scores, 90-100%: 1, 50-59%: 1, 0-9%: 1"' "$made"
    # The bar of all records is parted in the same order.
    run -0 grep -oP '<svg class="share".*?</svg>' "$made"
    run -0 grep -oP '<rect class="\K\w+" x="\d+" width="\d+' <<< "$output"
    assert_output "$(printf '%s" x="%d" width="1\n' passed 0 partial 1 failed 2 ungraded 3 skipped 4 open 5)"
}

@test "gl-render: HTML draws a bar for each score and time, coloured by its verdict, the least still seen" {
    timed() { graded "$1" "\"execution_time_ms\":$2"; }
    { for _ in {1..300}; do timed 1 9.9; done; timed 0.7 10; timed 0.699 99999; timed 0.4 60000; timed 0.39 0; } | made html
    run -0 grep -oP '<svg role="img" aria-label="\K[^"]+' "$made"
    assert_line --index 0 'Scores, 90-100%: 300, 70-79%: 1, 60-69%: 1, 40-49%: 1, 30-39%: 1'
    assert_line --index 1 'Times, under 10 ms: 301, under 100 ms: 1, longer: 2'
    run -0 grep -oP '<rect class="\K\w+" x="96" y="\d+" width="[\d.]+' "$made"
    assert_line --index 0 'passed" x="96" y="3" width="200.0'
    assert_line --index 1 'passed" x="96" y="39" width="2.0'
    assert_line --index 2 'partial" x="96" y="57" width="2.0'
    assert_line --index 3 'partial" x="96" y="93" width="2.0'
    assert_line --index 4 'failed" x="96" y="111" width="2.0'
}

@test "gl-render: HTML unfolds the first fifty that need a look, and no others" {
    for _ in {1..51}; do graded 1; graded 0; done | made html
    [ "$(grep -c '^<details class="failed" open>' "$made")" -eq 50 ]
    [ "$(grep -c '^<details class="failed">' "$made")" -eq 1 ]
    run -1 grep '^<details class="passed" open>' "$made"
}

@test "gl-render: HTML has the lines of a diff as what comes and goes" {
    graded 0 '"diff_suggestion":"--- a\n+++ b\n@@ -1 +1 @@\n same\n-old\n+new"' | made html
    sed -n '/<h2>Suggested/,/<\/pre>/p' "$made" > "$BATS_TEST_TMPDIR/diff"
    diff - "$BATS_TEST_TMPDIR/diff" << 'END'
<h2>Suggested change</h2>
<pre><i>--- a
</i><i>+++ b
</i><i>@@ -1 +1 @@
</i><span> same
</span><del>-old
</del><ins>+new</ins></pre>
END
}

# bats test_tags=plain
@test "gl-render: no document takes memory for each record" {
    yes "$(graded 0.5 '"feedback":"some words","test_results":[{"name":"t","passed":false,"message":"m"}]')" |
        head -n 100000 > "$BATS_TEST_TMPDIR/many"
    head -n 1000 "$BATS_TEST_TMPDIR/many" > "$BATS_TEST_TMPDIR/few"
    for format in tap junit markdown github html; do
        [ "$(peak --format $format "$BATS_TEST_TMPDIR/many")" -le \
            $(($(peak --format $format "$BATS_TEST_TMPDIR/few") + 1024)) ]
    done
}
