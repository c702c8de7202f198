# enqueue: what the tests of gl-enqueue have in common.

# requests FIRST LAST [JQ]: requests a1, a2, … of the learner ada, each with a key
# of its own, and each changed by the program.
requests() {
    seq "$1" "$2" | jq -c "{atom_id: \"a\(.)\", learner_id: \"ada\", n: ., _gl: {idempotency_key: \"k\(.)\"}} | ${3:-.}"
}

# holds JQ [FILE]: the program is true of the list of records in FILE, or in $output.
# shellcheck disable=SC2154 # run sets output
holds() {
    local records=${2:-/dev/fd/3}
    # shellcheck disable=SC2154 # run sets it
    grep '^{' "$records" 3<<< "$output" | jq -se "$1" > /dev/null ||
        fail "not true: $1 of $(head -c 2000 "$records" 3<<< "$output")"
}

# every_acknowledged FILE ...: each row that was printed as stored is there.  The
# last line of a program that was killed may be torn.
every_acknowledged() {
    grep -h '}$' "$@" | jq -r 'select(._gl.type == "row" and .status == "pending").id' | sort -u > acknowledged
    sql "select id from greenlight_queue" | sort > stored
    [ -s acknowledged ] || fail "nothing was acknowledged"
    [ -z "$(comm -23 acknowledged stored)" ] || fail "acknowledged and gone: $(comm -23 acknowledged stored | wc -l)"
}
