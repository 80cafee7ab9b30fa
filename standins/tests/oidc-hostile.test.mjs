// The forged ID tokens: an independent, correct verifier accepts the controls and refuses all the others, so a server
// that accepts one of them is wrong and not the forgery.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { CONTROLS, EITHER, FAULTS, UNVERIFIED } from "../oidc/faults.mjs";
import { GOOGLE, googleFlow, startGoogle, verify } from "./support/relying-party.mjs";

let google;
before(async () => {
  google = await startGoogle();
});
after(() => google.stop());
beforeEach(async () => {
  await google.control("POST", "/reset");
  await google.control("PUT", "/user", { sub: "1", email: "ada@gmail.com", email_verified: true });
});

const check = (token, nonce) => verify(google.facts, token, { clientId: GOOGLE.clientId, nonce });
const ALSO_SOUND = [...CONTROLS, ...UNVERIFIED];

for (const fault of Object.keys(FAULTS).filter((name) => !EITHER.includes(name))) {
  test(`${fault}: ${ALSO_SOUND.includes(fault) ? "verifies" : "does not verify"}`, async () => {
    const { waiting } = await google.control("POST", "/next-token", { fault });
    assert.equal(waiting, 1);
    const { flow, token } = await googleFlow(google);
    assert.equal(token.status, 200);
    if (ALSO_SOUND.includes(fault)) await check(token.body.id_token, flow.nonce);
    else await assert.rejects(async () => check(token.body.id_token, flow.nonce));
    assert.equal((await google.control("GET", "/counters")).trap, 0);
    const next = await googleFlow(google);
    await check(next.token.body.id_token, next.flow.nonce);
  });
}

test("an order may change any header and claim, with times relative to now, and last several times", async () => {
  await google.control("POST", "/next-token", {
    claims: { exp: { in: -90 }, extra: 1 },
    header: { typ: "at+jwt" },
    remove: ["email"],
    times: 2,
  });
  for (let round = 0; round < 2; round += 1) {
    const { token, flow } = await googleFlow(google);
    const [header, claims] = token.body.id_token
      .split(".")
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, "base64url")));
    assert.equal(header.typ, "at+jwt");
    assert.equal(claims.nonce, flow.nonce, "what was not ordered stays genuine");
    assert.deepEqual([claims.extra, claims.email], [1, undefined]);
    assert.ok(Math.abs(claims.exp + 90 - Date.now() / 1000) < 5);
  }
  await google.control("POST", "/next-token", { raw: "taken-from-elsewhere" });
  assert.equal((await googleFlow(google)).token.body.id_token, "taken-from-elsewhere");
});

test("tokens are minted without a flow", async () => {
  const { id_token: token } = await google.control("POST", "/mint", {
    user: { sub: "m", email: "m@gmail.com", email_verified: true },
    nonce: "n1",
  });
  assert.equal((await check(token, "n1")).sub, "m");
  const bad = await google.control("POST", "/mint", { fault: "alg_none", nonce: "n1" });
  await assert.rejects(check(bad.id_token, "n1"));
  await assert.rejects(google.control("POST", "/mint", { fault: "no such" }), /unknown fault/);
});
