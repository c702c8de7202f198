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

# Where an attack only looks whether it would get in, it answers right if it would.
@test "forging: JavaScript's test scripts are out of the code's reach" {
    exercise m.js "$(jq -nc '{language: "javascript", tests: $ARGS.positional[0]}' --args '
        test("a", async () => assert.strictEqual(await f(2), 4));
        test("b", () => assert(g(3).includes("six")));
        test("c", () => { const got = []; h([1, 2], (x) => { assert.equal(x, 2 * got.length + 2); got.push(x); }); assert.deepEqual(got, [2, 4]); });
        test("d", () => assert.equal(JSON.stringify(k()), JSON.stringify({ a: [1] })));')"
    honest 'const f = async (n) => n * 2, g = () => "the six", h = (list, one) => list.forEach((x) => one(x * 2)), k = () => ({ a: [1] });'
    attack 'results on every descriptor' 'const fs = require("fs");
for (let fd = 0; fd < 64; fd++) for (let i = 0; i < 4; i++)
    try { fs.writeSync(fd, `\n{"kind":"tests","names":["a"]}\n{"kind":"start","test":${i}}\n{"kind":"end","test":${i},"passed":true}\n`); } catch {}'
    attack 'results of the other process' 'const fs = require("fs");
for (const pid of fs.readdirSync("/proc").filter(Number)) for (let fd = 0; fd < 64; fd++)
    try { if (+pid !== process.pid) fs.writeFileSync(`/proc/${pid}/fd/${fd}`, "{\"kind\":\"tests\",\"names\":[\"a\"]}\n{\"kind\":\"start\",\"test\":0}\n{\"kind\":\"end\",\"test\":0,\"passed\":true}\n"); } catch {}'
    attack 'the tests, to be read' 'const fs = require("fs");
let found = 0;
for (const pid of fs.readdirSync("/proc").filter(Number)) for (const name of ["mem", "maps", "environ", "fd/0", "fd/3"])
    try { if (pid > 1 && +pid !== process.pid) { fs.closeSync(fs.openSync(`/proc/${pid}/${name}`)); found = 1; } } catch {}
for (const name of ["/proc/1/fd/0", "/proc/1/environ", "/proc/1/cmdline", "/proc/self/fd/0", "/exercise", "/greenlight", "/tmp"])
    try { found |= fs.readFileSync(name, "utf8").includes("JSON.stringify(k())"); } catch {}
const f = (n) => found * n * 2;'
    attack 'a debugger' 'process.kill(process.ppid, "SIGUSR1");
const net = require("net");
async function f(n) {
    for (let i = 0; i < 40; i++) {
        if (await new Promise((r) => { const s = net.connect(9229, "127.0.0.1"); s.on("connect", () => r(1)); s.on("error", () => r(0)); })) return n * 2;
        await new Promise((r) => setTimeout(r, 25));
    }
}'
    attack 'an exit' 'process.exit(0);'
    attack 'an exit in a test' 'const f = () => process.exit(0), g = f, h = f, k = f;'
    attack 'globals of its own' 'const assert = () => {}; assert.equal = assert.strictEqual = assert.deepEqual = assert; globalThis.test = () => {}; globalThis.JSON = { stringify: () => "" };
module.exports = { assert, JSON, test, f() {}, g() {}, h() {}, k() {}, require: () => assert };'
    attack 'objects that agree' 'const yes = { includes: () => true, valueOf: () => 4, toString: () => "4", toJSON: () => ({ a: [1, 2] }) };
class Six { includes() { return true; } }
const f = () => yes, g = () => new Six(), h = () => yes, k = () => yes;'
    attack 'prototypes of its own' 'const f = () => JSON.parse("{\"__proto__\": {\"includes\": true}}"), g = () => [[]], h = f, k = f; Array.prototype.includes = () => true; Object.prototype.includes = () => true; Object.prototype.toJSON = () => 1;'
    attack 'what the tests lend' 'const h = (list, one) => { try { one.constructor("return process")().exit(0); } catch {} try { one.call.constructor.prototype.x = 1; } catch {}
    try { one.__proto__.constructor("globalThis.assert.equal = () => {}")(); } catch {} };'
    attack 'a failure that is caught' 'const h = (list, one) => { for (let i = 0; i < 2; i++) try { one(0); } catch (e) { one(+/== (\d)/.exec(e.message)[1]); } };'
    attack 'answers of its own' 'const { writeSync } = require("fs");
const say = (...what) => writeSync(5, what.map((one) => JSON.stringify(one) + "\n").join(""));
const yes = ["copy", 9, ["d", ["includes", ["mine", 8, "function", "yes"]]]];
function f() { say(["ask", "set", [["w", "Array"], "includes", ["mine", 8, "function", "x"]]], ["ask", "set", [["w", "Object"], "toJSON", 1]], ["ask", "__defineGetter__", ["call", ["mine", 8, "function", "x"]]],
    ["ask", "set", [["yours", "__proto__"], "includes", 1]], ["ask", "call", [["yours", "constructor"], null, ["process.exit(0)"]]], ["same", 0, ["l", []]], ["value", ["l", [yes]]]); }
function g() { say(["value", ["l", [yes, null, ["l", []]]]]); }
function h() { say(["ended", 0]); }
function k() { say(["turn"], ["value", ["w", "Object"]]); }'
    attack 'errors' 'const fail = () => { throw Object.assign(new Error("x"), { code: "ERR_ASSERTION", passed: true, generatedMessage: false }); }, f = fail, g = fail, h = fail, k = fail;'
    run passing
    assert_output honest
}

@test "forging: Python's test scripts are out of the code's reach" {
    exercise m.py "$(jq -nc '{language: "python", tests: $ARGS.positional[0]}' --args '
def test_a(): assert f(2) == 4
def test_b(): assert "six" in g(3)
def test_c():
    got = []
    def one(x):
        assert x == 2 * len(got) + 2
        got.append(x)
    h([1, 2], one)
    assert got == [2, 4]')"
    honest 'def f(n): return n * 2
def g(n): return "the six"
def h(xs, one):
    for x in xs: one(x * 2)'
    attack 'results on every descriptor' 'import os
for fd in range(64):
    for i in range(3):
        try: os.write(fd, b"\n{\"kind\":\"tests\",\"names\":[\"a\"]}\n{\"kind\":\"start\",\"test\":%d}\n{\"kind\":\"end\",\"test\":%d,\"passed\":true}\n" % (i, i))
        except OSError: pass'
    attack 'the tests, to be read' 'import glob
found = 0
for name in glob.glob("/proc/[0-9]*/fd/0") + glob.glob("/proc/[0-9]*/environ") + glob.glob("/[eg]*/*"):
    try: found |= b"test_" + b"c" in open(name, "rb").read(1 << 20)
    except OSError: pass
def f(n): return found * n * 2'
    attack 'a failure that is caught' 'def h(xs, one):
    for i in range(2):
        try: one(0)
        except BaseException as e: first = e
        for n in range(1, 9):
            if repr(n) in repr(first.args) + repr(vars(first)):
                try: one(n)
                except BaseException: pass'
    attack 'objects that agree' 'class Yes:
    def __eq__(self, o): return True
    def __contains__(self, o): return True
f = g = lambda n: Yes()'
    attack 'an exit' 'import os
os._exit(0)'
    run passing
    assert_output honest
}

@test "forging: what shell scripts expect is out of the code's reach" {
    exercise m.py '{"language": "python", "tests": "#!/bin/sh\n[ \"$(python3 m.py)\" = s3same ]"}'
    honest 'print("s3same")'
    attack 'the script, to be read' 'import glob, re
for name in glob.glob("/proc/[0-9]*/fd/0") + glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/[eg]*/*"):
    try: print(re.search(b" = (\\w+) \\]", open(name, "rb").read(1 << 20))[1].decode())
    except (OSError, TypeError): pass'
    run passing
    assert_output honest
}

# Against who looks for the key in memory nothing helps where both share it.
@test "forging: C programs of tests are linked with code that knows neither them nor their key" {
    exercise m.c '{"language": "c", "tests": "tests/test_m.c", "files": [{"path": "m.h", "content": "int f(int); const char *g(int);"},
        {"path": "tests/test_m.c", "content": "#include <assert.h>\n#include <string.h>\n#include \"m.h\"\nint main(void) { char want[9] = \"4\"; assert(f(2) == 4); assert(strcmp(g(2), want) == 0); return 0; }"}]}'
    honest 'static int strcmp(int x) { return x; }
int remove(int x) { return x; }
int f(int x) { return 2 * remove(strcmp(x)); }
const char *g(int x) { return x == 2 ? "4" : ""; }'
    local body='int f(int x) { return 0; }
const char *g(int x) { return ""; }'
    attack 'its verdict' "#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void start(void) { for (int fd = 1; fd < 64; fd++) dprintf(fd, \"\\n{\\\"kind\\\":\\\"exit\\\",\\\"code\\\":0}\\n{\\\"kind\\\":\\\"exit\\\",\\\"code\\\":0,\\\"key\\\":0}\\n\"); _exit(0); } $body"
    attack 'an exit' "#include <stdlib.h>
__attribute__((constructor)) static void start(void) { exit(0); } $body"
    attack 'an exit in a test' '#include <stdlib.h>
int f(int x) { exit(0); }
const char *g(int x) { return ""; }'
    attack 'an exit after the failure' "#include <signal.h>
#include <unistd.h>
static void end(int s) { _exit(0); }
__attribute__((constructor)) static void start(void) { signal(SIGABRT, end); } $body"
    attack 'the C library' 'int strcmp(const char *a, const char *b) { return 0; }
int f(int x) { return 4; }
const char *g(int x) { return ""; }'
    attack 'its assertions' "void __assert_fail(const char *a, const char *b, unsigned c, const char *d) { } $body"
    attack 'its main' "#undef main
int main(void) { return 0; } $body"
    attack 'its other main' "int gl_tests_main(void) { return 0; } $body"
    attack 'a forked process' '#include <sys/wait.h>
#include <unistd.h>
int f(int x) { for (int i = 0; i < 9; i++) { if (!fork()) return i; wait(0); } return 0; }
const char *g(int x) { return "4"; }'
    attack 'the tests, where it is compiled' '#include "tests/test_m.c"
int f(int x) { return 4; }
const char *g(int x) { return "4"; }'
    attack 'what it is compiled with' '#include "../greenlight/tests.c"
int f(int x) { return 4; }
const char *g(int x) { return "4"; }'
    run passing
    assert_output honest
}

@test "forging: C and JavaScript functions get one answer a call, whatever else they write" {
    exercise m.c '{"language": "c", "function": "f", "tests": [{"input": 2, "expected": 4}, {"input": 3, "expected": 6}]}'
    honest 'int f(int x) { return x * 2; }'
    attack 'values' '#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void start(void) { for (int i = 0; i < 99; i++) dprintf(3, "{\"kind\":\"start\",\"test\":%d}\n{\"kind\":\"end\",\"test\":%d,\"passed\":true}\n{\"kind\":\"end\",\"test\":%d,\"value\":%d}\n", i & 1, i & 1, i & 1, i); _exit(0); }
int f(int x) { return 0; }'
    attack 'names and ends' '#include <stdio.h>
#include <stdlib.h>
int f(int x) { dprintf(3, "0}\n{\"kind\":\"tests\",\"names\":[\"a\"]}\n{\"kind\":\"exit\",\"code\":0}\n"); exit(0); }'
    attack 'a guess a process' '#include <sys/wait.h>
#include <unistd.h>
int f(int x) { for (int i = 0; i < 9; i++) { if (!fork()) return i; wait(0); } _exit(0); }'
    attack 'a longjmp' '#include <setjmp.h>
static jmp_buf at;
int f(int x) { static int n; if (n++) longjmp(at, 1); setjmp(at); return 0; }'
    attack 'what it is compiled with' '#include <stdio.h>
__asm__(".section .rodata\nin: .incbin \"../greenlight/harness.c\"\n.byte 0\n");
extern const char in[] __asm__("in");
#include <string.h>
#include <stdlib.h>
int f(int x) { const char *e = strstr(in, "expected"); return e ? x * 2 : 0; }'
    run passing
    assert_output honest
    exercise m.js '{"language": "javascript", "function": "f", "tests": [{"input": 2, "expected": 4}, {"input": 3, "expected": 6}]}'
    honest 'const f = (x) => x * 2;'
    attack 'values' 'const fs = require("fs");
for (const test of [0, 1]) for (let value = 0; value < 9; value++)
    fs.writeSync(3, `{"kind":"start","test":${test}}\n{"kind":"end","test":${test},"passed":true}\n{"kind":"end","test":${test},"value":${value}}\n`);
process.exit(0);'
    attack 'JSON of its own' 'JSON.stringify = () => "{\"kind\":\"end\",\"test\":0,\"passed\":true}"; Object.prototype.passed = true; const f = () => ({ toJSON: () => true });'
    attack 'what was asked' 'const fs = require("fs");
let text = "";
for (const name of ["/proc/1/fd/0", "/proc/self/fd/0", "/greenlight/driver.js"]) try { text += fs.readFileSync(name, "utf8"); } catch {}
const f = (x) => (text.includes("\"expected\":") ? x * 2 : 0);'
    run passing
    assert_output honest
}
