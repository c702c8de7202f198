/* javascript: runs a learner's JavaScript file inside the sandbox and reports on
 * descriptor 3.  What it reads and writes is what python.py does.
 *
 * The file is run as a script, so that what it defines at the top is there by name, with
 * module, exports and require as node gives them; a file that imports or exports is
 * loaded as a module.
 *
 * What test scripts need besides is in scripts.js.  The argument is then "learner" or
 * "tests": which of its two processes this is. */
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');

const REPORT = 3;
const TEXT_MAX = 500;
const VALUE_MAX = 1 << 20;
const HERE = process.cwd();
const { writeSync } = fs;
const { stringify } = JSON;
const exit = process.reallyExit.bind(process);

class Stop extends Error {
    constructor(kind, fault, message) {
        super(message);
        this.line = { kind, class: fault, message };
    }
}

// ---- reporting ----

function send(line) {
    let bytes = Buffer.from(stringify(line) + '\n');
    while (bytes.length)
        bytes = bytes.subarray(writeSync(REPORT, bytes));
}

function textOf(value) {
    let text;
    try {
        text = String(value);
    } catch {
        return '';
    }
    return text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) + '…' : text;
}

function placeOf(error) {
    const stack = textOf(error && error.stack);
    const found = stack.match(new RegExp(`(?:file://)?${HERE}/([^:\\n)]+):(\\d+)`));
    return found ? ` (${found[1]}, line ${found[2]})` : '';
}

function describe(error) {
    return textOf(error instanceof Error ? `${error.name}: ${error.message}` : `threw ${textOf(error)}`) + placeOf(error);
}

const traced = new Set();

function printTrace(error) {
    const what = describe(error);
    if (!traced.has(what) && error && error.stack)
        console.error(String(error.stack).split('\n').filter((line) => !line.includes('/greenlight/') && !line.includes('node:')).join('\n'));
    traced.add(what);
}

// ---- loading ----

function loadFault(error, entry) {
    printTrace(error);
    if (error instanceof SyntaxError) {
        const line = textOf(error.stack).match(/:(\d+)\n/);
        return new Stop('fault', 'syntax', `SyntaxError: ${error.message} (${entry}${line ? ', line ' + line[1] : ''})`);
    }
    return new Stop('fault', 'runtime', describe(error));
}

let exported = {};

async function load(entry) {
    const file = path.join(HERE, entry);
    const text = fs.readFileSync(file, 'utf8');
    try {
        if (/^\s*(import|export)\b/m.test(text)) {
            if (!fs.existsSync(path.join(HERE, 'package.json')))
                fs.writeFileSync(path.join(HERE, 'package.json'), '{"type":"module"}');
            return (exported = await import(file));
        }
        process.argv[1] = file;
        const module = { exports: {} };
        const need = require('module').createRequire(file);
        Object.assign(globalThis, { module, exports: module.exports, require: need, __filename: file, __dirname: path.dirname(file) });
        need.main = module;
        vm.runInThisContext(text, { filename: file });
        exported = module.exports;
    } catch (error) {
        throw loadFault(error, entry);
    }
    return exported;
}

/* What the learner's file calls `name`, or undefined. */
function named(name) {
    if (exported && Object.hasOwn(Object(exported), name))
        return exported[name];
    return vm.runInThisContext(`typeof ${name} === 'undefined' ? undefined : ${name}`);
}

function publicFunctions(text) {
    const names = Object.keys(Object(exported)).filter((name) => typeof exported[name] === 'function');
    for (const found of text.matchAll(/^(?:async\s+)?function\s*\*?\s*(\w+)|^(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:function|\(|\w+\s*=>)/gm))
        names.push(found[1] || found[2]);
    return [...new Set(names)].filter((name) => !name.startsWith('_'));
}

function findFunction(job) {
    const names = publicFunctions(fs.readFileSync(path.join(HERE, job.entry), 'utf8'));
    let name = job.function;
    if (!name) {
        const stem = path.parse(job.entry).name;
        const others = names.includes(stem) ? [stem] : names.filter((one) => one !== 'main');
        if (typeof exported === 'function' && others.length !== 1)
            return exported;
        if (others.length > 1)
            throw new Stop('unfit', 'no_function', `${job.entry} defines several functions (${others.join(', ')}) and the exercise does not say which one it tests`);
        if (!others.length)
            throw new Stop('fault', 'runtime', `${job.entry} defines no function`);
        [name] = others;
    }
    let found = /^[\w$]+$/.test(name) ? named(name) : undefined;
    if (found === undefined && typeof exported === 'function')
        found = exported;
    if (typeof found !== 'function')
        throw new Stop('fault', 'runtime', `${job.entry} defines no function ${name}${names.length ? '; it defines ' + names.join(', ') : ''}`);
    send({ kind: 'function', name });
    return found;
}

// ---- calling ----

function parameters(fn) {
    const text = Function.prototype.toString.call(fn).replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
    const inside = text.match(/^(?:async\s+)?(?:function\s*\*?\s*[\w$]*\s*)?\(([^()]*)\)/) || text.match(/^(?:async\s+)?([\w$]+)\s*=>/);
    if (!inside || /[{[]|\.\.\./.test(inside[1]))
        return null;
    return inside[1].split(',').map((one) => one.split('=')[0].trim()).filter(Boolean);
}

/* By name where the names fit, in order where there are as many, else as one value. */
function ways(fn, tests) {
    const names = parameters(fn);
    const inputs = tests.filter((test) => 'input' in test).map((test) => test.input);
    const objects = inputs.filter((one) => one && typeof one === 'object' && !Array.isArray(one));
    const lists = inputs.filter(Array.isArray);
    const way = { object: 'value', list: 'order' };
    if (names && objects.length) {
        if (objects.every((one) => Object.keys(one).every((name) => names.includes(name))))
            way.object = 'names';
        else if (objects.every((one) => Object.keys(one).length === names.length))
            way.object = 'order';
    }
    if (names && names.length === 1 && lists.some((one) => one.length !== 1))
        way.list = 'value';
    return { way, names };
}

function argumentsOf(test, { way, names }) {
    if (!('input' in test))
        return [[], false];
    const given = test.input;
    if (Array.isArray(given))
        return way.list === 'order' ? [given, false] : [[given], true];
    if (given && typeof given === 'object') {
        if (way.object === 'names')
            return [names.map((name) => given[name]), false];
        return way.object === 'order' ? [Object.values(given), false] : [[given], true];
    }
    return [[given], true];
}

/* Why a value is none of JSON's, or undefined. */
function odd(value, seen = []) {
    if (typeof value === 'number' && !Number.isFinite(value))
        return 'returned a number that JSON cannot hold';
    if (['function', 'symbol', 'bigint', 'undefined'].includes(typeof value))
        return seen.length || typeof value !== 'undefined' ? `returned something that is no JSON value: ${typeof value}` : undefined;
    if (!value || typeof value !== 'object')
        return undefined;
    if (seen.includes(value) || seen.length > 400)
        return 'returned a value that contains itself or is nested too deeply';
    if (value instanceof Map || value instanceof Set)
        return `returned something that is no JSON value: a ${value.constructor.name}`;
    for (const part of Object.values(value)) {
        const why = odd(part, [...seen, value]);
        if (why)
            return why;
    }
    return undefined;
}

function sendValue(number, value) {
    let why = odd(value);
    let text = why ? '' : stringify(value) ?? 'null';
    if (text.length > VALUE_MAX)
        why = `returned ${text.length} bytes of JSON, over ${VALUE_MAX}`;
    if (why)
        send({ kind: 'end', test: number, odd: why, shown: textOf(require('util').inspect(value)) });
    else
        send({ kind: 'end', test: number, value });
}

function sendError(number, error, script) {
    const wrong = script && error && error.code === 'ERR_ASSERTION';
    if (!wrong)
        printTrace(error);
    const line = { kind: 'end', test: number, class: wrong ? 'logic' : 'runtime', message: wrong ? textOf(error.message) : describe(error) };
    if (wrong && error.operator && error.operator.endsWith('trictEqual') && !odd(error.expected) && !odd(error.actual))
        Object.assign(line, { expected: error.expected, actual: error.actual });
    send(line);
}

async function runCalls(job) {
    await load(job.entry);
    const fn = findFunction(job);
    const how = ways(fn, job.tests);
    for (let number = job.from; number < job.tests.length; number++) {
        const [given, one] = argumentsOf(job.tests[number], how);
        send({ kind: 'start', test: number, one_value: one });
        try {
            sendValue(number, await fn(...given));
        } catch (error) {
            sendError(number, error, false);
        }
    }
}

// ---- the run ----

async function main() {
    const role = process.argv[2];
    const job = role === 'learner' ? null : JSON.parse(fs.readFileSync(0, 'utf8'));
    if (role === 'tests')
        fs.ftruncateSync(0); // others could open it again
    fs.closeSync(0);
    fs.openSync('/dev/null', 'r'); // takes the number that is free
    process.argv.length = 1;
    if (role === 'learner')
        return require('./scripts.js').serve();
    send({ kind: 'runtime', version: process.versions.node });
    try {
        await (role ? require('./scripts.js').runScripts(job) : runCalls(job));
    } catch (error) {
        send(error instanceof Stop ? error.line : { kind: 'fault', class: 'runtime', message: describe(error) });
    }
    return exit(0);
}

module.exports = { HERE, Stop, describe, load, loadFault, named, odd, send, sendError, textOf };
main();
