/* scripts.js: what driver.js runs test scripts by; javascript_scripts.js goes on.
 *
 * Test scripts know what they expect, so the learner's code runs in another process,
 * which scripts.sh started and which cannot look into this one (libcommon/hiding.h).
 * Between both go values, as JSON Lines, and numbers for what cannot be a value:
 * functions, classes and their objects, objects with functions or accessors, promises.
 * A list or an object that is passed has a copy over there, which is the same one each
 * time and is brought up to date whenever it is passed.
 *
 * One side asks and waits; the other answers, and may ask meanwhile.  The event loop of
 * the learner's side turns while the tests wait for something (`turn`). */
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');
const { send, describe, textOf, odd, sendError, load, named, loadFault, Stop, HERE } = require.main.exports;

const READ = 4;
const WRITE = 5;
const TURN_MS = 2;
const CHUNK = 65536;

/* The other process has ended: with this status, or null. */
class Gone extends Error {
    constructor(status) {
        super('the program ended');
        this.status = status;
    }
}

const BY_NAME = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };
const KNOWN = { Object, Array, Function, Error, Map, Set, Date, RegExp, Promise };
const PROTOTYPES = new Map(Object.entries(KNOWN).map(([name, kind]) => [kind.prototype, name]));
const VIEWS = { Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array,
    BigInt64Array, BigUint64Array };
const SYMBOLS = ['iterator', 'asyncIterator', 'toPrimitive', 'toStringTag'];

const given = []; // what the other side knows by number
const numbers = new Map(); // the same the other way round
const remotes = new Map(); // of the other side, by number
const numberOf = new WeakMap(); // and the other way round
const copyOf = new WeakMap(); // the same for copies of its lists and objects
const waiting = new Map(); // promises of the other side that have not ended: their resolve and reject
const ended = []; // promises of this side that have: what the other side is to be told

// ---- lines ----

let buffered = Buffer.alloc(0);

function receive() {
    const parts = [buffered];
    let lf = buffered.indexOf(10);
    while (lf < 0) {
        const chunk = Buffer.allocUnsafe(CHUNK);
        const count = fs.readSync(READ, chunk);
        if (!count)
            throw new Gone(null);
        parts.push(chunk.subarray(0, count));
        const at = parts.at(-1).indexOf(10);
        lf = at < 0 ? -1 : parts.slice(0, -1).reduce((sum, one) => sum + one.length, at);
    }
    const all = Buffer.concat(parts);
    buffered = all.subarray(lf + 1);
    const message = JSON.parse(all.toString('utf8', 0, lf));
    if (message[0] === 'ended')
        throw new Gone(message[1]);
    return message;
}

function put(message) {
    let bytes = Buffer.from(JSON.stringify(message) + '\n');
    try {
        while (bytes.length)
            bytes = bytes.subarray(fs.writeSync(WRITE, bytes));
    } catch {
        receiveEnd();
    }
}

/* Why nothing can be written any more. */
function receiveEnd() {
    for (;;)
        receive();
}

// ---- values ----
// A value is itself or a list that begins with a letter saying what it is.

function number(value) {
    if (!numbers.has(value)) {
        numbers.set(value, given.length);
        given.push(value);
    }
    return numbers.get(value);
}

function encode(value, above = []) {
    if (value === null || ['string', 'boolean'].includes(typeof value))
        return value;
    if (typeof value === 'number')
        return Number.isFinite(value) && !Object.is(value, -0) ? value : ['n', Object.is(value, -0) ? '-0' : String(value)];
    if (typeof value === 'undefined')
        return ['u'];
    if (typeof value === 'bigint')
        return ['i', String(value)];
    if (typeof value === 'symbol')
        return ['y', SYMBOLS.find((name) => Symbol[name] === value) ?? null];
    if (numberOf.has(value))
        return ['yours', numberOf.get(value)];
    return encodeObject(value, above);
}

function encodeObject(value, above) {
    const home = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
    if (PROTOTYPES.has(value))
        return ['w', PROTOTYPES.get(value)];
    if (!above.includes(value) && above.length < 200) {
        const tree = encodeTree(value, home, [...above, value]);
        if (tree)
            return copyOf.has(value) ? ['same', copyOf.get(value), tree] : ['copy', number(value), tree];
    }
    if (home === Date.prototype)
        return ['t', value.getTime()];
    if (home === RegExp.prototype)
        return ['r', value.source, value.flags];
    if (value instanceof Error)
        return encodeError(value, [...above, value]);
    if (home === Promise.prototype)
        return ['p', watch(value)];
    return ['mine', number(value), typeof value, textOf((typeof value === 'function' ? value : value.constructor)?.name)];
}

/* What consists of values, or undefined. */
function encodeTree(value, home, inside) {
    const list = (items) => Array.from(items, (one) => encode(one, inside));
    if (Array.isArray(value) && home === Array.prototype)
        return ['l', list(value)];
    if (home === Map.prototype)
        return ['m', list([...value].flat(1))];
    if (home === Set.prototype)
        return ['z', list(value)];
    if ((home === Object.prototype || home === null) && isData(value))
        return [home ? 'd' : 'D', list(Object.entries(value).flat(1))];
    if (ArrayBuffer.isView(value) && value.constructor?.from)
        return ['b', list(value), value.constructor.name];
    return undefined;
}

function isData(value) {
    return Reflect.ownKeys(value).every((key) => {
        const { enumerable, get, set, value: part } = Object.getOwnPropertyDescriptor(value, key);
        return typeof key === 'string' && enumerable && !get && !set && typeof part !== 'function';
    });
}

function encodeError(error, inside) {
    const members = Object.entries(error).filter(([name]) => name !== 'stack').flat();
    const base = Object.keys(BY_NAME).reverse().find((name) => error instanceof BY_NAME[name]);
    return ['e', number(error), base, textOf(error.name), textOf(error.message), members.map((one) => encode(one, inside)), String(error.stack)];
}

function watch(promise) {
    const known = numbers.has(promise), which = number(promise);
    if (!known)
        promise.then((value) => ended.push([which, true, encode(value)]), (error) => ended.push([which, false, encode(error)]));
    return which;
}

const BUILDERS = {
    n: Number,
    u: () => undefined,
    i: BigInt,
    y: (name) => (SYMBOLS.includes(name) ? Symbol[name] : Symbol('of another process')),
    w: (name) => (Object.hasOwn(KNOWN, name) ? KNOWN[name].prototype : undefined),
    t: (time) => new Date(time),
    r: (source, flags) => new RegExp(source, flags),
    yours: (which) => (Number.isInteger(which) ? given[which] : undefined),
    e: decodeError,
    p: (which) => known(which, () => new Promise((resolve, reject) => waiting.set(which, [resolve, reject]))),
    copy: decodeCopy,
    same: (which, tree) => refresh(Number.isInteger(which) ? given[which] : undefined, tree),
    mine: (which, kind, name) => known(which, () => lent(which, kind, name)),
};

function pairs(items) {
    return items.flatMap((key, i) => (i % 2 ? [] : [[decode(key), decode(items[i + 1])]]));
}

function decode(value) {
    if (!Array.isArray(value))
        return value;
    const [letter, ...rest] = value;
    return Object.hasOwn(BUILDERS, letter) ? BUILDERS[letter](...rest) : undefined;
}

const EMPTY = {
    l: () => [],
    m: () => new Map(),
    z: () => new Set(),
    d: () => ({}),
    D: () => Object.create(null),
    b: (items, name) => (name === 'Buffer' ? Buffer.alloc(items.length) : new (VIEWS[name] ?? Array)(items.length)),
};

function decodeCopy(which, tree) {
    const [letter, ...rest] = tree;
    if (!remotes.has(which)) {
        const made = EMPTY[letter](...rest);
        remotes.set(which, made);
        copyOf.set(made, which);
    }
    return refresh(remotes.get(which), tree);
}

/* Makes an object what its original is now. */
function refresh(value, [letter, items, name]) {
    if (!value || Object.getPrototypeOf(value) !== Object.getPrototypeOf(EMPTY[letter](items, name)))
        throw new TypeError('another kind of object');
    if (letter === 'm' || letter === 'z') {
        value.clear();
        for (const one of letter === 'm' ? pairs(items) : items)
            letter === 'm' ? value.set(...one) : value.add(decode(one));
        return value;
    }
    if (letter === 'l' && value.length !== items.length)
        value.length = items.length;
    const entries = 'dD'.includes(letter) ? pairs(items) : items.map((one, i) => [String(i), decode(one)]);
    const names = new Set(entries.map(([name]) => name));
    for (const name of Object.keys(value))
        if (!names.has(name))
            delete value[name];
    for (const [name, part] of entries)
        if (!Object.is(value[name], part) || !Object.hasOwn(value, name))
            Object.defineProperty(value, name, { value: part, enumerable: true, configurable: true, writable: true });
    return value;
}

function known(which, make) {
    if (!remotes.has(which)) {
        const made = make();
        remotes.set(which, made);
        numberOf.set(made, which);
    }
    return remotes.get(which);
}

function decodeError(which, base, name, message, members, stack) {
    return known(which, () => {
        const error = new (BY_NAME[base] ?? Error)(message);
        for (const [key, value] of pairs(members))
            Object.defineProperty(error, key, { value, enumerable: true, configurable: true, writable: true });
        if (error.name !== name)
            Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
        error.stack = String(stack);
        return error;
    });
}

function settle(told) {
    for (const [which, fine, value] of told) {
        const [resolve, reject] = waiting.get(which) ?? [];
        waiting.delete(which);
        if (resolve)
            (fine ? resolve : reject)(decode(value));
    }
}

// ---- asking and answering ----

let lent, operations; // of the side that this is

function ask(operation, ...args) {
    put(['ask', operation, args.map((arg) => encode(arg))]);
    for (;;) {
        const [kind, ...rest] = receive();
        if (kind === 'value')
            return decode(rest[0]);
        if (kind === 'error')
            throw decode(rest[0]);
        answer(...rest);
    }
}

function answer(operation, args) {
    let reply;
    try {
        if (!Object.hasOwn(operations, operation))
            throw new TypeError('there is no such operation');
        reply = ['value', encode(operations[operation](...args.map(decode)))];
    } catch (error) {
        if (error instanceof Gone)
            throw error;
        reply = ['error', encode(error)];
    }
    put(reply);
}
