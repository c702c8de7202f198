#!/usr/bin/env bats
# bats file_tags=plain
# What bash, zsh and fish complete, where `make install` puts it for them.
#
# fish says what it would complete; bash's function is called as readline does;
# zsh's is looked at as it describes a command line to _arguments, the rest being
# zsh's own.  Each is also typed on a terminal.

load lib/common
load lib/examples
load lib/postgres
load lib/queue
load lib/terminal

setup_file() {
    env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C "$GL_TOP" BUILD="$GL_BUILD" \
        DESTDIR="$BATS_FILE_TMPDIR" PREFIX=/usr install
    start_postgres
}

teardown_file() {
    stop_postgres
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    share=$BATS_FILE_TMPDIR/usr/share
    export HOME=$PWD XDG_DATA_DIRS=$share:/usr/share PATH=$BATS_FILE_TMPDIR/usr/bin:$PATH
    mkdir files files/folder
    touch files/one.ndjson
}

teardown() {
    close_terminal
}

# in_bash LINE: what bash completes at its end, a line each.
in_bash() {
    timeout 20 bash -c '
        . /usr/share/bash-completion/bash_completion
        mapfile -t COMP_WORDS < <(grep -oE "[=:]+|[^ =:]+" <<< "$1")
        [[ $1 != *" " ]] || COMP_WORDS+=("")
        COMP_LINE=$1 COMP_POINT=${#1} COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_TYPE=9
        _completion_loader "${COMP_WORDS[0]}"
        $(complete -p "${COMP_WORDS[0]}" | sed "s/.*-F \([^ ]*\).*/\1/") "${COMP_WORDS[0]}" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}" 2> /dev/null
        [ "${#COMPREPLY[@]}" -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' bash "$1" 3>&-
}

in_fish() {
    timeout 20 fish -c 'complete -C $argv[1]' "$1" 3>&- | cut -f 1
}

# in_zsh PROGRAM: what _arguments is told, a line each.
in_zsh() {
    timeout 20 zsh -f -c 'fpath=($2 $fpath)
        autoload -Uz _greenlight
        _arguments() { print -rl -- "$@" }
        words=($1 "") CURRENT=2
        _greenlight' zsh "$1" "$share/zsh/site-functions" 3>&-
}

# completes LINE WORD ...: in bash and fish there are these words and no others.
# bash replaces what follows a `=` or `:` alone, fish the whole.
completes() {
    local line=$1 typed
    shift
    typed=${line##* }
    [[ $typed == --*=* ]] && typed=${typed%%=*}= || typed=
    diff -u --label "wanted: $line" --label bash <(printf "${1+%s\n}" "$@" | sort) <(in_bash "$line" | sort)
    diff -u --label "wanted: $line" --label fish <(printf "${1+%s\n}" "${@/#/$typed}" | sort) <(in_fish "$line" | sort)
}

@test "completion: bash, zsh and fish have each program's options, those of --help and no others" {
    local program
    for program in "$GL_BUILD"/bin/*; do
        program=${program##*/}
        help_options "$program" | grep -o -e '--[a-z-]*' > wanted
        [ "$(wc -l < wanted)" -ge 4 ]
        diff -u --label "$program --help" --label bash <(sort wanted) <(in_bash "$program -" | sort)
        diff -u --label "$program --help" --label fish <(sort wanted) <(in_fish "$program --" | sort)
        diff -u --label "$program --help" --label zsh <(sort wanted) \
            <(in_zsh "$program" | sed -nE 's/^(\([^)]*\))?(--[a-z-]+)(=?\[.*)/\2/p' | sort)
        head -n 1 "$share/zsh/site-functions/_greenlight" | grep -qw -e "$program"
    done
}

@test "completion: letters are completed as their options are" {
    completes 'gl-render --color ' auto always never
    run -0 in_fish 'gl-ls -'
    assert_line -- -n
    run -0 in_zsh gl-ls
    assert_line '(-n --limit)-n+[list N rows at most]:N: '
    assert_line '(-e --exit-status)-e[exit 1 when nothing was listed]'
    cd files
    completes 'gl-submit -j '
    completes 'gl-submit -j 3 o' one.ndjson
}

@test "completion: values that are known are completed, also after = and in lists" {
    completes 'gl-render --format j' junit
    completes 'gl-render --format=ma' markdown
    completes 'gl-handoff --fallback ' queue skip manual
    completes 'gl-localdb st' start status stop
    completes 'gl-localdb --wait 3s d' destroy
    completes 'gl-ls --status ' pending executing complete failed cancelled
    completes 'gl-ls --status=pending,f' pending,failed
    run -0 in_zsh gl-render
    assert_line --regexp '^--format=\[.*\]:F:\(auto panel plain tap junit markdown github html\)$'
    run -0 in_zsh gl-ls
    assert_line --regexp '^--status=\[.*\]:S,S:_values -s , S,S pending executing complete failed cancelled$'
    run -0 in_zsh gl-localdb
    assert_line '*:start|stop|status|url|destroy:(start stop status url destroy)'
}

@test "completion: files are completed where there can be one, and folders where there must be" {
    cd files
    completes 'gl-submit --rest o' one.ndjson
    completes 'gl-submit -- o' one.ndjson
    completes 'gl-submit --filter @o' @one.ndjson
    completes 'gl-submit --filter o'
    completes 'gl-claim --worker o'
    completes 'gl-claim o'
    completes 'gl-stats o'
    assert_equal "$(in_bash 'gl-enqueue --spool ')" folder
    assert_equal "$(in_fish 'gl-enqueue --spool ')" folder/
    run -0 in_zsh gl-enqueue
    assert_line --regexp '^--spool=\[.*\]:DIR:_files -/$'
    assert_line --regexp '^--dedupe=\[.*\]:JQ\|@FILE:_greenlight_at$'
    assert_line '*:[FILE ...]:_files'
}

@test "completion: ids are those of rows that the command can do something about" {
    new_database
    add 3
    sql "update greenlight_queue set status = 'failed' where atom_id = 'a2';
         update greenlight_queue set learner_id = 'mia:x' where atom_id = 'a3'"
    local failed pending
    failed=$(sql "select id from greenlight_queue where status = 'failed'")
    mapfile -t pending < <(sql "select id from greenlight_queue where status = 'pending'")
    cd files
    assert_equal "$(in_bash 'gl-retry ' | sort)" "$(printf '%s\n' "$failed" folder one.ndjson | sort)"
    assert_equal "$(in_fish 'gl-retry ' | sort)" "$(printf '%s\n' "$failed" folder/ one.ndjson | sort)"
    completes "gl-ls ${failed::-1}" "$failed"
    completes 'gl-ls --atom ' a1 a2 a3
    completes 'gl-claim --learner ' l mia:x
    run -0 "$share/greenlight/complete-ids" row gl-cancel ''
    assert_equal "$(cut -f 1 <<< "$output" | sort)" "$(printf '%s\n' "${pending[@]}" | sort)"
    run -0 "$share/greenlight/complete-ids" row gl-retry ''
    assert_output "$failed"$'\tfailed a2'
    run -0 in_zsh gl-retry
    assert_line '*:[FILE | ID ...]: _alternative "row:row: _greenlight_ids row" files:file:_files'
    # What comes after a colon is all that bash replaces.
    assert_equal "$(in_bash 'gl-ls --learner mia:')" x
}

@test "completion: an id that a shell would read as something else is none" {
    new_database
    add 1
    sql "insert into greenlight_queue (atom_id, learner_id, request_payload)
         values ('\$(touch gone)', '-rf', '{}'), ('a b', E'l\\t;', '{}'), ('a\"', 'l''', '{}'), (E'a\\u001b[2J', '*', '{}')"
    completes 'gl-ls --atom ' a1
    completes 'gl-ls --learner ' l
    [ ! -e gone ]
}

@test "completion: ids come from the database that the command names" {
    new_database
    add 1
    completes 'gl-ls --atom ' a1
    completes "gl-ls --db dbname=postgres --atom "
    completes "gl-ls --db=dbname=postgres --atom "
}

@test "completion: a database that does not answer is given up after a second" {
    local started turn
    mkdir silent
    python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); s.bind("silent/.s.PGSQL.5432"); s.listen(); time.sleep(60)' 3>&- &
    eventually 10 test -S silent/.s.PGSQL.5432
    export PGHOST=$PWD/silent
    cd files
    started=$SECONDS
    for turn in 1 2 3 4; do
        assert_equal "$(in_bash 'gl-retry o')" one.ndjson
    done
    ((SECONDS - started <= 15)) # 20 if gl-ls alone decided
    kill $!
}

# A shell on a terminal; `started` is on the screen when it reads.
shell() {
    on_terminal 100 "HOME='$HOME' PATH='$PATH' XDG_DATA_DIRS='$XDG_DATA_DIRS' $1"
    on_screen 'started>'
}

@test "completion: typed on a terminal, bash completes option and value" {
    printf '%s\n' '. /usr/share/bash-completion/bash_completion' "PS1='started>'" > rc
    shell "bash --rcfile rc -i"
    type_keys 'gl-render --for' Tab
    on_screen 'gl-render --format'
    type_keys 'j' Tab
    on_screen 'gl-render --format junit'
}

@test "completion: typed on a terminal, zsh completes option, value and id" {
    new_database
    add 1
    printf '%s\n' "fpath=('$share/zsh/site-functions' \$fpath)" 'autoload -Uz compinit' 'compinit -u -D' \
        "PS1='started>'" > .zshrc
    shell "PGHOST=$PGHOST PGUSER=$PGUSER PGDATABASE=$PGDATABASE ZDOTDIR='$HOME' zsh -d -i"
    type_keys 'gl-render --for' Tab
    on_screen 'gl-render --format='
    type_keys 'j' Tab
    on_screen 'gl-render --format=junit'
    type_keys C-u 'gl-ls --atom ' Tab
    on_screen 'gl-ls --atom a1'
    type_keys C-u 'gl-cancel --' Tab
    on_screen 'exit 1 when no row was cancelled'
}

@test "completion: typed on a terminal, fish completes option and value" {
    mkdir -p .config/fish
    printf '%s\n' 'function fish_prompt; echo -n "started>"; end' 'set -g fish_greeting' > .config/fish/config.fish
    shell "XDG_CONFIG_HOME='$HOME/.config' fish -i"
    type_keys 'gl-render --for' Tab
    on_screen 'gl-render --format'
    type_keys 'j' Tab
    on_screen 'gl-render --format junit'
}
