# serve: a gl-serve of a test's own.

load lib/server

# start_serve [ARGUMENT ...]: starts gl-serve with the arguments on a free port, its log
# in serve.log of the test's folder.  Sets serve_pid, url and GREENLIGHT_API_URL.
start_serve() {
    local dir=$BATS_TEST_TMPDIR
    rm -f "$dir/address"
    "${serve_program:-gl-serve}" --listen 127.0.0.1:0 "$@" > "$dir/address" 2>> "$dir/serve.log" 3>&- &
    serve_pid=$!
    eventually 10 test -s "$dir/address" || { cat "$dir/serve.log" >&2; return 1; }
    url=$(jq -r .url "$dir/address")
    export GREENLIGHT_API_URL=$url
}

stop_serve() {
    [ -n "${serve_pid-}" ] || return 0
    touch "$BATS_TEST_TMPDIR/go"
    kill -KILL "$serve_pid" 2> /dev/null || true
    wait "$serve_pid" 2> /dev/null || true
    serve_pid=
}

# slow_runner: gl-serve will run a gl-run that notes its beginning in began/, waits for the file go,
# and then runs the real one.
slow_runner() {
    mkdir -p programs began
    cp "$GL_BUILD/bin/gl-serve" programs
    printf '%s\n' '#!/bin/sh' "touch $BATS_TEST_TMPDIR/began/\$\$" \
        "until [ -e $BATS_TEST_TMPDIR/go ]; do sleep 0.02; done" "exec $GL_BUILD/bin/gl-run \"\$@\"" > programs/gl-run
    chmod +x programs/gl-run
    serve_program=$BATS_TEST_TMPDIR/programs/gl-serve
}

# began N: exactly N runs have begun.
began() {
    [ "$(find began -type f | wc -l)" -eq "$1" ]
}

# post ENDPOINT FILE [ARGUMENT ...]: curl alone, as design section 4 has it; the answer in
# ./answer and ./headers, its status printed.
post() {
    curl -s -m 30 -o answer -D headers -w '%{http_code}' -H 'Content-Type: application/json' \
        "${@:3}" --data-binary "@$2" "$url/greenlight/$1"
}

# get PATH [ARGUMENT ...]: the same.
get() {
    curl -s -m 30 -o answer -D headers -w '%{http_code}' "${@:2}" "$url$1"
}

# answer_holds JQ: the program is true of ./answer.
answer_holds() {
    jq -e "$1" answer > /dev/null || fail "not true: $1 of $(cat answer)"
}

# execution_ended ID: polls it once.
execution_ended() {
    get "/greenlight/execution/$1" > /dev/null
    jq -e 'has("result")' answer
}

# events NAME: how many of these the log has.
events() {
    jq -s "map(select(.event == \"$1\")) | length" serve.log
}

# timeless FILE: results without what differs from run to run, and from a server to none: how long it
# took, how it was sent (the key, the attempts), the execution, and that a server said so.
timeless() {
    jq -cS 'del(._gl, .execution_time_ms, .execution_id, .error.http_status)' "$1"
}
