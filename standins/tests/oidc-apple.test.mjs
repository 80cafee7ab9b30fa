// The Apple stand-in: form post, the signed client secret, claims as text, the name that comes once, and revocation.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import {
  APPLE,
  appleFlow,
  appleSecret,
  begin,
  exchange,
  formFields,
  REDIRECT,
  startApple,
  verify,
  walk,
} from "./support/relying-party.mjs";

let apple;
before(async () => {
  apple = await startApple();
});
after(() => apple.stop());
beforeEach(async () => {
  await apple.control("POST", "/reset");
  await apple.control("PUT", "/user", {
    sub: "000.abc",
    email: "x@privaterelay.appleid.com",
    email_verified: true,
    name: "Ada Lovelace",
  });
});

test("name or e-mail scope forces the form post", async () => {
  const { answer, text } = await walk(begin(apple.facts, APPLE.clientId, { scope: "email" }).url);
  assert.equal(answer.status, 400);
  assert.match(text, /response_mode must be form_post/);
});

test("without those scopes the answer may come by redirect", async () => {
  const flow = begin(apple.facts, APPLE.clientId, { scope: "openid" });
  assert.equal((await walk(flow.url)).params.state, flow.state);
});

test("the answer is a form to the redirect URI, and the ID token has booleans as text", async () => {
  const { flow, fields, action, token } = await appleFlow(apple);
  assert.equal(action, REDIRECT);
  assert.equal(fields.state, flow.state);
  assert.equal(fields.iss, undefined, "Apple sends no iss parameter");
  assert.equal(token.status, 200, JSON.stringify(token.body));
  assert.equal(typeof token.body.refresh_token, "string");
  const claims = await verify(apple.facts, token.body.id_token, {
    clientId: APPLE.clientId,
    nonce: flow.nonce,
  });
  assert.deepEqual(
    [claims.email_verified, claims.is_private_email, claims.nonce_supported],
    ["true", "true", true],
  );
  assert.equal(claims.name, undefined, "the name is never in the token");
});

test("the name comes with the first form post only, and again after a revocation", async () => {
  const first = await appleFlow(apple);
  assert.deepEqual(JSON.parse(first.fields.user), {
    name: { firstName: "Ada", lastName: "Lovelace" },
    email: "x@privaterelay.appleid.com",
  });
  assert.equal((await appleFlow(apple)).fields.user, undefined);
  const answer = await fetch(apple.facts.revoke, {
    method: "POST",
    body: new URLSearchParams({
      client_id: APPLE.clientId,
      client_secret: await appleSecret(apple.privateKey, apple.facts.issuer),
      token: first.token.body.refresh_token,
      token_type_hint: "refresh_token",
    }),
  });
  assert.equal(answer.status, 200);
  const [revocation] = await apple.control("GET", "/revocations");
  assert.deepEqual([revocation.token, revocation.status], [first.token.body.refresh_token, 200]);
  assert.notEqual((await appleFlow(apple)).fields.user, undefined);
});

test("the unsigned field may carry an address that differs from the token", async () => {
  await apple.control("PUT", "/user", {
    sub: "s",
    email: "own@example.org",
    email_verified: true,
    form_email: "victim@example.org",
    name: "Mallory M",
  });
  const { flow, fields, token } = await appleFlow(apple);
  assert.equal(JSON.parse(fields.user).email, "victim@example.org");
  assert.equal(
    (await verify(apple.facts, token.body.id_token, { clientId: APPLE.clientId, nonce: flow.nonce })).email,
    "own@example.org",
  );
});

test("a user who cancels sends Apple’s own error by form post", async () => {
  await apple.control("POST", "/users", { deny: true });
  const flow = begin(apple.facts, APPLE.clientId, { scope: "name email", response_mode: "form_post" });
  const { answer, text } = await walk(flow.url);
  assert.equal(answer.status, 200);
  const { fields } = formFields(text);
  assert.deepEqual([fields.error, fields.state], ["user_cancelled_authorize", flow.state]);
});

const HALF_YEAR = 15_777_000;
const soon = () => Math.floor(Date.now() / 1000);
const BAD_SECRETS = {
  "another team": () => ({ claims: { iss: "OTHERTEAM1" } }),
  "another client": () => ({ claims: { sub: "other.service" } }),
  "another audience": () => ({ claims: { aud: "https://example.org" } }),
  "another key id": () => ({ header: { kid: "OTHERKEY12" } }),
  "no key id": () => ({ header: { kid: undefined } }),
  "a foreign key": () => ({ key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey }),
  expired: () => ({ claims: { exp: soon() - 10 } }),
  "too long a life": () => ({ claims: { exp: soon() + HALF_YEAR + 100 } }),
  "no expiry": () => ({ claims: { exp: undefined } }),
};
for (const [name, changes] of Object.entries(BAD_SECRETS)) {
  test(`a client secret with ${name} is refused`, async () => {
    const flow = begin(apple.facts, APPLE.clientId, { scope: "email", response_mode: "form_post" });
    const { fields } = formFields((await walk(flow.url)).text);
    const secret = await appleSecret(apple.privateKey, apple.facts.issuer, changes());
    const { status, body } = await exchange(apple.facts, {
      code: fields.code,
      verifier: flow.verifier,
      clientId: APPLE.clientId,
      secret,
    });
    assert.deepEqual([status, body.error], [401, "invalid_client"]);
    const [noted] = await apple.control("GET", "/client-secrets");
    assert.equal(typeof noted.refused, "string");
  });
}

test("a client secret that is no JWT is refused, one of almost six months passes", async () => {
  const flow = begin(apple.facts, APPLE.clientId, { scope: "email", response_mode: "form_post" });
  const { fields } = formFields((await walk(flow.url)).text);
  const at = { code: fields.code, verifier: flow.verifier, clientId: APPLE.clientId };
  assert.equal((await exchange(apple.facts, { ...at, secret: "plain" })).body.error, "invalid_client");
  const secret = await appleSecret(apple.privateKey, apple.facts.issuer, {
    claims: { exp: soon() + HALF_YEAR - 100 },
  });
  assert.equal((await exchange(apple.facts, { ...at, secret })).status, 200);
});
