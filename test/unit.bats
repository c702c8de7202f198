#!/usr/bin/env bats
# Runs the unit tests of libcommon: the TAP programs that `make tests` builds
# from test/unit/NAME_test.c.

load lib/common

# Checks that one did not pass, with the lines that say why.
failed_checks() {
    awk '/^(not ok|#|Bail out)/' "$1"
}

@test "unit: every check of every C test holds" {
    local source name log failed=0
    for source in "$GL_TOP"/test/unit/*_test.c; do
        name=$(basename "$source" .c)
        log=$BATS_TEST_TMPDIR/$name.log
        if ! "$GL_BUILD/test/$name" > "$log" 2>&1 || grep -q '^not ok' "$log"; then
            echo "# $name:"
            failed_checks "$log"
            tail -n 5 "$log"
            failed=1
        fi
    done
    [ "$failed" -eq 0 ]
}
