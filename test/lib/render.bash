# render: records for gl-render, and golden files to hold its output to.

# graded SCORE [MEMBER ...]: a result with that score, and further members.
graded() {
    local members="\"atom_id\":\"a\",\"status\":\"complete\",\"partial_score\":$1"
    shift
    printf '{%s,"_gl":{"type":"result"}}\n' "$(IFS=, && echo "$members${*:+,}$*")"
}

# ungraded STATUS CLASS [HTTP-STATUS]: a result that was not graded.
ungraded() {
    printf '{"atom_id":"a","status":"%s","error":{"class":"%s","message":"m","code":null,"http_status":%s},%s}\n' \
        "$1" "${2:-}" "${3:-null}" '"_gl":{"type":"result"}'
}

# peak [OPTION ...] FILE: the most memory that gl-render takes for it, in KiB.
peak() {
    { command time -f %M gl-render "$@" > /dev/null; } 2>&1
}

# golden NAME: holds stdin to the golden file.
golden() {
    local file=$FIXTURES/render/$1
    cat > "$BATS_TEST_TMPDIR/screen"
    [ "${GOLDEN:-}" != write ] || cp "$BATS_TEST_TMPDIR/screen" "$file"
    diff -u "$file" "$BATS_TEST_TMPDIR/screen"
}
