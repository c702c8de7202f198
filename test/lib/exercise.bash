# exercise: makes requests for gl-run.

# request CODE [RUNNER]: one request with CODE as the learner's main.py;
# RUNNER is a JSON object merged into the atom's runner.
request() {
    jq -nc --arg code "$1" --argjson runner "${2:-"{}"}" '{
        atom_id: "atom-1",
        content_json: {runner: ({language: "python", entrypoint: "main.py", function: "f",
                                 tests: [{input: [], expected: 1}]} + $runner)},
        submission: {files: [{path: "main.py", content: $code}]}}'
}

# run_code CODE [RUNNER]: runs that request; the record is in $output.
run_code() {
    request "$@" > "$BATS_TEST_TMPDIR/request"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/request"
}

# show JQ: what the record in $output says, compactly.
# shellcheck disable=SC2154 # run sets output
show() {
    jq -c "$1" <<< "$output"
}

# has_process MARK: whether a process with the argument MARK is alive (zombies
# have no arguments).  grep gets MARK by stdin, or it would find itself.
has_process() {
    local all=(/proc/[0-9]*/cmdline)
    grep -lzFx -f - "${all[@]}" 2> /dev/null <<< "$1" | grep -q .
}

# share_tmp: lets other users reach $BATS_TEST_TMPDIR.
share_tmp() {
    local folder=$BATS_TEST_TMPDIR
    while [ "$folder" != "$BATS_RUN_TMPDIR" ]; do
        chmod a+rx "$folder"
        folder=${folder%/*}
    done
    chmod a+rx "$folder"
}
