# lib: what the benchmarks have in common: the table, its records, medians.
#
# A figure is a line of the table and, for comparison over time, a JSON line in
# GL_BENCH_RECORDS (default GL_BUILD/bench.ndjson), which is appended to:
#
#     {"at", "commit", "figure", "measured", "peer", "ratio", "must", "aim", "verdict"}

cd "${BASH_SOURCE[0]%/*}/../.." || exit
export GL_BUILD=${GL_BUILD:-$PWD/build} LC_ALL=C
PATH=$GL_BUILD/bin:$GL_BUILD/test:$PATH
bench_records=${GL_BENCH_RECORDS:-$GL_BUILD/bench.ndjson}
bench_at=$(date -u +%FT%TZ)
bench_commit=$(git describe --always --dirty 2> /dev/null || true)

# median: the middle one of the numbers on stdin.
median() {
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# calc FORMAT EXPRESSION: of awk; `-` where that is 0 or cannot be worked out.
calc() {
    awk "BEGIN { if (($2) != 0) printf \"$1\", $2; else print \"-\" }" 2> /dev/null || echo -
}

# header: of the table.
header() {
    printf '%-72s %10s %10s %7s  %s\n' figure measured peer ratio must,aim
}

# row FIGURE MEASURED [PEER [RATIO [MUST [AIM]]]]: a line of the table.  MUST and
# AIM are bounds of the ratio, or, as `<N`, of what was measured.  A figure that is
# indented belongs to the one above it.
row() {
    local verdict figure=$1
    if [ "${figure# }" = "$figure" ]; then
        bench_group=${figure%%:*}
    else
        figure="$bench_group: ${figure#"${figure%%[! ]*}"}"
    fi
    verdict=$(awk -v m="$2" -v r="${4-}" -v must="${5-}" -v aim="${6-}" '
        function meets(bound) {
            return substr(bound, 1, 1) == "<" ? m + 0 <= substr(bound, 2) + 0 : r + 0 >= bound + 0
        }
        BEGIN {
            if (must != "" && m ~ /^[0-9]/)
                print aim != "" && meets(aim) ? "aim" : meets(must) ? "must" : "MISSED"
        }')
    printf '%-72s %10s %10s %7s  %s\n' "$1" "$2" "${3-}" "${4-}" "${5:+$5${6:+, $6}${verdict:+: $verdict}}"
    jq -nc --arg at "$bench_at" --arg commit "$bench_commit" --arg figure "$figure" --arg measured "$2" \
        --arg peer "${3-}" --arg ratio "${4-}" --arg must "${5-}" --arg aim "${6-}" --arg verdict "$verdict" \
        '$ARGS.named | to_entries | map(.value = (.value | if . == "" then null else (tonumber? // .) end)) | from_entries' >> "$bench_records"
}

# noted NAME: the median of what was noted.
noted() {
    # shellcheck disable=SC2154 # whoever loads this has a folder
    median < "$work/$1"
}

# versus FIGURE A B [MUST [AIM]]: the row for two things noted in turn.
versus() {
    local ratio
    ratio=$(paste "$work/$2" "$work/$3" | awk '$2 > 0 { print $1 / $2 }' | median)
    row "$1" "$(calc %.0f "$(noted "$2")")" "$(calc %.0f "$(noted "$3")")" "$(calc %.2f "$ratio")" "${4-}" "${5-}"
}
