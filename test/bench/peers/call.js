// call: the request that every peer makes for a job: 64 connections that are kept,
// by undici's own pool, which is the fastest client that Node has.
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';

const JOBS = 64;
const pool = new Pool(process.env.GREENLIGHT_API_URL, { connections: JOBS, pipelining: 1 });

export const jobs = JOBS;

// The requests of a file of JSON lines.
export function requests(path) {
    return readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
}

// Posts a request and gives the result; throws where there is none.
export async function post(request, key) {
    const { statusCode, body } = await pool.request({
        path: '/greenlight/run-atom',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(request),
    });
    const result = await body.json();
    if (statusCode !== 200 || result.correct === undefined) throw new Error(`status ${statusCode}`);
    return result;
}

// Counts jobs that were done; `all` is there when it was `total` of them.
export function countdown(total) {
    let left = total;
    let done;
    const all = new Promise((resolve) => { done = resolve; });
    return { all, tick() { if (--left === 0) done(); } };
}

// Prints the jobs a second and ends.
export async function finish(total, ms) {
    console.log(((total * 1000) / ms).toFixed(1));
    await pool.close();
    process.exit(0);
}
