# common: what every bats file loads first (`load lib/common`).
#
# It puts the programs under test first on PATH (GL_BUILD, default build/ of
# this tree), takes out of the environment what would change their behaviour,
# and loads bats-support and bats-assert.
#
# Offers GL_TOP (this tree), GL_BUILD and FIXTURES as absolute paths.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

GL_TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
GL_BUILD=$(cd "$GL_TOP" && cd "${GL_BUILD:-build}" && pwd) || {
    echo "nothing is built in ${GL_BUILD:-build}: run make first" >&2
    exit 1
}
FIXTURES=$GL_TOP/test/fixtures
PATH=$GL_BUILD/bin:$GL_BUILD/test:$PATH
export GL_TOP GL_BUILD FIXTURES PATH

# shellcheck disable=SC2046 # the names are words
unset -v $(compgen -e | grep -E '^(GREENLIGHT_|PG[A-Z]|[A-Za-z]+_(proxy|PROXY)$|XDG_|COLUMNS$|LINES$|NO_COLOR$|LC_)')
# Else a test would use the spool and the database of whoever runs it.
export XDG_STATE_HOME=${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR:-$BATS_RUN_TMPDIR}}/state
export LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC TERM=dumb

# eventually SECONDS COMMAND ...: runs COMMAND until it succeeds; fails, with
# its last output, when it has not after SECONDS.
eventually() {
    local end=$((SECONDS + $1)) output
    shift
    until output=$("$@" 2>&1); do
        if ((SECONDS >= end)); then
            printf 'still failing: %s\n%s\n' "$*" "$output" >&2
            return 1
        fi
        sleep 0.02
    done
}

# lines_are N FILE
lines_are() {
    [ "$(wc -l < "$2")" -eq "$1" ]
}

# ended CODE PID: waits for a background job of this test and checks how it ended.
# (`run wait` would wait in a subshell, whose child the job is not.)
ended() {
    local code=0
    wait "$2" || code=$?
    assert_equal "$code" "$1"
}
