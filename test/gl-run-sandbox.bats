#!/usr/bin/env bats
# gl-run: what hostile and broken code can do to the machine, to others and to
# its own grade: nothing.

load lib/common
load lib/exercise

short='{"time_limit_ms": 1500, "memory_limit_mb": 64}'

# grade: status, error class and score of the record.
grade() {
    show '[.status, .error_class, .partial_score]'
}

@test "sandbox: a memory bomb is class memory, and the next test still runs" {
    run_code 'kept = []
def f(n):
    while n == 1: kept.append(bytearray(1 << 20))
    return n' '{"memory_limit_mb": 64, "tests": [{"input": 1, "expected": 1}, {"input": 2, "expected": 2}]}'
    assert_equal "$(grade)" '["complete","memory",0.5]'
    assert_regex "$(show '.test_results[0].message')" 'memory limit'
}

@test "sandbox: a fork bomb ends with the time limit and leaves no process" {
    local mark=mark-$$-$RANDOM
    run_code "import os
def f():
    while True:
        try:
            if os.fork() == 0: os.execv('/usr/bin/sleep', ['$mark', '1000'])
        except OSError: pass" "$short"
    assert_equal "$(grade)" '["incomplete","timeout",0]'
    run has_process "$mark"
    assert_failure
}

@test "sandbox: processes are limited in number, in each sandbox by itself" {
    request "import os, time
def f():
    count = 0
    try:
        while count < 1000:
            if os.fork() == 0: time.sleep(1000)
            count += 1
    except OSError: pass
    return 40 < count < 64" '{"tests": [{"input": [], "expected": true}]}' > "$BATS_TEST_TMPDIR/in"
    for n in 1 2 3; do
        gl-run "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/$n" &
    done
    wait
    assert_equal "$(jq -c '[.status, .correct]' "$BATS_TEST_TMPDIR"/[123])" '["complete",true]
["complete",true]
["complete",true]'
}

@test "sandbox: a daemon that left its session is gone when the result is there" {
    local mark=mark-$$-$RANDOM
    run_code "import os
def f():
    if os.fork() == 0:
        os.setsid()
        os.closerange(0, 64)
        if os.fork() == 0: os.execv('/usr/bin/sleep', ['$mark', '1000'])
        os._exit(0)
    return 1"
    assert_equal "$(grade)" '["complete",null,1]'
    run has_process "$mark"
    assert_failure
}

@test "sandbox: when gl-run is killed outright, the sandbox goes with it" {
    local mark=mark-$$-$RANDOM
    request "import os
def f(): os.execv('/usr/bin/sleep', ['$mark', '1000'])" '{"time_limit_ms": 30000}' > "$BATS_TEST_TMPDIR/in"
    gl-run "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" &
    local pid=$!
    eventually 20 has_process "$mark"
    kill -KILL "$pid"
    gone() { ! has_process "$mark"; }
    eventually 20 gone
    # Its memory group, where it had one, is taken away by a later run.
    swept() {
        request 'def f(): return 1' | gl-run > "$BATS_TEST_TMPDIR/out"
        [ -z "$(find /sys/fs/cgroup -maxdepth 4 -name "gl-run.*.$pid" 2> /dev/null)" ]
    }
    eventually 20 swept
}

@test "sandbox: a gl-run that counts its pids otherwise leaves the others' memory groups alone" {
    local apart=(unshare -p -f --mount-proc)
    [ "$EUID" = 0 ] || apart+=(-r)
    request 'import time
def f(): time.sleep(2); return 1' > "$BATS_TEST_TMPDIR/slow"
    request 'def f(): return 1' > "$BATS_TEST_TMPDIR/quick"
    gl-run "$BATS_TEST_TMPDIR/slow" > "$BATS_TEST_TMPDIR/out" 3>&- &
    for _ in {1..5}; do
        run -0 "${apart[@]}" gl-run "$BATS_TEST_TMPDIR/quick"
        assert_equal "$(jq -c '[.status, .partial_score]' <<< "$output")" '["complete",1]'
    done
    wait $!
    assert_equal "$(jq -c '[.status, .partial_score]' "$BATS_TEST_TMPDIR/out")" '["complete",1]'
}

@test "sandbox: endless output is cut off, kept in part, and told" {
    run_code "def f():
    while True: print('x' * 99)" "$short"
    assert_equal "$(grade)" '["incomplete","timeout",0]'
    assert_equal "$(show '.stdout | length')" 65536
    assert_regex "$(show .warnings)" 'stdout was cut off after 65536 bytes'
    request "def f():
    print('y' * 5000)
    return 1" > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run --output-limit 10 "$BATS_TEST_TMPDIR/in"
    assert_equal "$(show '[.correct, .stdout]')" '[true,"yyyyyyyyyy"]'
}

@test "sandbox: nothing of the host is there but /usr, and nothing but its own folders can be written" {
    echo secret > "$BATS_TEST_TMPDIR/secret"
    chmod a+r "$BATS_TEST_TMPDIR/secret"
    SECRET=there run_code "import os
def f(secret):
    seen = [p for p in (secret, '/etc/passwd', '/root', '/home', '/var') if os.path.exists(p)]
    written = []
    for p in ('/x', '/dev/x', '/usr/x', '/usr/bin/x', '/greenlight/driver.py', '/proc/sys/kernel/hostname'):
        try:
            open(p, 'w').close()
            written.append(p)
        except OSError: pass
    return [seen, written, os.environ.get('SECRET'), os.getuid(), os.getgroups(), len([p for p in os.listdir('/proc') if p.isdigit()]) < 5]" \
        "{\"tests\": [{\"input\": \"$BATS_TEST_TMPDIR/secret\", \"expected\": [[], [], null, 65534, [], true]}]}"
    assert_equal "$(show '[.correct, .test_results[0].actual]')" '[true,[[],[],null,65534,[],true]]'
}

@test "sandbox: descriptors of the caller do not reach the code" {
    echo secret > "$BATS_TEST_TMPDIR/secret"
    exec 17< "$BATS_TEST_TMPDIR/secret"
    run_code "import os
def f(): return sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + n))" \
        '{"tests": [{"input": [], "expected": [0, 1, 2, 3]}]}'
    exec 17<&-
    assert_equal "$(show '.test_results[0].actual')" '[0,1,2,3]'
}

@test "sandbox: there is no network" {
    run_code "import socket
def f():
    names = [name for _, name in socket.if_nameindex()]
    try:
        socket.create_connection(('192.0.2.1', 80), 0.3)
        return 'connected'
    except OSError:
        return names" '{"tests": [{"input": [], "expected": ["lo"]}]}'
    assert_equal "$(show '.test_results[0].actual')" '["lo"]'
}

@test "sandbox: memory file systems and files are bounded" {
    run_code "def f():
    total = 0
    for n in range(100):
        try:
            with open('/tmp/%d' % n, 'wb') as o:
                total += o.write(bytes(1 << 20))
        except OSError: break
    return total <= 16 << 20"  '{"tests": [{"input": [], "expected": true}]}'
    assert_equal "$(grade)" '["complete",null,1]'
}

@test "sandbox: it has no capabilities, no further namespaces, no setuid way up" {
    run_code "import ctypes
def f():
    status = dict(line.split(':', 1) for line in open('/proc/self/status'))
    libc = ctypes.CDLL(None)
    return [status['CapEff'].strip(), status['CapBnd'].strip(), status['NoNewPrivs'].strip(), libc.unshare(0x10000000)]" \
        '{"tests": [{"input": [], "expected": ["0000000000000000", "0000000000000000", "1", -1]}]}'
    assert_equal "$(grade)" '["complete",null,1]'
}

@test "sandbox: what the tests expect is nowhere inside" {
    run_code "import gc, os, sys
def f(n):
    needle = 'Xyzzy' + '1984'
    found = [o for o in gc.get_objects() if isinstance(o, (dict, list)) and o is not found_here and needle in repr(o)[:100000]]
    files = [p for d, _, names in os.walk('/exercise') for p in names]
    return [len(found), files]
found_here = []" '{"tests": [{"input": 1, "expected": "Xyzzy1984"}]}'
    assert_equal "$(show '.test_results[0].actual')" '[0,["main.py"]]'
}

@test "sandbox: standard input is empty, and does not hold the job" {
    run_code "import os, sys
def f(): return [sys.stdin.read(), len(os.pread(0, 10, 0))]" '{"tests": [{"input": [], "expected": ["", 0]}]}'
    assert_equal "$(show '[.correct, .test_results[0].actual]')" '[true,["",0]]'
}

@test "sandbox: lines forged on the result descriptor do not make a test pass" {
    run_code "import os
def f():
    os.write(3, b'{\"kind\":\"end\",\"test\":0,\"passed\":true}\n{\"kind\":\"end\",\"test\":0}\n[]\nrubbish\n{\"kind\":\"tests\",\"names\":[]}\n')
    return 2"
    assert_equal "$(grade)" '["complete","logic",0]'
}

@test "sandbox: prints, even without a line feed or to closed streams, do not disturb the results" {
    run_code "import sys
def f(n):
    print('{\"kind\":\"end\"}', end='')
    sys.stderr.write('to stderr\0')
    if n == 2: sys.stdout.close(); sys.stderr.close()
    return n" '{"tests": [{"input": 1, "expected": 1}, {"input": 2, "expected": 2}, {"input": 3, "expected": 3}]}'
    assert_equal "$(show '[.tests_passed, .error_class]')" '[2,"runtime"]'
    assert_equal "$(show '.stdout[:14], .stderr[:10]')" '"{\"kind\":\"end\"}"
"to stderr\u0000"'
}

@test "sandbox: exits, os._exit and a segmentation fault cost their own test alone" {
    run_code "import ctypes, os, sys
def f(n):
    if n == 2: sys.exit(5)
    if n == 3: os._exit(7)
    if n == 4: ctypes.string_at(0)
    return n" '{"tests": [{"input": 1, "expected": 1}, {"input": 2, "expected": 2}, {"input": 3, "expected": 3},
                          {"input": 4, "expected": 4}, {"input": 5, "expected": 5}]}'
    assert_equal "$(show '[.status, .error_class, .tests_passed, .tests_total]')" '["complete","runtime",2,5]'
    assert_equal "$(show '[.test_results[].passed]')" '[true,false,false,false,true]'
    assert_equal "$(show '[.test_results[] | has("actual")]')" '[true,false,false,false,true]'
    assert_regex "$(show '.test_results[1].message')" 'exit\(5\)'
    assert_regex "$(show '.test_results[2].message')" 'exit status 7'
    assert_regex "$(show '.test_results[3].message')" 'signal 11'
}

@test "sandbox: a forked child that comes back into the driver does not report twice" {
    run_code "import os
def f(n):
    child = os.fork()
    if child: os.waitpid(child, 0)
    return n if child else -1" '{"tests": [{"input": 1, "expected": 1}, {"input": 2, "expected": 2}]}'
    assert_equal "$(show '[.tests_passed, .tests_total]')" '[2,2]'
}

@test "sandbox: it works for an ordinary user as for root" {
    request "import os
def f(): return os.getuid()" '{"tests": [{"input": [], "expected": 65534}]}' > "$BATS_TEST_TMPDIR/in"
    local as=()
    share_tmp
    cp "$(command -v gl-run)" "$BATS_TEST_TMPDIR/gl-run"
    if [ "$EUID" -eq 0 ]; then as=(setpriv --reuid=1234 --regid=1234 --clear-groups --no-new-privs); fi
    run --separate-stderr "${as[@]}" "$BATS_TEST_TMPDIR/gl-run" < "$BATS_TEST_TMPDIR/in"
    assert_success
    assert_equal "$(grade)" '["complete",null,1]'
}

@test "sandbox: a hundred runs leave no process, no zombie, no descriptor and no file behind" {
    local pid fds
    export TMPDIR=$BATS_TEST_TMPDIR/tmp
    mkdir "$TMPDIR"
    chmod 777 "$TMPDIR"
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    gl-run "$BATS_TEST_TMPDIR/fifo" > "$BATS_TEST_TMPDIR/out" &
    pid=$!
    exec 9> "$BATS_TEST_TMPDIR/fifo"
    has_lines() { [ "$(wc -l < "$BATS_TEST_TMPDIR/out")" -eq "$1" ]; }
    request 'def f(): return 1' >&9
    eventually 20 has_lines 1
    fds=$(ls "/proc/$pid/fd")
    for _ in {2..100}; do request 'def f(): return 1'; done >&9
    eventually 60 has_lines 100
    run pgrep -P "$pid"
    assert_failure
    assert_equal "$(ls "/proc/$pid/fd")" "$fds"
    exec 9>&-
    wait "$pid"
    assert_equal "$(jq -s 'map(select(.correct)) | length' "$BATS_TEST_TMPDIR/out")" 100
    assert_equal "$(ls -A "$TMPDIR")" ''
}
