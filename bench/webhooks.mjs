// Signed purchase webhooks a second: each is verified, recorded in the inbox and credited to its member, over HTTP with 64 clients, on
// SQLite (synchronous=FULL) and on PostgreSQL with its defaults.
//
// Every event is another purchase of one of a thousand members, signed as Square signs. At the end the wallets must have exactly what
// was answered with 200. Writes target/bench/webhooks.json. Needs MAINSTAY_BIN, BENCH_LOAD and a PostgreSQL.
import { createHmac } from 'node:crypto';

import {
  database, freePort, healthy, json, keep, load, measure, median, memberOf, request, run, settings, signIn, start, stop, wanted,
} from './shared.mjs';

const CLIENTS = 64;
const MEMBERS = 1000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 2000);
/** More than can be answered in a round. */
const EVENTS = 40_000;
const POINTS = 12;
const SECRET = 'bench-signature-key';
const WORKS = ['sqlite', 'postgres'];

function event(number, at) {
  const id = `bench-${number}`;
  const payment = {
    id, amount_money: { amount: POINTS * 100, currency: 'USD' }, total_money: { amount: POINTS * 100, currency: 'USD' }, status: 'COMPLETED',
    source_type: 'CARD', customer_id: `customer-${number % MEMBERS}`, location_id: 'S8GWD5R9QB376', order_id: `order-${number}`,
    card_details: { status: 'CAPTURED', card: { card_brand: 'MASTERCARD', last_4: '9029', fingerprint: `sq-1-card-${number % MEMBERS}` } },
    created_at: at, updated_at: at, version: 4,
  };
  return JSON.stringify({
    merchant_id: '6SSW7HV8K2ST5', type: 'payment.updated', event_id: `event-${number}`, created_at: at,
    data: { type: 'payment', id, object: { payment } },
  });
}

async function mainstay(name) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const notified = `http://localhost:${port}/v1/webhooks/shop`;
  const env = {
    ...settings(name, port, await freePort()),
    ...(name === 'postgres' ? { DATABASE_URL: database('webhooks').href } : {}),
    MAINSTAY_WEBHOOK_SHOP_KIND: 'square', MAINSTAY_WEBHOOK_SHOP_SECRETS: SECRET, MAINSTAY_WEBHOOK_SHOP_NOTIFICATION_URL: notified,
  };
  const child = start(process.env.MAINSTAY_BIN, ['serve'], env);
  await healthy(child, `${url}/health`);
  const boss = memberOf((await signIn(url, 'bench-operator')).access_token);
  run(process.env.MAINSTAY_BIN, ['members', 'promote', boss], { env: { ...process.env, ...env } });
  const headers = { authorization: `Bearer ${(await signIn(url, 'bench-operator')).access_token}` };
  const post = (path, body) => json(`${url}${path}`, { method: 'POST', headers, body });
  await post('/v1/operator/purchase-rules', { name: 'A point for each dollar', currency: 'USD', points: 1, per_amount: 100 });
  const tokens = [];
  for (let index = 0; index < MEMBERS; index += 1) {
    const token = (await signIn(url, `bench-${index}`)).access_token;
    await post(`/v1/operator/members/${memberOf(token)}/purchase-links`, { source: 'shop', kind: 'customer', value: `customer-${index}` });
    tokens.push(token);
  }
  return { name, port, child, url, notified, tokens, next: 0 };
}

function round(server) {
  const at = new Date().toISOString();
  const clients = Array.from({ length: CLIENTS }, () => ({ request: '', requests: [] }));
  for (let index = 0; index < EVENTS; index += 1) {
    const body = event(server.next + index, at);
    const signature = createHmac('sha256', SECRET).update(server.notified + body).digest('base64');
    clients[index % CLIENTS].requests.push(
      request('POST', '/v1/webhooks/shop', `localhost:${server.port}`, { 'x-square-hmacsha256-signature': signature }, body),
    );
  }
  server.next += EVENTS;
  return load(server, clients, { ms: ROUND_MS, status: 200 });
}

/** What all wallets have together. */
async function credited(server) {
  let points = 0;
  for (const token of server.tokens) {
    points += (await json(`${server.url}/v1/wallet`, { headers: { authorization: `Bearer ${token}` } })).balance;
  }
  return points;
}

await measure(async () => {
  const rows = {};
  for (const name of wanted(WORKS)) {
    const server = await mainstay(name);
    const seen = Array.from({ length: ROUNDS + 1 }, () => round(server));
    const answered = seen.reduce((sum, one) => sum + one.requests, 0);
    const points = await credited(server);
    if (points !== answered * POINTS) throw new Error(`${name}: ${answered} events answered, and ${points} points in the wallets`);
    await stop(server.child);
    // The first round only warms up.
    const rounds = seen.slice(1);
    rows[name] = {
      webhooks_per_second: median(rounds.map((r) => r.requests_per_second)), p50_ms: median(rounds.map((r) => r.p50_ms)),
      p99_ms: median(rounds.map((r) => r.p99_ms)), cpu_us: median(rounds.map((r) => r.cpu_us_per_request)), credited: points,
    };
    const row = rows[name];
    console.log(
      `${name.padEnd(10)} ${row.webhooks_per_second.toFixed(0)} signed webhooks/s, p50 ${row.p50_ms.toFixed(1)} ms, p99 ${row.p99_ms.toFixed(1)} ms, ` +
      `${row.cpu_us.toFixed(0)} µs CPU each; all ${answered} credited once`,
    );
  }
  keep('webhooks', { clients: CLIENTS, rounds: ROUNDS, round_ms: ROUND_MS, rows });
});
