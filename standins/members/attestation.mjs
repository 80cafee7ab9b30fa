// Reads and writes the few bytes of WebAuthn that a test wants to change: authenticator data (WebAuthn Level 3, 6.1) and
// the "none" attestation object around it (8.7).

import { createHash } from "node:crypto";

export const FLAG_BITS = { up: 0x01, uv: 0x04, be: 0x08, bs: 0x10, at: 0x40, ed: 0x80 };

const FLAGS_AT = 32;
const COUNTER_AT = 33;

export const sha256 = (data) => createHash("sha256").update(data).digest();

/** A copy of authenticator data with another RP id, other flags or another counter. */
export function changeAuthenticatorData(data, { rp_id: rpId, flags = {}, counter }) {
  const changed = Buffer.from(data);
  if (rpId !== undefined) sha256(rpId).copy(changed, 0);
  for (const [name, on] of Object.entries(flags)) {
    const bit = FLAG_BITS[name];
    if (bit === undefined)
      throw new Error(`no flag ${name}; there are: ${Object.keys(FLAG_BITS).join(", ")}`);
    changed[FLAGS_AT] = on ? changed[FLAGS_AT] | bit : changed[FLAGS_AT] & ~bit;
  }
  if (counter !== undefined) changed.writeUInt32BE(counter, COUNTER_AT);
  return changed;
}

export function readAuthenticatorData(data) {
  const byte = data[FLAGS_AT];
  return {
    flags: Object.fromEntries(Object.entries(FLAG_BITS).map(([name, bit]) => [name, (byte & bit) !== 0])),
    counter: data.readUInt32BE(COUNTER_AT),
  };
}

function cborText(text) {
  const bytes = Buffer.from(text);
  if (bytes.length > 23) throw new Error("only short texts");
  return Buffer.concat([Buffer.from([0x60 | bytes.length]), bytes]);
}

function cborBytes(bytes) {
  const head = Buffer.alloc(3);
  head[0] = 0x59;
  head.writeUInt16BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** The CBOR of `{fmt: "none", attStmt: {}, authData}`. */
export function noneAttestation(authenticatorData) {
  return Buffer.concat([
    Buffer.from([0xa3]),
    cborText("fmt"),
    cborText("none"),
    cborText("attStmt"),
    Buffer.from([0xa0]),
    cborText("authData"),
    cborBytes(authenticatorData),
  ]);
}
