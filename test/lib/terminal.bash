# terminal: a program on a terminal of its own, which can be read and typed on.
#
#     on_terminal COLUMNS COMMAND   runs the shell command there, 40 lines high
#     on_screen TEXT                waits until the screen shows TEXT
#     type_keys KEY ...             types: letters, Enter, C-c
#     terminal_ended                waits for its end; its exit code is $code
#
# The screen is that of tmux, so what is asserted is what a person would see.

terminal() {
    tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null "$@"
}

on_terminal() {
    rm -f "$BATS_TEST_TMPDIR/code"
    cat > "$BATS_TEST_TMPDIR/terminal.sh" << END
trap : INT
$2
echo \$? > "$BATS_TEST_TMPDIR/code.new"
mv "$BATS_TEST_TMPDIR/code.new" "$BATS_TEST_TMPDIR/code"
sleep 30
END
    TERM=xterm terminal new-session -d -x "$1" -y 60 "bash '$BATS_TEST_TMPDIR/terminal.sh'" 3>&-
}

screen() {
    terminal capture-pane -p
}

shows() {
    screen | grep -qF -- "$1" || { screen; return 1; }
}

on_screen() {
    eventually 20 shows "$1"
}

type_keys() {
    terminal send-keys "$@"
}

terminal_ended() {
    eventually 20 test -e "$BATS_TEST_TMPDIR/code"
    # shellcheck disable=SC2034 # for those who load this
    code=$(< "$BATS_TEST_TMPDIR/code")
    screen > "$BATS_TEST_TMPDIR/screen"
}

close_terminal() {
    terminal kill-server 2> /dev/null || true
}

# editor LINE ...: $EDITOR is a script of these lines.
editor() {
    printf '%s\n' '#!/bin/sh' "$@" > ./ed
    chmod +x ./ed
    export EDITOR=$BATS_TEST_TMPDIR/ed
}
