// Durable postings a second: Mainstay's wallet on SQLite and on PostgreSQL beside the row-lock way of doing it.
//
// 64 clients grant points over HTTP, on a thousand wallets and on one, in short alternating rounds on the same machine; every answer
// is on the disk (synchronous=FULL, PostgreSQL's defaults). Then the same without HTTP, in batches inside one process, and as the
// ledger grows. Writes target/bench/wallet.json. Needs MAINSTAY_BIN, BENCH_LOAD, BENCH_LEDGER, BENCH_PYTHON and a PostgreSQL.
import { join } from 'node:path';

import {
  database, folder, freePort, healthy, keep, load as loadFor, measure, median, memberOf, run, settings, signIn, start, stop, wanted,
} from './shared.mjs';

const CLIENTS = 64;
const WALLETS = 1000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 2000);
const SIZES = process.env.BENCH_SIZES ?? '10000,1000000,10000000';
const WORKS = ['http', 'process', 'growth'];

/** One connection each; every request has a key of its own and goes to the next wallet. */
function load(server, wallets) {
  const clients = Array.from({ length: CLIENTS }, (_, client) => ({
    request: [
      `POST ${server.path} HTTP/1.1`, `host: ${server.host}`, ...server.headers, `idempotency-key: r${server.rounds}-${client}-{number}`,
      'content-type: application/json', `content-length: ${server.body.length}`, '', server.body,
    ].join('\r\n'),
    choices: wallets.filter((_, index) => wallets.length === 1 || index % CLIENTS === client),
  }));
  server.rounds += 1;
  return loadFor(server, clients, { ms: ROUND_MS, status: 201 });
}

async function mainstay(name, databaseUrl) {
  const port = await freePort();
  const env = { ...settings(name, port, await freePort()), ...(databaseUrl ? { DATABASE_URL: databaseUrl.href } : {}) };
  const child = start(process.env.MAINSTAY_BIN, ['serve'], env);
  const url = `http://127.0.0.1:${port}`;
  await healthy(child, `${url}/health`);
  const made = JSON.parse(run(process.env.MAINSTAY_BIN, ['--json', 'service-keys', 'create', 'bench', '--scope', 'wallet:write'], { env: { ...process.env, ...env } }));
  const wallets = [];
  for (let index = 0; index < WALLETS; index += 1) {
    wallets.push(memberOf((await signIn(url, `bench-${index}`)).access_token));
  }
  return {
    name, port, child, host: `localhost:${port}`, rounds: 0, wallets, headers: [`authorization: Bearer ${made.key}`],
    path: '/v1/service/members/{choice}/wallet/grants', body: JSON.stringify({ amount: 1, reason: 'ten kilometres' }),
  };
}

async function rowLock() {
  const url = database('row_lock');
  const port = await freePort();
  const cwd = new URL('peers/row-lock', import.meta.url).pathname;
  const env = { DATABASE_URL: url.href.replace(/^postgres(ql)?:/, 'postgresql+asyncpg:') };
  run(process.env.BENCH_PYTHON, ['main.py'], { cwd, env: { ...process.env, ...env } });
  const child = start(process.env.BENCH_PYTHON, ['-m', 'uvicorn', 'main:app', '--port', String(port), '--no-access-log', '--log-level', 'warning'], env, cwd);
  await healthy(child, `http://127.0.0.1:${port}/health`);
  const wallets = Array.from({ length: WALLETS }, (_, n) => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`);
  return {
    name: 'row-lock', port, child, host: `localhost:${port}`, rounds: 0, wallets, headers: [],
    path: '/members/{choice}/grants', body: JSON.stringify({ amount: 1, reason: 'ten kilometres' }),
  };
}

async function overHttp() {
  const servers = [await mainstay('sqlite'), await mainstay('postgres', database('wallet_http')), await rowLock()];
  const seen = servers.map(() => ({ distinct: [], hot: [] }));
  for (let round = -1; round < ROUNDS; round += 1) {
    // The order alternates; the first round of each only warms up.
    const order = round % 2 ? [0, 1, 2] : [2, 1, 0];
    for (const index of order) {
      for (const [kind, wallets] of [['distinct', servers[index].wallets], ['hot', servers[index].wallets.slice(0, 1)]]) {
        const result = load(servers[index], wallets);
        if (round >= 0) seen[index][kind].push(result);
      }
    }
  }
  const rows = {};
  servers.forEach((server, index) => {
    rows[server.name] = Object.fromEntries(Object.entries(seen[index]).map(([kind, rounds]) => [kind, {
      postings_per_second: median(rounds.map((r) => r.requests_per_second)), p50_ms: median(rounds.map((r) => r.p50_ms)),
      p99_ms: median(rounds.map((r) => r.p99_ms)),
    }]));
  });
  await Promise.all(servers.map((server) => stop(server.child)));
  const peer = rows['row-lock'];
  console.log(`\n${CLIENTS} clients, medians of ${ROUNDS} alternating rounds of ${ROUND_MS} ms`);
  for (const [name, { distinct, hot }] of Object.entries(rows)) {
    const of = (row, kind) => `${row.postings_per_second.toFixed(0)}/s (${(row.postings_per_second / peer[kind].postings_per_second).toFixed(1)}x, p99 ${row.p99_ms.toFixed(1)} ms)`;
    console.log(`${name.padEnd(10)} ${WALLETS} wallets ${of(distinct, 'distinct')}   one wallet ${of(hot, 'hot')}`);
  }
  return rows;
}

const ledger = (place, ...sizes) => JSON.parse(run(process.env.BENCH_LEDGER, [place, ...sizes]));

async function main() {
  const works = wanted(WORKS);
  const out = {};
  if (works.includes('http')) out.http = await overHttp();
  if (works.includes('process')) {
    out.process = [ledger(join(folder, 'process.db')), ledger(database('wallet_process').href)];
    for (const { engine, distinct, hot } of out.process) {
      console.log(`inside the process, ${engine}: ${distinct.toFixed(0)}/s on ${WALLETS} wallets, ${hot.toFixed(0)}/s on one`);
    }
  }
  if (works.includes('growth')) {
    out.growth = [ledger(join(folder, 'growth.db'), SIZES), ledger(database('wallet_growth').href, SIZES)];
    for (const { engine, growth } of out.growth) {
      console.log(`as it grows, ${engine}: ${growth.map((g) => `${g.entries} entries ${g.postings_per_second.toFixed(0)}/s`).join(', ')}`);
    }
  }
  keep('wallet', { clients: CLIENTS, rounds: ROUNDS, round_ms: ROUND_MS, ...out });
}

await measure(main);
