#!/usr/bin/env bats
# Runs the README: every command in its code blocks, in order, in one shell.
#
# The shell starts in a folder that looks like this tree after `./bootstrap
# demo`.  Two things differ from what a reader types: lines that call
# ./bootstrap are looked at, not run (this test is part of `./bootstrap test`),
# and gl-serve gets a free port for 8080.  A command stands for the editor.

load lib/common
load lib/server

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    ln -s "$GL_BUILD" build
    ln -s "$GL_TOP/test" test
    ln -s "$GL_TOP/share" share
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
}

# blocks LANGUAGE [FILE]: what stands in the code blocks of that language.
blocks() {
    awk -v start="\`\`\`$1" '/^```/ { inside = $0 == start; next } inside' "${2-$GL_TOP/README.md}"
}

# readme [FILE]: the commands, each shown before it runs; the first that fails
# ends them with its exit code.
readme() {
    blocks sh "$1" | grep -v '^\./bootstrap ' | sed 's/^gl-serve /&--listen 127.0.0.1:0 /' > commands
    export EDITOR='echo "def wildcard(mask): return \"0.0.0.15\"" >'
    cat > script << 'END'
set -e
finish() { kill $(jobs -p) 2> /dev/null || true; gl-localdb -q stop || true; }
trap finish EXIT
while IFS= read -r line; do
    command=${command:+$command$'\n'}$line
    bash -n <<< "$command" 2> /dev/null || continue # it goes on in the next line
    printf '$ %s\n' "$command"
    eval "$command"
    if [[ $command == 'gl-serve '* ]]; then
        for ((tries = 0; tries < 500; tries++)); do [ -s serve.json ] && break || sleep 0.02; done
        GREENLIGHT_API_URL=$(jq -r .url serve.json)
        export GREENLIGHT_API_URL
    fi
    command=
done < commands
[ -z "$command" ]
END
    bash script < /dev/null 3>&-
}

@test "README: every command works as typed" {
    run -0 readme "$GL_TOP/README.md"
    # The three submissions, by each of the three ways.
    assert_equal "$(grep -c '^✓ PASS 100%' <<< "$output")" 3
    assert_equal "$(grep -c '^✗ FAIL 0%' <<< "$output")" 3
    jq -e '.outcome == "graded"' outcomes.ndjson
    # One atom was worked on, with one of its tests in mind.
    grep -q '^✗ FAIL 33%' <<< "$output"
    # Eleven atoms are Greenlight's, and none of them has a score.
    assert_equal "$(grep -cP '^\S+\t$' <<< "$output")" 11
    # The session's three are graded, one of them right.
    jq -se 'map(.is_correct) == [true, false, false]' graded.ndjson
    [ ! -e mine.ndjson ]
    # By the queue too, and each is seen once.
    assert_equal "$(jq -s 'map(.is_correct) | sort' late.ndjson | tr -d ' \n')" '[false,false,true]'
    assert_line '  "rows": 3,'
}

@test "README: the loop for a session has ten lines at most, and keeps cortex's own atoms apart" {
    blocks sh | sed -n '/^while /,/^done /p' | sed 's/requests.ndjson/session.ndjson/' > loop
    [ -s loop ]
    [ "$(wc -l < loop)" -le 10 ]
    { sed -n 8p "$FIXTURES/atoms.ndjson"; head -n 1 "$FIXTURES/learner.ndjson"; } > session.ndjson
    start_server "$BATS_TEST_TMPDIR" --exec "$runner"
    run -0 bash loop
    stop_server
    cmp mine.ndjson <(sed -n 8p "$FIXTURES/atoms.ndjson")
    jq -se 'map(.outcome) == ["graded"]' graded.ndjson
    # Without Greenlight the same loop queues, and has no score to record.
    run -0 env GREENLIGHT_API_URL=http://127.0.0.1:1 \
        GREENLIGHT_RETRY_ATTEMPTS=1 PGHOST="$BATS_TEST_TMPDIR" bash loop
    assert_output --partial 'its result comes later'
    assert_equal "$(wc -l < graded.ndjson)" 1
}

# bats test_tags=plain
@test "README: its pictures are what the programs show now" {
    run -0 "$GL_TOP/docs/pictures/make" "$BATS_TEST_TMPDIR"
    for picture in terminal page; do
        cmp "$GL_TOP/docs/pictures/$picture.svg" $picture.svg
        xmllint --noout $picture.svg
        run -1 grep -noE '(href|src|url|@import)[=(][^#]' $picture.svg
        [ "$(wc -c < $picture.svg)" -lt 30000 ]
    done
    grep -q '>0.0.0<' terminal.svg
    grep -q '<mark>0.0.0</mark>' page.svg
}

@test "README: it calls ./bootstrap as that can be called" {
    blocks sh | grep '^\./bootstrap ' > calls
    assert_equal "$(wc -l < calls)" 3
    while read -r _ command groups; do
        "$GL_TOP/bootstrap" | grep -qE "^  $command( |$)" || fail "bootstrap has no command $command"
        # shellcheck disable=SC2086 # words
        [ -z "$groups" ] || "$GL_TOP/bootstrap" "$command" --dry-run $groups
    done < calls
}

@test "README: what it links to is there" {
    run -0 grep -oP '\]\(\K[^)]+' "$GL_TOP/README.md"
    for target in "${lines[@]}"; do
        [[ $target == https://* ]] || [ -e "$GL_TOP/$target" ] || fail "no $target"
    done
}

@test "README: it names every program and every exit code" {
    for program in "$GL_BUILD"/bin/*; do
        grep -qF "| \`${program##*/}\` |" "$GL_TOP/README.md" || fail "no ${program##*/}"
    done
    sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It \([0-9]*\)$/\1/p' "$GL_TOP/man/greenlight.7" > codes
    assert_equal "$(wc -l < codes)" 11
    while read -r code; do # 70 is for bugs
        [ "$code" = 70 ] || grep -qE "\| $code \|" "$GL_TOP/README.md" || fail "no $code"
    done < codes
}

@test "README: cron takes three lines, those of the example" {
    sed -n '/^Cron /,/^What /s/^    //p' "$GL_TOP/README.md" > lines
    assert_equal "$(wc -l < lines)" 3
    grep -qxF "$(sed -n 1p lines)" "$GL_TOP/share/cron/greenlight"
    grep -qxF "$(sed -n 2p lines)" "$GL_TOP/share/cron/greenlight"
    grep -qxE '\* \* \* \* \*  greenlight  gl-drain -q .*> /dev/null' "$GL_TOP/share/cron/greenlight"
    assert_equal "$(sed -n 3p lines)" '* * * * * gl-drain -q > /dev/null'
}

@test "README: a command that fails is seen" {
    printf '%s\n' '```sh' 'echo one' 'gl-route --no-such-flag' 'echo two' '```' > bad.md
    run -64 readme bad.md
    refute_line two
}
