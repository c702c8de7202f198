#!/usr/bin/env bats
# Holds --help, the man pages and the README to each other and to what the
# programs do.

load lib/common
load lib/examples
load lib/server
load lib/terminal
load lib/postgres

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    read -r -a programs <<< "$(env -u MAKEFLAGS -u MAKELEVEL make -s --no-print-directory -C "$GL_TOP" \
        --eval 'show: ; @echo $(PROGRAMS)' show)"
    [ "${#programs[@]}" -gt 0 ]
}

teardown() {
    close_terminal
    stop_server
    XDG_STATE_HOME=$BATS_TEST_TMPDIR/state gl-localdb -q destroy --yes
    stop_postgres
}

# for_each FUNCTION: calls it with each program's name, and fails when there
# was anything to complain about.
for_each() {
    local program
    for program in "${programs[@]}"; do
        if ! command -v "$program" > /dev/null; then
            complain "$program" "not built"
        else
            "$1" "$program" || complain "$program" "$1 ended with $?"
        fi
    done
    [ ! -s "$BATS_TEST_TMPDIR/complaints" ]
}

# complain PROGRAM TEXT ...: says it; for_each then fails.
complain() {
    echo "$1: ${*:2}" | tee -a "$BATS_TEST_TMPDIR/complaints"
}

page_of() {
    echo "$GL_TOP/man/$1.1"
}

answers_help() {
    local long short
    long=$("$1" --help 2> stderr) || complain "$1" "--help fails"
    short=$("$1" -h) || complain "$1" "-h fails"
    [ "$long" = "$short" ] || complain "$1" "-h and --help differ"
    [ ! -s stderr ] || complain "$1" "--help writes to stderr"
    [[ $long == "usage: $1 [OPTION ...]"* ]] || complain "$1" "no usage line"
    [[ $long == *"-V, --version"* ]] || complain "$1" "no option list"
}

@test "docs: every program answers --help and -h with its usage and options" {
    for_each answers_help
}

# bats test_tags=plain
@test "docs: --help is as wide as the terminal, and says the same there" {
    local width
    for width in 40 80; do
        on_terminal $width 'gl-handoff --help; gl-purge --help'
        terminal_ended
        terminal capture-pane -p -J -S - | sed 's/ *$//' > help # -J: what the terminal itself wraps is one line
        close_terminal
        run ! grep -nE ".{$width}" help
        diff <({ gl-handoff --help && gl-purge --help; } | tr -s ' \n' '\n') <(tr -s ' \n' '\n' < help)
    done
}

answers_version() {
    local version
    version=$(sed -n 's/.*GL_VERSION "\(.*\)".*/\1/p' "$GL_TOP/libcommon/cli.h")
    [ "$("$1" --version)" = "$1 (Greenlight tools) $version" ] && [ "$("$1" -V)" = "$("$1" --version)" ]
}

@test "docs: every program tells its name and version" {
    for_each answers_version
}

refuses_wrong_flag() {
    local status=0
    "$1" --no-such-flag < /dev/null > stdout 2> stderr || status=$?
    [ "$status" -eq 64 ] || complain "$1" "exit $status"
    [ ! -s stdout ] || complain "$1" "writes to stdout"
    [ "$(wc -l < stderr)" -eq 1 ] || complain "$1" "not one line on stderr"
    [[ $(< stderr) == "$1: --no-such-flag: "* ]] || complain "$1" "says $(< stderr)"
}

@test "docs: every program refuses a wrong flag with exit 64 and one line" {
    for_each refuses_wrong_flag
}

agrees_with_page() {
    diff -u --label "$1 --help" --label "man/$1.1" <(help_options "$1") <(page_options "$(page_of "$1")")
}

@test "docs: --help and the man page list the same options with the same values" {
    for_each agrees_with_page
}

# SYNOPSIS has each option by its letter where there is one; -h and -V stand alone.
agrees_with_synopsis() {
    diff -u --label "$1 --help" --label "man/$1.1, SYNOPSIS" \
        <(help_options "$1" | sed -E '/^-[hV], /d; s/^(-[A-Za-z]), --[a-z-]+/\1/; s/.*/[&]/' | sort) \
        <(page_section "$(page_of "$1")" SYNOPSIS | grep -oE '\[-[^]]*\]' | sort) &&
        page_section "$(page_of "$1")" SYNOPSIS | grep -qxE " *$1 -h \| -V"
}

@test "docs: SYNOPSIS has the options of --help and no others" {
    for_each agrees_with_synopsis
}

# entry_has PAGE OPTION TEXT: whether the option's entry in the page has TEXT.
entry_has() {
    awk -v option="$2" -v text="$3" '
        /^     -/ { inside = $0 ~ ("--" option "( |$)") }
        /^[A-Z]/ { inside = 0 }
        inside && index($0, text) { found = 1 }
        END { exit !found }' "$1"
}

# Each default and each environment variable of --help stands in the page.
tells_defaults() {
    local name default
    rendered "$(page_of "$1")" > page
    page_section "$(page_of "$1")" ENVIRONMENT > environment
    while read -r name default; do
        entry_has page "$name" "$default" || complain "$1" "the page's --$name does not name its default $default"
    done < <(help_lines "$1" | sed -nE 's/^.*--([a-z-]+) [^(]*\(default ([^)]*)\).*/\1 \2/p')
    while read -r name; do
        grep -qE "^ {5}$name( |\$)" environment || complain "$1" "$name is not in the page's ENVIRONMENT"
    done < <(help_lines "$1" | grep -oE '\[[A-Z][A-Z_]+\]$' | tr -d '[]')
}

@test "docs: every default and variable of --help is in the man page" {
    for_each tells_defaults
}

has_sections() {
    local page wanted
    page=$(page_of "$1")
    for wanted in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
        grep -qxF ".Sh $wanted" "$page" || complain "$1" "the page has no section $wanted"
    done
    page_section "$page" SYNOPSIS | grep -q "^ *$1 " || complain "$1" "SYNOPSIS does not begin with the name"
    page_section "$page" 'EXIT STATUS' | grep -qE '^ {5}64( |$)' || complain "$1" "EXIT STATUS has no 64"
}

@test "docs: every man page has its sections, and exit codes in EXIT STATUS" {
    for_each has_sections
}

is_in_overview() {
    grep -qx "\.It Xr $1 1" "$GL_TOP/man/greenlight.7" || complain "$1" "greenlight(7) does not say what it does"
    grep -qx "\.Xr $1 1 ,*" "$GL_TOP/man/greenlight.7" || complain "$1" "SEE ALSO of greenlight(7) does not name it"
}

@test "docs: greenlight(7) says what each program does, and refers to it" {
    for_each is_in_overview
}

@test "docs: mandoc finds nothing to complain about" {
    run -0 mandoc -Tlint -Wwarning "$GL_TOP"/man/*
    assert_output ""
}

@test "docs: every example of every man page does what it says" {
    local page failed=0 number=0
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    start_server "$BATS_TEST_TMPDIR" --exec "$runner"
    start_postgres
    for page in "$GL_TOP"/man/*.[1-8]; do
        mkdir "$BATS_TEST_TMPDIR/${page##*/}"
        cd "$BATS_TEST_TMPDIR/${page##*/}"
        cp "$FIXTURES"/*.ndjson .
        export PGDATABASE=$((number += 1))
        createdb -T greenlight_template "$PGDATABASE"
        run_examples "$page" || { echo "in ${page##*/}" && failed=1; }
    done
    return $failed
}

@test "docs: an example that prints something else, or fails, is seen" {
    cat > page.1 << 'END'
.Dd January 1, 2026
.Dt PAGE 1
.Os
.Sh NAME
.Nm page
.Nd three examples, two of them wrong
.Sh EXAMPLES
Prose:
.Bd -literal -offset indent
$ printf \(aqa\en%s\en\(aq |
> cat - && echo "(x*)"
a
\&...(x*)
.Ed
.Bd -literal -offset indent
$ echo one
two
.Ed
.Dl $ false | cat
END
    run -1 run_examples page.1
    refute_output --partial 'example: printf'
    assert_line 'example: echo one'
    assert_line 'example: false | cat'
    sed -i '/Sh EXAMPLES/,$d' page.1
    run -1 run_examples page.1
    assert_output 'no example in page.1'
}

@test "docs: the README names the two commands" {
    grep -q '\./bootstrap demo' "$GL_TOP/README.md"
    grep -q '\./bootstrap test' "$GL_TOP/README.md"
}
