#!/usr/bin/env bats
# gl-run: the languages, and the shapes that tests and submissions have.

load lib/common
load lib/exercise

# atom RUNNER PATH CODE: runs CODE as the learner's file PATH.
atom() {
    jq -nc --argjson runner "$1" --arg path "$2" --arg code "$3" '
        {atom_id: "a", content_json: {runner: $runner}, submission: {files: [{path: $path, content: $code}]}}' > "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/atom"
}

# passed: the outcome of each test.
passed() {
    show '[.test_results[].passed]'
}

# predict ATOM ANSWER: runs a prediction.
predict() {
    jq -nc --argjson content "$1" --argjson answer "$2" '{atom_id: "a", content_json: $content, answer: $answer}' > "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/atom"
}

@test "languages: --languages prints a record for each that is here, with its version" {
    run --separate-stderr gl-run --languages
    assert_success
    assert_equal "$(jq -r .language <<< "$output" | sort | tr '\n' ' ')" 'c javascript python shell sql '
    jq -e '.version | test("^[0-9]+[.][0-9.]+$")' <<< "$output"
    assert_equal "$(jq -r 'select(.language == "python") | .version' <<< "$output")" \
        "$(/usr/bin/python3 -c 'import platform; print(platform.python_version())')"
    run -74 bash -c 'gl-run --languages > /dev/full'
}

@test "javascript: functions are called by position, by name and with one value, async ones too" {
    atom '{"language": "javascript", "entrypoint": "m.js", "function": "f", "tests": [
        {"input": [5, 2], "expected": 3}, {"input": {"b": 2, "a": 9}, "expected": 7}, {"input": {"a": 1, "b": 1}, "expected": 1}]}' \
        m.js 'async function f(a, b) { return a - b; }'
    assert_equal "$(passed)" '[true,true,false]'
    assert_equal "$(show '.test_results[1].name, .test_results[2].actual')" '"f(b=2, a=9)"
0'
    atom '{"language": "node", "entrypoint": "m.js", "tests": [{"input": [1, 2, 3], "expected": 6}, {"input": [], "expected": 0}]}' \
        m.js 'module.exports = (list) => list.reduce((a, b) => a + b, 0)'
    assert_equal "$(passed)" '[true,true]'
    atom '{"language": "js", "entrypoint": "m.js", "function": "f", "tests": [{"input": "x", "expected": {"k": ["x"]}}]}' \
        m.js 'export const f = (x) => ({k: [x]})'
    assert_equal "$(show .correct)" true
}

@test "javascript: syntax errors, exceptions, exits, odd values and endless lists are told apart" {
    local runner='{"language": "javascript", "entrypoint": "m.js", "function": "f", "tests": [
        {"input": 1, "expected": 1}, {"input": 2, "expected": 2}, {"input": 3, "expected": 3}, {"input": 4, "expected": 4}]}'
    atom "$runner" m.js 'function f('
    assert_equal "$(show '[.status, .error_class, .tests_passed]')" '["complete","syntax",0]'
    atom "$runner" m.js 'function f(n) {
        if (n === 1) throw new TypeError("no ones");
        if (n === 2) process.exit(3);
        if (n === 3) return NaN;
        return n }'
    assert_equal "$(passed)" '[false,false,false,true]'
    assert_regex "$(show '.test_results[0].message')" 'TypeError: no ones \(m.js, line 2\)'
    assert_regex "$(show '.test_results[1].message')" 'exit status 3'
    assert_regex "$(show '.test_results[2].message')" 'number that JSON cannot hold'
    atom "$runner" m.js 'function g() {}'
    assert_regex "$(show .feedback)" 'no function f; it defines g'
}

@test "javascript: test scripts, as asserts, as tests and as a whole" {
    atom '{"language": "javascript", "entrypoint": "m.js", "tests": "inline: assert(find([1,2,3],3)===2)"}' \
        m.js 'const find = (list, one) => list.indexOf(one)'
    assert_equal "$(show '[.correct, .tests_total]')" '[true,1]'
    atom '{"language": "javascript", "entrypoint": "m.js", "tests": "describe(\"f\", () => {\n test(\"one\", () => assert.strictEqual(f(1), 3));\n it(\"two\", async () => assert.equal(await f(2), 4));\n})"}' \
        m.js 'function f(x) { return x * 2 }'
    assert_equal "$(show '[.test_results[] | [.name, .passed, .expected, .actual]]')" '[["f one",false,3,2],["f two",true,null,null]]'
    atom '{"language": "javascript", "entrypoint": "m.js", "tests": "test(("}' m.js 'function f(x) { return x * 2 }'
    assert_equal "$(show '[.status, .error.class]')" '["failed","bad_tests"]'
}

@test "c: numbers, text, arrays and lengths are passed, and what comes back compared" {
    atom '{"language": "c", "entrypoint": "bits.c", "function_signature": "int bits(uint32_t x)", "tests": [
        {"input": [240], "expected": 4}, {"input": 4294967295, "expected": 32}, {"input": [0], "expected": 1}]}' bits.c '#include <stdint.h>
int bits(uint32_t x) { int n = 0; for (; x; x >>= 1) n += x & 1; return n; }
int main(void) { return 3; }'
    assert_equal "$(passed)" '[true,true,false]'
    atom '{"language": "c", "entrypoint": "m.c:mean", "tests": [{"input": [[0.1, 0.2], 2], "expected": 0.15}, {"input": {"n": 3, "a": [1, 2, 3]}, "expected": 2}]}' \
        m.c 'double mean(const double *a, int n) { double s = 0; for (int i = 0; i < n; i++) s += a[i]; return s / n; }'
    assert_equal "$(passed)" '[true,true]'
    assert_equal "$(show '.test_results[0].message')" '"equal within a relative difference of 1e-9"'
    atom '{"language": "c", "entrypoint": "m.c", "function": "twice", "tests": [{"input": ["a\"\\ ?\u00e9"], "expected": "a\"\\ ?\u00e9a\"\\ ?\u00e9"}]}' \
        m.c '#include <stdio.h>
const char *twice(const char *s) { static char b[99]; snprintf(b, sizeof b, "%s%s", s, s); return b; }'
    assert_equal "$(passed)" '[true]'
}

@test "c: a function that returns nothing is asked for what it made of its array" {
    atom '{"language": "c", "entrypoint": "m.c", "function": "rev", "tests": [{"input": [[1, 2, 3], 3], "expected": [3, 2, 1]}, {"input": [[], 0], "expected": [0]}]}' \
        m.c 'void rev(int a[], int n) { for (int i = 0; i < n / 2; i++) { int t = a[i]; a[i] = a[n - 1 - i]; a[n - 1 - i] = t; } }'
    assert_equal "$(passed)" '[true,true]'
    atom '{"language": "c", "entrypoint": "m.c", "function": "up", "tests": [{"input": ["abc"], "expected": "ABC"}]}' \
        m.c 'void up(char *s) { for (; *s; s++) *s &= ~32; }'
    assert_equal "$(passed)" '[true]'
}

@test "c: what cannot be passed or expected is told, not guessed" {
    for test in '{"input": [[[1, 2], [3]]], "expected": 6}' '{"input": [[1, 2], [3]], "expected": 6}' '{"input": {"p": {"x": 1}}, "expected": 6}' '{"input": [1], "expected": {"x": 1}}'; do
        atom "{\"language\": \"c\", \"entrypoint\": \"m.c\", \"function\": \"f\", \"tests\": [{\"input\": [[1]], \"expected\": 1}, $test]}" m.c 'int f(int *a) { return 6; }'
        assert_equal "$(show '[.status, .error.class]')" '["failed","unsupported"]'
        assert_regex "$(show .error.message)" 'test 2 has an object or a list in a list.*numbers, texts, booleans'
    done
}

@test "c: what does not compile says where; a crash costs its own test" {
    atom '{"language": "c", "entrypoint": "m.c", "function": "f", "tests": [{"input": [1], "expected": 1}]}' m.c 'int f(int x) { return y; }'
    assert_equal "$(show '[.status, .error_class, .tests_passed, .tests_total]')" '["complete","syntax",0,1]'
    assert_regex "$(show .feedback)" 'does not compile: m.c:1:[0-9]+: error: .y. undeclared'
    atom '{"language": "c", "entrypoint": "m.c", "function": "f", "tests": [{"input": 0, "expected": 0}, {"input": 1, "expected": 1}, {"input": 2, "expected": 2}]}' \
        m.c 'int f(int x) { if (x == 1) *(volatile int *)0 = 1; return x; }'
    assert_equal "$(passed)" '[true,false,true]'
    assert_regex "$(show '.test_results[1].message')" 'signal 11'
}

@test "c: a test file is compiled in, and code that ends the program before it has not passed" {
    local runner='{"language": "c", "entrypoint": "src/m.c", "tests": "tests/test_m.c", "files": [
        {"path": "src/m.h", "content": "int f(int);"},
        {"path": "tests/test_m.c", "content": "#include <assert.h>\n#include \"../src/m.h\"\nint main(void) { assert(f(1) == 2); return 0; }"}]}'
    atom "$runner" src/m.c 'int f(int x) { return x + 1; }'
    assert_equal "$(show '[.correct, .test_results[0].name]')" '[true,"tests/test_m.c"]'
    atom "$runner" src/m.c 'int f(int x) { return x; }'
    assert_equal "$(show '[.correct, .error_class]')" '[false,"logic"]'
    assert_regex "$(show '.test_results[0].message')" 'f\(1\) == 2'
    atom "$runner" src/m.c '#include <stdlib.h>
int f(int x) { exit(0); }'
    assert_equal "$(show '[.correct, .error_class]')" '[false,"runtime"]'
    assert_regex "$(show '.test_results[0].message')" 'did not come to their end'
}

@test "shell: functions get words and variables, and what they print is compared as text or as JSON" {
    atom '{"language": "shell", "entrypoint": "m.sh", "function": "f", "tests": [
        {"input": ["a b", "c"], "expected": "c a b"}, {"input": {"X": "v"}, "expected": "v"}, {"input": [3, 4], "expected": 7}, {"input": ["x"], "expected": "y"}]}' \
        m.sh 'f() { case $1 in 3) echo $(($1 + $2)) ;; "") echo "$X" ;; *) echo "$2 $1" ;; esac; }'
    assert_equal "$(passed)" '[true,true,true,false]'
    atom '{"language": "bash", "entrypoint": "m.sh", "function": "f", "tests": [{"input": [], "expected": ""}]}' m.sh 'g() { :; }'
    assert_equal "$(show '[.correct, .error_class]')" '[false,"runtime"]'
    assert_regex "$(show '.test_results[0].message')" 'f: command not found'
}

@test "sql: rows are compared by name or in order, after the input and by the test's query" {
    local setup='create table t (a, b); insert into t values (1, 2), (3, 4);'
    atom "$(jq -nc --arg setup "$setup" '{language: "sql", entrypoint: "q.sql", setup: $setup, tests: [
        {expected: [{a: 1, b: 2}, {a: 3, b: 4}]}, {input: "delete from t", expected: []},
        {expected: [[1, 2], [3, 4]]}, {query: "select count(*) from t", expected: [[2]]}, {expected: [[1, 2]]}]}')" \
        q.sql 'select * from t order by a'
    assert_equal "$(passed)" '[true,true,true,true,false]'
    atom '{"language": "sql", "entrypoint": "q.sql", "tests": [{"expected": []}]}' q.sql 'selec 1;'
    assert_equal "$(show '[.status, .error_class]')" '["complete","syntax"]'
    assert_regex "$(show .stderr)" 'near line 1'
}

@test "outputs: a program in each language reads its input and is compared, trailing blanks ignored" {
    local tests='"tests": [{"input": "3 4\n", "expected_output": "7"}, {"input": "1 1", "expected_output": "3\n"}]'
    atom "{\"language\": \"python\", \"entrypoint\": \"m.py\", $tests}" m.py 'print(sum(map(int, input().split())))'
    assert_equal "$(passed)" '[true,false]'
    assert_equal "$(show '.test_results | [.[0].name, .[0].message, .[1].message, .[1].actual]')" \
        '["m.py < \"3 4\\n\"",null,"wrong output, different in line 1","2\n"]'
    atom "{\"language\": \"shell\", \"entrypoint\": \"m.sh\", $tests}" m.sh 'read -r a b; echo $((a + b))'
    assert_equal "$(passed)" '[true,false]'
    atom "{\"language\": \"javascript\", \"entrypoint\": \"m.js\", $tests}" m.js \
        'const [a, b] = require("fs").readFileSync(0, "utf8").split(" ").map(Number); console.log(a + b)'
    assert_equal "$(passed)" '[true,false]'
    atom "{\"language\": \"c\", \"entrypoint\": \"m.c\", $tests}" m.c '#include <stdio.h>
int main(void) { int a, b; scanf("%d%d", &a, &b); printf("%d  \n", a + b); }'
    assert_equal "$(passed)" '[true,false]'
    assert_equal "$(show '.test_results[0].message')" '"equal but for trailing blanks"'
    atom '{"language": "sql", "entrypoint": "q.sql", "tests": [{"expected_output": "1|2"}]}' q.sql 'select 1, 2'
    assert_equal "$(passed)" '[true]'
}

@test "outputs: arguments and exit statuses count" {
    atom '{"language": "shell", "entrypoint": "m.sh", "tests": [
        {"args": ["-n", 5], "expected_output": "-n 5"}, {"expected_output": ""}, {"expected_output": "", "expected_status": 3}]}' \
        m.sh '[ $# -gt 0 ] || exit 3; printf "%s %s\n" "$@"'
    assert_equal "$(passed)" '[true,false,true]'
    assert_equal "$(show '[.test_results[0].name, .test_results[1].message]')" '["m.sh \"-n\" 5","the program ended with exit status 3"]'
}

@test "outputs: a time limit ends the list, and what ended before counts" {
    atom '{"language": "shell", "entrypoint": "m.sh", "time_limit_ms": 3000, "tests": [
        {"input": "a", "expected_output": "a"}, {"input": "b", "expected_output": "b"}, {"input": "c", "expected_output": "c"}]}' \
        m.sh 'read -r x; while [ "$x" = b ]; do :; done; echo "$x"'
    assert_equal "$(show '[.status, .error_class, .tests_passed, .tests_total]')" '["incomplete","timeout",1,3]'
}

@test "scripts: a shell script's exit status is a test, and its TAP is one for each point" {
    local runner='{"language": "shell", "entrypoint": "m.sh", "tests": "#!/bin/sh\nout=$(sh m.sh 2)\n[ \"$out\" = 4 ] || { echo \"got $out\" >&2; exit 1; }"}'
    atom "$runner" m.sh 'echo $(($1 * 2))'
    assert_equal "$(passed)" '[true]'
    atom "$runner" m.sh 'echo $(($1 * 3))'
    assert_equal "$(show '[.error_class, .test_results[0].message]')" '["logic","exit status 1: got 6"]'
    atom '{"language": "python", "entrypoint": "m.py", "tests": ["tests/run.sh"], "files": [{"path": "tests/run.sh",
        "content": "echo 1..4\necho ok 1 - first\n[ \"$(python3 m.py)\" = 5 ] && echo ok 2 five || echo \"not ok 2 five\n# no five\"\necho ok 3 later \\# skip soon"}]}' m.py 'print(6)'
    assert_equal "$(show '[.test_results[] | [.name, .passed, .message]]')" \
        '[["first",true,null],["five",false,"no five"],["later",true,null],["test 4",false,"planned, but not run"]]'
}

@test "scripts: test_command runs with the exercise's makefile and tests, whatever the learner hands in" {
    jq -nc '{atom_id: "a", content_json: {runner: {language: "c", entrypoint: "m.c"}, test_command: "make -s test",
                files: [{path: "Makefile", content: "test: m\n\t./m | grep -q hello\n"}]},
             submission: {files: [{path: "m.c", content: "#include <stdio.h>\nint main(void) { puts(\"bye\"); }"},
                                  {path: "Makefile", content: "test:\n\ttrue\n"}]}}' > "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/atom"
    assert_equal "$(show '[.status, .correct, .test_results[0].name]')" '["complete",false,"make -s test"]'
    sed -i 's/bye/hello/' "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/atom"
    assert_equal "$(show .correct)" true
}

@test "predictions: the answer is compared with what the atom says, or with what its code prints" {
    predict '{"code": "x", "expected_output": "-3"}' '"-3\n"'
    assert_equal "$(show '[.status, .correct, .test_results[0].name]')" '["complete",true,"output"]'
    predict '{"code": "x", "expected_output": "-3"}' -4
    assert_equal "$(show '[.correct, .error_class, .test_results[0].expected, .test_results[0].actual]')" '[false,"logic","-3","-4"]'
    predict '{"language": "c", "code": "#include <stdio.h>\nint main(void) { printf(\"%d\\n\", -7 / 2); }"}' '"-3"'
    assert_equal "$(show .correct)" true
    predict '{"language": "python", "code": "print(-7 // 2)"}' '"-3"'
    assert_equal "$(show '[.correct, .test_results[0].expected]')" '[false,"-4\n"]'
    predict '{"language": "python"}' '"-3"'
    assert_equal "$(show '[.status, .error.class]')" '["failed","no_tests"]'
}

@test "sessions: the state after each command is compared: folder, status, output, files, variables" {
    jq -nc '{atom_id: "a", content_json: {language: "shell", setup: "mkdir project", tests: [
            {after: 1, expected_state: {cwd: "project"}}, {after: 2, expected_state: {output: "hi", status: 0}},
            {after: 3, expected_state: {files: {"project/n.txt": "hi\n", none: null, project: true}}},
            {after: 4, expected_state: {variables: {X: "2"}}}, {name: "fails", after: 5, expected_state: {status: 1}}]},
        submission: {commands: ["cd project", "echo hi", "echo hi > n.txt", "export X=3", "false"]}}' > "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/atom"
    assert_equal "$(passed)" '[true,true,true,false,true]'
    assert_equal "$(show '.test_results[3] | [.name, .message, .actual.variables.X]')" '["state 4","wrong result, different at .variables.X","3"]'
    jq -c '.submission = {files: [{path: "s.sh", content: "cd project\necho hi\necho hi > n.txt\nX=2\nfalse\n"}]}' "$BATS_TEST_TMPDIR/atom" > "$BATS_TEST_TMPDIR/file"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/file"
    assert_equal "$(passed)" '[true,true,true,true,true]'
}

@test "patches: one is applied to the starter code and the exercise's files, or told why not" {
    local base='{atom_id: "a", content_json: {runner: {language: "python", entrypoint: "m.py", function: "f", tests: [{input: [1], expected: 2}]},
        starter_code: "def f(x):\n    return x\n"}, submission: {patch: $patch}}'
    jq -nc --arg patch $'--- a/m.py\n+++ b/m.py\n@@ -1,2 +1,2 @@\n def f(x):\n-    return x\n+    return x + 1\n' "$base" > "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/atom"
    assert_equal "$(show .correct)" true
    jq -nc --arg patch $'--- a/m.py\n+++ b/m.py\n@@ -1,2 +1,2 @@\n def f(x):\n-    return y\n+    return x + 1\n' "$base" > "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/atom"
    assert_equal "$status" 65
    assert_equal "$(show '[.status, .error.class]')" '["rejected","bad_patch"]'
    assert_regex "$(show .error.message)" 'hunk 1 of .*m.py.* does not fit'
}

@test "lists: elements that say nothing, or something else, are an exercise that cannot be run" {
    atom '{"language": "python", "entrypoint": "m.py", "tests": [{"input": 1, "expected": 1}, {"input": 1, "expected_output": ""}]}' m.py 'def f(): pass'
    assert_equal "$(show '[.status, .error.class]')" '["failed","bad_tests"]'
    assert_regex "$(show .error.message)" 'test 2 says'
    atom '{"language": "python", "entrypoint": "m.py", "tests": [{"expected_state": {}}]}' m.py 'def f(): pass'
    assert_equal "$(show '[.status, .error.class]')" '["failed","unsupported"]'
}
