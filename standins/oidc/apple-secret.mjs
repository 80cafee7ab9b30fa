// Apple's client secret is a JWT that the client signs with its own key: ES256, `kid` the key id, `iss` the team id,
// `sub` the client id, `aud` the issuer, and an expiry at most six months after now.

import { createPublicKey } from "node:crypto";

import { jwtVerify } from "jose";

// Apple's own number: 15 777 000 seconds.
export const SECRET_SECONDS_MAX = 15_777_000;

/** Returns `async (secret, issuer) => reason | null`: null when the secret is good. */
export function appleSecretCheck({ clientId, teamId, keyId, publicKeyPem }) {
  const key = createPublicKey(publicKeyPem);
  return async function check(secret, issuer) {
    try {
      const { payload, protectedHeader } = await jwtVerify(secret, key, {
        algorithms: ["ES256"],
        issuer: teamId,
        subject: clientId,
        audience: issuer,
        requiredClaims: ["iat", "exp"],
      });
      if (protectedHeader.kid !== keyId) return `kid is ${protectedHeader.kid}, not ${keyId}`;
      if (payload.exp - Math.floor(Date.now() / 1000) > SECRET_SECONDS_MAX)
        return "exp is more than six months away";
      return null;
    } catch (error) {
      return `${error.code ?? error.name}: ${error.message}`;
    }
  };
}
