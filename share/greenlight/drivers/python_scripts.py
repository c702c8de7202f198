

# Test scripts: what asserts, test functions and unittest's cases in them come to.  This
# follows python_peer.py in one file.

def check_equal(actual, expected, message=None):
    if not actual == expected:
        raise Mismatch(text_of(message) if message is not None else "the values differ", actual, expected)


def explain_asserts(tree, ast):
    """Asserts that say what they asserted: `a == b` with both values, others
    with their text."""

    class Explain(ast.NodeTransformer):
        def visit_Assert(self, node):
            test = node.test
            if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
                arguments = [test.left, test.comparators[0]] + ([node.msg] if node.msg else [])
                called = ast.Call(ast.Name("__check_equal__", ast.Load()), arguments, [])
                return ast.copy_location(ast.Expr(called), node)
            if not node.msg:
                node.msg = ast.Constant(ast.unparse(node))
            return node

    return ast.fix_missing_locations(Explain().visit(tree))


def base_names(node, ast):
    return [ast.unparse(base).rpartition(".")[2] for base in node.bases]


def find_tests(tree, ast):
    """What a script has to run, in order: (class or None, name) of each test
    function, or else its top-level asserts, or else itself."""
    found = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            found.append((None, node))
        elif isinstance(node, ast.ClassDef) and (node.name.startswith("Test") or "TestCase" in base_names(node, ast)):
            found += [(node.name, one) for one in node.body
                      if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)) and one.name.startswith("test")]
    return found


def refuse_unusual(found, ast, script):
    for owner, node in found:
        given = len(node.args.posonlyargs + node.args.args) - len(node.args.defaults) - (owner is not None)
        if isinstance(node, ast.AsyncFunctionDef):
            raise Stop("unfit", "unsupported", "%s: %s is an async test" % (script, node.name))
        if given > 0 and not node.decorator_list:
            raise Stop("unfit", "unsupported", "%s: %s needs pytest's fixtures" % (script, node.name))


def parse_script(script, ast):
    name, text = script["name"], script["text"]
    try:
        tree = ast.parse(text, name)
    except (SyntaxError, ValueError) as error:
        raise Stop("unfit", "bad_tests", "the tests are no Python: %s" % describe(error)) from None
    scripts[name] = text
    found = find_tests(tree, ast)
    refuse_unusual(found, ast, name)
    asserts = [node for node in tree.body if isinstance(node, ast.Assert)]
    if found:
        names = [(owner + "." if owner else "") + node.name for owner, node in found]
    elif asserts:
        names = [ast.unparse(node)[len("assert "):] for node in asserts]
    else:
        names = [name]
    units = [(owner, node.name) for owner, node in found]
    return {"name": name, "units": units, "names": names, "asserts": not found and bool(asserts), "tree": tree}


here = {os.path.splitext(os.path.relpath(os.path.join(folder, name), HERE))[0].replace(os.sep, ".")
        for folder, folders, names in os.walk(HERE) for name in names + folders}


def known_here(name):
    return name in here or os.path.basename(HERE) and name in {one.rpartition(".")[2] for one in here}


def script_fault(error, entry):
    stem = os.path.splitext(os.path.basename(entry))[0]
    if isinstance(error, ModuleNotFoundError) and not known_here(error.name) and error.name != stem:
        if not hasattr(error, "greenlight_text"):
            return Stop("unfit", "unsupported", "the tests need the module %s, which is not here" % error.name)
    return load_fault(error)


def run_unittest(cls, name):
    import unittest

    class Result(unittest.TestResult):
        error = None

        def addError(self, test, caught):
            self.error = self.error or caught[1]

        def addFailure(self, test, caught):
            self.error = self.error or caught[1]

        def addSubTest(self, test, part, caught):
            if caught:
                self.error = self.error or caught[1]

        def addUnexpectedSuccess(self, test):
            self.error = self.error or AssertionError("it passed, and was expected to fail")

    result = Result()
    unittest.TestSuite([cls(name)]).run(result)
    if result.error:
        raise result.error


def run_unit(space, owner, name):
    if owner is None:
        return space[name]()
    cls = space[owner]
    if hasattr(cls, "assertEqual"):
        return run_unittest(cls, name)
    test = cls()
    for step in ("setup_method", name, "teardown_method"):
        if hasattr(test, step):
            getattr(test, step)()


def run_one(number, action):
    global lent_failure
    send(kind="start", test=number)
    lent_failure = None
    try:
        action()
        if lent_failure:
            raise lent_failure
        send(kind="end", test=number, passed=True)
    except Gone:
        fault, message = gone()
        send(kind="end", test=number, message=message, **{"class": fault})
        leave(0)
    except BaseException as error:
        send_error(number, lent_failure or error, is_script=True)
    flush()


def run_asserts(script, space, first, start, ast):
    """Statement by statement: each assert is a test, the others prepare."""
    number = first
    for node in script["tree"].body:
        is_test = isinstance(node, ast.Assert)
        lone = explain_asserts(ast.Module([node], []), ast)
        code = compile(lone, script["name"], "exec", dont_inherit=True)
        if not is_test:
            exec(code, space)
        elif number >= start:
            run_one(number, lambda: exec(code, space))
        number += is_test


def run_script(script, module, first, job, ast):
    tests = type(sys)(os.path.splitext(os.path.basename(script["name"]))[0])
    space = tests.__dict__
    space.update((name, getattr(module, name)) for name in module.greenlight_names)
    space["__check_equal__"] = check_equal
    sys.modules.setdefault(tests.__name__, tests)
    if script["asserts"]:
        return run_asserts(script, space, first, job["from"], ast)
    code = compile(explain_asserts(script["tree"], ast), script["name"], "exec", dont_inherit=True)
    if not script["units"]:
        return run_one(first, lambda: exec(code, space))
    exec(code, space)
    for i, (owner, name) in enumerate(script["units"]):
        if first + i >= job["from"]:
            run_one(first + i, lambda: run_unit(space, owner, name))


def load_remote(entry):
    """The learner's file, loaded over there, as a module of that name here."""
    names = peer.ask("load", entry)
    if isinstance(names, dict):
        raise Stop(names["kind"], names["class"], names["message"])
    name = os.path.splitext(os.path.basename(entry))[0]
    module = LearnersModule(name)
    module.__dict__.update(greenlight_remote=peer.ask("import", name), greenlight_names=names)
    sys.modules[name] = module
    sys.meta_path.append(LearnersModules)
    return module


def run_all_scripts(job):
    import ast
    parsed = [parse_script(script, ast) for script in job["scripts"]]
    many = len(parsed) > 1
    send(kind="tests", names=[script["name"] + ": " + name if many else name
                              for script in parsed for name in script["names"]])
    module = load_remote(job["entry"])
    first = 0
    for script in parsed:
        named_in_tests.update(node.id for node in ast.walk(script["tree"]) if isinstance(node, ast.Name))
        named_in_tests.update(node.attr for node in ast.walk(script["tree"]) if isinstance(node, ast.Attribute))
        if first + len(script["names"]) > job["from"]:
            try:
                run_script(script, module, first, job, ast)
            except BaseException as error:
                raise script_fault(error, job["entry"]) from None
        first += len(script["names"])


def run_scripts(job):
    try:
        run_all_scripts(job)
    except Gone:
        fault, message = gone()
        send(kind="fault", message=message + " while the code was loaded", **{"class": fault})
