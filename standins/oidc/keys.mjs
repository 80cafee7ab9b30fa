// The provider's signing keys: one active RSA key, earlier ones that are still published, and entries in the key set
// that no client can use. Also the stand-in's own "foreign" key, which is never published and signs forgeries.

import { createHash, generateKeyPairSync } from "node:crypto";

const RSA_BITS = 2048;

/** Entries that a client must be able to step over without losing the good keys beside them. */
export const STRANGE_ENTRIES = {
  unsupported_kty: () => ({ kty: "AKP", alg: "ML-DSA-65", use: "sig", kid: "strange-akp", pub: "AAAA" }),
  unknown_kty: () => ({ kty: "MOON", use: "sig", kid: "strange-moon", phase: "waxing" }),
  unsupported_curve: () => ({
    kty: "EC",
    crv: "P-192",
    use: "sig",
    alg: "ES192",
    kid: "strange-ec",
    x: "AAAA",
    y: "AAAA",
  }),
  symmetric: () => ({
    kty: "oct",
    use: "sig",
    alg: "HS256",
    kid: "strange-oct",
    k: "c2VjcmV0LXRoYXQtbm9ib2R5LW11c3QtdHJ1c3Q",
  }),
  encryption_only: () => ({ ...makeKey("strange-enc").publicJwk, use: "enc", alg: "RSA-OAEP-256" }),
  without_kid: () => without(makeKey("x").publicJwk, "kid"),
  broken_modulus: () => ({ kty: "RSA", use: "sig", alg: "RS256", kid: "strange-rsa", n: "!!!", e: "AQAB" }),
};

function without(object, name) {
  const { [name]: _dropped, ...rest } = object;
  return rest;
}

/** A fresh RSA key: `kid`, `privateJwk`, `publicJwk`, `privateKey`, `publicKey`. */
export function makeKey(kid) {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: RSA_BITS });
  const jwk = publicKey.export({ format: "jwk" });
  const name = kid ?? createHash("sha256").update(jwk.n).digest("hex").slice(0, 40);
  const marks = { kid: name, use: "sig", alg: "RS256" };
  return {
    kid: name,
    privateKey,
    publicKey,
    privateJwk: { ...privateKey.export({ format: "jwk" }), ...marks },
    publicJwk: { ...jwk, ...marks },
  };
}

export class KeyRing {
  #keys = [makeKey()];
  #strange = [];
  #foreign;

  /** A key that is never published. */
  get foreign() {
    this.#foreign ??= makeKey("foreign");
    return this.#foreign;
  }

  /** The key that signs now. */
  get active() {
    return this.#keys[0];
  }

  /** Private keys for the provider's own signing, the active one first. */
  get privateJwks() {
    return { keys: this.#keys.map((key) => key.privateJwk) };
  }

  /** What the key set endpoint publishes. */
  get publicJwks() {
    return { keys: [...this.#strange, ...this.#keys.map((key) => key.publicJwk)] };
  }

  get kids() {
    return this.#keys.map((key) => key.kid);
  }

  /** A new active key; the earlier ones stay published or are dropped. */
  rotate({ keepOld = true } = {}) {
    this.#keys = [makeKey(), ...(keepOld ? this.#keys : [])];
    return this.active;
  }

  /** Publishes an entry before the good keys: one of STRANGE_ENTRIES by name, or any object. */
  addStrange(entry) {
    this.#strange.push(entry);
  }

  clearStrange() {
    this.#strange = [];
  }
}
