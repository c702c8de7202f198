#!/usr/bin/env bats
# gl-run: hostile programs, as root and as an ordinary user: what each of them tried is
# in lib/escapes.py (what returns at once) and in bombs below (what uses things up).

load lib/common
load lib/exercise

# Starts what some attempts look for outside; $port is its own.
setup() {
    share_tmp
    mkfifo "$BATS_TEST_TMPDIR/hold"
    /usr/bin/python3 "$GL_TOP/test/lib/escapes.py" serve "$BATS_TEST_TMPDIR/port" < "$BATS_TEST_TMPDIR/hold" 3>&- &
    server=$!
    exec 8> "$BATS_TEST_TMPDIR/hold"
    eventually 20 test -s "$BATS_TEST_TMPDIR/port"
    port=$(< "$BATS_TEST_TMPDIR/port")
}

teardown() {
    exec 8>&-
    wait "$server"
}

# as root|user COMMAND ...: as the user who runs the tests, or as one without rights.
as() {
    local who=$1
    shift
    if [ "$who" = user ] && [ "$EUID" -eq 0 ]; then
        set -- setpriv --reuid=4321 --regid=4321 --clear-groups --no-new-privs "$@"
    fi
    "$@" 8>&-
}

# What a hostile program could have changed for others: mounts, name, groups, shared
# memory, message queues, files that bear the mark.
machine() {
    cut -d' ' -f5- /proc/self/mountinfo
    uname -n
    cat /proc/sysvipc/msg
    find /tmp /dev/shm /var/tmp -maxdepth 1 -name "*$mark*"
    find /sys/fs/cgroup -maxdepth 4 -name "gl-run.*.$1"
}

attempts() {
    local tests before
    mark=escape-$BATS_TEST_NUMBER-$$-$RANDOM
    tests=$(/usr/bin/python3 "$GL_TOP/test/lib/escapes.py" tests "$port")
    jq -nc --argjson tests "$tests" --rawfile code "$GL_TOP/test/lib/escapes.py" '
        {atom_id: "e", content_json: {runner: {language: "python", entrypoint: "m.py", function: "attempt", tests: $tests, time_limit_ms: 30000}},
         submission: {files: [{path: "m.py", content: $code}]}}' > "$BATS_TEST_TMPDIR/in"
    chmod a+r "$BATS_TEST_TMPDIR/in"
    cp "$(command -v gl-run)" "$BATS_TEST_TMPDIR/gl-run"
    before=$(machine 0)
    run --separate-stderr as "$1" timeout 60 "$BATS_TEST_TMPDIR/gl-run" "$BATS_TEST_TMPDIR/in"
    assert_equal "$(jq -r '.test_results[] | select(.passed | not) | "\(.name): \(.actual // .message)"' <<< "$output")" ''
    assert_equal "$(show '[.status, .tests_total > 60]')" '["complete",true]'
    assert_equal "$(machine 0)" "$before"
}

# bomb NAME EXPECTED CODE: one request; EXPECTED is status and error class.  What ends by
# itself has the time for it on a busy machine too.
bomb() {
    local limit=800
    case $2 in complete*) limit=20000 ;; esac
    request "$3" "{\"time_limit_ms\": $limit, \"memory_limit_mb\": 24}" |
        jq -c --arg name "$1" '.atom_id = $name'
    echo "$1: $2" >&7
}

bombs() {
    bomb "forks without end" 'a limit' "import os
def f():
    while True:
        try: os.fork()
        except OSError: pass"
    bomb "threads without end" 'any any' "import threading, time
def f():
    while True:
        try: threading.Thread(target=time.sleep, args=(99,)).start()
        except RuntimeError: pass"
    bomb "memory by one process" 'complete memory' "kept = []
def f():
    while True: kept.append(bytearray(1 << 20))"
    bomb "memory by many processes" 'any any' "import os, time
def f():
    for n in range(12):
        if os.fork() == 0:
            kept = []
            try:
                while True: kept.append(bytearray(b'x' * (1 << 20)))
            except MemoryError: time.sleep(99)
    time.sleep(99)"
    bomb "memory by files" 'any any' "def f():
    for folder in ('/tmp/', '/dev/shm/', '/exercise/'):
        try:
            for n in range(99): open(folder + str(n), 'wb').write(bytes(1 << 20))
        except OSError: pass
    return 1"
    bomb "memory by a memory file" 'any any' "import os
def f():
    file = os.memfd_create('x')
    while True: os.write(file, bytes(1 << 20))"
    bomb "files without end" 'any any' "def f():
    n = 0
    while True:
        n += 1
        try: open('/tmp/%d' % n, 'w').close()
        except OSError: pass"
    bomb "one file without end" 'complete runtime' "def f():
    with open('/tmp/x', 'wb') as file:
        while True: file.write(bytes(1 << 20))"
    bomb "descriptors without end" 'complete runtime' "import os
def f():
    while True: os.dup(0)"
    bomb "output without end" 'incomplete timeout' "import os
def f():
    while True: os.write(1, b'x' * 65536)"
    bomb "errors without end" 'incomplete timeout' "import os
def f():
    while True: os.write(2, b'x' * 65536)"
    bomb "results without end" 'incomplete timeout' "import os
def f():
    while True: os.write(3, b'{\"kind\":\"end\",\"test\":0}\n' * 1000)"
    bomb "a loop that ignores signals" 'incomplete timeout' "import signal
for n in range(1, 64):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
def f():
    while True: pass"
    bomb "a sleep that ignores signals" 'incomplete timeout' "import signal, time
def f():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
    time.sleep(1000)"
    bomb "killing all it can" 'complete runtime' "import os
def f():
    try: os.kill(-1, 9)
    except OSError: pass
    os.kill(os.getppid(), 9); os.kill(os.getpid(), 9)"
    bomb "stopping all it can" 'incomplete timeout' "import os
def f():
    os.kill(os.getppid(), 19); os.kill(os.getpid(), 19)"
    bomb "leaving daemons" 'complete logic' "import os
def f():
    for n in range(20):
        if os.fork() == 0:
            os.setsid(); os.closerange(0, 64)
            if os.fork() == 0: os.execv('/usr/bin/sleep', ['$mark', '1000'])
            os._exit(0)
    return 2"
    bomb "recursion without end" 'any any' "import sys
sys.setrecursionlimit(1 << 30)
def f(): return f()"
    bomb "a result with a million levels" 'complete logic' "import os
def f():
    os.write(3, b'{\"kind\":\"end\",\"test\":0,\"value\":' + b'[' * 1000000 + b']' * 1000000 + b'}\n')
    return 2"
    bomb "a result forged by guessing" 'complete logic' "import os
def f():
    os.write(3, b'{\"kind\":\"end\",\"test\":0,\"passed\":true}\n{\"kind\":\"x\"}\n')
    return 2"
    bomb "names that are marks" 'complete logic' "import os, socket
def f():
    open('/tmp/$mark', 'w').close(); open('/dev/shm/$mark', 'w').close()
    socket.socket(socket.AF_UNIX).bind('/tmp/$mark.socket')
    return 2"
}

uses_up() {
    local before pid code=0
    mark=escape-$BATS_TEST_NUMBER-$$-$RANDOM
    bombs > "$BATS_TEST_TMPDIR/in" 7> "$BATS_TEST_TMPDIR/expected"
    request 'def f(): return 1' | jq -c '.atom_id = "the next one"' >> "$BATS_TEST_TMPDIR/in"
    echo 'the next one: complete null' >> "$BATS_TEST_TMPDIR/expected"
    cp "$(command -v gl-run)" "$BATS_TEST_TMPDIR/gl-run"
    before=$(machine 0)
    as "$1" "$BATS_TEST_TMPDIR/gl-run" --timeout 20s "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" &
    pid=$!
    wait "$pid" || code=$?
    assert_equal "$code" 0
    jq -r '"\(.atom_id): \(.status) \(.error_class)"' "$BATS_TEST_TMPDIR/out" > "$BATS_TEST_TMPDIR/got"
    # What a machine with a memory group ends for memory, another does for its time.
    sed -n 's/\(.*: \)a limit$/s,^\1(incomplete timeout|complete memory)$,\1a limit,/p' "$BATS_TEST_TMPDIR/expected" |
        sed -E -i -f - "$BATS_TEST_TMPDIR/got"
    sed -n 's/\(.*: \)any any$/s,^\1.*,\1any any,/p' "$BATS_TEST_TMPDIR/expected" | sed -i -f - "$BATS_TEST_TMPDIR/got"
    assert_equal "$(< "$BATS_TEST_TMPDIR/got")" "$(< "$BATS_TEST_TMPDIR/expected")"
    run has_process "$mark"
    assert_failure
    assert_equal "$(machine "$pid")" "$before"
}

@test "escape: what the attempts look for outside is there to be found" {
    run -0 /usr/bin/python3 "$GL_TOP/test/lib/escapes.py" outside "$port"
    assert_line 'reach a server of this machine'
    assert_line 'reach an abstract socket of this machine'
    assert_line 'find shared memory of this machine'
}

@test "escape: attempts to get out are turned away, as root" {
    attempts root
}

@test "escape: attempts to get out are turned away, as an ordinary user" {
    attempts user
}

@test "escape: what uses up the machine is ended by its limit and leaves nothing behind, as root" {
    uses_up root
}

@test "escape: what uses up the machine is ended by its limit and leaves nothing behind, as an ordinary user" {
    uses_up user
}
