#!/usr/bin/env bats
# gl-edit: what the learner finds in the folder, what of it is handed in, and what
# becomes of work that did not come to its end.

load lib/common
load lib/schema
load lib/terminal

setup() {
    cd "$BATS_TEST_TMPDIR"
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    desks=$XDG_STATE_HOME/greenlight/edit
}

teardown() {
    close_terminal
}

# atom [MEMBERS]: one with code in Python and a test.
atom() {
    printf '{"atom_id":"a-1","front":"Double it.","back":"SECRET","content_json":{"runner":{"language":"python","entrypoint":"double.py","tests":[{"input":[2],"expected":4}]},"starter_code":"def double(n):\\n    pass\\n","solution_code":"SECRET"%s},"n":12345678901234567890}\n' "${1:+,$1}"
}

# holds JQ: the program is true of the record in ./out.
holds() {
    jq -e "$1" out > /dev/null || fail "not true: $1 of $(cat out)"
}

# left: the folders that are still there.
left() {
    find "$desks" -name work 2> /dev/null
}

@test "gl-edit: what was saved is the submission, and all else is byte for byte" {
    editor "cp $BATS_TEST_TMPDIR/mine \"\$1\""
    printf 'def double(n):\n    return "é\\"" and n + n\n' > mine
    atom > in
    gl-edit in > out
    run -0 jq -r '.submission.files[] | .path, .content' out
    assert_output "double.py
$(< mine)"
    assert_equal "$(sed 's/,"submission":.*//' out)}" "$(< in)"
    gl-run out | jq -e '.correct == true'
    assert_equal "$(left)" ''
}

@test "gl-edit: the folder is private, and has the code, files and tests, but nothing that is not for learners" {
    editor "cp -a . $BATS_TEST_TMPDIR/seen; stat -c %a . .. > $BATS_TEST_TMPDIR/modes; echo x >> \"\$1\""
    atom '"files":[{"path":"data/in.txt","content":"12"},{"path":"hidden.py","content":"SECRET","hidden":true}],
        "hidden_tests":["SECRET"],"expected_output":"SECRET","hints":["look"]' | jq -c '
        .content_json.runner.tests += [{"input":[41],"expected":"SECRET","hidden":true}, {"input":[42],"expected":"SECRET","visible":false}]' > in
    umask 0
    gl-edit in > out
    assert_equal "$(cd seen && find . -type f | sort | tr '\n' ' ')" './README ./data/in.txt ./double.py '
    run ! grep -r SECRET seen
    assert_equal "$(< seen/double.py)" 'def double(n):
    pass'
    assert_equal "$(< seen/data/in.txt)" 12
    grep -q 'Double it.' seen/README
    grep -q '\[2\] → 4' seen/README
    assert_equal "$(tr '\n' ' ' < modes)" '700 700 '
    assert_equal "$(stat -c %a "$desks")" 700
}

@test "gl-edit: scripts of tests are files, those of atoms that ask for what tests know are not there" {
    editor "ls > $BATS_TEST_TMPDIR/names; cat README > $BATS_TEST_TMPDIR/task; printf 'seven\n' > \"\$1\""
    jq -nc '{atom_id: "t", runner: {language: "python", tests: "inline: assert f() == 1"}}' | gl-edit > out
    assert_equal "$(tr '\n' ' ' < names)" 'README main.py tests-1.py '
    jq -nc '{atom_id: "p", atom_type: "output_prediction", content: {prompt: "What is printed?", code: "print(7)", tests: [{input: "", expected_output: "SECRET"}], expected_output: "SECRET"}}' | gl-edit > out
    assert_equal "$(tr '\n' ' ' < names)" 'README answer.txt '
    grep -q 'print(7)' task
    run ! grep SECRET task
    holds '.answer == "seven" and .submission == {"answer": "seven"}'
    jq -nc '{atom_id: "u", language: "c", code: "x", expected_output: "SECRET"}' | gl-edit > out
    holds '.submission == {"answer": "seven"}'
}

@test "gl-edit: files of the exercise are handed in where they were changed, new ones always, by-products never" {
    editor 'echo "import helper" >> "$1"; echo new > b.txt; mkdir sub; echo deep > sub/c.txt' \
        'touch .double.py.swp double.py~ "#double.py#"; mkdir __pycache__ .git; touch __pycache__/a.pyc .git/x' \
        'echo changed >> README'
    atom '"files":[{"path":"a.txt","content":"1"},{"path":"b.txt","content":"2"},{"path":".config","content":"3"}]' | gl-edit > out
    holds '[.submission.files[].path] == ["b.txt", "double.py", "sub/c.txt"]'
    editor 'echo 4 > .config; rm a.txt'
    atom '"files":[{"path":"a.txt","content":"1"},{"path":".config","content":"3"}]' | gl-edit > out
    holds '[.submission.files[].path] == [".config", "double.py"]'
}

@test "gl-edit: a request with a submission begins with that" {
    editor "cat \"\$1\" > $BATS_TEST_TMPDIR/seen; echo '# better' >> \"\$1\""
    atom | jq -c '.submission = {files: [{path: "double.py", content: "# mine\n"}], note: 1}' | sed 's/"note":1/"note":1.10/' | gl-edit > out
    assert_equal "$(< seen)" '# mine'
    holds '.submission.files[0].content == "# mine\n# better\n"'
    grep -q '"note":1.10' out
}

@test "gl-edit: \$VISUAL is before \$EDITOR but on a dumb terminal, and both may have arguments" {
    atom > in
    VISUAL='sed -i "s/pass/return  1/"' EDITOR=false TERM=xterm gl-edit in > out
    holds '.submission.files[0].content | test("return  1")'
    VISUAL=false EDITOR='printf "%s\n" "two words" >>' TERM=dumb gl-edit in > out
    holds '.submission.files[0].content | test("two words")'
    mkdir bin
    printf '#!/bin/sh\necho standard >> "$1"\n' > bin/editor
    chmod +x bin/editor
    VISUAL='' EDITOR='' PATH=$BATS_TEST_TMPDIR/bin:$PATH gl-edit in > out
    holds '.submission.files[0].content | test("standard")'
}

@test "gl-edit: unchanged work is skipped and told, with -e also by the exit code" {
    editor 'touch "$1"; echo more >> README'
    atom > in
    run -0 --separate-stderr gl-edit in
    echo "$output" > out
    # shellcheck disable=SC2154 # run sets it
    assert_equal "$stderr" 'gl-edit: nothing was changed, so nothing is handed in'
    holds '.status == "skipped" and .error == null and .correct == null and .partial_score == null'
    run -1 gl-edit -e in
    assert_equal "$(left)" ''
    editor 'rm "$1"'
    gl-edit in > out
    holds '.status == "skipped" and (.feedback | test("no file"))'
}

@test "gl-edit: an editor that fails hands nothing in, and what was saved stays" {
    atom > in
    editor 'echo mine >> "$1"; exit 3'
    run -0 --separate-stderr gl-edit in
    echo "$output" > out
    holds '.status == "cancelled" and .error.class == "editor_failed"'
    assert_equal "$stderr" "gl-edit: the editor ended with exit 3
gl-edit: the files are in $(left)"
    grep -q mine "$(left)/double.py"
    rm -r state
    editor 'exit 1'
    gl-edit in > out
    assert_equal "$(left)" ''
    editor 'echo mine >> "$1"; kill -SEGV $$'
    run -75 gl-edit in
    assert_output --partial 'signal 11'
    assert [ -n "$(left)" ]
    EDITOR=/no/such/editor run -71 --separate-stderr gl-edit in
    echo "$output" > out
    holds '.status == "unavailable" and .error.class == "no_editor"'
}

@test "gl-edit: an editor that went into the background keeps its folder" {
    editor "{ until [ -e $BATS_TEST_TMPDIR/go ]; do sleep 0.02; done; echo late >> \"\$1\"; touch $BATS_TEST_TMPDIR/done; } > /dev/null 2>&1 3>&- &"
    atom > in
    run -0 --separate-stderr gl-edit in
    [[ $stderr == *'went into the background'*"the files are in $(left)" ]]
    touch go
    eventually 10 test -e done
    grep -q late "$(left)/double.py"
}

@test "gl-edit: links, special files, what is too large and what is no text are refused, each named" {
    editor 'ln -s /etc/passwd a-link; ln -s .. b-folder; mkfifo c-fifo; ln double.py d-hard' \
        'head -c 9000000 /dev/zero | tr "\0" x > e-huge; printf "\377\n" > f-bytes; touch "$(printf "g\tname")"' 'echo x > good.txt'
    atom > in
    run -65 --separate-stderr timeout 20 gl-edit in
    echo "$output" > out
    for name in a-link b-folder c-fifo d-hard double.py e-huge f-bytes 'g\x09name'; do
        grep -qF "gl-edit: \"$name\" cannot be handed in: it " <<< "$stderr" || fail "$name is not in: $stderr"
    done
    refute [ "$(grep -c good.txt <<< "$stderr")" -gt 0 ]
    holds '.status == "rejected" and .error.class == "bad_submission" and .error.message == "\"a-link\" is a link"'
    assert [ -n "$(left)" ]
}

@test "gl-edit: paths that leave the folder, or are in each other's way, are refused and nothing is opened" {
    editor "touch $BATS_TEST_TMPDIR/opened; echo x >> \"\$1\""
    for change in '.content_json.runner.entrypoint = "../../x.py"' '.content_json.runner.entrypoint = "/etc/x.py"' \
        '.content_json.files = [{path: "../x", content: ""}]' '.submission.files = [{path: "a/../../x", content: ""}]' \
        '.content_json.files = [{path: "double.py/x", content: ""}]' '.content_json.files = [{path: "d", content: ""}, {path: "d/e", content: ""}]'; do
        atom | jq -c "$change" > in
        run -65 --separate-stderr gl-edit in
        echo "$output" > out
        holds '.status == "rejected" and .error.class == "bad_request"'
    done
    refute [ -e opened ]
    assert_equal "$(left)" ''
}

@test "gl-edit: killed at any moment it loses nothing that was saved: --resume goes on with it" {
    editor "echo saved >> \"\$1\"; echo \$\$ > $BATS_TEST_TMPDIR/open; exec sleep 60"
    atom > in
    gl-edit in > out 3>&- &
    pid=$!
    eventually 10 test -s open
    kill -KILL "$pid"
    ended 137 "$pid"
    # The editor is still there, so the folder is not anybody else's.
    editor "cat \"\$1\" > $BATS_TEST_TMPDIR/seen; echo more >> \"\$1\""
    gl-edit --resume in > out
    run ! grep -q saved seen
    kill "$(< open)"
    eventually 10 lock_is_free
    run -0 --separate-stderr gl-edit in
    assert_line --partial more
    [[ $stderr == *'--resume goes on with it'* ]]
    gl-edit --resume in > out
    grep -q saved seen
    holds '.submission.files[0].content | test("saved\nmore\n")'
    assert_equal "$(left)" ''
}

lock_is_free() {
    local lock
    for lock in "$desks"/*/lock; do
        flock -n "$lock" true || return 1
    done
}

@test "gl-edit: --keep leaves the files, --folder says where" {
    editor 'echo x >> "$1"'
    run -0 --separate-stderr gl-edit --keep --folder "$BATS_TEST_TMPDIR/here/there" <<< "$(atom)"
    folder=$(find here -name work)
    assert_equal "$stderr" "gl-edit: the files are in $BATS_TEST_TMPDIR/$folder"
    grep -q x "$folder/double.py"
    run -0 gl-edit --folder /dev/null/x /dev/null
    run -74 gl-edit --folder /dev/null/x <<< "$(atom)"
    assert_output --partial '"status":"unavailable"'
}

@test "gl-edit: SIGTERM ends the editor, keeps the work, and every record comes out" {
    editor "echo mine >> \"\$1\"; touch $BATS_TEST_TMPDIR/open; trap '' HUP; sleep 60"
    { atom; atom; echo '{"atom_id":"r","status":"complete","_gl":{"type":"result"}}'; } > in
    gl-edit in > out 3>&- &
    pid=$!
    eventually 10 test -e open
    kill -TERM "$pid"
    timeout 20 tail --pid="$pid" -f /dev/null
    ended 143 "$pid"
    run -0 jq -c '[.status, .error.class]' out
    assert_output '["unavailable","interrupted"]
["unavailable","interrupted"]
["complete",null]'
    grep -q mine "$(left)/double.py"
}

@test "gl-edit: an editor that is open for too long is ended" {
    editor 'sleep 60'
    run -75 timeout 20 gl-edit --max-wait 100ms <<< "$(atom)"
    assert_output --partial '"deadline"'
}

@test "gl-edit: what it writes fits the schemas, whatever became of the work" {
    editor 'echo mine >> "$1"'
    jq -c . "$FIXTURES/atoms.ndjson" | keep gl-edit
    grep -v '"type":"result"' records > requests
    grep '"type":"result"' records > results # of the one with a path that leaves
    assert_equal "$(wc -l < requests) $(wc -l < results)" '11 1'
    hold request requests
    atom > in
    for end in 'exit 0' 'exit 3' 'kill -SEGV $$' 'ln -s x y'; do
        editor "$end"
        keep gl-edit in
        cat records >> results
    done
    EDITOR=/none keep gl-edit in
    cat records >> results
    hold result results
    assert_equal "$(jq -r .error.class results | tr '\n' ' ')" \
        'bad_request null editor_failed interrupted bad_submission no_editor '
}

@test "gl-edit: bad input is a rejected record, a full disk is exit 74 and loses no work" {
    editor 'echo mine >> "$1"'
    { echo nonsense; echo '{"front":"x"}'; atom; echo '{"_gl":{"type":"row"},"id":"r"}'; } > in
    run -65 --separate-stderr gl-edit in
    echo "$output" > out
    run -0 jq -c '[.status, (.submission | type)]' out
    assert_output '["rejected","null"]
["rejected","null"]
[null,"object"]
[null,"null"]'
    assert_equal "$(left)" ''
    atom > in
    run -74 bash -c 'gl-edit in > /dev/full'
    grep -q mine "$(left)/double.py"
}

@test "gl-edit: --hold leaves what is handed in to who takes the result, and says where in the record" {
    editor 'echo x >> "$1"'
    atom '' | jq -c '._gl = {context: 1, folder: "/etc"}' > in
    run -0 --separate-stderr gl-edit --hold in
    assert_equal "$stderr" ''
    echo "$output" > out
    assert_equal "$(jq -c ._gl out)" "{\"context\":1,\"folder\":\"$(left)\"}"
    # Going on with it gives it another name.
    gl-edit --hold --resume in > again
    assert_equal "$(jq -r ._gl.folder again)" "$(left)"
    run ! test -e "$(jq -r ._gl.folder out)"
    rm -r state
    editor true
    gl-edit --hold in > out
    holds '.status == "skipped"'
    assert_equal "$(left)" ''
}

# ---- on a terminal ----

@test "gl-edit: the editor has the terminal though stdin and stdout are pipes, and Ctrl-C" {
    editor '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] || exit 9' "trap 'echo the editor had it' INT" 'echo "editing $1"' \
        'until read -r line; do :; done' 'echo "def double(n): return $line" > "$1"'
    atom > in
    on_terminal 80 "cat in | gl-edit | gl-run | gl-render --format plain > out; echo ended \${PIPESTATUS[*]}"
    on_screen 'editing double.py'
    type_keys C-c
    on_screen 'the editor had it'
    type_keys 'n + n' Enter
    on_screen 'ended 0 0 0 0'
    terminal_ended
    grep -q 'PASS 100%' out
}

@test "gl-edit: Ctrl-Z in the editor stops the pipeline, fg goes on with it" {
    editor 'echo "editing $1"' 'read -r line' 'echo "$line" > "$1"'
    atom > in
    on_terminal 80 "HISTFILE= bash --norc -i"
    type_keys 'gl-edit in | cat > out' Enter
    on_screen 'editing double.py'
    type_keys C-z
    on_screen Stopped
    type_keys fg Enter
    on_screen 'gl-edit in | cat'
    type_keys 'forty two' Enter
    eventually 15 test -s out
    type_keys exit Enter
    terminal_ended
    holds '.submission.files[0].content == "forty two\n"'
}
