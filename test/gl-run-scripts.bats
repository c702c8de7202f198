#!/usr/bin/env bats
# gl-run: Python test scripts and the learner's code are two processes: what works
# between them as if they were one, and what the code cannot do to its tests.

load lib/common
load lib/exercise

# script TESTS CODE: runs CODE, main.py, under TESTS.
script() {
    run_code "$2" "$(jq -n --arg text "$1" '{tests: $text}')"
}

# failures: the names and messages of the tests that failed.
failures() {
    show '[.test_results[] | select(.passed | not) | [.name, .message]]'
}

@test "two processes: classes, their operators, attributes and exceptions work in tests" {
    script 'from main import LRU, Full
import unittest
class T(unittest.TestCase):
    def test_methods(self):
        c = LRU(2); c.put(1, 2)
        self.assertEqual(c.get(1), 2); self.assertEqual(len(c), 1); self.assertIn(1, c); self.assertIsInstance(c, LRU)
        self.assertEqual(c.items, {1: 2})
    def test_exceptions(self):
        with self.assertRaises(Full) as caught: LRU(0).put(1, 1)
        self.assertEqual(caught.exception.size, 0)
        self.assertTrue(issubclass(Full, ValueError))
    def test_equality(self):
        self.assertEqual(LRU(1), LRU(1)); self.assertNotEqual(LRU(1), LRU(2)); self.assertEqual([k for k in LRU(3)], [3])
    def test_wrong(self): self.assertEqual(LRU(1).get(1), 2)' 'class Full(ValueError):
    def __init__(self, n): super().__init__("full"); self.size = n
class LRU:
    def __init__(self, n): self.n = n; self.items = {}
    def put(self, k, v):
        if not self.n: raise Full(0)
        self.items[k] = v
    def get(self, k): return self.items[k]
    def __len__(self): return len(self.items)
    def __contains__(self, k): return k in self.items
    def __eq__(self, other): return self.n == other.n
    def __iter__(self): yield self.n'
    assert_equal "$(failures)" '[["T.test_wrong","KeyError: 1 (main.py, line 8)"]]'
    assert_regex "$(show .stderr)" 'line 8, in get'
}

@test "two processes: lists are changed in place, functions passed on, output and input caught" {
    script 'import io, contextlib, asyncio
from collections import Counter
from unittest.mock import patch, Mock
import main as m
def test_sort():
    x = [3, 1, 2]; m.sort(x); assert x == [1, 2, 3]
    g = [[1, 0]]; m.flip(g); assert g == [[0, 1]]
    assert m.same(x) is x
def test_map():
    assert m.apply(lambda v: v * 2, [1, 2]) == [2, 4]
    called = Mock(return_value=5); assert m.apply(called, [1]) == [5]; called.assert_called_once_with(1)
def test_generator():
    assert list(m.gen(3)) == [0, 1, 2]; it = m.gen(1); next(it)
    try: next(it); assert False
    except StopIteration: pass
def test_print():
    out = io.StringIO()
    with contextlib.redirect_stdout(out): m.hello()
    assert out.getvalue() == "hello\n"
def test_input():
    with patch("builtins.input", return_value="7"): assert m.ask() == 8
def test_async(): assert asyncio.run(m.later(2)) == 4
def test_named_tuple():
    p = m.point(); assert p.x == 1 and p[1] == 2 and p == (1, 2) and not p == (1, 3)
def test_set(): m.LIMIT = 9; assert m.limit() == 9
def test_decorator():
    @m.twice
    def f(x): return x + 1
    assert f(1) == 4
def test_with():
    with m.Context() as c: assert c == 1
def test_counter(): assert m.count("aab") == {"a": 2, "b": 1} == Counter("aab")
def test_no_input():
    try: m.ask(); assert False
    except EOFError: pass' 'import collections
LIMIT = 1
def sort(x): x.sort()
def flip(g): g[0].reverse()
def same(x): return x
def apply(f, xs): return [f(x) for x in xs]
def gen(n): yield from range(n)
def hello(): print("hello")
def ask(): return int(input("n? ")) + 1
async def later(n): return n * 2
Point = collections.namedtuple("Point", "x y")
def point(): return Point(1, 2)
def limit(): return LIMIT
def twice(f): return lambda x: f(f(x)) + 1
class Context:
    def __enter__(self): return 1
    def __exit__(self, *a): pass
def count(s): return collections.Counter(s)'
    assert_equal "$(failures)" '[]'
    assert_equal "$(show .tests_total)" 12
}

@test "two processes: the code can neither look into the tests nor answer for them" {
    script 'def test_a(): assert f(2) == 4
def test_b(): assert f(3) == 6' 'import gc, os, sys
try: os.write(3, b"{\"kind\":\"tests\",\"names\":[\"x\"]}\n{\"kind\":\"start\",\"test\":0}\n{\"kind\":\"end\",\"test\":0,\"passed\":true}\n")
except OSError: print("no results")
for path in ("mem", "fd", "environ", "maps", "root"):
    try: os.listdir("/proc/%d/%s" % (os.getppid(), path)) if path in ("fd", "root") else open("/proc/%d/%s" % (os.getppid(), path)).read(1); print("read", path)
    except OSError: pass
needle = "f(%d)" % 2
if any(needle in repr(one) for one in gc.get_objects() if isinstance(one, (dict, list, bytes)) and one is not globals()): print("found")
sys.modules["__main__"].check_equal = lambda *a: None
class f:
    def __new__(cls, n): return object.__new__(cls)
    def __eq__(self, o): return True
    def __ne__(self, o): return False'
    assert_equal "$(show '[.status, .tests_passed, .tests_total]')" '["complete",0,2]'
    assert_equal "$(show .stdout)" '"no results\n"'
}

@test "two processes: what the tests lend can be called, not taken apart" {
    script 'def test_a(): assert f(lambda: "lent") == ["lent", "no", "no", "no", "no", "no"]' 'def f(lent):
    got = [lent()]
    for name in ("__globals__", "gi_frame", "f_globals", "__code__", "__self__"):
        try: got.append(getattr(lent, name))
        except AttributeError: got.append("no")
    return got'
    assert_equal "$(failures)" '[]'
}

@test "two processes: one that ends the code, or the tests, costs the test and is told" {
    script 'def test_a(): assert f(2) == 4
def test_b(): assert g() == 1' 'import os
def f(n): os._exit(0)
def g(): return 1'
    assert_equal "$(failures)" '[["test_a","the program ended with exit status 0"]]'
    script 'def test_a(): assert f(2) == 4' 'import os
os._exit(0)'
    assert_regex "$(failures)" 'while the code was loaded'
    script 'def test_a(): assert f(2) == 4' 'import os
def f(n): os.kill(os.getppid(), 9); return 4'
    assert_equal "$(show '[.status, .correct, .error_class]')" '["complete",false,"runtime"]'
    script 'def test_a(): assert f(2) == 4' 'kept = []
def f(n):
    while True: kept.append(bytearray(1 << 20))'
    assert_equal "$(show '[.status, .correct, .error_class]')" '["complete",false,"memory"]'
}

@test "shell scripts: the code can neither read the script nor write its result" {
    run_code 'import os
parent = os.getppid()
for path in ("mem", "fd/3", "fd/0", "environ"):
    for mode in ("rb", "wb"):
        try: open("/proc/%d/%s" % (parent, path), mode); print("opened", path)
        except OSError: pass
print(open("/proc/%d/cmdline" % parent).read().count("sesame"))' '{"tests": "#!/bin/sh\npython3 main.py; [ x = sesame ]"}'
    assert_equal "$(show '[.status, .correct, .stdout]')" '["complete",false,"0\n"]'
}
