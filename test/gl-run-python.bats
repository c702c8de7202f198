#!/usr/bin/env bats
# gl-run: Python exercises: which function is called and how, what counts as
# equal, and tests given as scripts.

load lib/common
load lib/exercise

@test "python: the function is found by runner.function, entrypoint, signature, or as the public one" {
    local code='def _helper(x): return x
def f(): return 1'
    run_code "$code
def g(): return 2"
    assert_equal "$(show '[.correct, .test_results[0].name]')" '[true,"f()"]'
    run_code "$code
def g(): return 2" '{"function": null, "entrypoint": "main.py:f"}'
    assert_equal "$(show '[.correct, .test_results[0].name]')" '[true,"f()"]'
    for signature in 'def f() -> int' 'f ()' 'int f(void)'; do
        run_code "$code
def g(): return 2" "{\"function\": null, \"function_signature\": \"$signature\"}"
        assert_equal "$(show '[.correct, .test_results[0].name]')" '[true,"f()"]'
    done
    run_code "$code" '{"function": null}'
    assert_equal "$(show '[.correct, .test_results[0].name]')" '[true,"f()"]'
}

@test "python: of several public functions the one called like the file counts, and main does not" {
    run_code 'def helper(): return 2
def main(): return 1' '{"function": null}'
    assert_equal "$(show '[.correct, .test_results[0].name]')" '[true,"main()"]'
    run_code 'def f(): return 1
if __name__ == "__main__":
    raise SystemExit' '{"function": null}'
    assert_equal "$(show .correct)" true
    run_code 'def one(): return 1
def two(): return 1' '{"function": null}'
    assert_equal "$(show '[.status, .error.class, .correct]')" '["failed","no_function",null]'
    assert_regex "$(show .error.message)" 'one, two'
}

@test "python: a function that is not there costs the tests, and what is there is named" {
    run_code 'def g(): return 1'
    assert_equal "$(show '[.status, .error_class, .tests_passed, .tests_total]')" '["complete","runtime",0,1]'
    assert_regex "$(show '.test_results[0].message')" 'no function f; it defines g'
}

@test "python: an object is passed by name, a list by position, anything else as one value" {
    run_code 'def f(a, b=2): return [a, b]' '{"tests": [
        {"input": {"b": 1, "a": 9}, "expected": [9, 1]}, {"input": [3, 4], "expected": [3, 4]}, {"input": [5], "expected": [5, 2]},
        {"input": "x", "expected": ["x", 2]}, {"input": null, "expected": [null, 2]}]}'
    assert_equal "$(show '[.test_results[] | [.name, .passed]]')" \
        '[["f(b=1, a=9)",true],["f(3, 4)",true],["f(5)",true],["f(\"x\")",true],["f(null)",true]]'
}

@test "python: parameters may have other names, where their number fits" {
    run_code 'def f(m): return m' '{"tests": [{"input": {"mask": "x"}, "expected": "x"}]}'
    assert_equal "$(show '[.correct, .test_results[0].name]')" '[true,"f(mask=\"x\")"]'
    run_code 'def f(x, y): return x - y' '{"tests": [{"input": {"a": 5, "b": 2}, "expected": 3}]}'
    assert_equal "$(show .correct)" true
    run_code 'def f(b, x): return 0' '{"tests": [{"input": {"a": 5, "b": 2}, "expected": 0}]}'
    assert_equal "$(show '[.correct, .error_class]')" '[false,"runtime"]'
}

@test "python: a function of one parameter gets a whole object or list where the tests show that it takes one" {
    run_code 'def f(counts): return sum(counts.values())' \
        '{"tests": [{"input": {"a": 1, "b": 2}, "expected": 3}, {"input": {"c": 4}, "expected": 4}]}'
    assert_equal "$(show '[.correct, .test_results[0].name]')" '[true,"f({\"a\":1,\"b\":2})"]'
    run_code 'def f(numbers): return sum(numbers)' \
        '{"tests": [{"input": [1, 2, 3], "expected": 6}, {"input": [7], "expected": 7}, {"input": [], "expected": 0}]}'
    assert_equal "$(show '[.correct, .test_results[1].name]')" '[true,"f([7])"]'
    run_code 'def f(*numbers): return len(numbers)' '{"tests": [{"input": [1, 2, 3], "expected": 3}]}'
    assert_equal "$(show .correct)" true
}

@test "python: integers are exact at any size, floats are near, tuples are lists" {
    # jq would round the integers, so the request is put together here.
    printf '%s\n' '{"atom_id":"a","runner":{"language":"python","entrypoint":"main.py","tests":[
        {"input":[9223372036854775807],"expected":9223372036854775807},
        {"input":[9223372036854775806],"expected":9223372036854775807},
        {"input":[123456789012345678901234567890],"expected":123456789012345678901234567890},
        {"input":[{"a":[1,2]}],"expected":{"a":[1,2]}}]},
        "submission":{"files":[{"path":"main.py","content":"def f(x): return x"}]}}' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_output --partial '"expected":9223372036854775807,"actual":9223372036854775807}'
    assert_output --partial '"expected":9223372036854775807,"actual":9223372036854775806}'
    assert_output --partial '"actual":123456789012345678901234567890}'
    assert_equal "$(show '[.test_results[].passed]')" '[true,false,true,true]'
    run_code 'def f(): return (0.1 + 0.2, {"k": (1,)})' '{"tests": [{"input": [], "expected": [0.3, {"k": [1]}]}]}'
    assert_equal "$(show '[.correct, .test_results[0].actual[0]]')" '[true,0.30000000000000004]'
    run_code 'def f(): return 0.31' '{"tests": [{"input": [], "expected": 0.3}]}'
    assert_equal "$(show '[.correct, .error_class]')" '[false,"logic"]'
    run_code 'def f(): return 10 ** 5000'
    assert_equal "$(show '[.status, .error_class, .correct]')" '["complete","logic",false]'
}

@test "python: what is no JSON value is a wrong answer that says what it is" {
    run_code 'def f(n):
    loop = []; loop.append(loop)
    return [float("nan"), {1, 2}, b"x", loop, (i for i in ()), object][n]' '{"tests": [
        {"input": 0, "expected": 0}, {"input": 1, "expected": [1, 2]}, {"input": 2, "expected": "x"},
        {"input": 3, "expected": []}, {"input": 4, "expected": []}, {"input": 5, "expected": null}]}'
    assert_equal "$(show '[.status, .error_class, .tests_passed]')" '["complete","logic",0]'
    assert_regex "$(show '.test_results[0].message')" 'number that JSON cannot hold'
    assert_equal "$(show '.test_results[1].actual')" '"{1, 2}"'
    assert_regex "$(show '.test_results[1].message')" 'no JSON value.*set'
    assert_regex "$(show '.test_results[3].message')" 'contains itself'
}

@test "python: where a result differs is said by its path" {
    run_code 'def f(): return {"rows": [{"id": 1}, {"id": 3}]}' \
        '{"tests": [{"input": [], "expected": {"rows": [{"id": 1}, {"id": 2}]}}]}'
    assert_regex "$(show '.test_results[0].message')" 'at .rows\[1\].id'
}

@test "python: a syntax error fails every test and says the line" {
    run_code 'def f():
    return (1' '{"tests": [{"input": [], "expected": 1}, {"input": [], "expected": 1}]}'
    assert_equal "$(show '[.status, .error_class, .tests_passed, .tests_total]')" '["complete","syntax",0,2]'
    assert_regex "$(show '.test_results[1].message')" 'SyntaxError.*main.py, line 2'
    run_code 'def f():
return 1'
    assert_regex "$(show '.feedback')" 'IndentationError.*main.py, line 2'
}

@test "python: an error while the file is loaded fails every test, with the traceback on stderr" {
    run_code 'import numbers_that_are_not_there
def f(): return 1'
    assert_equal "$(show '[.status, .error_class]')" '["complete","runtime"]'
    assert_regex "$(show '.test_results[0].message')" 'ModuleNotFoundError.*main.py, line 1'
    assert_regex "$(show .stderr)" 'Traceback'
    refute_regex "$(show .stderr)" 'driver.py'
    run_code 'import os
os._exit(4)'
    assert_regex "$(show '.test_results[0].message')" 'exit status 4 while the code was loaded'
    run_code 'while True: pass' '{"time_limit_ms": 300}'
    assert_equal "$(show '[.status, .error_class]')" '["incomplete","timeout"]'
}

@test "python: the other files handed in and given can be imported" {
    request 'from parts.half import half
import given
def f(): return half(given.TWO)' '{"files": [{"path": "given.py", "content": "TWO = 2"}, {"path": "main.py", "content": "raise 1"}]}' |
        jq -c '.submission.files += [{path: "parts/half.py", content: "def half(n): return n // 2"}]' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$(show '[.correct, .stderr]')" '[true,""]'
}

@test "python: content_json may be a text, and the runner flat" {
    request 'def f(): return 1' | jq -c '.content_json |= (.runner | tojson)' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$(show .correct)" true
    request 'def f(): return 1' | jq -c '.content_json |= (.runner | "{\n \"runner\":\n" + tojson + "}")' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$(show .correct)" true
    assert_equal "$(wc -l <<< "$output")" 1
}

@test "python: a file under another name is run where it is the only one, with a warning" {
    request 'def f(): return 1' | jq -c '.submission.files[0].path = "mine.py"' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$(show '[.correct, .warnings[0]]')" '[true,"the submission lacks main.py; mine.py is run"]'
    request 'def f(): return 1' | jq -c '.submission.files[0].path = "mine.txt"' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$(show '[.status, .error.class]')" '["rejected","no_entrypoint"]'
}

# script TEXT [CODE]: runs CODE under a script.
script() {
    run_code "${2:-def f(n): return n * 2 if n < 5 else 0}" "$(jq -n --arg text "$1" '{tests: $text}')"
}

@test "scripts: a line for each test function, with both sides of a failed comparison" {
    script 'from main import f

def test_small():
    assert f(2) == 4

def test_large():
    assert f(6) == 12

def test_message():
    assert f(6) > 0, "six is not doubled"

def test_plain():
    assert not f(1)'
    assert_equal "$(show '[.status, .error_class, .tests_passed, .tests_total]')" '["complete","logic",1,4]'
    assert_equal "$(show '[.test_results[] | [.name, .passed, .expected, .actual]]')" \
        '[["test_small",true,null,null],["test_large",false,12,0],["test_message",false,null,null],["test_plain",false,null,null]]'
    assert_equal "$(show '.test_results[2:][].message')" '"six is not doubled"
"assert not f(1)"'
}

@test "scripts: plain asserts are a test each, and need no import" {
    script 'inline: assert f(1) == 2
n = 3
assert f(n) == 6
assert f(9) == 18'
    assert_equal "$(show '[.test_results[] | [.name, .passed]]')" '[["f(1) == 2",true],["f(n) == 6",true],["f(9) == 18",false]]'
}

@test "scripts: unittest classes and plain test classes run, with their set-up" {
    script 'import unittest
from main import f

class TestDouble(unittest.TestCase):
    def setUp(self): self.n = 2
    def test_right(self): self.assertEqual(f(self.n), 4)
    def test_wrong(self): self.assertEqual(f(6), 12)
    def test_raises(self):
        with self.assertRaises(TypeError): f(None)

class TestMore:
    def setup_method(self): self.n = 4
    def test_four(self): assert f(self.n) == 8'
    assert_equal "$(show '[.test_results[] | [.name, .passed]]')" \
        '[["TestDouble.test_right",true],["TestDouble.test_wrong",false],["TestDouble.test_raises",true],["TestMore.test_four",true]]'
    assert_regex "$(show '.test_results[1].message')" '0 != 12'
}

@test "scripts: a crash in one test costs no other, and prints come out" {
    script 'import os, sys
def test_one(): assert f(1) == 2
def test_exit(): os._exit(3)
def test_stop(): sys.exit()
def test_last(): assert f(2) == 4; print("last")'
    assert_equal "$(show '[.test_results[].passed]')" '[true,false,false,true]'
    assert_equal "$(show .stdout)" '"last\n"'
}

@test "scripts: a learner's syntax error fails all; an error in the script itself is nobody's grade" {
    script 'def test_a(): assert f(1) == 2
def test_b(): pass' 'def f(:'
    assert_equal "$(show '[.error_class, .tests_passed, .tests_total]')" '["syntax",0,2]'
    script 'def test_a(: pass'
    assert_equal "$(show '[.status, .error.class, .correct]')" '["failed","bad_tests",null]'
    script 'import pytest
def test_a(): pass'
    assert_equal "$(show '[.status, .error.class, .correct]')" '["failed","unsupported",null]'
    assert_regex "$(show .error.message)" 'pytest'
    script 'def test_a(tmp_path): pass'
    assert_equal "$(show '[.status, .error.class]')" '["failed","unsupported"]'
}

@test "scripts: what the learner did not define fails the tests" {
    script 'from main import f, g
def test_a(): assert f(1) == 2'
    assert_equal "$(show '[.status, .error_class, .tests_passed, .tests_total]')" '["complete","runtime",0,1]'
    assert_regex "$(show '.test_results[0].message')" "cannot import name 'g'"
}

@test "scripts: given as files they come from the atom, not from the learner" {
    request 'def f(): return 1' '{"tests": ["tests/test_a.py", "tests/test_b.py"], "files": [
        {"path": "tests/test_a.py", "content": "from main import f\ndef test_x(): assert f() == 1"},
        {"path": "tests/test_b.py", "content": "from main import f\ndef test_y(): assert f() == 2"}]}' |
        jq -c '.submission.files += [{path: "tests/test_b.py", content: "def test_y(): pass"}]' > "$BATS_TEST_TMPDIR/in"
    run --separate-stderr gl-run "$BATS_TEST_TMPDIR/in"
    assert_equal "$(show '[.test_results[] | [.name, .passed]]')" \
        '[["tests/test_a.py: test_x",true],["tests/test_b.py: test_y",false]]'
}

@test "scripts: one without tests or asserts passes when it ends well" {
    script 'if f(2) != 4: raise SystemExit(1)'
    assert_equal "$(show '[.correct, .tests_total]')" '[true,1]'
    script 'if f(9) != 18: raise ValueError("not doubled")'
    assert_equal "$(show '[.correct, .error_class]')" '[false,"runtime"]'
}
