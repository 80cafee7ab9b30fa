// Passkey ceremonies that were altered, replayed or carried elsewhere, over HTTP and without a page. Each starts from a
// sound ceremony and changes one thing, so that a refusal is a refusal of that thing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { before, test } from "node:test";

import { Authenticator } from "../../members/authenticator.mjs";
import { Client } from "../../members/client.mjs";
import { start } from "../../shared/child.mjs";
import { url } from "../harness/outside.mjs";

const MEMBERS = new URL("../../members/main.mjs", import.meta.url).pathname;
const START = "/v1/auth/passkey/login/start";
const FINISH = "/v1/auth/passkey/login/finish";
const PARALLEL = 20;
const EVIL = "https://evil.example";

const refused = (promise) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.status, error.body?.code], [401, "ceremony_refused"], error.message);
    return true;
  });

const newClient = () => new Client(url(), { posture: "browser" });

/** A member with a passkey of the wanted kind. */
async function member(config) {
  const authenticator = new Authenticator(config);
  const { signed_in: signedIn } = await newClient().register(authenticator);
  return { authenticator, id: signedIn.member.id };
}

async function begin(client) {
  const { body } = await client.send("POST", START, {});
  return { ceremonyId: body.ceremony_id, options: body.public_key.publicKey ?? body.public_key };
}

const finish = (client, ceremonyId, credential) =>
  client.send("POST", FINISH, { ceremony_id: ceremonyId, credential });

for (const posture of ["bearer", "browser"]) {
  test(`the command makes members who sign in again, as ${posture}`, async () => {
    const run = start(process.execPath, [MEMBERS, "--url", url(), "--count", "6", "--posture", posture]);
    await once(run.child, "close");
    assert.equal(run.child.exitCode, 0, run.lines.join("\n"));
    assert.equal(new Set(run.lines.map((line) => JSON.parse(line).member_id)).size, 6);
  });
}

const ALTERED = {
  "another origin": { origin: EVIL },
  "a look-alike origin": { origin: "http://localhost.evil.example" },
  "another RP id": { rp_id: "evil.example" },
  "another challenge": { challenge: Buffer.alloc(32, 7).toString("base64url") },
  "no user verification": { flags: { uv: false } },
  "no user presence": { flags: { up: false } },
  "a back-up state without eligibility": { flags: { be: false, bs: true } },
};
for (const [what, tamper] of Object.entries(ALTERED)) {
  test(`${what} is refused at registration`, () =>
    refused(newClient().register(new Authenticator(), { tamper })));
}

let victim;
before(async () => {
  victim = await member();
});
const ALTERED_ASSERTIONS = {
  ...ALTERED,
  "the type of a registration": { type: "webauthn.create" },
  "a flipped back-up eligibility": { flags: { be: false, bs: false } },
  "a spoiled signature": { spoil_signature: true },
  "another key": { key: "foreign" },
  "another member’s handle": { user_handle: Buffer.alloc(32, 9).toString("base64url") },
  "an unknown credential": { credential_id: Buffer.alloc(32, 9).toString("base64url") },
};
for (const [what, tamper] of Object.entries(ALTERED_ASSERTIONS)) {
  test(`${what} is refused at sign-in`, () => refused(newClient().login(victim.authenticator, { tamper })));
}

test("the untouched passkey still signs in, with the counter at zero again and again", async () => {
  for (let round = 0; round < 3; round += 1) {
    assert.equal((await newClient().login(victim.authenticator)).member.id, victim.id);
  }
});

test("a counter that does not rise is refused once it was used", async () => {
  const { authenticator, id } = await member({ counter_step: 1 });
  const login = (counter) => newClient().login(authenticator, { tamper: { counter } });
  assert.equal((await login(5)).member.id, id);
  await refused(login(5));
  await refused(login(4));
  await refused(login(0));
  assert.equal((await login(6)).member.id, id);
});

test("an assertion works once", async () => {
  const client = newClient();
  const { ceremonyId, options } = await begin(client);
  const credential = victim.authenticator.get(client.origin, options);
  assert.equal((await finish(client, ceremonyId, credential)).status, 200);
  assert.equal((await finish(client, ceremonyId, credential)).status, 401);
});

test("of twenty parallel uses of one assertion, one succeeds", async () => {
  const client = newClient();
  const { ceremonyId, options } = await begin(client);
  const credential = victim.authenticator.get(client.origin, options);
  const uses = Array.from({ length: PARALLEL }, () => finish(client, ceremonyId, credential));
  const statuses = (await Promise.all(uses)).map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, ...Array(PARALLEL - 1).fill(401)]);
});

test("a ceremony of another browser is refused, and so is another ceremony’s challenge", async () => {
  const [own, other] = [newClient(), newClient()];
  const [first, second] = [await begin(own), await begin(other)];
  const credential = victim.authenticator.get(own.origin, first.options);
  assert.equal((await finish(other, first.ceremonyId, credential)).status, 401);
  assert.equal((await finish(other, second.ceremonyId, credential)).status, 401);
});

test("what a client says about itself has no effect", async () => {
  const client = newClient();
  const { body } = await client.send("POST", "/v1/auth/passkey/register/start", {
    ...{ display_name: "Mallory", language: "en", email: "victim@example.org", email_verified: true },
    ...{ role: "operator", user_id: victim.id, member_id: victim.id },
  });
  if (body.status === 422 || body.status === 400) return;
  const credential = new Authenticator().create(client.origin, body.public_key.publicKey ?? body.public_key);
  const done = await client.send("POST", "/v1/auth/passkey/register/finish", {
    ...{
      ceremony_id: body.ceremony_id,
      credential,
      role: "operator",
      email: "victim@example.org",
      member_id: victim.id,
    },
  });
  const made = done.body.signed_in?.member;
  assert.equal(done.status, 201, JSON.stringify(done.body));
  assert.deepEqual([made.role, made.email, made.id === victim.id], ["member", null, false]);
});
