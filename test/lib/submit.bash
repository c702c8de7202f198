# submit: what the tests of gl-submit and gl-poll have in common.

load lib/server

# start [ARGUMENT ...]: a mock of this test's own, its log in $log.
start() {
    log=$BATS_TEST_TMPDIR/log
    : > "$log"
    start_server "$BATS_TEST_TMPDIR" --log "$log" "$@"
}

# requests FIRST LAST [JQ]: requests a1, a2, …, each changed by the program.
requests() {
    seq "$1" "$2" | jq -c "{atom_id: \"a\(.)\", n: .} | ${3:-.}"
}

# records: the records of $output, which `run` sets, without the messages that a
# program may have said on stderr meanwhile.
records() {
    # shellcheck disable=SC2154
    grep '^{' <<< "$output"
}

# holds JQ: the program is true of the record in $output.
holds() {
    jq -e "$1" <<< "$(records)" > /dev/null || fail "not true: $1 of $output"
}

# log_holds JQ: the program is true of the list of requests that the mock saw.
log_holds() {
    jq -se "$1" "$log" > /dev/null || fail "not true: $1 of $(head -c 4000 "$log")"
}
