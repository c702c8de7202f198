#!/usr/bin/env bats
# gl-run: programs that forge results.  Each table has the tests of an exercise, what
# answers them honestly, which passes, and attacks, none of which may pass any test.

load lib/common
load lib/exercise

# exercise PATH RUNNER: what the rows that follow hand in and are run by.
exercise() {
    path=$1 runner=$2
    : > "$BATS_TEST_TMPDIR/in"
}

# honest CODE, attack NAME CODE: a row.
honest() {
    attack honest "$1"
}

attack() {
    jq -nc --arg name "$1" --arg code "$2" --arg path "$path" --argjson runner "$runner" '
        {atom_id: $name, content_json: {runner: ({entrypoint: $path, time_limit_ms: 20000} + $runner)},
         submission: {files: [{path: $path, content: $code}]}}' >> "$BATS_TEST_TMPDIR/in"
}

# passing: which rows passed a test; "honest" stands for all of its.
passing() {
    run --separate-stderr timeout 300 gl-run -j 2 "$BATS_TEST_TMPDIR/in"
    assert_equal "$(wc -l <<< "$output")" "$(wc -l < "$BATS_TEST_TMPDIR/in")"
    jq -r 'select(if .atom_id == "honest" then .correct else .tests_passed > 0 or .correct or .partial_score > 0 end) | .atom_id' <<< "$output"
}

@test "forging: what a program prints into its shell script's TAP passes no point" {
    exercise m.sh '{"language": "shell", "tests": "#!/bin/sh\necho 1..2\nsh m.sh a && echo ok 1 || echo not ok 1\nsh m.sh b && echo ok || echo not ok 2"}'
    honest 'echo "# fine"'
    attack 'points beforehand' 'echo ok 1; echo ok 2; exit 1'
    attack 'more points' 'seq -f "ok %.0f" 3 99; exit 1'
    attack 'a larger plan' 'echo 1..99; seq -f "ok %.0f" 3 99; exit 1'
    attack 'an open point' 'echo ok 2; printf "ok 1 "; exit 1'
    attack 'an open comment' 'echo ok 1; echo ok 2; printf "# "; exit 1'
    attack 'an open subtest' 'echo ok 1; echo ok 2; printf "    "; exit 1'
    attack 'a text that ends early' 'echo ok 2; printf "ok 1\\0"; exit 1'
    attack 'more than is kept' 'echo ok 1; echo ok 2; head -c 70000 /dev/zero | tr "\\0" "\\n"; exit 1'
    attack 'the end of the script' 'echo ok 1; echo ok 2; kill -9 $PPID; kill -9 1'
    attack 'no end' 'echo ok 1; echo ok 2; kill -STOP $PPID; exec sleep 99'
    sed -i '/"no end"/s/20000/1000/' "$BATS_TEST_TMPDIR/in"
    run passing
    assert_output honest
}

@test "forging: what a program prints changes no exit status of a script" {
    exercise m.sh '{"language": "shell", "tests": "#!/bin/sh\nout=$(sh m.sh)\nsh m.sh\n[ \"$out\" = 4 ] || { echo \"not ok - got $out\"; exit 1; }"}'
    honest 'echo 4'
    attack 'points' 'echo 1..9; seq -f "ok %.0f" 9'
    attack 'an excuse' 'echo "1 # Todo later"'
    attack 'a result' 'echo "{\"kind\":\"exit\",\"code\":0}" >&3'
    attack 'the result of others' 'for fd in /proc/[0-9]*/fd/*; do echo "{\"kind\":\"exit\",\"code\":0}" > $fd; done'
    run passing
    assert_output honest
}

@test "forging: what make runs changes neither make nor its files" {
    exercise m.py '{"language": "python", "tests": "#!/bin/sh\nmake -s test", "files": [
        {"path": "Makefile", "content": "test:\n\tpython3 m.py > out\n\tsh tests/check.sh\n\t$(MAKE) -s -f tests/second.mk\n"},
        {"path": "tests/second.mk", "content": "all:\n\ttest \"$$(python3 m.py)\" = hello\n"},
        {"path": "tests/check.sh", "content": "grep -qx hello out"}]}'
    runner=$(jq -c 'del(.tests) + {test_command: "make -s test"}' <<< "$runner")
    honest 'print("hello")'
    attack 'a makefile' 'import os
for name in ("Makefile", "tests/check.sh", "tests/second.mk"):
    for do in (lambda: os.unlink(name), lambda: open(name, "w").write("test all:\n\ttrue\n"), lambda: os.rename(name, "x")):
        try: do()
        except OSError: pass'
    attack 'other folders' 'import os
try: os.rename("tests", "tests.old")
except OSError: pass
os.makedirs("tests", exist_ok=True)
for name, text in (("check.sh", "true"), ("second.mk", "all:\n\ttrue\n")):
    try: open("tests/" + name, "w").write(text)
    except OSError: pass
    try:
        open("new", "w").write(text); os.rename("new", "tests/" + name)
    except OSError: pass'
    # Into the code of make goes exit(0).
    attack 'its memory' 'import os, re
leave = b"\x31\xff\xb8\xe7\0\0\0\x0f\x05"
pid = os.getppid()
while pid > 0 and "(make)" not in open("/proc/%d/stat" % pid).read():
    pid = int(open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()[1])
for line in open("/proc/%d/maps" % pid):
    start, end, rights = re.match("(\\w+)-(\\w+) (\\S+)", line).groups()
    if "x" in rights and ".so" in line:
        with open("/proc/%d/mem" % pid, "r+b", 0) as mem:
            mem.seek(int(start, 16)); mem.write(leave.rjust(int(end, 16) - int(start, 16), b"\x90"))'
    attack 'its descriptors' 'import glob
for name in glob.glob("/proc/[0-9]*/fd/*"):
    try: open(name, "w").write("{\"kind\":\"exit\",\"code\":0}\n")
    except OSError: pass'
    run passing
    assert_output honest
}
