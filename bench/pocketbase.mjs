// Mainstay beside PocketBase: the same work, on the same machine, in short alternating rounds.
//
// Both run on their embedded SQLite with their own defaults; Mainstay commits with synchronous=FULL. Prints a table of medians and
// ratios, and writes them to target/bench/pocketbase.json. Needs MAINSTAY_BIN, BENCH_LOAD and POCKETBASE_BIN. BENCH_ONLY names the
// kinds of work to measure, with commas between; then nothing is written, for it would not be the whole.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  ONLY, folder, freePort, healthy, json, keep, load as loadFor, measure, median, request, run, settings, signIn, start, stop, wanted,
} from './shared.mjs';

const CLIENTS = 32;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 1500);
const WORKS = ['health', 'read', 'list', 'create', 'refresh'];
const NOTES_PER_MEMBER = 20;

const load = (server, clients, status) => loadFor(server, clients, { ms: ROUND_MS, status });

const NOTE = { text: 'A table by the window for two, and the quiet room at the end of the corridor.', pinned: false };

async function mainstay() {
  const port = await freePort();
  const env = settings('mainstay', port, await freePort());
  const boot = () => start(process.env.MAINSTAY_BIN, ['serve'], env);
  const server = { name: 'Mainstay', port, child: boot(), boot, url: `http://127.0.0.1:${port}` };
  await healthy(server.child, `${server.url}/health`);
  const host = `localhost:${port}`;
  server.members = [];
  for (let index = 0; index < CLIENTS; index += 1) {
    const signed = await signIn(server.url, `bench-${index}`);
    const headers = { authorization: `Bearer ${signed.access_token}` };
    let note;
    for (let n = 0; n < NOTES_PER_MEMBER; n += 1) note = await json(`${server.url}/v1/notes`, { method: 'POST', headers, body: NOTE });
    server.members.push({ headers, note: note.id, refresh: signed.refresh_token });
  }
  server.work = {
    health: () => load(server, server.members.map(() => ({ request: request('GET', '/health', host) })), 200),
    read: () => load(server, server.members.map((m) => ({ request: request('GET', `/v1/notes/${m.note}`, host, m.headers) })), 200),
    list: () => load(server, server.members.map((m) => ({ request: request('GET', '/v1/notes?limit=20', host, m.headers) })), 200),
    create: () => load(server, server.members.map((m) => ({ request: request('POST', '/v1/notes', host, m.headers, NOTE) })), 201),
    refresh: () => {
      const seen = load(server, server.members.map((m) => ({
        request: request('POST', '/v1/auth/refresh', host, { 'mainstay-client': 'bearer' }, { refresh_token: '{token}' })
          .replace(/content-length: \d+/, `content-length: ${JSON.stringify({ refresh_token: m.refresh }).length}`),
        token: m.refresh, next_token: 'refresh_token',
      })), 200);
      seen.tokens.forEach((token, index) => { server.members[index].refresh = token; });
      return seen;
    },
  };
  return server;
}

async function pocketbase() {
  const port = await freePort();
  const data = join(folder, 'pocketbase');
  mkdirSync(data);
  const admin = ['bench@example.com', 'bench-password-1'];
  run(process.env.POCKETBASE_BIN, ['superuser', 'upsert', ...admin, `--dir=${data}`]);
  const boot = () => start(process.env.POCKETBASE_BIN, ['serve', `--http=127.0.0.1:${port}`, `--dir=${data}`], {});
  const server = { name: 'PocketBase', port, child: boot(), boot, url: `http://127.0.0.1:${port}` };
  await healthy(server.child, `${server.url}/api/health`);
  const auth = await json(`${server.url}/api/collections/_superusers/auth-with-password`, {
    method: 'POST', body: { identity: admin[0], password: admin[1] },
  });
  const as = { authorization: auth.token };
  const own = 'owner = @request.auth.id';
  const users = await json(`${server.url}/api/collections/users`, { headers: as });
  await json(`${server.url}/api/collections`, {
    method: 'POST', headers: as,
    body: {
      name: 'notes', type: 'base', listRule: own, viewRule: own, createRule: '@request.auth.id != "" && owner = @request.auth.id',
      updateRule: own, deleteRule: own,
      fields: [
        { name: 'owner', type: 'relation', collectionId: users.id, maxSelect: 1, required: true, cascadeDelete: true },
        { name: 'text', type: 'text', max: 20000, required: true },
        { name: 'tags', type: 'json' }, { name: 'pinned', type: 'bool' },
        { name: 'created', type: 'autodate', onCreate: true }, { name: 'updated', type: 'autodate', onCreate: true, onUpdate: true },
      ],
      indexes: ['CREATE INDEX idx_notes_owner ON notes (owner, created DESC)'],
    },
  });
  // Its request log is a second write per request; ours goes to standard error, so neither keeps one here.
  await json(`${server.url}/api/settings`, { method: 'PATCH', headers: as, body: { logs: { maxDays: 0 } } });
  server.members = [];
  const host = `127.0.0.1:${port}`;
  for (let index = 0; index < CLIENTS; index += 1) {
    const user = { email: `bench-${index}@example.com`, password: 'bench-password-1', passwordConfirm: 'bench-password-1' };
    const { id } = await json(`${server.url}/api/collections/users/records`, { method: 'POST', headers: as, body: user });
    const { token } = await json(`${server.url}/api/collections/users/auth-with-password`, {
      method: 'POST', body: { identity: user.email, password: user.password },
    });
    const headers = { authorization: token };
    let note;
    for (let n = 0; n < NOTES_PER_MEMBER; n += 1) {
      note = await json(`${server.url}/api/collections/notes/records`, { method: 'POST', headers, body: { ...NOTE, owner: id } });
    }
    server.members.push({ headers, note: note.id, owner: id });
  }
  const records = '/api/collections/notes/records';
  server.work = {
    health: () => load(server, server.members.map(() => ({ request: request('GET', '/api/health', host) })), 200),
    read: () => load(server, server.members.map((m) => ({ request: request('GET', `${records}/${m.note}`, host, m.headers) })), 200),
    list: () => load(server, server.members.map((m) => ({
      // skipTotal spares it the count that our cursor does not make either.
      request: request('GET', `${records}?perPage=20&sort=-created&skipTotal=1`, host, m.headers),
    })), 200),
    create: () => load(server, server.members.map((m) => ({
      request: request('POST', records, host, m.headers, { ...NOTE, owner: m.owner }),
    })), 200),
    refresh: () => load(server, server.members.map((m) => ({
      request: request('POST', '/api/collections/users/auth-refresh', host, m.headers, {}),
    })), 200),
  };
  return server;
}

const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** The median time from start to the first healthy answer, on the database that is there, and the idle memory after it. */
async function restarts(server, path) {
  const times = [];
  for (let n = 0; n < 5; n += 1) {
    await stop(server.child);
    const begun = performance.now();
    server.child = server.boot();
    await healthy(server.child, `${server.url}${path}`);
    times.push(performance.now() - begun);
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  return { start_ms: median(times), idle_kib: memory(server.child.pid) };
}

async function main() {
  const works = wanted(WORKS);
  const servers = [await mainstay(), await pocketbase()];
  const rows = {};
  for (const name of works) {
    const seen = servers.map(() => []);
    for (const server of servers) server.work[name]();
    for (let round = 0; round < ROUNDS; round += 1) {
      // The order alternates, so that neither always runs on the warmer machine.
      const order = round % 2 ? [1, 0] : [0, 1];
      for (const index of order) seen[index].push(servers[index].work[name]());
    }
    rows[name] = seen.map((rounds) => ({
      rps: median(rounds.map((r) => r.requests_per_second)), p50: median(rounds.map((r) => r.p50_ms)),
      p99: median(rounds.map((r) => r.p99_ms)), cpu: median(rounds.map((r) => r.cpu_us_per_request)),
      memory: Math.max(...rounds.map((r) => r.memory_kib)),
    }));
  }
  const line = (...cells) => console.log(cells.map((cell, i) => (i ? String(cell).padStart(12) : String(cell).padEnd(10))).join(''));
  console.log(`\n${CLIENTS} clients, medians of ${ROUNDS} alternating rounds of ${ROUND_MS} ms; Mainstay / PocketBase`);
  line('work', 'req/s', 'req/s', 'ratio', 'p50 ms', 'p50 ms', 'p99 ms', 'p99 ms', 'p99 ratio', 'cpu µs', 'cpu µs', 'cpu ratio', 'MiB', 'MiB');
  for (const [name, [a, b]] of Object.entries(rows)) {
    line(name, a.rps.toFixed(0), b.rps.toFixed(0), `${(a.rps / b.rps).toFixed(1)}x`, a.p50.toFixed(2), b.p50.toFixed(2), a.p99.toFixed(2),
      b.p99.toFixed(2), (a.p99 / b.p99).toFixed(2), a.cpu.toFixed(0), b.cpu.toFixed(0), `${(b.cpu / a.cpu).toFixed(1)}x`,
      (a.memory / 1024).toFixed(0), (b.memory / 1024).toFixed(0));
  }
  if (ONLY.length) return;
  const rest = [await restarts(servers[0], '/health'), await restarts(servers[1], '/api/health')];
  console.log(`start to first healthy answer: ${rest.map((r) => `${r.start_ms.toFixed(0)} ms`).join(' / ')}`);
  console.log(`idle memory: ${rest.map((r) => `${(r.idle_kib / 1024).toFixed(0)} MiB`).join(' / ')}`);
  keep('pocketbase', { clients: CLIENTS, rounds: ROUNDS, round_ms: ROUND_MS, rows, rest });
}

await measure(main);
