// What every comparison needs: a folder of its own, servers on free loopback ports, the load generator, and an end to all of it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const TEST_AUTH = 'bench-header-0123456789';
export const ONLY = (process.env.BENCH_ONLY ?? '').split(',').filter(Boolean);
export const folder = mkdtempSync(join(tmpdir(), 'mainstay-bench-'));
const children = [];

export const freePort = () => new Promise((resolve, reject) => {
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
});

export function start(command, args, env, cwd) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', (chunk) => { child.tail = ((child.tail ?? '') + chunk).slice(-4000); });
  children.push(child);
  return child;
}

/** Waits for the first healthy answer and says how many milliseconds it took. */
export async function healthy(child, url) {
  const begun = performance.now();
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended: ${child.tail}`);
    try { if ((await fetch(url)).ok) return performance.now() - begun; } catch { /* not listening yet */ }
    if (performance.now() - begun > 30_000) throw new Error(`${url} did not answer: ${child.tail}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export async function json(url, options = {}) {
  const { body, headers, ...rest } = options;
  const answer = await fetch(url, {
    ...rest,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${rest.method ?? 'GET'} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}

/** A whole HTTP/1.1 request; a body that is no text is sent as JSON. */
export function request(method, path, host, headers = {}, body) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${host}`, ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`)];
  if (text !== undefined) lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(text)}`);
  return `${lines.join('\r\n')}\r\n\r\n${text ?? ''}`;
}

/** Lets the load generator's clients send for some time. Every answer must have the status. */
export function load(server, clients, { ms, status }) {
  const job = { address: `127.0.0.1:${server.port}`, pid: server.child.pid, duration_ms: ms, expect_status: status, clients };
  return JSON.parse(run(process.env.BENCH_LOAD, [], { input: JSON.stringify(job) }));
}

/** The settings of a Mainstay that is measured. Its limiter stays on, with quotas that the load does not reach. */
export const settings = (name, port, metrics) => ({
  MAINSTAY_LISTEN: `127.0.0.1:${port}`, MAINSTAY_METRICS_LISTEN: `127.0.0.1:${metrics}`, MAINSTAY_DATA_DIR: join(folder, name),
  MAINSTAY_PUBLIC_URL: `http://localhost:${port}`, TEST_MODE: 'true', MAINSTAY_TEST_AUTH: TEST_AUTH, MAINSTAY_LOG: 'warn',
  MAINSTAY_RATE_LIMITS: ['auth', 'read', 'write', 'public', 'webhook'].map((kind) => `${kind}=100000000/100000000`).join(','),
});

/** Signs a member in by the test sign-in. */
export const signIn = (url, identity) => json(`${url}/v1/auth/test-login`, {
  method: 'POST', headers: { 'x-test-auth': TEST_AUTH, 'mainstay-client': 'bearer' }, body: { identity },
});

/** The member whose access token it is. */
export const memberOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub;

/** A database of its own on the scratch server. */
export function database(name) {
  const server = process.env.MAINSTAY_TEST_POSTGRES_URL;
  run('psql', [server, '-qc', `CREATE DATABASE ${name}`]);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url;
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export const stop = (child) => new Promise((resolve) => {
  if (child.exitCode !== null || child.signalCode !== null) { resolve(); return; }
  child.once('exit', resolve);
  child.kill('SIGTERM');
});

/** The kinds of work that were asked for. */
export function wanted(works) {
  const unknown = ONLY.find((name) => !works.includes(name));
  if (unknown) throw new Error(`no work \`${unknown}\`; there are: ${works.join(', ')}`);
  return ONLY.length ? ONLY : works;
}

/** Writes what was measured, unless it is not the whole. */
export function keep(name, measured) {
  if (ONLY.length) return;
  mkdirSync(process.env.BENCH_OUT, { recursive: true });
  writeFileSync(join(process.env.BENCH_OUT, `${name}.json`), JSON.stringify(measured, null, 2));
}

/** Runs a comparison, and ends all that it started. */
export async function measure(main) {
  try {
    await main();
  } finally {
    await Promise.all(children.map(stop));
    rmSync(folder, { recursive: true, force: true });
  }
}
