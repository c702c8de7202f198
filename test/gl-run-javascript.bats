#!/usr/bin/env bats
# gl-run: JavaScript test scripts and the learner's code are two processes: what works
# between them as if they were one.  What the code cannot do: gl-run-forge.bats.

load lib/common
load lib/exercise

# script TESTS CODE: runs CODE, main.js, under TESTS.
script() {
    jq -nc --arg tests "$1" --arg code "$2" '{atom_id: "a", content_json: {runner: {language: "javascript", entrypoint: "main.js", tests: $tests}},
        submission: {files: [{path: "main.js", content: $code}]}}' > "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr timeout 60 gl-run "$BATS_TEST_TMPDIR/atom"
}

# failures: the names and messages of the tests that failed.
failures() {
    show '[.test_results[] | select(.passed | not) | [.name, .message]]'
}

@test "javascript: classes, closures, objects with methods and exceptions work in tests" {
    script 'const { LRU, Full, counter } = require("./main");
test("methods", () => { const c = new LRU(2); c.put(1, 2); assert.equal(c.get(1), 2); assert(c instanceof LRU); assert.deepEqual(c.items, new Map([[1, 2]])); assert.equal(c.size, 1); });
test("exceptions", () => {
    assert.throws(() => new LRU(0).put(1, 1), Full); assert.throws(() => new LRU(0).put(1, 1), /full/); assert.throws(() => new LRU(0).put(1, 1), { name: "Full", limit: 0 });
    assert.throws(() => new LRU(0).put(1, 1), RangeError); assert.throws(() => LRU(1), TypeError); });
test("equality", () => { assert.deepStrictEqual(new LRU(1), new LRU(1)); assert.notDeepStrictEqual(new LRU(1), new LRU(2)); });
test("iteration", () => { assert.deepEqual([...new LRU(3)], [0, 1, 2]); assert.deepEqual([...walk([1, 2])], [2, 4]); });
test("state", () => { const c = counter(); c.inc(); assert.equal(c.inc(), 2); c.n = 9; assert.equal(c.inc(), 10); assert.equal(typeof c.none, "undefined"); });
test("wrong", () => assert.strictEqual(new LRU(1).get(1), 2));
test("throws", () => new LRU(1).missing.member);
test("raises", () => new LRU(0).put(1, 1));' 'class Full extends RangeError { constructor(n) { super("it is full"); this.name = "Full"; this.limit = n; } }
class LRU {
    constructor(n) { this.n = n; this.items = new Map(); }
    put(k, v) {
        if (!this.n) throw new Full(0);
        this.items.set(k, v); }
    get(k) { return this.items.get(k); }
    get size() { return this.items.size; }
    *[Symbol.iterator]() { for (let i = 0; i < this.n; i++) yield i; } }
function* walk(list) { for (const one of list) yield one * 2; }
const counter = () => ({ n: 0, inc() { return ++this.n; } });
module.exports = { LRU, Full, counter };'
    assert_equal "$(show '.test_results | map(select(.passed | not) | .name)')" '["wrong","throws","raises"]'
    assert_equal "$(show '.test_results[5] | [.expected, .actual]')" '[2,null]'
    assert_equal "$(show '.test_results[7].message')" '"Full: it is full (main.js, line 5)"'
    assert_regex "$(show .stderr)" 'main.js:5'
}

@test "javascript: arguments change in place, functions are passed on, output is caught" {
    script 'test("in place", () => { const a = [3, 1, 2]; assert.strictEqual(sort(a), a); assert.deepEqual(a, [1, 2, 3]); const g = [[1, 0]], row = g[0]; flip(g); assert.deepEqual(row, [0, 1]); });
test("callbacks", () => { const seen = []; assert.deepEqual(each([1, 2], (x) => { seen.push(x); return x * 2; }), [2, 4]); assert.deepEqual(seen, [1, 2]); });
test("their exceptions", () => { assert.throws(() => each([1], () => { throw new TypeError("mine"); }), /mine/); assert.equal(safe(() => { throw new Error("x"); }), "x"); });
test("functions", () => { assert.equal(twice((x) => x + 1)(1), 3); const once = memo((x) => ({ x })); assert.strictEqual(once(1), once(1)); });
test("objects", () => { const log = { lines: 0, write(t) { this.lines += t.length; } }; use(log); assert.equal(log.lines, 2); });
test("identity", () => { const o = { a: { b: 1 } }, c = shallow(o); assert.notStrictEqual(c, o); assert.strictEqual(c.a, o.a); c.a.b = 2; assert.equal(o.a.b, 2); assert.strictEqual(one(), one()); });
test("output", () => { const kept = console.log, lines = []; console.log = (...w) => lines.push(w); try { hello(); } finally { console.log = kept; } assert.deepEqual(lines, [["hello", 1]]); });
test("values", () => assert.deepStrictEqual(values(), [undefined, -0, NaN, 10n, new Date(0), /a/g, new Set([1]), { a: [null] }, new Uint8Array([1])]));
test("globals", () => { limit = 3; assert.equal(over(4), true); });
test("globals kept", () => assert.equal(JSON.stringify(over(2)), "false"));' 'const sort = (a) => a.sort(), flip = (g) => { g[0].reverse(); };
function each(list, f) { return list.map((one) => f(one)); }
function safe(f) { try { f(); } catch (e) { return e.message; } }
const twice = (f) => (x) => f(f(x));
const memo = (f) => { const m = new Map(); return (x) => { if (!m.has(x)) m.set(x, f(x)); return m.get(x); }; };
function use(log) { log.write("ab"); }
const shallow = (o) => ({ ...o }), only = {}, one = () => only;
function hello() { console.log("hello", 1); }
function values() { return [undefined, -0, NaN, 10n, new Date(0), /a/g, new Set([1]), { a: [null] }, new Uint8Array([1])]; }
let limit = 1;
const over = (n) => n > limit;'
    assert_equal "$(failures)" '[]'
    assert_equal "$(show '[.tests_total, .stdout]')" '[10,""]'
}

@test "javascript: promises, timers and async callbacks go on in both processes" {
    script 'test("promise", async () => { assert.equal(await later(2), 3); assert.deepEqual(await Promise.all([later(1), later(2)]), [2, 3]); });
test("rejection", async () => { await assert.rejects(fail(), /no/); });
test("race", async () => assert.equal(await Promise.race([never(), new Promise((r) => setTimeout(r, 20, "late"))]), "late"));
test("async callback", async () => assert.deepEqual(await mapAsync([1, 2], async (x) => { await new Promise((r) => setTimeout(r, 5)); return x * 2; }), [2, 4]));
test("debounce", async () => { let calls = 0; const f = debounce(() => { calls++; }, 10); f(); f(); await new Promise((r) => setTimeout(r, 200)); assert.equal(calls, 1); });
test("wrong", async () => assert.equal(await later(2), 4));' 'const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
async function later(n) { await sleep(5); return n + 1; }
async function fail() { throw new Error("no"); }
const never = () => new Promise(() => {});
async function mapAsync(list, f) { return Promise.all(list.map((x) => f(x))); }
function debounce(f, ms) { let timer; return () => { clearTimeout(timer); timer = setTimeout(f, ms); }; }'
    assert_equal "$(show '.test_results | map(select(.passed | not) | .name)')" '["wrong"]'
}

@test "javascript: node:test is what test() is, modules are loaded, helpers are the learner's" {
    script 'const { test: check, describe: group } = require("node:test"); const path = require("path");
group("g", () => { check("one", () => assert.equal(f(path.join("a", "b")), "a/b!")); check("two", () => assert.equal(f(1), 1)); });' 'export function f(x) { return x + "!"; }'
    assert_equal "$(show '[.test_results[] | [.name, .passed]]')" '[["g one",true],["g two",false]]'
}

@test "javascript: code that ends the process costs its test, and code that does not load all" {
    script 'test("a", () => f(1)); test("b", () => assert.equal(f(2), 2)); test("c", () => f(3));' 'function f(n) { if (n === 1) process.exit(3); if (n === 3) process.kill(process.pid, "SIGKILL"); return n; }'
    assert_equal "$(show '[.test_results[].passed]')" '[false,true,false]'
    assert_equal "$(show '[.test_results[].message]')" '["the program ended with exit status 3",null,"the program was ended by signal 9"]'
    script 'const g = f(1); test("a", () => assert.equal(g, 1));' 'process.exit(0)'
    assert_equal "$(show '[.status, .correct, .error_class]')" '["complete",false,"runtime"]'
    assert_regex "$(show .feedback)" 'exit status 0 while the code was loaded'
    script 'test("a", () => assert(f));' 'function f( {'
    assert_equal "$(show '[.status, .tests_total, .error_class]')" '["complete",1,"syntax"]'
    script 'test("a", () => f());' 'function f() { for (;;) ; }'
    sed -i 's/"tests"/"time_limit_ms":1000,"tests"/' "$BATS_TEST_TMPDIR/atom"
    run --separate-stderr timeout 60 gl-run "$BATS_TEST_TMPDIR/atom"
    assert_equal "$(show '[.status, .error_class]')" '["incomplete","timeout"]'
}
