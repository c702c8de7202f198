// graphile: graphile-worker with its local queue and its batches of completions, as
// its page on performance has them; 64 jobs at once.
//
//     graphile.js REQUESTS [keep]    prints jobs a second; keep: stores the results,
//                                    for which it has no place of its own
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { countdown, finish, jobs, post, requests } from './call.js';

const quiet = new Logger(() => () => {});
const pgPool = new pg.Pool({ max: 10 });
pgPool.on('error', (error) => { throw error; });
pgPool.on('connect', (client) => client.on('error', (error) => { throw error; }));
const all = requests(process.argv[2]);
const keep = process.argv[3] === 'keep';

const utils = await makeWorkerUtils({ pgPool, logger: quiet });
await utils.migrate();
for (let i = 0; i < all.length; i += 1000)
    await utils.addJobs(all.slice(i, i + 1000).map((payload) => ({ identifier: 'post', payload })));
await pgPool.query('create table if not exists bench_result (id bigint, result jsonb)');
await pgPool.query('vacuum analyze graphile_worker._private_jobs');
await pgPool.query('checkpoint');

const count = countdown(all.length);
const from = performance.now();
const runner = await run({
    pgPool,
    noHandleSignals: true,
    taskList: {
        async post(payload, helpers) {
            const result = await post(payload, helpers.job.id);
            if (keep) await pgPool.query('insert into bench_result values ($1, $2)', [helpers.job.id, result]);
            count.tick();
        },
    },
    preset: {
        worker: {
            concurrentJobs: jobs,
            localQueue: { size: 500 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
            logger: quiet,
        },
    },
});
await count.all;
const took = performance.now() - from;
await runner.stop();
const { rows } = await pgPool.query('select count(*)::int as left from graphile_worker._private_jobs');
if (rows[0].left !== 0) throw new Error(`${rows[0].left} jobs are left`);
await finish(all.length, took);
