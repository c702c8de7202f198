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

# golden_widths NAME COMMAND ...: holds the panels that COMMAND [OPTION ...] shows at every
# width, in UTF-8 and ASCII, to the golden files, and their lines to the width.
golden_widths() {
    local name=$1 locale width set
    shift
    for locale in C.UTF-8 C; do
        set=$([ $locale = C ] && echo ascii || echo utf8)
        : > "$BATS_TEST_TMPDIR/widths"
        for width in 30 40 59 60 80 120 200; do
            LC_ALL=$locale "$@" --format panel --width $width > "$BATS_TEST_TMPDIR/panel" 2> "$BATS_TEST_TMPDIR/err" ||
                [ $? -ge 65 ]
            "$GL_TOP/test/lib/check-screen" $width "$([ $width -lt 60 ] || echo boxed)" "$set" < "$BATS_TEST_TMPDIR/panel"
            { echo "== $width columns =="; cat "$BATS_TEST_TMPDIR/panel"; } >> "$BATS_TEST_TMPDIR/widths"
        done
        golden "$name.$locale.txt" < "$BATS_TEST_TMPDIR/widths"
    done
}
