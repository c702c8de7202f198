#!/usr/bin/env bats
# gl-render: rows of the queue, outcomes and figures, seen from a fixed moment.

load lib/common
load lib/render

# at_noon [OPTION ...]: shows them as on 2026-11-22 at 12:00 UTC.  (The library without
# its wrapper, whose semaphores may be left over from a process of the same number.)
at_noon() {
    LD_PRELOAD=$(compgen -G '/usr/lib/*/faketime/libfaketime.so.1') FAKETIME='2026-11-22 12:00:00' gl-render "$@"
}

# row MEMBERS: shows a row with those members, as plain text.
row() {
    at_noon --width 200 <<< "{\"id\":\"1\",\"atom_id\":\"a\",$1,\"_gl\":{\"type\":\"row\"}}"
}

# bats test_tags=plain
@test "gl-render: rows, outcomes and figures are as in the golden files" {
    golden_widths queue at_noon "$FIXTURES/render/queue.ndjson"
}

@test "gl-render: the records of the golden files are as their schemas say" {
    "$GL_TOP/test/lib/check-records" report < "$FIXTURES/render/report.ndjson"
    for kind in row outcome stats; do
        jq -c "select(._gl.type == \"$kind\" and .status != \"spooled\")" "$FIXTURES/render/queue.ndjson" |
            "$GL_TOP/test/lib/check-records" $kind
    done
}

# bats test_tags=plain
@test "gl-render: moments are told from now, in the largest unit" {
    while IFS='|' read -r moment want; do
        run -0 row "\"queued_at\":\"$moment\""
        assert_line --index 1 "  queued $want · row 1"
    done << 'END'
2026-11-22T11:59:59.500000Z|just now
2026-11-22T11:59:58.000000Z|2 seconds ago
2026-11-22T11:59:00.000000Z|1 minute ago
2026-11-22T10:00:00.000000Z|2 hours ago
2026-11-22T10:00:00.000000+02:00|4 hours ago
2026-11-21T12:00:00.000000Z|1 day ago
2025-11-22T12:00:00.000000Z|365 days ago
2026-11-22T12:05:30.000000Z|in 5 minutes
END
    for moment in '"infinity"' '"yesterday"' null 12 '{}'; do
        run -0 row "\"queued_at\":$moment"
        assert_line --index 1 '  row 1'
    done
}

# bats test_tags=plain
@test "gl-render: a row says when it is tried next, or who holds it" {
    run -0 row '"status":"pending","run_at":"2026-11-22T12:01:00Z"'
    assert_line --index 1 --partial 'to be tried in 1 minute'
    run -0 row '"status":"pending","run_at":"2026-11-22T11:59:00Z"'
    assert_line --index 1 --partial 'ready'
    run -0 row '"status":"executing","claimed_by":"w","lease_until":"2026-11-22T11:00:00Z"'
    assert_line --index 1 --partial 'lease ran out 1 hour ago · by w'
    run -0 row '"status":"executing","claimed_by":"w","lease_until":"2026-11-22T12:00:09Z"'
    assert_line --index 1 --partial 'lease ends in 9 seconds · by w'
}

@test "gl-render: an outcome counts as the grade in it, in every format" {
    outcome='{"atom_id":"o","outcome":"graded","partial_score":0.8,"result":{"status":"complete","partial_score":0.8},"_gl":{"type":"outcome"}}'
    run -0 gl-render <<< "$outcome"
    assert_line --index 0 '✓ PASS 80%  o'
    run -0 gl-render --format tap <<< "$outcome"
    assert_line --index 1 'ok 1 - o'
    # One that an application stored has no status, or no score, of its own.
    for result in '{"score":0.1}' '{"correct":false}' null; do
        run -0 gl-render <<< "{\"atom_id\":\"o\",\"outcome\":\"graded\",\"partial_score\":0.1,\"result\":$result,\"_gl\":{\"type\":\"outcome\"}}"
        assert_line --index 0 '✗ FAIL 10%  o'
    done
}

@test "gl-render: an outcome that is no grade never looks like one, and is exit 0" {
    while read -r word want; do
        run -0 gl-render <<< "{\"atom_id\":\"o\",\"outcome\":\"$word\",\"partial_score\":0,\"result\":{\"partial_score\":0,\"test_results\":[{\"name\":\"t\"}]},\"_gl\":{\"type\":\"outcome\"}}"
        assert_line --index 0 --regexp "^. $want  o\$"
        refute_output --regexp '%|FAIL'
    done << 'END'
queued QUEUED
skipped SKIPPED
manual MANUAL
cancelled CANCELLED
failed NOT GRADED
later NOT GRADED
END
}

@test "gl-render: figures that are odd are left out, and those of another kind shown as they are" {
    run -0 gl-render <<< '{"rows":{"pending":{"rows":"x"},"failed":5},"oldest_ready_age_s":-1,"bytes":1e400,"days":[1,{"complete":-5},{"complete":"x"}],"pass_rate":7,"rates":{"queued_per_s":"x"},"_gl":{"type":"stats"}}'
    assert_line --index 0 --partial 'QUEUE'
    refute_output --regexp 'waiting|rate|table|x'
    run -0 gl-render <<< '{"depth":3,"_gl":{"type":"stats"}}'
    assert_line '  depth  3'
}

# ---- HTML and Markdown ----

# html: shows the records on stdin as a page, which it checks.
html() {
    gl-render --format html > "$BATS_TEST_TMPDIR/page" || [ $? -eq 65 ]
    "$GL_TOP/test/lib/check-html" < "$BATS_TEST_TMPDIR/page"
    sed -n '/^<main>/,/^<\/main>/p' "$BATS_TEST_TMPDIR/page"
}

@test "gl-render: in HTML rows one after another are a table, with states to filter by" {
    while read -r class members; do
        printf '{"id":"1","atom_id":"a<%s>",%s,"_gl":{"type":"row"}}\n' "$class" "$members"
    done > "$BATS_TEST_TMPDIR/rows" << 'END'
open "status":"pending","retry_count":2,"max_retries":3
open "status":"executing","claimed_by":"w&w"
open "status":"spooled"
passed "status":"complete","result_payload":{"partial_score":0.7}
partial "status":"complete","result_payload":{"partial_score":0.69}
failed "status":"complete","result_payload":{"correct":false}
ungraded "status":"failed","error_message":"<script>"
skipped "status":"cancelled"
other "status":"<i>"
END
    { head -n 5 "$BATS_TEST_TMPDIR/rows"; echo '['; tail -n 4 "$BATS_TEST_TMPDIR/rows"; } > "$BATS_TEST_TMPDIR/in"
    run -0 html < "$BATS_TEST_TMPDIR/in"
    [ "$(grep -c '^<table class="rows">' <<< "$output")" -eq 2 ]
    [ "$(grep -c '^<tr><th>State</th><th>Atom</th>' <<< "$output")" -eq 2 ]
    run -0 grep -oP '^<tr class="\K\w+"><td>[^<]*</td><td>a&lt;\w+(?=&gt;</td>)' <<< "$output"
    assert_output 'open"><td>… PENDING</td><td>a&lt;open
open"><td>… EXECUTING</td><td>a&lt;open
open"><td>… SPOOLED</td><td>a&lt;open
passed"><td>• COMPLETE</td><td>a&lt;passed
partial"><td>• COMPLETE</td><td>a&lt;partial
failed"><td>• COMPLETE</td><td>a&lt;failed
ungraded"><td>! FAILED</td><td>a&lt;ungraded
skipped"><td>– CANCELLED</td><td>a&lt;skipped
other"><td>• ROW</td><td>a&lt;other'
    grep -qF '<td><span class="partial">PARTIAL 69%</span></td>' "$BATS_TEST_TMPDIR/page"
    grep -qF '<td>by w&amp;w</td>' "$BATS_TEST_TMPDIR/page"
    grep -qF '>2 of 3 retries · row 1</td>' "$BATS_TEST_TMPDIR/page"
    grep -qF 'row 1<br>Error: &lt;script&gt;</td>' "$BATS_TEST_TMPDIR/page"
    grep -q '<label class="open" for="f-open">3 not ended</label>' "$BATS_TEST_TMPDIR/page"
    grep -q '<label class="ungraded" for="f-ungraded">2 not graded</label>' "$BATS_TEST_TMPDIR/page"
}

@test "gl-render: in HTML a long error of a row unfolds, and no row gives the answer away" {
    run -0 html <<< "{\"atom_id\":\"a\",\"status\":\"failed\",\"error_message\":\"$(printf 'word %.0s' {1..40})\\nend\",\"request_payload\":{\"back\":\"SECRET\"},\"_gl\":{\"type\":\"row\"}}"
    assert_output --partial '<details><summary><b>Error</b></summary>word word'
    assert_output --partial '<br>end</details></td></tr>'
    refute_output --partial SECRET
}

@test "gl-render: in HTML figures and reports are tables, a report with the state that it is in" {
    run -0 html < "$FIXTURES/render/queue.ndjson"
    assert_line '<tr><th>rows</th><td>120 pending · 4 executing · ~98000 complete · 12 failed · 0 cancelled</td></tr>'
    assert_line '<tr><th>day</th><th>complete</th><th>failed</th><th>cancelled</th><th>pass</th></tr>'
    assert_line --partial '<td class="right">~12000</td><td class="right"><span class="ungraded">~40</span></td>'
    assert_line --partial '<tr><th>ended</th><td>▁▁▁█▆▃▁ '
    run -0 html < "$FIXTURES/render/report.ndjson"
    assert_line --index 1 '<details class="failed" open><summary><b>✗ NOT READY</b> <span>Greenlight tools 0.1.0</span></summary>'
    assert_line '<tr><th>Setting</th><th>Value</th><th>From</th></tr>'
    assert_line '<tr><td><span class="passed">✓ ok</span></td><td>configuration</td><td>every value can be used</td></tr>'
    assert_line '<tr class="more"><td></td><td colspan="2"><b>• start the database; the next gl-drain sends them</b></td></tr>'
    assert_line --partial '<details class="passed" open><summary><b>✓ READY</b>'
}

@test "gl-render: in HTML an outcome says when, for whom and which row, and what it waits for" {
    outcome='"time_ms":62000,"queue_id":"q<1>","learner_id":"me","_gl":{"type":"outcome"}}'
    run -0 html <<< "{\"atom_id\":\"o\",\"outcome\":\"graded\",\"result\":{\"partial_score\":1},$outcome"
    assert_line '<p>the learner took 1 min 2 s · learner me · row q&lt;1&gt;</p>'
    run -0 html <<< "{\"atom_id\":\"o\",\"outcome\":\"queued\",\"result\":null,$outcome"
    assert_line '<details class="open"><summary><b>&#8230; QUEUED</b> <span>o</span></summary>'
    assert_line --partial 'It is in the queue and will be tried again'
}

@test "gl-render: in HTML a task is texts, code and lists, and bad input one line" {
    run -0 html <<< '{"atom_id":"t","front":"Count <bits>.","content_json":{"code":"int x;\n\nint y;","constraints":["a","b & c"],"examples":[{"input":1,"output":2}]}}
["bad"]'
    assert_output --partial '<pre class="prose">Count &lt;bits&gt;.</pre>'
    assert_output --partial '<pre>int x;

int y;</pre>'
    assert_output --partial '<li>b &amp; c</li>'
    assert_output --partial '<li>1 → 2</li>'
    assert_output --partial '<p class="ungraded line"><b>! BAD INPUT</b> <span>stdin:2: not a JSON object but an array'
}

@test "gl-render: in Markdown rows are a table, figures and reports tables that fold, with the marks of results" {
    cat "$FIXTURES/render/queue.ndjson" "$FIXTURES/render/report.ndjson" > "$BATS_TEST_TMPDIR/in"
    run -0 gl-render --format markdown "$BATS_TEST_TMPDIR/in"
    [ "$(grep -c '^<tr><th>State</th><th>Atom</th>' <<< "$output")" -eq 1 ]
    assert_line --partial '<tr><td>⏳ EXECUTING</td><td><code>a3</code></td>'
    assert_line --partial '<tr><td>🟡 COMPLETE</td><td><code>a4</code></td><td>PARTIAL 69% · 2/3 tests passed</td>'
    assert_line '<details open><summary><b>❌ NOT READY</b> Greenlight tools <code>0.1.0</code></summary>'
    assert_line '<tr><td>✓ ok</td><td><code>configuration</code></td><td><code>every value can be used</code></td></tr>'
    assert_line --partial '<td align="right">~12000</td>'
    assert_line '**4 results**: 🟡 1 partly right, ⚠️ 1 not graded, ⏭️ 1 skipped, ⏳ 1 not ended; mean score 69%; 8 other records'
    # GitHub reads all of them as tables, and nothing in them as Markdown.
    run -0 cmark-gfm --unsafe -e table <<< "$output"
    [ "$(grep -c '^<table>' <<< "$output")" -eq 9 ]
    refute_output --partial '&lt;td'
}

@test "gl-render: in Markdown code keeps its empty lines, and a table ends before what follows it" {
    run -75 gl-render --format markdown <<< '{"id":"t","content_json":{"code":"int x;\n\n# y"}}
{"atom_id":"r","status":"pending","_gl":{"type":"row"}}
{"atom_id":"x","status":"running"}'
    assert_line '<pre><code>int x;&#10;&#10;# y</code></pre>'
    run -0 sed -n '/r<\/code>/,$p' <<< "$output"
    assert_output "$(printf '%s\n' '<tr><td>⏳ PENDING</td><td><code>r</code></td><td></td><td></td><td></td></tr>' \
        '</table>' '' '- ⏳ **RUNNING** `x`' '' '**1 result**: ⏳ 1 not ended; 2 other records')"
}

@test "gl-render: Markdown that is full leaves rows out, and ends their table" {
    for i in {1..1000}; do
        printf '{"atom_id":"row-%d","status":"pending","_gl":{"type":"row"}}\n' "$i"
    done | gl-render --format markdown > "$BATS_TEST_TMPDIR/full"
    [ "$(wc -c < "$BATS_TEST_TMPDIR/full")" -le 65536 ]
    shown=$(grep -c '^<tr><td>⏳ PENDING' "$BATS_TEST_TMPDIR/full")
    [ "$shown" -gt 500 ]
    grep -qx "$((1000 - shown - $(grep -c '^- ' "$BATS_TEST_TMPDIR/full"))) more records are left out: .*" "$BATS_TEST_TMPDIR/full"
    [ "$(grep -c '^</table>' "$BATS_TEST_TMPDIR/full")" -eq "$(grep -c '^<table>' "$BATS_TEST_TMPDIR/full")" ]
}

# ---- colours and narrow terminals ----

@test "gl-render: a complete row has the colour of its grade, and its state has none" {
    while read -r score color; do
        run -0 gl-render --color always --width 60 <<< "{\"atom_id\":\"a\",\"status\":\"complete\",\"result_payload\":{\"partial_score\":$score},\"_gl\":{\"type\":\"row\"}}"
        assert_line --index 0 $'\e[1m• COMPLETE\e[0m  \e[1ma\e[0m'
        assert_line --index 1 --regexp $'^  \e\\['"$color"'m[A-Z]+ [0-9]+%'$'\e\\[0m$'
    done << 'END'
0.7 32
0.69 33
0.39 31
END
}

@test "gl-render: where a day has no columns, only what ended on it is named, and what is not known is not" {
    run -0 gl-render --width 40 <<< '{"rows":{},"days":[{"day":"d1","complete":0,"failed":0,"cancelled":0},{"day":"d2","complete":3,"failed":0,"pass_rate":0.5},{"day":"d3"},{"day":"d4","complete":0,"estimated":true}],"_gl":{"type":"stats"}}'
    assert_line '  d1: none ended'
    assert_line '  d2: 3 complete, 50.0% pass'
    assert_line '  d3'
    assert_line '  d4: none ended'
}
