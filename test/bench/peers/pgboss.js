// pgboss: pg-boss with batches of 500 that are fetched without a pause while they
// come full, by two workers, so that one posts while the other asks the database.
//
//     pgboss.js REQUESTS [keep]      prints jobs a second; keep: stores the results
import { PgBoss } from 'pg-boss';
import pg from 'pg';
import { countdown, finish, post, requests } from './call.js';

const QUEUE = 'post';
const client = new pg.Client();
const all = requests(process.argv[2]);
const keep = process.argv[3] === 'keep';

await client.connect();
await client.query('drop schema if exists pgboss cascade');
const boss = new PgBoss({
    host: process.env.PGHOST,
    user: process.env.PGUSER,
    database: process.env.PGDATABASE,
    supervise: false,
    schedule: false,
});
boss.on('error', (error) => { throw error; });
await boss.start();
await boss.createQueue(QUEUE);
for (let i = 0; i < all.length; i += 1000)
    await boss.insert(QUEUE, all.slice(i, i + 1000).map((data) => ({ data })));
await client.query('vacuum analyze');
await client.query('checkpoint');

const count = countdown(all.length);
const from = performance.now();
await boss.work(
    QUEUE,
    { batchSize: 500, burstWhenBatchFull: true, localConcurrency: 2, pollingIntervalSeconds: 0.5, perJobResults: keep },
    async (batch) => {
        const results = await Promise.all(batch.map((job) => post(job.data, job.id)));
        for (let i = 0; i < batch.length; i++) count.tick();
        return batch.map((job, i) => ({ id: job.id, status: 'completed', output: results[i] }));
    },
);
await count.all;
const took = performance.now() - from;
await boss.stop({ graceful: true });
const { rows } = await client.query("select count(*)::int as left from pgboss.job where name = $1 and state <> 'completed'", [QUEUE]);
if (rows[0].left !== 0) throw new Error(`${rows[0].left} jobs are left`);
await finish(all.length, took);
