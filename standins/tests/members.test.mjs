// The members stand-in against an independent verifier: sound ceremonies pass, every alteration is caught by it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { start } from "../shared/child.mjs";
import { Authenticator } from "../members/authenticator.mjs";
import { Client } from "../members/client.mjs";
import { startFakeMainstay } from "./support/fake-mainstay.mjs";

const MAIN = new URL("../members/main.mjs", import.meta.url).pathname;

let server;
before(async () => {
  server = await startFakeMainstay();
});
after(() => server.close());

const refused = (promise, pattern) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.status, 401, error.message);
    assert.match(error.body.detail, pattern);
    return true;
  });

test("a member registers and signs in, in both postures", async () => {
  for (const posture of ["bearer", "browser"]) {
    const authenticator = new Authenticator();
    const client = new Client(server.url, { posture });
    const { signed_in: made } = await client.register(authenticator, { displayName: "Ada" });
    const { member } = await new Client(server.url, { posture }).login(authenticator);
    assert.equal(member.id, made.member.id);
  }
});

test("altered registrations are caught", async () => {
  const attempt = (tamper) => new Client(server.url).register(new Authenticator(), { tamper });
  await refused(attempt({ origin: "https://evil.example" }), /origin/i);
  await refused(attempt({ rp_id: "evil.example" }), /RP ID/i);
  await refused(attempt({ flags: { uv: false } }), /verif/i);
  await refused(attempt({ flags: { up: false } }), /present/i);
  await refused(attempt({ flags: { be: false, bs: true } }), /backed up|backup/i);
  await refused(attempt({ challenge: "AAAA" }), /challenge/i);
  await refused(attempt({ type: "webauthn.get" }), /type/i);
});

test("altered assertions are caught, and only what was altered is wrong", async () => {
  const authenticator = new Authenticator({ counter_step: 1 });
  await new Client(server.url).register(authenticator);
  const attempt = (tamper) => new Client(server.url).login(authenticator, { tamper });
  await refused(attempt({ origin: "https://evil.example" }), /origin/i);
  await refused(attempt({ rp_id: "evil.example" }), /RP ID/i);
  await refused(attempt({ flags: { uv: false } }), /verif/i);
  await refused(attempt({ challenge: "AAAA" }), /challenge/i);
  await refused(attempt({ type: "webauthn.create" }), /type/i);
  await refused(attempt({ spoil_signature: true }), /verified/);
  await refused(attempt({ key: "foreign" }), /verified/);
  await refused(attempt({ user_handle: "AAAA" }), /user handle/);
  await attempt({ counter: 7, client_data: { extra: true } });
});

test("a synchronised passkey stays at counter zero, a security key counts, and flags can be fixed", async () => {
  const { get } = ceremony(new Authenticator());
  assert.deepEqual([get().counter, get().counter], [0, 0]);
  const key = ceremony(new Authenticator({ counter_step: 1, flags: { be: false, bs: false } }));
  const [first, second] = [key.get(), key.get()];
  assert.ok(second.counter > first.counter);
  assert.deepEqual([first.flags.be, first.flags.bs, first.flags.uv], [false, false, true]);
});

function ceremony(authenticator) {
  const user = { id: "AAAA", name: "n", displayName: "n" };
  const options = {
    challenge: "AAAA",
    rp: { id: "localhost", name: "r" },
    user,
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
  };
  authenticator.create("http://localhost:1", options);
  return {
    get: () => {
      const { response } = authenticator.get("http://localhost:1", { challenge: "AAAA", rpId: "localhost" });
      const data = Buffer.from(response.authenticatorData, "base64url");
      return {
        counter: data.readUInt32BE(33),
        flags: { uv: !!(data[32] & 4), be: !!(data[32] & 8), bs: !!(data[32] & 16) },
      };
    },
  };
}

test("the command makes the members that were asked for", async () => {
  const run = start(process.execPath, [MAIN, "--url", server.url, "--count", "5", "--secrets"]);
  await once(run.child, "close");
  assert.equal(run.child.exitCode, 0, run.lines.join("\n"));
  const made = run.lines.map((line) => JSON.parse(line));
  assert.equal(new Set(made.map((one) => one.member_id)).size, 5);
  const moved = new Authenticator();
  moved.import(made[0].serialized);
  assert.equal((await new Client(server.url).login(moved)).member.id, made[0].member_id);
});

test("the line protocol creates, gets, moves and forgets credentials", async () => {
  const run = start(process.execPath, [MAIN, "--stdio"]);
  const answers = run.stdout[Symbol.asyncIterator]();
  const ask = async (request) => {
    run.child.stdin.write(`${JSON.stringify(request)}\n`);
    return JSON.parse((await answers.next()).value);
  };
  assert.equal(JSON.parse((await answers.next()).value).ready, true);
  const call = (path, body) =>
    fetch(server.url + path, { method: "POST", body: JSON.stringify(body) }).then((answer) => answer.json());

  const registration = await call("/v1/auth/passkey/register/start", { display_name: "Line" });
  const created = await ask({
    id: 1,
    op: "create",
    authenticator: "phone",
    origin: server.url,
    options: registration.public_key,
  });
  assert.deepEqual([created.id, created.ok], [1, true]);
  const done = await call("/v1/auth/passkey/register/finish", {
    ceremony_id: registration.ceremony_id,
    credential: created.result,
  });
  const [held] = (await ask({ op: "credentials", authenticator: "phone" })).result;
  assert.equal(held.id, created.result.id);
  await ask({ op: "authenticator", name: "laptop", config: { counter_step: 1 } });
  await ask({ op: "import", authenticator: "laptop", serialized: held.serialized });

  const login = await call("/v1/auth/passkey/login/start", {});
  const got = await ask({
    id: "two",
    op: "get",
    authenticator: "laptop",
    origin: server.url,
    options: login.public_key,
  });
  const signedIn = await call("/v1/auth/passkey/login/finish", {
    ceremony_id: login.ceremony_id,
    credential: got.result,
  });
  assert.equal(signedIn.member.id, done.signed_in.member.id);

  await ask({ op: "forget", authenticator: "phone" });
  const gone = await ask({
    op: "get",
    authenticator: "phone",
    origin: server.url,
    options: login.public_key,
  });
  assert.deepEqual([gone.ok, gone.error.name], [false, "NotAllowedError"]);
  assert.equal((await ask({ op: "dance" })).ok, false);
  run.child.stdin.end();
  await once(run.child, "exit");
});
