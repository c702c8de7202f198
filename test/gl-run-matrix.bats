#!/usr/bin/env bats
# bats file_tags=plain
# gl-run: an exercise of each language and kind, handed in right, half right, crashing, not
# compiling, looping, allocating and forking.

load lib/common
load lib/exercise

# exercise NAME FILE RUNNER: what the rows that follow hand in.
exercise() {
    name=$1 file=$2 runner=$3
}

# row WHAT EXPECTED CODE: EXPECTED is a pattern of status, score and error class.
row() {
    local limit=20000
    case $1 in loops | forks) limit=700 ;; esac
    jq -nc --arg id "$name: $1" --arg path "$file" --arg code "$3" --argjson runner "$runner" --argjson limit "$limit" '
        {atom_id: $id, content_json: {runner: ({entrypoint: $path, time_limit_ms: $limit, memory_limit_mb: 32} + $runner)},
         submission: {files: [{path: $path, content: $code}]}}' >> in
    echo "$2" >> expected
}

# rows RIGHT HALF CRASH SYNTAX LOOP MEMORY FORK: one of each.  Too much memory is told as
# such or fails in the program's own way; how far a fork bomb comes is chance.
rows() {
    row 'right' 'complete 1 null' "$1"
    row 'half right' 'complete 0.5 logic' "$2"
    row 'crashes' 'complete 0 runtime' "$3"
    row 'does not compile' 'complete 0 syntax' "$4"
    row 'loops' 'incomplete 0 timeout' "$5"
    row 'allocates' 'complete 0 (memory|runtime|logic)' "$6"
    row 'forks' '(incomplete 0 timeout|complete 0 (runtime|memory|logic))' "$7"
}

# are_as_expected: every row came out so, and none as an outage.
are_as_expected() {
    local got expected wrong=0
    timeout 300 gl-run -j 2 in > out || true # its status is of all records
    assert_equal "$(wc -l < out)" "$(wc -l < expected)"
    while IFS='|' read -r id got && IFS= read -r expected <&3; do
        [[ $got =~ ^$expected$ ]] || { echo "$id: $got, not $expected"; wrong=1; }
    done < <(jq -r '"\(.atom_id)|\(.status) \(.partial_score) \(.error_class)"' out) 3< expected
    return "$wrong"
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    calls='"tests": [{"input": [2], "expected": 4}, {"input": [3], "expected": 6}]'
    outputs='"tests": [{"input": "2\n", "expected_output": "4\n"}, {"input": "3\n", "expected_output": "6\n"}]'
}

@test "matrix: python, by calls, outputs and scripts" {
    fork='import os
while True: os.fork()'
    exercise 'python calls' m.py "{\"function\": \"f\", $calls}"
    rows 'def f(n): return 2 * n' 'def f(n): return n * n' 'def f(n): return n / 0' 'def f(n) return n' 'def f(n):
    while True: pass' 'def f(n): return len(bytearray(1 << 40))' "$fork"
    exercise 'python script' m.py '{"tests": "assert f(2) == 4\nassert f(3) == 6"}'
    rows 'def f(n): return 2 * n' 'def f(n): return n * n' 'def f(n): return n / 0' 'def f(n) return n' 'def f(n):
    while True: pass' 'def f(n): return len(bytearray(1 << 40))' "$fork"
    exercise 'python outputs' m.py "{$outputs}"
    rows 'print(2 * int(input()))' 'print(int(input()) ** 2)' 'print(1 / 0)' 'print(' 'while True: pass' 'bytearray(1 << 40)' "$fork"
    are_as_expected
}

@test "matrix: javascript, by calls, outputs and scripts" {
    fork='const { spawnSync } = require("child_process");
for (;;) if (spawnSync(process.execPath, [__filename]).error) throw new Error("no more");'
    memory='for (const kept = [];;) kept.push(new Array(1e6).fill({}));'
    exercise 'javascript calls' m.js "{\"function\": \"f\", $calls}"
    rows 'const f = (n) => 2 * n' 'const f = (n) => n * n' 'const f = (n) => n.a.b' 'const f = (n => n' 'const f = (n) => { for (;;); }' "const f = (n) => { $memory }" "$fork"
    exercise 'javascript script' m.js '{"tests": "assert(f(2) === 4)\nassert(f(3) === 6)"}'
    rows 'const f = (n) => 2 * n' 'const f = (n) => n * n' 'const f = (n) => n.a.b' 'const f = (n => n' 'const f = (n) => { for (;;); }' "const f = (n) => { $memory }" "$fork"
    row 'loops while it is loaded' 'incomplete 0 timeout' 'for (;;);'
    sed -i '$s/20000/700/' in
    row 'ends its tests' 'complete 0 runtime' 'process.kill(process.ppid, "SIGKILL"); process.exit(0);'
    exercise 'javascript outputs' m.js "{$outputs}"
    in='require("fs").readFileSync(0, "utf8")'
    rows "console.log(2 * $in)" "console.log(Number($in) ** 2)" 'null.x' 'console.log(' 'for (;;);' "$memory" "$fork"
    are_as_expected
}

@test "matrix: c, by calls, outputs and test programs" {
    fork='#include <unistd.h>
static int forks(void) { for (;;) fork(); }'
    memory='#include <stdlib.h>
#include <string.h>
static int fill(void) { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }'
    exercise 'c calls' m.c "{\"function\": \"f\", $calls}"
    rows 'int f(int n) { return 2 * n; }' 'int f(int n) { return n * n; }' 'int f(int n) { return *(volatile int *)0; }' 'int f(int n) { return y; }' 'int f(int n) { for (;;); }' \
        "$memory int f(int n) { return fill(); }" "$fork int f(int n) { return forks(); }"
    exercise 'c test program' m.c '{"tests": "#include <stdio.h>\nint f(int);\nint main(void) {\n puts(\"1..2\");\n printf(\"%s 1\\n\", f(2) == 4 ? \"ok\" : \"not ok\");\n printf(\"%s 2\\n\", f(3) == 6 ? \"ok\" : \"not ok\");\n return 0; }"}'
    rows 'int f(int n) { return 2 * n; }' 'int f(int n) { return n * n; }' 'int f(int n) { return *(volatile int *)0; }' 'int f(int n) { return y; }' 'int f(int n) { for (;;); }' \
        "$memory int f(int n) { return fill(); }" "$fork int f(int n) { return forks(); }"
    exercise 'c outputs' m.c "{$outputs}"
    in='#include <stdio.h>
static int in(void) { int n; return scanf("%d", &n) == 1 ? n : 0; }'
    rows "$in int main(void) { printf(\"%d\n\", 2 * in()); }" "$in int main(void) { int n = in(); printf(\"%d\n\", n * n); }" 'int main(void) { *(volatile int *)0 = 1; }' 'int main(void) { return y; }' \
        'int main(void) { for (;;); }' "$memory int main(void) { fill(); }" "$fork int main(void) { forks(); }"
    are_as_expected
}

@test "matrix: shell, by calls, outputs, scripts and sessions" {
    loop='while :; do :; done' fork='f2() { f2 | f2 & wait; }; f2; exit 1' memory='x=x; while :; do x=$x$x; done'
    exercise 'shell calls' m.sh "{\"function\": \"f\", $calls}"
    rows 'f() { echo $((2 * $1)); }' 'f() { echo $(($1 * $1)); }' 'f() { kill -SEGV $$; }' 'f() { echo $((2 * $1)); ' "f() { $loop; }" "f() { $memory; }" "f() { $fork; }"
    exercise 'shell script' m.sh '{"tests": "#!/bin/sh\necho 1..2\nfor n in 2 3; do if [ \"$(sh m.sh $n)\" = $((2 * n)) ]; then echo ok; else echo not ok; fi; done"}'
    row 'right' 'complete 1 null' 'echo $((2 * $1))'
    row 'half right' 'complete 0.5 logic' 'echo $(($1 * $1))'
    row 'crashes' 'complete 0 logic' 'kill -SEGV $$'
    row 'does not compile' 'complete 0 logic' 'echo $((2 * $1)'
    row 'loops' 'incomplete 0 timeout' "$loop"
    row 'allocates' 'complete 0 (memory|logic)' "$memory"
    row 'forks' '(incomplete 0 timeout|complete 0 (runtime|memory|logic))' "$fork"
    exercise 'shell outputs' m.sh "{$outputs}"
    rows 'read -r n; echo $((2 * n))' 'read -r n; echo $((n * n))' 'kill -SEGV $$' 'echo $((2 * $1)' "$loop" "$memory" "$fork"
    exercise 'session' m.sh '{"language": "shell", "tests": [{"after": 1, "expected_state": {"cwd": "a"}}, {"after": 2, "expected_state": {"variables": {"N": "4"}}}]}'
    row 'right' 'complete 1 null' 'mkdir a; cd a
export N=4'
    row 'half right' 'complete 0.5 logic' 'mkdir a; cd a
export N=3'
    row 'crashes' 'complete 0 (logic|runtime)' 'kill -SEGV $$'
    row 'does not compile' 'complete 0 (logic|runtime)' 'cd $('
    row 'loops' 'incomplete 0 timeout' "$loop"
    row 'allocates' 'complete 0 (memory|runtime|logic)' "$memory"
    row 'forks' '(incomplete 0 timeout|complete 0 (runtime|memory|logic))' "$fork"
    are_as_expected
}

@test "matrix: sql and predictions" {
    table='create table t (a); insert into t values'
    exercise 'sql calls' m.sql "{\"tests\": [{\"input\": \"$table (2)\", \"expected\": [[4]]}, {\"input\": \"$table (3)\", \"expected\": [[6]]}]}"
    for kind in calls outputs; do
        row 'right' 'complete 1 null' 'select 2 * a from t'
        row 'half right' 'complete 0.5 logic' 'select a * a from t'
        row 'crashes' 'complete 0 runtime' 'select a from none'
        row 'does not compile' 'complete 0 syntax' 'selec a from t'
        row 'loops' 'incomplete 0 timeout' 'with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n'
        row 'allocates' 'complete 0 (memory|runtime)' 'select length(group_concat(hex(zeroblob(1 << 27)))) from t'
        exercise 'sql outputs' m.sql "{\"tests\": [{\"input\": \"$table (2);\", \"expected_output\": \"4\"}, {\"input\": \"$table (3);\", \"expected_output\": \"6\"}]}"
    done
    for language in python shell javascript c sql; do
        case $language in
        python) code='print(2 * 2)' ;; shell) code='echo 4' ;; javascript) code='console.log(4)' ;; sql) code='select 4' ;;
        c) code='#include <stdio.h>
int main(void) { puts("4"); }' ;;
        esac
        for answer in 4 5; do
            jq -nc --arg id "$language prediction: $answer" --arg language "$language" --arg code "$code" --arg answer "$answer" \
                '{atom_id: $id, language: $language, code: $code, submission: {answer: $answer}}' >> in
        done
        printf '%s\n' 'complete 1 null' 'complete 0 logic' >> expected
    done
    are_as_expected
}
