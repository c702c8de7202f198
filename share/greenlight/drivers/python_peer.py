"""What driver.py runs test scripts by, in its name space; python_scripts.py goes on.

Test scripts know what they expect, so the learner's code runs in another process, which
is forked before this one has read them and cannot look into it (libcommon/hiding.h).
Between both go values, as JSON, and names for what cannot be a value.
"""
import operator

class Gone(BaseException):
    """The other process has ended."""


class Peer:
    """One end: asks the other for an operation, and answers what it asks meanwhile."""

    def __init__(self, read, write, operations):
        self.input, self.output = open(read, "rb"), open(write, "wb")
        self.operations = operations
        self.given = []
        self.classes = {}

    def put(self, *message):
        try:
            self.output.write(to_json(message) + b"\n")
            self.output.flush()
        except BrokenPipeError:
            raise Gone from None

    def get(self):
        line = self.input.readline()
        if not line.endswith(b"\n"):
            raise Gone
        return loads(line)

    def ask(self, operation, *args):
        self.put("ask", operation, [self.encode(arg) for arg in args])
        while True:
            kind, *rest = self.get()
            if kind == "value":
                return self.decode(rest[0])
            if kind == "error":
                raise self.error(*rest)
            self.answer(*rest)

    def answer(self, operation, args):
        try:
            reply = ["value", self.encode(self.operations[operation](*[self.decode(arg) for arg in args]))]
        except MemoryError:
            raise
        except BaseException as error:
            kept = {name: self.encode(value) for name, value in getattr(error, "__dict__", {}).items()}
            reply = ["error", self.encode(type(error)), [self.encode(arg) for arg in error.args], kept,
                     describe(error), trace_of(error)]
        self.put(*reply)

    def error(self, kind, args, kept, text, trace):
        kind = self.decode(kind)
        if not issubclass(kind, BaseException):
            raise TypeError("no exception")
        error = kind(*[self.decode(arg) for arg in args])
        for name, value in kept.items():
            if not name.startswith("_"):
                setattr(error, name, self.decode(value))
        error.greenlight_text, error.greenlight_trace = str(text), str(trace)
        return error

    # A value is itself or a list that begins with a letter saying what it is.

    def encode(self, value):
        kind = type(value)
        if value is None or kind in (bool, int, str) or kind is float and value - value == 0:
            return value
        if kind is float:
            return ["f", repr(value)]
        if kind in LETTERS:
            return [LETTERS[kind], [self.encode(part) for part in value]]
        if kind is dict:
            return ["d", [[self.encode(key), self.encode(part)] for key, part in value.items()]]
        if kind in (bytes, bytearray):
            return ["b" if kind is bytes else "B", value.hex()]
        if isinstance(value, Remote):
            return ["yours", value.__dict__["greenlight_number"]]
        name = kind.__module__ + "." + kind.__name__
        if name in PARTS:
            return ["k", name, [self.encode(part) for part in PARTS[name](value)]]
        if isinstance(value, type) and issubclass(value, BaseException):
            return self.encode_exception(value)
        base = next((base for base in BASES if isinstance(value, base)), None)
        return ["mine", self.name(value), self.kind(value), kind.__name__, kind.__module__,
                self.encode(base(value)) if base else None]

    def kind(self, value):
        return "coroutine" if type(value).__name__ == "coroutine" else "object"

    def name(self, value):
        for number, one in enumerate(self.given):
            if one is value:
                return number
        self.given.append(value)
        return len(self.given) - 1

    def encode_exception(self, kind):
        if "greenlight_number" in kind.__dict__:
            return ["yours", kind.greenlight_number]
        if kind.__module__ == "builtins":
            return ["x", kind.__name__]
        base = next(base for base in kind.__mro__ if base.__module__ == "builtins")
        parents = [self.encode_exception(one) for one in kind.__bases__ if issubclass(one, BaseException)]
        return ["e", self.name(kind), kind.__name__, parents or [["x", base.__name__]]]

    def decode(self, value):
        if not isinstance(value, list):
            return value
        letter, *rest = value
        if letter in BUILDERS:
            return BUILDERS[letter](self.decode(part) for part in rest[0])
        if letter == "d":
            return {self.decode(key): self.decode(part) for key, part in rest[0]}
        if letter in "bB":
            return (bytes if letter == "b" else bytearray).fromhex(rest[0])
        if letter == "f":
            return float(rest[0])
        if letter == "yours":
            return self.given[rest[0]]
        if letter == "k":
            return build(rest[0], [self.decode(part) for part in rest[1]])
        if letter == "x":
            import builtins
            kind = getattr(builtins, rest[0])
            return kind if issubclass(kind, BaseException) else Exception
        if letter == "e":
            return self.decode_exception(*rest)
        number, kind, name, home, value = rest
        if kind == "coroutine":
            return self.wait_for(number)
        return Remote(self, number, name, home, self.decode(value))

    def decode_exception(self, number, name, parents):
        if number not in self.classes:
            bases = tuple(self.decode(one) for one in parents)
            self.classes[number] = type(name, bases, {"greenlight_number": number, "__module__": "main"})
        return self.classes[number]

    async def wait_for(self, number):
        return self.ask("await", Remote(self, number))


BASES = (int, float, str, bytes, tuple, list, dict, frozenset, set)  # what a class may be a kind of
LETTERS = {list: "l", tuple: "t", set: "s", frozenset: "z"}
BUILDERS = {letter: kind for kind, letter in LETTERS.items()}
PARTS = {
    "collections.Counter": lambda value: [dict(value)],
    "collections.OrderedDict": lambda value: [dict(value)],
    "collections.defaultdict": lambda value: [None, dict(value)],
    "collections.deque": lambda value: [list(value)],
    "builtins.range": lambda value: [value.start, value.stop, value.step],
    "builtins.complex": lambda value: [value.real, value.imag],
    "decimal.Decimal": lambda value: [str(value)],
    "fractions.Fraction": lambda value: [value.numerator, value.denominator],
    "datetime.date": lambda value: [value.year, value.month, value.day],
    "datetime.timedelta": lambda value: [value.days, value.seconds, value.microseconds],
}


def build(name, parts):
    if name not in PARTS:
        raise ValueError(name)
    home, _, kind = name.rpartition(".")
    return getattr(__import__(home), kind)(*parts)


class Remote:
    """What the other process has and cannot be a value."""

    def __init__(self, peer, number, name="", home="", value=None):
        self.__dict__.update(greenlight_peer=peer, greenlight_number=number, greenlight_name=name, greenlight_home=home,
                             greenlight_value=value)

    def __getattr__(self, name):
        return self.greenlight_peer.ask("get", self, name)

    def __setattr__(self, name, value):
        self.greenlight_peer.ask("set", self, name, value)

    def __call__(self, *args, **more):
        return call_remote(self, args, more)

    def __instancecheck__(self, value):
        return isinstance(value, Remote) and self.greenlight_peer.ask("isinstance", value, self)

    def __subclasscheck__(self, value):
        return isinstance(value, Remote) and self.greenlight_peer.ask("issubclass", value, self)


VERDICTS = ("eq", "ne", "lt", "le", "gt", "ge", "contains")
OPERATORS = ("getitem setitem delitem add sub mul truediv floordiv mod pow matmul and or xor neg pos abs index "
             "lshift rshift invert iadd isub imul").split()
FUNCTIONS = dict(len=len, iter=iter, next=next, bool=bool, str=str, repr=repr, hash=hash, int=int, float=float, round=round,
                 reversed=reversed)
named_in_tests = set()


def value_of(one):
    value = one.__dict__["greenlight_value"] if isinstance(one, Remote) else None
    return one if value is None else value


def forward(name):
    def method(self, *args):
        if name in VERDICTS and self.greenlight_value is not None:
            plain = [value_of(arg) for arg in args]
            return getattr(operator, "__%s__" % name)(self.greenlight_value, *plain)
        own = self.greenlight_home not in sys.stdlib_module_names and self.greenlight_home != "builtins"
        known = self.greenlight_name in named_in_tests and self.greenlight_name[:1].isupper()
        if name in VERDICTS and own and not known:
            return name == "ne"  # a class that the tests do not ask for has no say in what it equals
        return self.greenlight_peer.ask("operate", name, self, *args)
    return method


for name in list(VERDICTS) + OPERATORS + list(FUNCTIONS) + ["enter", "exit", "radd", "rsub", "rmul", "rtruediv"]:
    setattr(Remote, "__%s__" % name, forward(name))


def call_remote(function, args, more):
    """A call, after which lists and the like that were passed are as it left them, and
    what it printed is where standard output has been sent meanwhile."""
    import builtins
    peer = function.greenlight_peer
    value, after, printed = peer.ask("call", function, list(args), more, sys.stdout is not stdout, builtins.input is not own_input)
    for given, now in zip(args, after):
        take_over(given, now)
    if printed:
        sys.stdout.write(printed)
    return args[value[1]] if value[0] == "argument" else value[1]


def take_over(given, now):
    if type(given) is not type(now) or given == now:
        return
    if isinstance(given, list):
        if len(given) == len(now):
            for i, (old, new) in enumerate(zip(given, now)):
                if type(old) is type(new) and isinstance(old, (list, dict, set)):
                    take_over(old, new)
                else:
                    given[i] = new
        else:
            given[:] = now
    elif isinstance(given, (dict, set)):
        given.clear()
        given.update(now)


# The learner's side.

def serve_call(function, args, more, capture, ask_input):
    import builtins
    before, kept = builtins.input, sys.stdout
    printed = None
    if capture:
        import io
        sys.stdout = printed = io.StringIO()
    if ask_input:
        builtins.input = lambda prompt="": peer.ask("input", str(prompt))
    try:
        value = function(*args, **more)
    finally:
        if capture:
            sys.stdout = kept
        builtins.input = before
    same = [i for i, arg in enumerate(args) if arg is value and isinstance(arg, (list, dict, set))]
    after = [arg if type(arg) in (list, dict, set) else None for arg in args]
    return ("argument", same[0]) if same else ("value", value), after, printed.getvalue() if printed else ""


def serve_operate(name, value, *args):
    if name in FUNCTIONS:
        return FUNCTIONS[name](value, *args)
    if name == "exit":
        args = (None, None, None)
    if name in ("enter", "exit") or name.startswith("r"):
        return getattr(type(value), "__%s__" % name)(value, *args)
    return getattr(operator, "__%s__" % name)(value, *args)


def serve_load(entry):
    try:
        module = load(entry)[0]
    except Stop as stop:
        return stop.line
    return [name for name in module.__dict__ if not name.startswith("__")]


def serve_import(name):
    __import__(name)
    return sys.modules[name]


def serve_await(coroutine):
    import asyncio
    return asyncio.run(coroutine)


LEARNERS = {
    "load": serve_load, "import": serve_import, "get": getattr, "set": setattr, "call": serve_call, "await": serve_await,
    "operate": serve_operate, "isinstance": isinstance, "issubclass": issubclass,
}


# The tests' side: what the learner's code may ask of what the tests gave it.

HIDDEN = ("_", "gi_", "cr_", "ag_", "f_", "tb_", "co_", "func_")


def lend(value, name):
    if name.startswith(HIDDEN) or isinstance(value, (type(sys), type)):
        raise AttributeError(name)
    return getattr(value, name)


def lend_call(function, args, more, *_):
    global lent_failure
    if isinstance(function, type) or not callable(function):
        raise TypeError("the tests do not lend that")
    try:
        return ("value", function(*args, **more)), [], ""
    except AssertionError as error:  # which says what is expected
        lent_failure = lent_failure or error
    raise RuntimeError("the tests failed")


lent_failure = None


def lend_operate(name, value, *args):
    if name in FUNCTIONS or name in VERDICTS or name == "getitem":
        return serve_operate(name, value, *args)
    raise TypeError("the tests do not lend that")


def lend_input(prompt):
    return input(prompt)


LENT = {"get": lend, "call": lend_call, "operate": lend_operate, "input": lend_input}


def split(entry):
    """Forks the process that the learner's code runs in, before the tests are read."""
    global peer, learner
    answers, answer = os.pipe()
    asked, ask = os.pipe()
    learner = os.fork()
    if learner:
        os.close(answer)
        os.close(asked)
        peer = Peer(answers, ask, LENT)
        return
    for fd in (answers, ask, RESULT_FD):
        os.close(fd)
    empty_input()
    look_here(entry)
    peer = Peer(asked, answer, LEARNERS)
    try:
        while True:
            peer.answer(*peer.get()[1:])
    except MemoryError:
        leave(137)
    except BaseException:
        leave(0)


def leave(code):
    global reserve
    reserve = None
    flush()
    os._exit(code)


def gone():
    """Says how the learner's process ended, as a class and a message."""
    _, status = os.waitpid(learner, 0)
    if os.WIFSIGNALED(status):
        import signal
        number = os.WTERMSIG(status)
        return "runtime", "the program was ended by signal %d (%s)" % (number, signal.strsignal(number))
    if os.WEXITSTATUS(status) == 137:
        return "memory", "the memory limit was reached"
    return "runtime", "the program ended with exit status %d" % os.WEXITSTATUS(status)


class LearnersModules:
    """Finds modules where the learner's files are, for the tests to import."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        from importlib.machinery import ModuleSpec
        if known_here(name):
            return ModuleSpec(name, LearnersModules)
        return None

    @staticmethod
    def create_module(spec):
        return LearnersModule(spec.name)

    @staticmethod
    def exec_module(module):
        module.__dict__["greenlight_remote"] = peer.ask("import", module.__name__)


class LearnersModule(type(sys)):
    __path__ = []

    def __getattr__(self, name):
        remote = self.__dict__.get("greenlight_remote")
        if remote is None or name.startswith("__"):
            raise AttributeError("module %r has no attribute %r" % (self.__name__, name))
        return getattr(remote, name)

    def __setattr__(self, name, value):
        if name.startswith("__"):
            self.__dict__[name] = value
        else:
            setattr(self.greenlight_remote, name, value)
