# exercises: one of each kind in each language, as {atom, file, right, wrong}: an atom
# that is an object of cortex's, the file that the learner works on, and what becomes it.
#
#     jq -nc -f exercises.jq

# Calls of a function; programs that read and print; a script of tests.
def calls($language; $file): {language: $language, entrypoint: $file, function: "f", tests: [{input: [3], expected: 2}]};
def prints($language; $file): {language: $language, entrypoint: $file, tests: [{input: "3\n", expected_output: "2"}]};
def script($language; $file; $text): {language: $language, entrypoint: $file, tests: $text};

def exercise($kind; $runner; $right; $wrong; $more):
    {atom: ({id: "\($runner.language)-\($kind)", owner: "greenlight", front: "Make 2 of 3.", runner: $runner} + $more),
     file: $runner.entrypoint, $right, $wrong};

# Predicting needs no tests: what is printed comes from running the code.
def predict($language; $code; $right; $wrong):
    exercise("predict"; {$language}; $right; $wrong; {atom_type: "output_prediction", $code});

# The kinds that go by a language's functions: to be written from nothing, and by one
# changed line.
def functions($language; $file; $right; $wrong; $broken):
    exercise("implement"; calls($language; $file); $right; $wrong; {atom_type: "code_submission"}),
    exercise("fix"; calls($language; $file); $right; $wrong; {atom_type: "minimal_fix", starter_code: "\($broken)\n"});

def debug($language; $file; $right; $wrong; $broken):
    exercise("debug"; prints($language; $file); $right; $wrong; {atom_type: "debugging_fix", starter_code: $broken});

def script($language; $file; $text; $right; $wrong):
    exercise("script"; script($language; $file; $text); $right; $wrong; {});

functions("python"; "m.py"; "def f(n): return n - 1"; "def f(n): return n - 2"; "def f(n): return n + 1"),
debug("python"; "m.py"; "print(int(input()) - 1)"; "print(int(input()))"; "print(input() - 1)"),
predict("python"; "print(-3 // 2)"; "-2"; "-1"),
script("python"; "m.py"; "import unittest\nfrom m import f\nclass T(unittest.TestCase):\n    def test_f(self): self.assertEqual(f(3), 2)\n";
    "def f(n): return n - 1"; "def f(n): return n"),

functions("javascript"; "m.js"; "function f(n) { return n - 1 }"; "function f(n) { return n }"; "function f(n) { return n + 1 }"),
debug("javascript"; "m.js"; "console.log(require('fs').readFileSync(0) - 1)"; "console.log(3)"; "console.log(input() - 1)"),
predict("javascript"; "console.log('3' - 1 + '1')"; "21"; "3"),
script("javascript"; "m.js"; "test(\"f\", () => assert.strictEqual(f(3), 2))";
    "function f(n) { return n - 1 }"; "function f(n) { return '2' }"),

functions("c"; "m.c"; "int f(int n) { return n - 1; }"; "int f(int n) { return n; }"; "int f(int n) { return n + 1; }"),
debug("c"; "m.c"; "#include <stdio.h>\nint main(void) { printf(\"%d\\n\", getchar() - '1'); }";
    "#include <stdio.h>\nint main(void) { printf(\"%d\\n\", getchar()); }"; "int main(void) { printf(3 - 1) }"),
predict("c"; "#include <stdio.h>\nint main(void) { printf(\"%d\\n\", -3 / 2); }"; "-1"; "-2"),
script("c"; "m.c"; "#include <assert.h>\nint f(int);\nint main(void) { assert(f(3) == 2); return 0; }\n";
    "int f(int n) { return n - 1; }"; "int f(int n) { return n; }"),

functions("shell"; "m.sh"; "f() { echo $(($1 - 1)); }"; "f() { echo $1; }"; "f() { echo $(($1 + 1)); }"),
debug("shell"; "m.sh"; "read -r n; echo $((n - 1))"; "read -r n; echo $n"; "read -r n; echo $n - 1"),
predict("shell"; "echo $((-3 / 2))"; "-1"; "-2"),
script("shell"; "m.sh"; "#!/bin/sh\n[ \"$(sh m.sh 3)\" = 2 ] || { echo \"not 2\" >&2; exit 1; }\n";
    "echo $(($1 - 1))"; "exit 1"),
exercise("session"; {language: "shell", tests: [{after: 1, expected_state: {cwd: "two"}}]};
    "mkdir two && cd two"; "mkdir two"; {atom_type: "cli_emulator"}),

exercise("implement"; {language: "sql", entrypoint: "m.sql", setup: "create table t (n); insert into t values (3);", tests: [{expected: [[2]]}]};
    "select n - 1 from t;"; "select n from t;"; {}),
exercise("fix"; {language: "sql", entrypoint: "m.sql", tests: [{expected_output: "2"}]};
    "select 3 - 1;"; "select 3;"; {atom_type: "minimal_fix", starter_code: "select 3 + 1;\n"}),
exercise("debug"; {language: "sql", entrypoint: "m.sql", tests: [{input: "create table t (n); insert into t values (3);", expected_output: "2"}]};
    "select n - 1 from t;"; "select n from s;"; {atom_type: "debugging_fix", starter_code: "selec n - 1 from t;"}),
predict("sql"; "select -3 / 2;"; "-1"; "-1.5"),
script("sql"; "m.sql"; "#!/bin/sh\n[ \"$(sqlite3 :memory: < m.sql)\" = 2 ]\n"; "select 3 - 1;"; "select 3;")
