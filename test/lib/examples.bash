# examples: runs the EXAMPLES of man pages, so that they stay true.
#
# In an EXAMPLES section, what stands indented (`.Bd -literal -offset indent`,
# or `.Dl`) is a session in a shell: `$ ` begins a command, `> ` continues it,
# other lines are what it must print on stdout.  `...` in them stands for
# anything, also for several lines; without such lines anything may be printed.
# Each command must succeed, and so must every program of a pipeline, where 75
# before the last one is fine too: gl-submit --async says with it that its
# executions go on.  All of a page share one folder, which begins with copies of
# test/fixtures/*.ndjson, and a server that answers by gl-run.

# rendered PAGE: the page as plain text that is wide enough for any line.
rendered() {
    mandoc -Tascii -Owidth=250 "$1" | sed 's/.\x08//g'
}

# page_section PAGE NAME: the lines of one section.
page_section() {
    rendered "$1" | awk -v name="$2" '/^[A-Z]/ { inside = $0 == name; next } inside'
}

# page_options PAGE: "-j, --jobs N", as --help writes them, a line each.
page_options() {
    rendered "$1" | sed -nE 's/^ {5}((-[A-Za-z], )?--[a-z][a-z-]*( [^ ]+)?)$/\1/p' | sort
}

# help_lines PROGRAM: --help with each option on one line.
help_lines() {
    "$1" --help | sed -E ':a; N; $!ba; s/\n {28} */  /g'
}

# help_options PROGRAM: the options of --help, as page_options has them.
help_options() {
    help_lines "$1" | sed -nE 's/^ {2,6}((-[A-Za-z], )?--[a-z][a-z-]*( [^ ]+)?).*/\1/p' | sort
}

# matches TEXT EXPECTED: whether TEXT is EXPECTED, where `...` is anything.
matches() {
    local pattern
    pattern=$(sed 's/[][*?\\()|]/\\&/g; s/\.\.\./*/g' <<< "$2")
    # shellcheck disable=SC2053 # a pattern
    [[ $1 == $pattern ]]
}

# What follows a command to judge its last pipeline.
# shellcheck disable=SC2016 # another shell expands it
judge_pipeline='
codes=("${PIPESTATUS[@]}")
for code in "${codes[@]:0:${#codes[@]}-1}"; do
    [ "$code" -eq 0 ] || [ "$code" -eq 75 ] || exit "$code"
done
exit "${codes[-1]}"'

# run_example COMMAND EXPECTED: says what went wrong, and fails.
run_example() {
    local got status=0
    got=$(bash -c "$1$judge_pipeline" 2> stderr.log) || status=$?
    if [ "$status" -eq 0 ] && { [ -z "$2" ] || matches "$got" "$2"; }; then
        return
    fi
    printf 'example: %s\nexit: %s\nexpected:\n%s\ngot:\n%s\nstderr:\n%s\n' \
        "$1" "$status" "$2" "$got" "$(< stderr.log)" >&2
    return 1
}

# run_examples PAGE: in the current folder; fails when one fails or there is none.
run_examples() {
    local line text command='' expected='' ran=0 failed=0
    while IFS= read -r line; do
        text=${line#"           "}
        if [[ $text == "$line" || $text == '$ '* ]] && [ -n "$command" ]; then
            run_example "$command" "$expected" || failed=1
            ran=$((ran + 1)) command='' expected=''
        fi
        case $text in
        "$line") ;; # prose
        '$ '*) command=${text#'$ '} ;;
        '> '*) command+=$'\n'${text#'> '} ;;
        *) expected+=${expected:+$'\n'}$text ;;
        esac
    done < <(page_section "$1" EXAMPLES; echo end)
    ((ran > 0)) || echo "no example in $1" >&2
    ((ran > 0 && failed == 0))
}
