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
