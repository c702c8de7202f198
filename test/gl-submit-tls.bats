#!/usr/bin/env bats
# gl-submit over TLS, HTTP/2 and proxies, against nginx and tinyproxy in front of
# the mock server.

load lib/common
load lib/submit

# An authority with certificates for 127.0.0.1, for another host and one that has
# expired, and a client's.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2> /dev/null; }
    # sign NAME ALTERNATIVE-NAME [COMMAND ...]: the command runs openssl, at another time maybe.
    sign() {
        local name=$1 alternative=$2
        shift 2
        key "$name"
        openssl req -new -key "$name.key" -subj "/CN=$name" -out "$name.csr"
        "$@" openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$name.crt" \
            -extfile <(echo "subjectAltName=$alternative") 2> /dev/null
    }
    key ca
    openssl req -x509 -key ca.key -subj '/CN=Test Authority' -days 2 -out ca.crt
    sign server IP:127.0.0.1
    sign other DNS:other.test
    sign expired IP:127.0.0.1 faketime '2020-01-01 00:00:00'
    sign client email:learner@test
}

teardown() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    stop_server
}

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

answers() {
    (exec 9<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null
}

# nginx CERTIFICATE [DIRECTIVE ...]: nginx with TLS and HTTP/2 in front of a mock of
# this test's own; sets $front to its URL.  Its log has a line of the protocol and
# status of each request.
nginx() {
    local certificate=$BATS_FILE_TMPDIR/$1 port dir=$BATS_TEST_TMPDIR/nginx
    shift
    [ -n "${server_pid-}" ] || start
    mkdir "$dir"
    port=$(free_port)
    cat > "$dir/conf" << END
worker_processes 1; daemon off; pid $dir/pid; error_log $dir/error;
events { worker_connections 512; }
http {
    log_format short '\$server_protocol \$status \$connection';
    access_log $dir/access short;
    client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
    server {
        listen 127.0.0.1:$port ssl http2;
        ssl_certificate $certificate.crt; ssl_certificate_key $certificate.key;
        $*
        location / { proxy_pass $GREENLIGHT_API_URL; }
    }
}
END
    command nginx -c "$dir/conf" -e "$dir/error" > "$dir/out" 2>&1 3>&- &
    pids+=($!)
    eventually 10 answers "$port"
    front=https://127.0.0.1:$port
}

# tinyproxy: a proxy of this test's own at $proxy, its log in $proxy_log.
tinyproxy() {
    local port
    port=$(free_port)
    proxy_log=$BATS_TEST_TMPDIR/proxy.log
    printf '%s\n' "Port $port" 'Listen 127.0.0.1' 'Timeout 30' 'MaxClients 50' 'Allow 127.0.0.1' "LogFile \"$proxy_log\"" \
        'LogLevel Connect' "$@" > "$BATS_TEST_TMPDIR/proxy.conf"
    command tinyproxy -d -c "$BATS_TEST_TMPDIR/proxy.conf" > /dev/null 2>&1 3>&- &
    pids+=($!)
    eventually 10 answers "$port"
    proxy=127.0.0.1:$port
}

submit() {
    timeout 30 gl-submit --timeout 10s --backoff-base 1ms --cacert "$BATS_FILE_TMPDIR/ca.crt" --url "$front" "$@"
}

@test "tls: nginx with a private authority's certificate is trusted by --cacert alone" {
    nginx server
    run -0 submit <<< '{"atom_id":"a"}'
    holds '.status == "complete"'
    run -75 timeout 30 gl-submit --url "$front" <<< '{"atom_id":"a"}'
    holds '.error.class == "certificate" and (._gl.attempts | length) == 1'
    assert_output --partial 'unable to get local issuer certificate (--cacert names the authority to trust)'
    log_holds 'length == 1'
}

@test "tls: a certificate for another host is refused at once, naming the host" {
    nginx other
    run -75 submit <<< '{"atom_id":"a"}'
    holds '.status == "unavailable" and .error.class == "certificate" and (._gl.attempts | length) == 1'
    assert_output --partial "no alternative certificate subject name matches target host name '127.0.0.1'"
    log_holds 'length == 0'
}

@test "tls: a certificate that has expired is refused at once, saying so" {
    nginx expired
    run -75 submit <<< '{"atom_id":"a"}'
    holds '.error.class == "certificate" and (._gl.attempts | length) == 1'
    assert_output --partial 'certificate has expired'
    log_holds 'length == 0'
}

@test "tls: a client's certificate is presented, and without one the server's refusal comes through" {
    nginx server "ssl_client_certificate $BATS_FILE_TMPDIR/ca.crt; ssl_verify_client on;"
    run -0 submit --cert "$BATS_FILE_TMPDIR/client.crt" --key "$BATS_FILE_TMPDIR/client.key" <<< '{"atom_id":"a"}'
    run -69 submit <<< '{"atom_id":"a"}'
    holds '.status == "rejected" and .error.http_status == 400'
    log_holds 'length == 1'
    # A key that is another certificate's.
    run -75 submit --cert "$BATS_FILE_TMPDIR/client.crt" --key "$BATS_FILE_TMPDIR/other.key" <<< '{"atom_id":"a"}'
    holds '.error.class == "certificate"'
    assert_output --partial "unable to set private key file: '$BATS_FILE_TMPDIR/other.key'"
}

@test "tls: a server that does not speak it is class tls, and tried again" {
    start
    run -75 timeout 30 gl-submit --attempts 2 --backoff-base 1ms --url "${GREENLIGHT_API_URL/http:/https:}" <<< '{"atom_id":"a"}'
    holds '.error.class == "tls" and (._gl.attempts | length) == 2'
}

@test "tls: HTTP/2 is spoken where the server does, and a GOAWAY loses no request" {
    nginx server 'keepalive_requests 20;'
    requests 1 300 > "$BATS_TEST_TMPDIR/in"
    run -0 --separate-stderr submit -j 16 "$BATS_TEST_TMPDIR/in"
    jq -se 'map(.atom_id) == [range(1; 301) | "a\(.)"] and all(.status == "complete")' <<< "$output"
    assert_equal "$(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/nginx/access" | sort -u)" HTTP/2.0
    assert [ "$(cut -d ' ' -f 3 "$BATS_TEST_TMPDIR/nginx/access" | sort -u | wc -l)" -ge 10 ]
}

@test "tls: over HTTP/2 a stream that breaks is no grade, and a refusal is one" {
    start
    nginx server
    run -75 submit --attempts 2 <<< '{"atom_id":"a","mock":{"fault":"drop"}}'
    holds '.error.class == "http_5xx" and .error.http_status == 502'
    run -75 submit --attempts 2 <<< '{"atom_id":"a","mock":{"fault":"truncate_length","pad":200000}}'
    holds '.status == "unavailable" and .partial_score == null and (.error.class | IN("truncated", "reset"))'
    run -69 submit <<< '{"atom_id":"a","mock":422}'
    holds '.status == "rejected"'
}

@test "proxy: http goes through http_proxy, but not what no_proxy names" {
    start
    tinyproxy
    http_proxy=http://$proxy run -0 timeout 30 gl-submit <<< '{"atom_id":"a"}'
    holds '.status == "complete"'
    grep -q 'POST http://127.0.0.1' "$proxy_log"
    : > "$proxy_log"
    http_proxy=http://$proxy no_proxy=127.0.0.1 run -0 timeout 30 gl-submit <<< '{"atom_id":"a"}'
    assert_equal "$(wc -c < "$proxy_log")" 0
}

@test "proxy: https goes through https_proxy by CONNECT" {
    nginx server
    tinyproxy
    https_proxy=http://$proxy run -0 submit <<< '{"atom_id":"a"}'
    holds '.status == "complete"'
    grep -q 'CONNECT 127.0.0.1' "$proxy_log"
}

@test "proxy: a proxy that is away, or wants a password, is named without the one it was given" {
    start
    tinyproxy 'BasicAuth learner right'
    http_proxy=http://learner:right@$proxy run -0 timeout 30 gl-submit <<< '{"atom_id":"a"}'
    http_proxy=http://learner:wr0ng@$proxy run timeout 30 gl-submit <<< '{"atom_id":"a"}'
    refute_output --partial wr0ng
    holds '.status != "complete" and .error.http_status >= 401'
    http_proxy=http://learner:wr0ng@127.0.0.1:1 run -75 timeout 30 gl-submit --attempts 1 <<< '{"atom_id":"a"}'
    holds '.error.class == "connect"'
    refute_output --partial wr0ng
}
