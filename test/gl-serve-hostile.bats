#!/usr/bin/env bats
# gl-serve: clients that mean no good.  Whatever they do, it ends, costs no memory to
# speak of, and the next client is served.

load lib/common
load lib/serve

setup() {
    cd "$BATS_TEST_TMPDIR"
}

teardown() {
    [ -z "${crowd-}" ] || kill "$crowd" 2> /dev/null || true
    stop_serve
}

client() {
    timeout 60 "$GL_TOP/test/lib/hostile-clients" "${url#http://}" "$@"
}

@test "gl-serve: requests that break HTTP, or say too much, are refused, and the next is served" {
    start_serve --client-timeout 5s
    while read -r what expected; do
        run -0 client "$what"
        [[ $output == $expected ]] || fail "$what: $output"
        run -0 get /health
        assert_output 200
    done << 'END'
huge-header HTTP/1.1 431*
many-headers HTTP/1.1 431*
huge-path HTTP/1.1 4*
garbage @(closed|HTTP/1.[01] 4*)
tls @(closed|HTTP/1.[01] 4*)
nul-path HTTP/1.1 404*
half-closed HTTP/1.1 200*
cut-body closed
large-length HTTP/1.1 413*
bad-length HTTP/1.1 400*
bad-chunk @(closed|HTTP/1.1 400*)
endless-body ended
endless-head ended
pipelined 2000
END
}

@test "gl-serve: who is slow, or silent, is cut off after --client-timeout, however often a byte comes" {
    start_serve --client-timeout 1s
    for what in slow-head slow-body silent no-body; do
        before=$SECONDS
        run -0 client "$what"
        assert_output closed
        [ $((SECONDS - before)) -le 10 ]
    done
    run -0 get /health
    assert_output 200
}

@test "gl-serve: a run that takes longer than --client-timeout is answered" {
    slow_runner
    start_serve --client-timeout 500ms
    head -n 1 "$FIXTURES/learner.ndjson" > right
    post run-atom right > code 3>&- &
    posted=$!
    eventually 10 began 1
    run -0 client silent # takes longer than that
    touch go
    ended 0 "$posted"
    assert_equal "$(< code)" 200
}

@test "gl-serve: a thousand connections that stall are bounded, and are cut off sooner where others wait" {
    start_serve --connections 200
    mkfifo hold
    client many 1000 < hold > held 3>&- &
    crowd=$!
    exec 9> hold
    eventually 20 grep -q held held
    [ "$(find "/proc/$serve_pid/fd" -type l | wc -l)" -le 230 ]
    run -0 get /health # it waits for its turn
    assert_output 200
    exec 9>&-
}

@test "gl-serve: many connections that are ready at once are all answered, whatever the soft limit of files is" {
    run -71 bash -c 'ulimit -n 256; timeout 10 gl-serve --listen 127.0.0.1:0'
    assert_output --partial 'open files'
    ulimit -S -n 256 # it raises that itself
    start_serve
    ulimit -S -n 1024
    for _ in {1..300}; do printf 'url = %s/health\n' "$url"; done > urls
    run -0 curl -s -Z --parallel-max 300 --parallel-immediate -m 30 -K urls
    assert_equal "$(grep -o '"status":"ok"' <<< "$output" | wc -l)" 300
}

# bats test_tags=plain
@test "gl-serve: hostile clients cost no memory, and clients that go leave nothing" {
    start_serve --max-body 1M --client-timeout 2s
    rss() { awk '/VmRSS/ { print $2 }' "/proc/$serve_pid/status"; }
    client endless-body
    before=$(rss)
    for what in endless-body endless-head many-headers gone pipelined; do
        client "$what"
        client "$what"
    done
    settled() { get /health > /dev/null && jq -e '.running == 0 and .waiting == 0' answer; }
    eventually 30 settled
    after=$(rss)
    [ $((after - before)) -lt 4000 ] || fail "from $before to $after KiB"
    few() { [ "$(find "/proc/$serve_pid/fd" -type l | wc -l)" -lt 16 ]; }
    eventually 10 few
}
