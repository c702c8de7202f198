#!/usr/bin/env bats
# The pipelines of a session as people type them, over HTTP, with real
# executions: the server answers by running gl-run.

load lib/common
load lib/submit

setup() {
    cd "$BATS_TEST_TMPDIR"
    cp "$FIXTURES/learner.ndjson" requests.ndjson
    cp "$FIXTURES/atoms.ndjson" atoms.ndjson
    start --exec 'gl-run | jq -c "del(._gl)"'
}

teardown() {
    stop_server
}

@test "session: gl-submit | gl-render shows what each learner got" {
    run -0 bash -c 'gl-submit < requests.ndjson | gl-render'
    assert_output --regexp '100 ?%'
    assert_output --partial 'wildcard'
}

@test "session: gl-submit --async | gl-poll | gl-render shows the same" {
    gl-submit < requests.ndjson | gl-render | sed -E 's/[0-9.]+ m?s//' | sort > sync
    gl-submit --async < requests.ndjson | gl-poll --interval 50ms | gl-render | sed -E 's/[0-9.]+ m?s//' | sort > async
    diff <(grep -v elapsed sync) <(grep -v elapsed async)
}

@test "session: right, half right and crashing are what they are, by both ways" {
    gl-route requests.ndjson | gl-submit > sync
    gl-route requests.ndjson | gl-submit --async | gl-poll --interval 50ms > async
    for way in sync async; do
        jq -se 'length == 3 and all(.status == "complete") and any(.correct == true and .partial_score == 1)
                and any(.partial_score > 0 and .partial_score < 1) and any(.partial_score == 0 and .error_class == "runtime")' "$way"
    done
}

@test "session: atoms as cortex has them, scores as tab-separated values" {
    jq -c . atoms.ndjson | gl-route | gl-submit -j 8 | jq -r '[.atom_id,.partial_score]|@tsv' > scores
    assert_equal "$(wc -l < scores)" 11
    # No atom carries a learner's work, so none may have a score.
    assert_equal "$(cut -f 2 scores | sort -u)" ''
}

@test "session: jq, tee and parallel fit between any two programs" {
    run -0 bash -c "gl-route requests.ndjson | tee seen | jq -c . | parallel --pipe -N 1 -j 2 gl-submit | jq -s 'map(.status) | unique'"
    holds '. == ["complete"]'
    assert_equal "$(wc -l < seen)" 3
}
