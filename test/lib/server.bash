# server: a mock server on a free port of its own, for scripts and bats alike.

# What a server runs to answer with real executions: `_gl` is the tools' own,
# and no server sends it.
# shellcheck disable=SC2034 # for those who load this
runner="gl-run | jq -c 'del(._gl)'"

# start_server DIR [ARGUMENT ...]: starts greenlight-mock with the arguments
# and waits for its line `ready URL`.  Sets server_pid and GREENLIGHT_API_URL;
# what the server says on stderr goes to DIR/server.log.
start_server() {
    local dir=$1 word='' url=''
    shift
    mkfifo "$dir/ready"
    greenlight-mock "$@" > "$dir/ready" 2> "$dir/server.log" 3>&- &
    server_pid=$!
    read -r -t 10 word url < "$dir/ready" || true
    if [ "$word" != ready ]; then
        echo "greenlight-mock did not get ready: $(< "$dir/server.log")" >&2
        return 1
    fi
    export GREENLIGHT_API_URL=$url
}

# Ends it and waits for that; nothing to do where none was started.
stop_server() {
    [ -n "${server_pid-}" ] || return 0
    kill "$server_pid" 2> /dev/null || true
    wait "$server_pid" 2> /dev/null || true
    server_pid=
}
