// The Google stand-in: the code flow as Google plays it, its refusals, its keys and its outages.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { begin, exchange, GOOGLE, googleFlow, startGoogle, verify, walk } from "./support/relying-party.mjs";

let google;
before(async () => {
  google = await startGoogle();
});
after(() => google.stop());
beforeEach(() => google.control("POST", "/reset", {}));

const ADA = { sub: "1001", email: "ada@gmail.com", email_verified: true, name: "Ada Lovelace" };
const check = (token, nonce) => verify(google.facts, token, { clientId: GOOGLE.clientId, nonce });

test("a sign-in by redirect yields an ID token with the claims of the scopes", async () => {
  await google.control("PUT", "/user", { ...ADA, hd: "example.org", claims: { locale: "he", amr: ["pwd"] } });
  const { flow, params, token } = await googleFlow(google, {
    scope: "openid email profile",
    prompt: "select_account",
  });
  assert.equal(params.state, flow.state);
  assert.equal(params.iss, google.facts.issuer);
  assert.equal(token.status, 200);
  const claims = await check(token.body.id_token, flow.nonce);
  assert.equal(claims.sub, "1001");
  assert.equal(claims.aud, GOOGLE.clientId);
  assert.equal(claims.azp, GOOGLE.clientId);
  assert.equal(claims.email, "ada@gmail.com");
  assert.equal(claims.email_verified, true);
  assert.equal(claims.hd, "example.org");
  assert.equal(claims.given_name, "Ada");
  assert.deepEqual([claims.locale, claims.amr], ["he", ["pwd"]]);
  assert.equal(token.body.refresh_token, undefined, "no refresh token without access_type=offline");
});

test("claims of scopes that were not asked for stay away", async () => {
  await google.control("PUT", "/user", ADA);
  const { token, flow } = await googleFlow(google, { scope: "openid" });
  const claims = await check(token.body.id_token, flow.nonce);
  assert.equal(claims.email, undefined);
  assert.equal(claims.name, undefined);
});

test("a wrong secret, verifier or redirect URI, and a second use of a code, are refused", async () => {
  await google.control("PUT", "/user", ADA);
  const start = async () => {
    const flow = begin(google.facts, GOOGLE.clientId);
    return { flow, code: (await walk(flow.url)).params.code };
  };
  const good = (one) => ({
    code: one.code,
    verifier: one.flow.verifier,
    clientId: GOOGLE.clientId,
    secret: GOOGLE.clientSecret,
  });
  const wrongSecret = await exchange(google.facts, { ...good(await start()), secret: "no" });
  assert.deepEqual([wrongSecret.status, wrongSecret.body.error], [401, "invalid_client"]);
  const wrongVerifier = await exchange(google.facts, { ...good(await start()), verifier: "x".repeat(64) });
  assert.equal(wrongVerifier.body.error, "invalid_grant");
  const noVerifier = await exchange(google.facts, { ...good(await start()), verifier: undefined });
  assert.equal(noVerifier.body.error, "invalid_grant");
  const otherRedirect = await exchange(google.facts, {
    ...good(await start()),
    extra: { redirect_uri: "http://localhost:65000/x" },
  });
  assert.equal(otherRedirect.body.error, "invalid_grant");
  const once = await start();
  assert.equal((await exchange(google.facts, good(once))).status, 200);
  assert.equal((await exchange(google.facts, good(once))).body.error, "invalid_grant");
});

test("an unregistered redirect URI gets an error page, not a redirect", async () => {
  const { answer } = await walk(
    begin(google.facts, GOOGLE.clientId, { redirect_uri: "http://localhost:65000/evil" }).url,
  );
  assert.equal(answer.status, 400);
});

test("a refresh token comes with access_type=offline", async () => {
  await google.control("PUT", "/user", ADA);
  const { token } = await googleFlow(google, { access_type: "offline" });
  assert.equal(typeof token.body.refresh_token, "string");
});

test("users queue up, one browser may run two flows at a time, and a user may say no", async () => {
  await google.control("POST", "/users", { sub: "first" });
  await google.control("POST", "/users", { sub: "second" });
  await google.control("POST", "/users", { deny: true });
  const jar = new Map();
  const one = begin(google.facts, GOOGLE.clientId);
  const two = begin(google.facts, GOOGLE.clientId);
  const three = begin(google.facts, GOOGLE.clientId);
  const subs = [];
  for (const flow of [one, two]) {
    const { params } = await walk(flow.url, { jar });
    const { body } = await exchange(google.facts, {
      code: params.code,
      verifier: flow.verifier,
      clientId: GOOGLE.clientId,
      secret: GOOGLE.clientSecret,
    });
    subs.push((await check(body.id_token, flow.nonce)).sub);
  }
  assert.deepEqual(subs, ["first", "second"]);
  const { params } = await walk(three.url, { jar });
  assert.deepEqual([params.error, params.state], ["access_denied", three.state]);
});

test("without a chosen user the page asks, and the answer signs in", async () => {
  const flow = begin(google.facts, GOOGLE.clientId);
  const { url, text, jar } = await walk(flow.url);
  assert.match(text, /<label>Subject/);
  const answer = await fetch(url, {
    method: "POST",
    redirect: "manual",
    headers: { cookie: [...jar].map(([k, v]) => `${k}=${v}`).join("; ") },
    body: new URLSearchParams({
      sub: "typed",
      email: "typed@example.org",
      email_verified: "yes",
      answer: "continue",
    }),
  });
  const { params } = await walk(new URL(answer.headers.get("location"), url), { jar });
  const { body } = await exchange(google.facts, {
    code: params.code,
    verifier: flow.verifier,
    clientId: GOOGLE.clientId,
    secret: GOOGLE.clientSecret,
  });
  assert.equal((await check(body.id_token, flow.nonce)).sub, "typed");
});

test("keys rotate with and without the old one, also between a code and its exchange", async () => {
  await google.control("PUT", "/user", ADA);
  const before = (await googleFlow(google)).token.body.id_token;
  const flow = begin(google.facts, GOOGLE.clientId);
  const { params } = await walk(flow.url);
  const { kid, kids } = await google.control("POST", "/keys/rotate", { keep_old: true });
  assert.equal(kids.length, 2);
  const { body } = await exchange(google.facts, {
    code: params.code,
    verifier: flow.verifier,
    clientId: GOOGLE.clientId,
    secret: GOOGLE.clientSecret,
  });
  assert.equal(JSON.parse(Buffer.from(body.id_token.split(".")[0], "base64url")).kid, kid);
  await check(body.id_token, flow.nonce);
  await check(before);
  await google.control("POST", "/keys/rotate", { keep_old: false });
  await assert.rejects(check(before), { code: "ERR_JWKS_NO_MATCHING_KEY" });
});

test("a reset keeps the keys unless they are meant too", async () => {
  const { active_kid: kid } = await google.control("GET", "/state");
  assert.equal((await google.control("POST", "/reset", {})).active_kid, kid);
  assert.notEqual((await google.control("POST", "/reset", { keys: true })).active_kid, kid);
});

test("strange keys join the set and leave it", async () => {
  for (const kind of [
    "unsupported_kty",
    "unknown_kty",
    "unsupported_curve",
    "symmetric",
    "encryption_only",
    "without_kid",
    "broken_modulus",
  ]) {
    await google.control("POST", "/keys/strange", { kind });
  }
  const { keys } = await (await fetch(google.facts.jwks)).json();
  assert.equal(keys.length, 8);
  assert.equal((await google.control("DELETE", "/keys/strange")).keys.length, 1);
});

test("outages: 503, reset, garbage, and a hang that ends when the provider is back", async () => {
  await google.control("PUT", "/mode", { all: "503" });
  assert.equal((await fetch(google.facts.jwks)).status, 503);
  assert.equal((await fetch(google.facts.token, { method: "POST" })).status, 503);
  await google.control("PUT", "/mode", { jwks: "reset" });
  await assert.rejects(fetch(google.facts.jwks));
  await google.control("PUT", "/mode", { jwks: "garbage" });
  await assert.rejects((await fetch(google.facts.jwks)).json());
  await google.control("PUT", "/mode", { jwks: "hang" });
  await assert.rejects(fetch(google.facts.jwks, { signal: AbortSignal.timeout(300) }), {
    name: "TimeoutError",
  });
  const hanging = fetch(google.facts.jwks);
  const released = assert.rejects(hanging);
  await google.control("PUT", "/mode", { all: "up" });
  await released;
  assert.equal((await fetch(google.facts.jwks)).status, 200);
});

test("counters and the log tell what was fetched", async () => {
  await google.control("PUT", "/user", ADA);
  await google.control("DELETE", "/counters");
  const { flow } = await googleFlow(google);
  await fetch(google.facts.jwks);
  const counters = await google.control("GET", "/counters");
  assert.deepEqual([counters.authorize, counters.token, counters.jwks, counters.revoke], [1, 1, 1, 0]);
  const log = await google.control("GET", "/log");
  assert.equal(log.find((entry) => entry.form)?.form.code_verifier, flow.verifier);
});

test("the control API refuses a request that a page sent, and names what there is", async () => {
  const fromPage = await fetch(`${google.facts.control}/state`, { headers: { origin: "http://localhost" } });
  assert.equal(fromPage.status, 403);
  await assert.rejects(google.control("GET", "/nothing"), /there are: GET \/state/);
});

test("the issuer may be spelled as the real one, with the endpoints on loopback", async () => {
  const spelled = await startGoogle(["--issuer", "https://accounts.google.com"]);
  try {
    await spelled.control("PUT", "/user", ADA);
    const { flow, token } = await googleFlow(spelled);
    const claims = await verify(spelled.facts, token.body.id_token, {
      clientId: GOOGLE.clientId,
      nonce: flow.nonce,
    });
    assert.equal(claims.iss, "https://accounts.google.com");
  } finally {
    await spelled.stop();
  }
});
