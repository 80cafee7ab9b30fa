// A small relying party over plain fetch, to test the stand-in providers by: walks the redirects with a cookie jar,
// exchanges the code, and verifies ID tokens with `jose`.

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRemoteJWKSet, jwtVerify, SignJWT } from "jose";

import { startService } from "../../shared/child.mjs";
import { controlClient } from "../../shared/control.mjs";

const MAIN = new URL("../../oidc/main.mjs", import.meta.url).pathname;
const random = () => randomBytes(24).toString("base64url");

export const REDIRECT = "http://localhost:65000/callback";
export const APPLE = { clientId: "example.service", teamId: "TEAM123456", keyId: "KEY1234567" };
export const GOOGLE = { clientId: "client-1.apps.example", clientSecret: "a google secret" };

export async function startGoogle(extra = []) {
  return withControl(
    await startService(MAIN, [
      "--provider",
      "google",
      "--client-id",
      GOOGLE.clientId,
      "--client-secret",
      GOOGLE.clientSecret,
      "--redirect-uri",
      REDIRECT,
      "--end-with-stdin",
      ...extra,
    ]),
  );
}

export async function startApple() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const file = join(mkdtempSync(join(tmpdir(), "standins-")), "apple.pem");
  writeFileSync(file, publicKey.export({ format: "pem", type: "spki" }));
  const service = withControl(
    await startService(MAIN, [
      "--provider",
      "apple",
      "--client-id",
      APPLE.clientId,
      "--redirect-uri",
      REDIRECT,
      "--apple-team-id",
      APPLE.teamId,
      "--apple-key-id",
      APPLE.keyId,
      "--apple-public-key",
      file,
      "--end-with-stdin",
    ]),
  );
  return { ...service, stop: () => service.stop(), privateKey };
}

function withControl(service) {
  return Object.assign(service, { control: controlClient(service.facts.control) });
}

/** Apple's client secret; `changes` spoil one part of it. */
export function appleSecret(privateKey, issuer, changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: APPLE.teamId,
    sub: APPLE.clientId,
    aud: issuer,
    iat: now,
    exp: now + 600,
    ...changes.claims,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: APPLE.keyId, ...changes.header })
    .sign(changes.key ?? privateKey);
}

/** Starts a flow: the authorization URL and what must be remembered for its end. */
export function begin(facts, clientId, extra = {}) {
  const flow = { state: random(), nonce: random(), verifier: random() + random() };
  const url = new URL(facts.authorize);
  url.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: "openid email",
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: createHash("sha256").update(flow.verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...extra,
  });
  return { ...flow, url };
}

/** Follows redirects until one leads to the redirect URI, or a page other than a redirect comes. */
export async function walk(start, { jar = new Map() } = {}) {
  let url = new URL(start);
  for (let step = 0; step < 8; step += 1) {
    const answer = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...jar].map(([k, v]) => `${k}=${v}`).join("; ") },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name, ...value] = line.split(";")[0].split("=");
      if (value.join("=")) jar.set(name, value.join("="));
      else jar.delete(name);
    }
    const location = answer.headers.get("location");
    if (!location) return { url, answer, text: await answer.text(), jar };
    url = new URL(location, url);
    if (url.href.startsWith(REDIRECT)) return { url, params: Object.fromEntries(url.searchParams), jar };
  }
  throw new Error("too many redirects");
}

/** The hidden fields of a self-submitting form. */
export function formFields(html) {
  const unescape = (text) =>
    text
      .replace(/&quot;/g, '"')
      .replace(/&#39;/g, "'")
      .replace(/&lt;/g, "<")
      .replace(/&gt;/g, ">")
      .replace(/&amp;/g, "&");
  return {
    action: unescape(/action="([^"]+)"/.exec(html)[1]),
    fields: Object.fromEntries(
      [...html.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, unescape(value)]),
    ),
  };
}

export async function exchange(facts, { code, verifier, clientId, secret, extra = {} }) {
  const answer = await fetch(facts.token, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri: REDIRECT,
      client_id: clientId,
      client_secret: secret,
      ...(verifier ? { code_verifier: verifier } : {}),
      ...extra,
    }),
  });
  return { status: answer.status, body: await answer.json() };
}

/** A whole Google flow; resolves with the token answer and the nonce. */
export async function googleFlow(service, extra) {
  const flow = begin(service.facts, GOOGLE.clientId, extra);
  const { params } = await walk(flow.url);
  const token = await exchange(service.facts, {
    code: params.code,
    verifier: flow.verifier,
    clientId: GOOGLE.clientId,
    secret: GOOGLE.clientSecret,
  });
  return { flow, params, token };
}

/** A whole Apple flow with name and e-mail asked for. */
export async function appleFlow(service, extra) {
  const flow = begin(service.facts, APPLE.clientId, {
    scope: "name email",
    response_mode: "form_post",
    ...extra,
  });
  const { text } = await walk(flow.url);
  const { fields, action } = formFields(text);
  const secret = await appleSecret(service.privateKey, service.facts.issuer);
  const token = await exchange(service.facts, {
    code: fields.code,
    verifier: flow.verifier,
    clientId: APPLE.clientId,
    secret,
  });
  return { flow, fields, action, token };
}

/** What a correct relying party does with an ID token. */
export async function verify(facts, idToken, { clientId, nonce }) {
  const { payload, protectedHeader } = await jwtVerify(idToken, createRemoteJWKSet(new URL(facts.jwks)), {
    algorithms: ["RS256"],
    issuer: facts.issuer,
    audience: clientId,
    clockTolerance: 60,
    requiredClaims: ["exp", "iat", "sub"],
  });
  if ((protectedHeader.typ ?? "JWT") !== "JWT") throw new Error("typ");
  if (nonce !== undefined && payload.nonce !== nonce) throw new Error("nonce");
  if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload.azp !== clientId)
    throw new Error("azp");
  if (payload.azp !== undefined && payload.azp !== clientId) throw new Error("azp");
  if (payload.iat > Math.floor(Date.now() / 1000) + 60) throw new Error("iat");
  if (typeof payload.exp !== "number" || payload.sub === "") throw new Error("shape");
  return payload;
}
