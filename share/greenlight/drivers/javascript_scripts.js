
// ---- the learner's side ----

let exported, declared;

const LEARNERS = {
    get: (value, name) => value[name],
    set: (value, name, to) => { value[name] = to; },
    has: (value, name) => name in Object(value),
    remove: (value, name) => delete value[name],
    keys: (value) => Reflect.ownKeys(value).filter((one) => typeof one === 'string'),
    prototype: (value) => Object.getPrototypeOf(value),
    owns: (value, name) => Object.hasOwn(value, name),
    instance: (value, kind) => value instanceof kind,
    make: (kind, args) => new kind(...args),
    call: serveCall,
    name: (name) => named(name),
    assign: (name, value) => { vm.runInThisContext(`(value) => { ${name} = value; }`)(value); },
    require: (name) => {
        const need = require('module').createRequire(path.join(HERE, declared.entry));
        return need.resolve(name) === path.join(HERE, declared.entry) ? exported : need(name);
    },
};

/* A call, its arguments, and what it printed where the tests listen. */
function serveCall(fn, self, args, listens) {
    const before = console.log, printed = [];
    if (listens)
        console.log = (...words) => { printed.push(words); };
    try {
        return [Reflect.apply(fn, self, args), args, printed]; // the arguments may have changed
    } finally {
        console.log = before;
    }
}

/* Names at the top of the learner's file, and those that it exports. */
async function serveLoad(entry) {
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    exported = await load(entry);
    const words = fs.readFileSync(path.join(HERE, entry), 'utf8').match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? [];
    const names = [...new Set(words)].filter((name) => !before.has(name) && isDeclared(name));
    declared = { entry, names: [...new Set([...names, ...Object.keys(Object(exported))])] };
    return declared.names;
}

function isDeclared(name) {
    try {
        return vm.runInThisContext(`typeof ${name}`) !== 'undefined';
    } catch {
        return false; // a keyword
    }
}

function learnersFunction(which, kind) {
    if (kind === 'function')
        return function (...args) { return ask('call', remotes.get(which), this === globalThis ? undefined : this, args)[0]; };
    return new Proxy({}, {
        get: (_, name) => (typeof name === 'string' ? ask('get', remotes.get(which), name) : undefined),
        set: (_, name, value) => { ask('set', remotes.get(which), name, value); return true; },
    });
}

/* Lets the event loop turn until a promise that the tests know has ended, or for a while. */
async function turn() {
    const until = performance.now() + TURN_MS;
    do
        await new Promise((resolve) => { setImmediate(resolve); });
    while (!ended.length && performance.now() < until);
    if (!ended.length)
        await new Promise((resolve) => { setTimeout(resolve, 1); });
}

async function serveOne([, operation, args]) {
    if (operation === 'turn') {
        settle(args);
        await turn();
        put(['value', ended.splice(0)]);
    } else if (operation === 'load') {
        await serveLoad(decode(args[0])).then((names) => put(['value', encode(names)]), (error) => put(['stop', error.line ?? null]));
    } else {
        answer(operation, args);
    }
}

async function serve() {
    operations = LEARNERS;
    lent = learnersFunction;
    try {
        for (;;)
            await serveOne(receive());
    } catch (error) {
        if (!(error instanceof Gone))
            throw error;
        process.reallyExit(0); // the tests have ended
    }
}

// ---- the tests' side ----

/* Questions whose answer is a verdict: an object of a class that the tests do not name has
 * no say in them, or one that is asked for a list could say yes to everything. */
const VERDICTS = ['includes', 'startsWith', 'endsWith', 'indexOf', 'has', 'some', 'every', 'find', 'test', 'match', 'equals'];
const log = console.log;
let testsText = '', lentFailure;

/* What the learner's code has and cannot be a value. */
function remote(which, kind, name) {
    const self = () => remotes.get(which);
    const isNamed = /^(?!Object$)[A-Z]\w*$/.test(name) && new RegExp(`\\b${name}\\b`).test(testsText);
    const get = (_, key) => {
        if (key === Symbol.hasInstance)
            return (value) => Object(value) === value && numberOf.has(value) && ask('instance', value, self());
        if ((typeof key === 'symbol' && !SYMBOLS.some((one) => Symbol[one] === key)) || (VERDICTS.includes(key) && kind === 'object' && !isNamed))
            return undefined;
        return ask('get', self(), key);
    };
    return new Proxy(kind === 'function' ? function () {} : {}, {
        get,
        set: (_, key, value) => { ask('set', self(), key, value); return true; },
        has: (_, key) => typeof key === 'string' && ask('has', self(), key),
        deleteProperty: (_, key) => ask('remove', self(), key),
        ownKeys: () => [...new Set([...ask('keys', self()), ...(kind === 'function' ? ['prototype'] : [])])],
        getOwnPropertyDescriptor: (target, key) => (typeof key === 'string' && !Object.hasOwn(target, key) && ask('owns', self(), key)
            ? { value: get(target, key), writable: true, enumerable: true, configurable: true } : Reflect.getOwnPropertyDescriptor(target, key)),
        getPrototypeOf: () => ask('prototype', self()),
        apply: (_, owner, args) => callRemote(self(), owner, args),
        construct: (_, args) => ask('make', self(), args),
    });
}

function callRemote(fn, owner, args) {
    const [value, , printed] = ask('call', fn, owner === globalThis ? undefined : owner, args, console.log !== log);
    for (const words of printed)
        console.log(...words);
    return value;
}

/* What the learner's code may do with what the tests pass: call functions, and use the
 * members of objects, but not what leads to the tests themselves. */
function allow(value, name) {
    if (!numbers.has(value) || (name !== null && (typeof value !== 'object' || /^_|^constructor$/.test(name))))
        throw new TypeError('the tests do not lend that');
    return value;
}

const LENT = {
    get: (value, name) => allow(value, name)[name],
    set: (value, name, to) => { allow(value, name)[name] = to; },
    call: (fn, self, args) => {
        try {
            return [Reflect.apply(allow(fn, null), numbers.has(self) ? self : undefined, args), args];
        } catch (error) {
            if (error instanceof Gone)
                throw error;
            if (error?.code !== 'ERR_ASSERTION')
                throw error;
            lentFailure ??= error; // its message says what is expected
            throw new Error('the tests failed');
        }
    },
};

/* Waits for a test, whose promise may be one of the learner's. */
async function untilEnd(promise) {
    let done = false;
    promise = Promise.resolve(promise).finally(() => { done = true; });
    promise.catch(() => {});
    for (;;) {
        await new Promise((resolve) => { setImmediate(resolve); });
        if (done)
            return promise;
        put(['ask', 'turn', ended.splice(0)]);
        for (let [kind, ...rest] = receive(); ; [kind, ...rest] = receive()) {
            if (kind === 'value') {
                settle(rest[0]);
                break;
            }
            answer(...rest);
        }
    }
}

function loadRemote(job) {
    put(['ask', 'load', [job.entry]]);
    for (;;) {
        const [kind, ...rest] = receive();
        if (kind === 'stop')
            throw new Stop(rest[0]?.kind ?? 'fault', rest[0]?.class ?? 'runtime', rest[0]?.message ?? 'the code cannot be loaded');
        if (kind === 'value')
            return decode(rest[0]);
        answer(...rest);
    }
}

/* The learner's names, but none that the tests take for the language's own. */
function define(names, job) {
    for (const name of names)
        if (!(name in globalThis) || name === job.function)
            Object.defineProperty(globalThis, name, { get: () => ask('name', name), set: (value) => { ask('assign', name, value); }, configurable: true });
}

function requireFor(job, globals) {
    const need = require('module').createRequire(path.join(HERE, job.entry));
    return (name) => {
        if (/^(node:)?test$/.test(name))
            return globals;
        return require('module').isBuiltin(name) ? need(name) : ask('require', name);
    };
}

function collect(found) {
    const owners = [];
    const test = (name, ...rest) => {
        found.push({ name: [...owners, name].join(' '), run: rest.find((one) => typeof one === 'function') });
    };
    const describeTests = (name, body) => {
        owners.push(name);
        body();
        owners.pop();
    };
    return Object.assign(test, { test, it: test, describe: describeTests });
}

/* A script's tests: what it gives to test(), else its asserts, else itself. */
function readScript(script, job) {
    const found = [];
    const globals = collect(found);
    Object.assign(globalThis, { ...globals, assert: require('assert'), require: requireFor(job, globals) });
    const run = () => vm.runInThisContext(`{${script.text}\n}`, { filename: script.name });
    if (/\b(test|it)\s*\(|['"](node:)?test['"]/.test(script.text))
        run();
    if (found.length)
        return found;
    const asserts = script.text.split(/;|\n/).map((one) => one.trim()).filter(Boolean);
    if (asserts.every((one) => /^assert\b/.test(one)))
        return asserts.map((text) => ({ name: text.replace(/^assert\s*/, ''), run: () => vm.runInThisContext(text, { filename: script.name }) }));
    return [{ name: script.name, run }];
}

function readScripts(job) {
    const many = job.scripts.length > 1;
    return job.scripts.flatMap((script) => {
        try {
            return readScript(script, job).map((one) => ({ ...one, name: many ? `${script.name}: ${one.name}` : one.name }));
        } catch (error) {
            if (error instanceof Gone)
                throw error;
            throw error instanceof SyntaxError && !numberOf.has(error)
                ? new Stop('unfit', 'bad_tests', `the tests are no JavaScript: ${describe(error)}`) : loadFault(error, script.name);
        }
    });
}

function endOf(gone) {
    return gone.status > 128 ? `the program was ended by signal ${gone.status - 128}` : `the program ended with exit status ${gone.status ?? 0}`;
}

async function runTest(which, test) {
    send({ kind: 'start', test: which });
    lentFailure = undefined;
    try {
        await untilEnd((async () => test.run())());
        if (lentFailure)
            throw lentFailure;
        send({ kind: 'end', test: which, passed: true });
    } catch (error) {
        if (error instanceof Gone) {
            send({ kind: 'end', test: which, class: 'runtime', message: endOf(error) });
            throw error;
        }
        sendError(which, lentFailure ?? error, true);
    }
}

/* The tests of all scripts; of code that cannot be loaded their names suffice. */
function prepare(job) {
    let names = [], fault, all;
    try {
        names = loadRemote(job);
    } catch (error) {
        fault = error;
    }
    Object.assign(globalThis, { require: requireFor(job, {}), assert: require('assert') });
    define(names, job);
    try {
        all = readScripts(job);
    } catch (error) {
        if (error instanceof Stop && error.line.kind === 'unfit')
            throw error;
        fault ??= error;
        all = job.scripts;
    }
    send({ kind: 'tests', names: all.map((one) => one.name) });
    if (fault)
        throw fault instanceof Gone ? new Stop('fault', 'runtime', `${endOf(fault)} while the code was loaded`) : fault;
    return all;
}

async function runScripts(job) {
    operations = LENT;
    lent = remote;
    process.on('SIGUSR1', () => {}); // else it opens Node's debugger
    testsText = job.scripts.map((one) => one.text).join('\n');
    const all = prepare(job);
    try {
        for (let which = job.from; which < all.length; which++)
            await runTest(which, all[which]);
    } catch (error) {
        if (!(error instanceof Gone))
            throw error;
    }
}

module.exports = { runScripts, serve };
