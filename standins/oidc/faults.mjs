// The catalogue of bad ID tokens, by name. Each takes a token that would pass (`{header, claims, key}`) and returns what
// differs. CONTROLS names the ones that are sound.

import { randomUUID } from "node:crypto";

const set =
  (changes) =>
  ({ claims }) => ({ claims: { ...claims, ...changes } });
const drop =
  (name) =>
  ({ claims: { [name]: _gone, ...claims } }) => ({ claims });
const head =
  (changes) =>
  ({ header }) => ({ header: { ...header, ...changes } });

/** Orders that a correct verifier accepts; they show that a refusal is not a refusal of everything. */
export const CONTROLS = ["good", "within_leeway", "array_audience_alone", "email_verified_string"];

/** Orders whose signature and claims are sound, but whose address must not be used to find or link a member. */
export const UNVERIFIED = [
  "email_unverified",
  "email_unverified_string",
  "email_verified_missing",
  "email_verified_number",
];

/** Orders about which correct verifiers differ. They must get an answer, whichever. */
export const EITHER = ["no_kid", "expiry_far_away", "expiry_with_fraction"];

export const FAULTS = {
  good: () => ({}),

  // Who signed it, and how.
  alg_none: ({ header: { kid: _kid, ...header } }) => ({ header: { ...header, alg: "none" }, key: "none" }),
  alg_none_with_kid: (t) => ({ ...head({ alg: "none" })(t), key: "none" }),
  alg_none_mixed_case: (t) => ({ ...head({ alg: "nOnE" })(t), key: "none" }),
  alg_empty: (t) => ({ ...head({ alg: "" })(t), key: "none" }),
  alg_missing: ({ header: { alg: _alg, ...header } }) => ({ header, sign_as: "RS256" }),
  hs256_public_pem: (t) => ({ ...head({ alg: "HS256" })(t), key: "hmac_public_pem" }),
  hs256_public_pem_trimmed: (t) => ({ ...head({ alg: "HS256" })(t), key: "hmac_public_pem_trimmed" }),
  hs256_public_der: (t) => ({ ...head({ alg: "HS256" })(t), key: "hmac_public_der" }),
  hs256_public_jwk: (t) => ({ ...head({ alg: "HS256" })(t), key: "hmac_public_jwk" }),
  hs256_modulus: (t) => ({ ...head({ alg: "HS256" })(t), key: "hmac_modulus" }),
  hs256_empty_key: (t) => ({ ...head({ alg: "HS256" })(t), key: "hmac_empty" }),
  rs512_same_key: head({ alg: "RS512" }),
  ps256_same_key: head({ alg: "PS256" }),
  foreign_key: () => ({ key: "foreign" }),
  random_signature: () => ({ key: "random" }),
  no_signature: () => ({ key: "none" }),
  spoiled_signature: () => ({ spoil: true }),
  not_a_token: () => ({ raw: "this is not a token" }),
  two_parts: () => ({ raw: "e30.e30" }),
  empty: () => ({ raw: "" }),

  // Headers that invite the reader to fetch or trust something of the sender's.
  jwk_header: (t, { ring }) => ({
    ...head({ jwk: ring.foreign.publicJwk, kid: ring.foreign.kid })(t),
    key: "foreign",
  }),
  jwk_header_known_kid: (t, { ring }) => ({ ...head({ jwk: ring.foreign.publicJwk })(t), key: "foreign" }),
  jku_header: (t, { ring, trap }) => ({
    ...head({ jku: `${trap}/jwks`, kid: ring.foreign.kid })(t),
    key: "foreign",
  }),
  x5u_header: (t, { ring, trap }) => ({
    ...head({ x5u: `${trap}/x5u`, kid: ring.foreign.kid })(t),
    key: "foreign",
  }),
  x5c_header: (t, { ring }) => ({
    ...head({ x5c: [ring.foreign.publicKey.export({ format: "der", type: "spki" }).toString("base64")] })(t),
    key: "foreign",
  }),
  access_token_type: head({ typ: "at+jwt" }),
  random_kid: (t) => head({ kid: randomUUID() })(t),
  random_kid_foreign_key: (t) => ({ ...head({ kid: randomUUID() })(t), key: "foreign" }),
  path_kid: (t) => ({ ...head({ kid: "../../../../dev/null" })(t), key: "hmac_empty" }),
  no_kid: ({ header: { kid: _kid, ...header } }) => ({ header }),
  crit_header: head({ crit: ["urn:example:unknown"], "urn:example:unknown": true }),

  // Whose it is.
  foreign_issuer: (t, { trap }) => set({ iss: `${trap}/issuer` })(t),
  foreign_issuer_own_key: (t, { trap }) => ({ ...set({ iss: `${trap}/issuer` })(t), key: "foreign" }),
  lookalike_issuer: (t) => set({ iss: `${t.claims.iss}.evil.example` })(t),
  issuer_with_slash: (t) => set({ iss: `${t.claims.iss}/` })(t),
  no_issuer: drop("iss"),
  wrong_audience: set({ aud: "another-client" }),
  array_audience_alone: (t) => set({ aud: [t.claims.aud] })({ claims: drop("azp")(t).claims }),
  array_audience_without_azp: (t) =>
    set({ aud: [t.claims.aud, "another-client"] })({ claims: drop("azp")(t).claims }),
  array_audience_foreign_azp: (t) => set({ aud: [t.claims.aud, "another-client"], azp: "another-client" })(t),
  foreign_azp: set({ azp: "another-client" }),
  empty_audience: set({ aud: [] }),
  no_audience: drop("aud"),

  // When.
  expired: (t, { now }) => set({ iat: now - 7200, exp: now - 3600 })(t),
  expired_past_leeway: (t, { now }) => set({ iat: now - 3600, exp: now - 90 })(t),
  within_leeway: (t, { now }) => set({ iat: now - 3600, exp: now - 10 })(t),
  no_expiry: drop("exp"),
  expiry_far_away: set({ exp: 9_000_000_000_000_000 }),
  expiry_with_fraction: (t) => set({ exp: t.claims.exp + 0.5 })(t),
  expiry_as_text: (t) => set({ exp: String(t.claims.exp) })(t),
  issued_in_future: (t, { now }) => set({ iat: now + 3600, exp: now + 7200 })(t),
  not_yet_valid: (t, { now }) => set({ nbf: now + 3600 })(t),
  no_issue_time: drop("iat"),

  // Which flow.
  no_nonce: drop("nonce"),
  other_nonce: (t) => set({ nonce: randomUUID() })(t),
  empty_nonce: set({ nonce: "" }),

  // Who signs in.
  no_subject: drop("sub"),
  empty_subject: set({ sub: "" }),
  email_unverified: set({ email_verified: false }),
  email_unverified_string: set({ email_verified: "false" }),
  email_verified_string: set({ email_verified: "true" }),
  email_verified_missing: drop("email_verified"),
  email_verified_number: set({ email_verified: 1 }),
};
