#!/usr/bin/env bats
# gl-doctor: everything in order, and each check failing alone, with the exit code
# and what to do.

load lib/common
load lib/submit
load lib/database
load lib/schema
load lib/terminal

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    new_database
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    start
}

teardown() {
    close_terminal
    stop_server
}

# The report of `run ... gl-doctor --json` says so.
says() {
    jq -e "$1" <<< "$output" > /dev/null || fail "not true: $1 of $output"
}

# only NAME STATUS FOUND NEXT [UNCHECKED ...]: this check alone is not ok, and those
# that need it were not made.
only() {
    says "[.checks[] | select(.status != \"ok\" and .status != \"not checked\")] |
          length == 1 and (.[0] | .name == \"$1\" and .status == \"$2\" and
          (.found | test(\"$3\")) and (.next | test(\"$4\")))"
    says "[.checks[] | select(.status == \"not checked\").name] == $(jq -nc '$ARGS.positional' --args "${@:5}")"
}

# rule PATH ANSWERS: a server that answers so.
rule() {
    stop_server
    rm -f ready
    echo "{\"match\":{\"path\":\"$1\"},\"answers\":$2}" >> rules
    start --scenario rules
}

# ---- everything ----

@test "gl-doctor: where all is in order it says READY, and why" {
    run -0 gl-doctor
    assert_equal "${lines[-1]}" '  Integration status: READY'
    refute_output --regexp 'warning|failure|not checked'
    for name in configuration api 'api version' 'api token' 'api round trip' queue encoding clock schema grants \
        depth 'oldest pending' 'expired leases' spool sandbox languages; do
        assert_line --regexp "✓ ok +$name "
    done
}

@test "gl-doctor: a report fits its schema, and gl-render shows it as gl-doctor does" {
    gl-doctor --json > records
    hold report
    has '.ready and .exit_code == 0 and .next == null and (.checks | length) == 16'
    run -0 gl-render records
    assert_equal "${lines[-1]}" '  Integration status: READY'
    gl-doctor | sed -E 's/[0-9]+ ms/N ms/' > ours
    sed -E 's/[0-9]+ ms/N ms/' <<< "$output" | diff ours -
    keep gl-doctor --json --url http://127.0.0.1:1 --db postgresql:///none
    hold report
    has '.ready | not'
    refuses report "$(gl-doctor --json)" '.ready = "yes"' 'del(.checks)' '.checks = []' '.checks[0].status = "fine"' \
        'del(.checks[0].found)' '.settings[0].source = "luck"' 'del(.settings[0].value)' '._gl.type = "row"' \
        '.exit_code = 1' '.next = "x"' '.ready = false' '.checks[0].status = "failure"'
}

@test "gl-doctor: with everything away it is done within its limit" {
    # Both take connections, and say nothing.
    python3 -c '
import socket, sys, time
ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(p.getsockname()[1] for p in ports), flush=True)
time.sleep(60)' > silent 3>&- &
    eventually 20 test -s silent
    read -r api db < silent
    SECONDS=0
    run -75 timeout 20 gl-doctor --json --url "http://127.0.0.1:$api" --db "host=127.0.0.1 port=$db"
    kill $!
    ((SECONDS <= 16))
    says '[.checks[] | select(.status == "failure").name] == ["api", "queue"]'
    says '.next | test("see that the server runs")'
}

@test "gl-doctor: what hangs is ended, and said" {
    python3 -c '
import socket, sys, time
port = socket.create_server(("127.0.0.1", 0))
print(port.getsockname()[1], flush=True)
time.sleep(60)' > silent 3>&- &
    eventually 20 test -s silent
    run -75 timeout 30 gl-doctor --json --timeout 500ms --db "host=127.0.0.1 port=$(< silent)"
    kill $!
    only queue failure 'did not come to their end' 'try again'
}

@test "gl-doctor: of several failures the one that somebody has to act on comes first" {
    sql "delete from greenlight_schema where number = 33"
    run -78 gl-doctor --json --url http://127.0.0.1:1
    says '[.checks[] | select(.status == "failure") | .exit_code] == [75, 78]'
    says '.exit_code == 78 and .next == "run gl-migrate"'
}

# ---- each check alone ----

@test "gl-doctor: a variable that cannot be used is told, and the default is looked at" {
    GREENLIGHT_FALLBACK_MODE=maybe run -78 gl-doctor --json
    only configuration failure 'GREENLIGHT_FALLBACK_MODE is not one of queue' 'correct the variable'
    says '.settings[] | select(.name == "fallback") | .value == "queue" and .source == "default"'
    GREENLIGHT_API_URL=https://user:hunter2@x run -78 gl-doctor --json
    says '[.checks[] | select(.status == "failure") | .name] | .[0] == "configuration"'
    refute_output --partial hunter2
    GREENLIGHT_ENABLED=false run -0 gl-doctor --json
    only configuration warning 'disabled' 'GREENLIGHT_ENABLED=true'
}

@test "gl-doctor: the API is away, or broken" {
    GREENLIGHT_API_URL=http://127.0.0.1:1 run -75 gl-doctor --json
    only api failure 'connect' 'see that the server runs.* gl-serve .* gl-handoff --local' 'api token'
    rule /health 503
    run -75 gl-doctor --json
    only api failure 'HTTP status 503' 'see that the server runs, and that .* is right$' 'api token'
}

@test "gl-doctor: the API's certificate is not trusted" {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2> /dev/null
    stop_server
    rm -f ready
    start --tls-cert cert --tls-key key
    run -78 gl-doctor --json
    only api failure 'certificate' 'cacert' 'api token'
    run -0 gl-doctor --json --cacert cert
    run -78 gl-doctor --json --cacert none
    only api failure 'cannot read' 'correct the file'
}

@test "gl-doctor: the token is missing, wrong, right, or cannot be read" {
    stop_server
    rm -f ready
    start --token right
    echo wrong-5eCr3t > token
    run -78 gl-doctor --json
    only 'api token' failure 'wants a token' 'GREENLIGHT_TOKEN_FILE'
    export GREENLIGHT_TOKEN_FILE=token
    run -78 gl-doctor --json
    only 'api token' failure 'not accepted' 'valid token'
    refute_output --partial 5eCr3t
    says '.settings[] | select(.name == "token-file") | .value == "set" and .source == "environment"'
    echo right > token
    run -0 gl-doctor --json
    says '.checks[] | select(.name == "api token") | .status == "ok" and .found == "the token is accepted"'
    run -78 gl-doctor --json --token-file none
    only api failure 'cannot read the token file' 'correct the file'
}

@test "gl-doctor: the API is slow" {
    rule '/greenlight/execution/*' '{"status":404,"delay_ms":1200}'
    run -0 gl-doctor --json
    only 'api round trip' warning '1[0-9]{3} ms' 'load'
    says '.checks[] | select(.name == "api round trip") | .value >= 1200 and .unit == "ms"'
}

# web_server HEALTH OTHERS: one that answers with these statuses; its URL is in ./url.
web_server() {
    rm -f url
    python3 -c '
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[1 if self.path == "/health" else 2]))
        self.send_header("Location", "/login")
        self.end_headers()
        self.wfile.write(b"<html>")
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d" % server.server_port, flush=True)
server.timeout = 20
for _ in range(2):
    server.handle_request()' "$1" "$2" > url 3>&- &
    eventually 20 test -s url
    GREENLIGHT_API_URL=$(< url)
}

@test "gl-doctor: the URL is another server's" {
    web_server 200 302
    run -78 gl-doctor --json
    only 'api token' failure 'HTTP status 302' 'API_URL'
    web_server 200 200
    run -0 gl-doctor --json
    only 'api token' warning 'not answered 404' 'API_URL'
    web_server 404 404
    run -0 gl-doctor --json
    only 'api token' warning 'any web server' 'API_URL'
    web_server 401 403
    run -78 gl-doctor --json
    only 'api token' failure 'wants a token' 'GREENLIGHT_TOKEN_FILE'
    web_server 200 500
    run -75 gl-doctor --json
    only 'api token' failure 'HTTP status 500' 'see that the server runs'
}

# bats test_tags=direct
@test "gl-doctor: the database is away, not there, or not to be entered" {
    away=(encoding clock schema grants depth)
    run -75 gl-doctor --json --db "host=$PWD"
    only queue failure 'cannot connect' 'start the database' "${away[@]}"
    run -78 gl-doctor --json --db dbname=none
    only queue failure 'does not exist' 'correct --db' "${away[@]}"
    run -78 gl-doctor --json --db user=nobody
    only queue failure 'nobody' 'correct --db' "${away[@]}"
    run -78 gl-doctor --json --db 'password=hunter2'
    only queue failure 'command line can be read' 'correct --db'
    refute_output --partial hunter2
}

@test "gl-doctor: the schema is not there, older, changed, or newer" {
    createdb -T template0 empty
    run -78 gl-doctor --json --db dbname=empty
    only schema failure '0 of [0-9]+ steps' 'run gl-migrate' grants depth
    sql "delete from greenlight_schema where number = 33"
    run -78 gl-doctor --json
    only schema failure '2 of 3 steps' 'run gl-migrate' grants depth
    sql "insert into greenlight_schema values (33, '033_greenlight_upkeep', 'other')"
    run -78 gl-doctor --json
    only schema failure 'was changed after' 'gl-migrate --status' grants depth
}

@test "gl-doctor: a database of a later version is a warning" {
    sql "insert into greenlight_schema values (999, '999_later', 'x')"
    run -0 gl-doctor --json
    only schema warning '999_later was applied by another version' 'install the version'
}

# bats test_tags=direct
@test "gl-doctor: the role may not do what the tools do" {
    sql "create role clerk_$PGDATABASE login"
    sql "grant select, insert, update, delete on greenlight_queue to clerk_$PGDATABASE; grant select on greenlight_schema to clerk_$PGDATABASE"
    export PGUSER=clerk_$PGDATABASE
    run -0 gl-doctor --json
    says '.ready'
    PGUSER=greenlight sql "revoke delete on greenlight_queue from clerk_$PGDATABASE"
    run -0 gl-doctor --json
    only grants warning 'delete' 'grant them'
    PGUSER=greenlight sql "revoke update on greenlight_queue from clerk_$PGDATABASE;
        revoke execute on function greenlight_renew from public"
    run -78 gl-doctor --json
    only grants failure 'missing: update, execute on greenlight_renew' 'grant them'
}

@test "gl-doctor: the database's encoding is another one" {
    createdb -T template0 -E SQL_ASCII --locale C "ascii_$PGDATABASE"
    export PGDATABASE=ascii_$PGDATABASE
    gl-migrate -q
    run -78 gl-doctor --json
    only encoding failure SQL_ASCII UTF8
}

# bats test_tags=plain
@test "gl-doctor: the clocks differ" {
    run -0 faketime -f -1h gl-doctor --json
    only clock warning '3(59|60)[0-9]{4} ms ahead' NTP
    says '.checks[] | select(.name == "clock").value > 3590000'
}

@test "gl-doctor: rows wait for long, and leases have run out" {
    sql "insert into greenlight_queue (learner_id, request_payload, run_at) values ('l', '{}', now() - interval '2 h')"
    run -0 gl-doctor --json
    only 'oldest pending' warning 'ready for 72' 'gl-drain'
    says '.checks[] | select(.name == "depth") | .value == 1 and .found == "1 row is ready"'
    sql "select greenlight_claim('w', 1); update greenlight_queue set lease_until = now() - interval '1 min'"
    run -0 gl-doctor --json
    only 'expired leases' warning '^1$' 'gl-drain'
}

@test "gl-doctor: the spool has files, bad ones, or cannot be written" {
    mkdir spool
    touch spool/1-enqueue.jsonl spool/2-settle.jsonl spool/3-enqueue.jsonl.new
    export GREENLIGHT_SPOOL_DIR=spool
    run -0 gl-doctor --json
    only spool warning '2 waiting' 'run gl-drain'
    touch spool/0-enqueue.jsonl.bad
    run -0 gl-doctor --json
    only spool warning '2 waiting, 1 moved aside' 'FILE.bad'
    says '.checks[] | select(.name == "spool") | .value == 3 and .unit == "files"'
    [ "$(find spool -type f | wc -l)" = 4 ]
    run -78 gl-doctor --json --spool spool/1-enqueue.jsonl/x
    only spool failure 'cannot read the folder' 'write there'
    run -0 gl-doctor --json --spool not/there/yet
    says '.checks[] | select(.name == "spool") | .status == "ok" and (.found | test("not/there/yet"))'
    [ ! -e not ]
    run -78 gl-doctor --json --spool /proc/1/spool
    only spool failure 'cannot write to the folder' 'write there'
    unset GREENLIGHT_SPOOL_DIR XDG_STATE_HOME
    HOME='' run -0 gl-doctor --json
    only spool warning 'neither HOME' 'GREENLIGHT_SPOOL_DIR'
}

@test "gl-doctor: there is no sandbox" {
    doctor=$(command -v gl-doctor)
    mkdir bin
    PATH=$PWD/bin run -0 "$doctor" --json
    only sandbox warning 'sandbox' 'bubblewrap'
}

@test "gl-doctor: there is no language" {
    touch nothing
    as_root=(-m)
    [ "$(id -u)" -eq 0 ] || as_root=(-rm)
    # shellcheck disable=SC2016 # the other shell expands it
    run -0 unshare "${as_root[@]}" sh -c '
        for runtime in python3 bash gcc node sqlite3; do
            [ ! -e "/usr/bin/$runtime" ] || mount --bind nothing "$(readlink -f "/usr/bin/$runtime")" || exit
        done
        exec gl-doctor --json'
    only languages warning none python3
}

# ---- what it shows ----

@test "gl-doctor: each value with where it came from, secrets as set" {
    export GREENLIGHT_DATABASE_URL="host=$PGHOST user=greenlight password=hunter2 dbname=$PGDATABASE"
    export GREENLIGHT_RETRY_ATTEMPTS=7 GREENLIGHT_LEARNER_ID=ada
    run -0 gl-doctor --json --spool here --timeout 7
    refute_output --partial hunter2
    # Its own --timeout is no setting of the tools'.
    says '[.settings[].name] | length == (unique | length)'
    value() { says ".settings[] | select(.variable == \"$1\") | .value == $2 and .source == \"$3\""; }
    value GREENLIGHT_DATABASE_URL "\"user=greenlight password=set dbname=$PGDATABASE host=$PGHOST\"" environment
    value GREENLIGHT_API_URL "\"$GREENLIGHT_API_URL\"" environment
    value GREENLIGHT_SPOOL_DIR '"here"' flag
    value GREENLIGHT_RETRY_ATTEMPTS '"7"' environment
    value GREENLIGHT_LEARNER_ID '"ada"' environment
    value GREENLIGHT_BACKOFF_BASE_MS '"1s"' default
    value GREENLIGHT_TOKEN_FILE null default
    value GREENLIGHT_FALLBACK_MODE '"queue"' default
    value GREENLIGHT_ENABLED '"true"' default
    value GREENLIGHT_HANDOFF_TIMEOUT_MS '"30s"' default
    value GREENLIGHT_BACKOFF_CAP_MS '"60s"' default
    GREENLIGHT_DATABASE_URL='password=hunter2 nonsense' run -78 gl-doctor --json
    refute_output --partial hunter2
    value GREENLIGHT_DATABASE_URL '"set"' environment
    unset GREENLIGHT_DATABASE_URL
    COLUMNS=200 PGPASSWORD=hunter2 run -0 gl-doctor
    refute_output --partial hunter2
    assert_output --partial 'password=set'
    assert_line --regexp 'spool .*state/greenlight/spool +default'
}

@test "gl-doctor: the server's words cannot reach the terminal, or leave their line" {
    rule /health '{"body":{"version":"1\u001b[2J\u0007\u202e\nIntegration status: READY\u0000x"}}'
    run -0 gl-doctor
    assert_output --partial '1\x1b[2J\x07\u202e\nIntegration status: READY'
    assert_equal "$(grep -c '^  Integration status' <<< "$output")" 1
    rm rules
    rule /health "$(jq -nc '{body: {version: ("é" * 5000)}}')"
    run -0 gl-doctor --json
    says '.checks[] | select(.name == "api version").found | length <= 100'
    rm rules
    rule /health '{"body":{"version":{"a":1}}}'
    run -0 gl-doctor --json
    refute_output --partial 'api version'
}

@test "gl-doctor: on a terminal of 40 columns no line is wider, on one of 80 there is a panel" {
    on_terminal 40 "gl-doctor --db 'host=$PWD'"
    on_screen 'Integration status'
    terminal_ended
    assert_equal "$code" 75
    COLUMNS=40 run -75 gl-doctor --db "host=$PWD"
    while IFS= read -r line; do
        ((${#line} <= 40)) || fail "wide: $line"
    done <<< "$output"
    assert_line --regexp '^  ✗ failure  queue: '
    close_terminal
    on_terminal 80 gl-doctor
    on_screen 'Integration status: READY'
    screen | grep -q '^╭─ ✓ READY ─ Greenlight tools'
}

@test "gl-doctor: what it cannot write is told" {
    run -74 bash -c 'gl-doctor > /dev/full'
    assert_output --partial 'cannot write to standard output'
}
