"""Runs a learner's Python file inside the sandbox and reports on RESULT_FD.

Standard input is one JSON object: "entry" (the file), "function" (or null),
"from" (the first test to run), and either "tests", a list of calls without
what they should return, or "scripts", test scripts as {"name", "text"}.

The report is JSON Lines, each with its "kind":
  runtime  "version"
  tests    "names" of the tests in the scripts
  function "name" of the function that is called
  start    "test": the test of that number begins; "one_value" tells that the
           input is passed whole, whatever it is
  end      "test", and "value" (what a call returned), or "odd" (what it
           returned is no JSON value), or "class" and "message" (it raised), or
           "passed" (a script's test)
  fault    "class", "message": the learner's file cannot be loaded or lacks
           what is asked for; it holds for every test that has not ended
  unfit    "class", "message": the exercise itself cannot be run
After running out of memory the process ends, and is started again at the next
test.  What the comparing side needs to know about a result is decided there.

What test scripts need besides is in scripts.py, which is read for them alone: to compile
it takes longer than most exercises.  The argument is then the learner's file.
"""
import os
import sys
from _ast import PyCF_ONLY_AST
from json import JSONEncoder, loads

RESULT_FD = 3
TEXT_MAX = 500
VALUE_MAX = 1 << 20
PID = os.getpid()
HERE = os.getcwd()
DRIVERS = os.path.dirname(os.path.abspath(__file__))
reserve = bytearray(1 << 20)
stdout, own_input = sys.stdout, input

encode_plain = JSONEncoder(ensure_ascii=False, allow_nan=False).encode
encode_ascii = JSONEncoder(allow_nan=False).encode


class Stop(Exception):
    """Ends the run: kind is "fault" or "unfit"."""

    def __init__(self, kind, fault, message):
        super().__init__(message)
        self.line = {"kind": kind, "class": fault, "message": message}


# ---- reporting ----

def to_json(value):
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        text = encode_plain(value)
        try:
            return text.encode()
        except UnicodeEncodeError:  # a lone surrogate
            return encode_ascii(value).encode()
    finally:
        sys.set_int_max_str_digits(digits)


def write_line(line):
    if os.getpid() != PID:  # the learner's code forked and came back here
        os._exit(1)
    line += b"\n"
    while line:
        line = line[os.write(RESULT_FD, line):]


def send(**line):
    write_line(to_json(line))


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # the learner may have replaced or closed it
            pass


def text_of(value):
    try:
        text = str(value)
    except BaseException:
        return ""
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "…"


def place_of(error):
    """Where in the learner's files the error arose, as "a.py, line 3"."""
    found = ""
    trace = error.__traceback__
    while trace:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith(HERE + os.sep) or name in scripts:
            found = "%s, line %d" % (name.removeprefix(HERE + os.sep), trace.tb_lineno)
        trace = trace.tb_next
    return found


def describe(error):
    if hasattr(error, "greenlight_text"):
        return error.greenlight_text
    if isinstance(error, SystemExit):
        code = 0 if error.code is None else error.code
        return "the code ended the program: exit(%s)" % text_of(code)
    text, name, place = text_of(error), type(error).__name__, place_of(error)
    return name + (": " + text if text else "") + (" (%s)" % place if place else "")


def out_of_memory(**line):
    global reserve
    reserve = None
    send(**line, **{"class": "memory", "message": "the memory limit was reached"})
    flush()
    os._exit(0)


traced = set()


def print_trace(error):
    """The traceback, from the learner's first frame on, to standard error;
    once, where several tests fail in the same way."""
    text = getattr(error, "greenlight_trace", None)
    text = trace_of(error) if text is None else text
    if text and describe(error) not in traced:
        traced.add(describe(error))
        try:
            sys.stderr.write(text)
        except BaseException:  # the learner may have replaced sys.stderr
            pass


def trace_of(error):
    trace = error.__traceback__
    while trace and os.path.abspath(trace.tb_frame.f_code.co_filename).startswith(DRIVERS):
        trace = trace.tb_next
    if trace is None or isinstance(error, SystemExit):
        return ""
    import traceback
    try:
        return "".join(traceback.format_exception(type(error), error, trace))[-20000:]
    except BaseException:
        return ""


# ---- loading ----

scripts = {}


def syntax_fault(error):
    line = ", line %d" % error.lineno if error.lineno else ""
    shown = ": " + error.text.strip() if error.text else ""
    place = error.filename.removeprefix(HERE + os.sep) + line
    return Stop("fault", "syntax", "%s: %s (%s)%s" % (type(error).__name__, error.msg, place, shown))


def load_fault(error):
    if isinstance(error, MemoryError):
        error.__traceback__ = None
        out_of_memory(kind="fault")
    if isinstance(error, SyntaxError) and str(error.filename).startswith(HERE + os.sep):
        return syntax_fault(error)
    print_trace(error)
    return Stop("fault", "runtime", describe(error))


def load(entry):
    """The learner's file as a module, found by tests under its own name."""
    path = os.path.join(HERE, entry)
    name = os.path.splitext(os.path.basename(entry))[0]
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, path, "exec", dont_inherit=True)
        module = type(sys)(name)
        module.__file__ = path
        sys.modules[name] = module
        exec(code, module.__dict__)
    except ValueError as error:  # a NUL in the source
        if error.__traceback__.tb_next is None:
            raise Stop("fault", "syntax", "%s: %s" % (entry, text_of(error))) from None
        raise load_fault(error) from None
    except BaseException as error:
        raise load_fault(error) from None
    return module, source


def public_functions(source):
    tree = compile(source, "entry", "exec", PyCF_ONLY_AST, dont_inherit=True)
    names = [node.name for node in tree.body if type(node).__name__ in ("FunctionDef", "AsyncFunctionDef")]
    return list(dict.fromkeys(name for name in names if not name.startswith("_")))


def find_function(module, source, entry, name):
    """The function called `name`; without a name the one public function,
    where main() and the helpers beside one called like the file do not count."""
    names = public_functions(source)
    if not name:
        others = [one for one in names if one != "main"] or names
        if module.__name__ in names:
            others = [module.__name__]
        if len(others) > 1:
            raise Stop("unfit", "no_function", "%s defines several public functions (%s) and the exercise does not "
                       "say which one it tests" % (entry, ", ".join(others)))
        if not others:
            raise Stop("fault", "runtime", "%s defines no function" % entry)
        name = others[0]
    function = getattr(module, name, None)
    if not callable(function):
        instead = "; it defines " + ", ".join(names) if names else ""
        raise Stop("fault", "runtime", "%s defines no function %s%s" % (entry, name, instead))
    send(kind="function", name=name)
    return function


# ---- calling ----

def parameters(function):
    """Names of the positional parameters, how many are required, whether *args,
    names by keyword, whether **kwargs; or None where Python does not say."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code, bound = getattr(function, "__code__", None), 0
    if code is None and hasattr(function, "__func__"):
        code, bound = getattr(function.__func__, "__code__", None), 1
    if code is None:
        return None
    count, end = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[bound:count]
    required = len(names) - len(function.__defaults__ or ())
    must = set(names[:required]) | (set(code.co_varnames[count:end]) - set(function.__kwdefaults__ or ()))
    by_name = set(code.co_varnames[max(bound, code.co_posonlyargcount):end])
    return names, required, bool(code.co_flags & 4), by_name, bool(code.co_flags & 8), must


def way_for_objects(shape, inputs):
    """By name where the names fit; else in order where all tests give the same
    names and there are as many parameters (the learner chose other names);
    else as one value where there is one parameter."""
    names, _, _, by_name, more, must = shape
    if all(must <= set(one) and (more or set(one) <= by_name) for one in inputs):
        return "names"
    given = list(inputs[0])
    moved = any(name in names and names.index(name) != i for i, name in enumerate(given))
    if all(list(one) == given for one in inputs) and len(given) == len(names) and not moved:
        return "order"
    return "value" if len(names) == 1 else "names"


def way_for_lists(shape, inputs):
    """By position where that many fit; else as one value where there is one
    parameter.  All tests alike, so that [7] is a list where [1, 2, 3] is."""
    names, required, more = shape[:3]
    if all(required <= len(one) and (more or len(one) <= len(names)) for one in inputs):
        return "order"
    return "value" if len(names) == 1 else "order"


def ways(function, tests):
    """How inputs are passed: for objects, and for lists."""
    inputs = [test["input"] for test in tests if "input" in test]
    objects = [one for one in inputs if isinstance(one, dict)]
    lists = [one for one in inputs if isinstance(one, list)]
    shape = parameters(function)
    return {
        dict: way_for_objects(shape, objects) if shape and objects else "names",
        list: way_for_lists(shape, lists) if shape and lists else "order",
    }


def call(function, test, way):
    if "input" not in test:
        return function()
    given = test["input"]
    if way == "names":
        return function(**given)
    if way == "order":
        return function(*(given.values() if isinstance(given, dict) else given))
    return function(given)


def odd(value, error):
    kind = type(value).__name__
    if isinstance(error, RecursionError) or "Circular" in str(error):
        return "returned a %s that contains itself or is nested too deeply" % kind
    if isinstance(error, ValueError):
        return "returned a %s with a number that JSON cannot hold" % kind
    return "returned something that is no JSON value: %s" % text_of(error)


def send_value(number, value):
    try:
        text = to_json(value)
    except (TypeError, ValueError, RecursionError) as error:
        try:
            shown = text_of(repr(value))
        except BaseException:
            shown = type(value).__name__
        send(kind="end", test=number, odd=odd(value, error), shown=shown)
        return
    if len(text) > VALUE_MAX:
        send(kind="end", test=number, odd="returned %d bytes of JSON, over %d" % (len(text), VALUE_MAX), shown=None)
        return
    head = to_json({"kind": "end", "test": number})
    write_line(head[:-1] + b',"value":' + text + b"}")


def run_call(number, function, test, way):
    send(kind="start", test=number, one_value=way == "value")
    try:
        send_value(number, call(function, test, way))
    except BaseException as error:
        send_error(number, error)
    flush()


class Mismatch(AssertionError):
    """A failed `assert a == b`, with both values."""

    def __init__(self, message, actual, expected):
        super().__init__(message)
        self.actual, self.expected = actual, expected


def send_error(number, error, is_script=False):
    if isinstance(error, MemoryError):
        error.__traceback__ = None
        out_of_memory(kind="end", test=number)
    wrong = is_script and isinstance(error, AssertionError)
    if not wrong:
        print_trace(error)
    message = text_of(error) if wrong else describe(error)
    line = {"kind": "end", "test": number, "class": "logic" if wrong else "runtime", "message": message}
    if isinstance(error, Mismatch):
        for name in ("expected", "actual"):
            try:
                line[name] = loads(to_json(getattr(error, name)))
            except (TypeError, ValueError, RecursionError):
                line[name] = text_of(repr(getattr(error, name)))
    send(**line)


def run_tests(job, module, source):
    function = find_function(module, source, job["entry"], job["function"])
    way_of = ways(function, job["tests"])
    for number, test in enumerate(job["tests"]):
        if number >= job["from"]:
            run_call(number, function, test, way_of.get(type(test.get("input")), "value"))


# ---- the run ----

def empty_input():
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def read_job():
    with open(0, "rb", closefd=False) as file:
        text = file.read()
    if len(sys.argv) > 1:
        os.truncate(0, 0)  # others could open it again
    empty_input()
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    job = loads(text)
    sys.set_int_max_str_digits(digits)
    return job


def look_here(entry):
    sys.path[:0] = list(dict.fromkeys([os.path.dirname(os.path.join(HERE, entry)), HERE]))


def main():
    os.set_inheritable(RESULT_FD, False)
    sys.stdout.reconfigure(line_buffering=True)
    if len(sys.argv) > 1:
        with open(os.path.join(DRIVERS, "scripts.py")) as file:
            exec(compile(file.read(), file.name, "exec"), globals())
        split(sys.argv[1])
    job = read_job()
    sys.argv = [job["entry"]]
    if "tests" in job:
        look_here(job["entry"])
    send(kind="runtime", version="%d.%d.%d" % sys.version_info[:3])
    try:
        if "scripts" in job:
            run_scripts(job)  # of scripts.py
        else:
            run_tests(job, *load(job["entry"]))
    except Stop as stop:
        send(**stop.line)
    flush()
    os._exit(0)


main()
