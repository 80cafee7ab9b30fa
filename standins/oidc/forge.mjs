// ID tokens made to order, mostly bad ones. Each fault starts from claims that would pass and changes one thing, so
// that a refusal is a refusal of that thing. Signing is done by hand on node:crypto: a JWT library would rightly
// decline most of this.

import { createHmac, randomBytes, sign } from "node:crypto";

import { FAULTS } from "./faults.mjs";

const b64 = (value) => Buffer.from(value).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

/** `{in: seconds}` stands for a time relative to now, so that a test need not agree with this clock beforehand. */
function resolveTimes(claims) {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) =>
      value && typeof value === "object" && typeof value.in === "number"
        ? [name, now() + value.in]
        : [name, value],
    ),
  );
}

function signature(key, alg, input, ring) {
  const active = ring.active;
  switch (key) {
    case "ring":
      return sign(hashOf(alg), input, padded(active.privateKey, alg));
    case "foreign":
      return sign(hashOf(alg), input, padded(ring.foreign.privateKey, alg));
    case "none":
      return Buffer.alloc(0);
    case "random":
      return randomBytes(256);
    case "hmac_public_pem":
      return hmac(active.publicKey.export({ format: "pem", type: "spki" }), input);
    case "hmac_public_pem_trimmed":
      return hmac(active.publicKey.export({ format: "pem", type: "spki" }).trim(), input);
    case "hmac_public_der":
      return hmac(active.publicKey.export({ format: "der", type: "spki" }), input);
    case "hmac_public_jwk":
      return hmac(JSON.stringify(active.publicJwk), input);
    case "hmac_modulus":
      return hmac(Buffer.from(active.publicJwk.n, "base64url"), input);
    case "hmac_empty":
      return hmac("", input);
    default:
      throw new Error(`unknown key ${key}`);
  }
}

const hmac = (secret, input) => createHmac("sha256", secret).update(input).digest();
const hashOf = (alg) => ({ 256: "sha256", 384: "sha384", 512: "sha512" })[alg.slice(2)] ?? "sha256";
// PS256 differs from RS256 by its padding only; 6 is RSA_PKCS1_PSS_PADDING.
const padded = (key, alg) => (alg.startsWith("PS") ? { key, padding: 6, saltLength: 32 } : key);

/** Claims that a faithful token of this provider has, for a token that is minted without a sign-in. */
export function baseClaims({ issuer, clientId, user, nonce }) {
  return {
    iss: issuer,
    aud: clientId,
    iat: now(),
    exp: now() + 3600,
    ...user,
    ...(nonce === undefined ? {} : { nonce }),
  };
}

/**
 * Makes a token. `order` is `{fault?, header?, claims?, remove?, key?, sign_as?, raw?}`: a fault of FAULTS is applied first, the
 * other fields after it. `genuine` holds the claims to start from; `ring` signs; `trap` is a URL that counts visits.
 */
export function forge(order, { genuine, ring, trap }) {
  if (typeof order.raw === "string") return order.raw;
  let token = {
    header: { alg: "RS256", kid: ring.active.kid, typ: "JWT" },
    claims: { ...genuine },
    key: "ring",
  };
  if (order.fault !== undefined) {
    const fault = FAULTS[order.fault];
    if (!fault) throw new Error(`unknown fault ${order.fault}; there are: ${Object.keys(FAULTS).join(", ")}`);
    token = { ...token, ...fault(token, { ring, trap, now: now() }) };
  }
  if (typeof token.raw === "string") return token.raw;
  const header = { ...token.header, ...order.header };
  const claims = resolveTimes({ ...token.claims, ...order.claims });
  for (const name of order.remove ?? []) delete claims[name];
  for (const name of order.remove_header ?? []) delete header[name];
  const input = `${b64(JSON.stringify(header))}.${b64(JSON.stringify(claims))}`;
  const made = signature(order.key ?? token.key, token.sign_as ?? header.alg, Buffer.from(input), ring);
  if (token.spoil) made[made.length - 1] ^= 1;
  return `${input}.${b64(made)}`;
}

/** The claims of a token that this stand-in itself signed. */
export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString("utf8"));
}
