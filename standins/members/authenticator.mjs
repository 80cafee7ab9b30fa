// A passkey without a browser: an emulated authenticator whose answers can be altered before they leave it. An altered
// assertion is signed again with the credential's own key, so that only the altered part is wrong.

import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";

import emulator from "nid-webauthn-emulator";

import { changeAuthenticatorData, noneAttestation, sha256 } from "./attestation.mjs";

const {
  AuthenticatorEmulator,
  PasskeysCredentialsMemoryRepository,
  serializeCredential,
  deserializeCredential,
} = emulator;
const WebAuthnEmulator = emulator.default;

const decode = (text) => Buffer.from(text, "base64url");
const encode = (bytes) => Buffer.from(bytes).toString("base64url");

export class Authenticator {
  /**
   * `counter_step` 0 is a synchronised passkey, 1 a security key. `flags` are laid over every answer, so `{be: false,
   * bs: false}` is a device-bound credential. `transports` is what the authenticator reports.
   */
  constructor({
    counter_step: counterStep = 0,
    flags = {},
    transports = ["internal"],
    algorithms = ["ES256"],
  } = {}) {
    this.flags = flags;
    this.store = new PasskeysCredentialsMemoryRepository();
    this.emulator = new WebAuthnEmulator(
      new AuthenticatorEmulator({
        credentialsRepository: this.store,
        signCounterIncrement: counterStep,
        transports,
        algorithmIdentifiers: algorithms,
      }),
    );
  }

  /** `navigator.credentials.create()`: PublicKeyCredentialCreationOptionsJSON in, RegistrationResponseJSON out. */
  create(origin, options, tamper = {}) {
    const made = this.emulator.createJSON(origin, options);
    const { response } = made;
    const data = changeAuthenticatorData(decode(response.authenticatorData), {
      ...tamper,
      flags: { ...this.flags, ...tamper.flags },
    });
    response.authenticatorData = encode(data);
    response.attestationObject = encode(noneAttestation(data));
    response.clientDataJSON = encode(changeClientData(decode(response.clientDataJSON), tamper));
    return made;
  }

  /**
   * `navigator.credentials.get()`: PublicKeyCredentialRequestOptionsJSON in, AuthenticationResponseJSON out.
   * `select` names the credential when the request leaves the choice.
   */
  get(origin, options, tamper = {}, select) {
    const asked = select ? { ...options, allowCredentials: [{ type: "public-key", id: select }] } : options;
    const made = this.emulator.getJSON(origin, asked);
    const { response } = made;
    const data = changeAuthenticatorData(decode(response.authenticatorData), {
      ...tamper,
      flags: { ...this.flags, ...tamper.flags },
    });
    const client = changeClientData(decode(response.clientDataJSON), tamper);
    const signed = sign(
      "sha256",
      Buffer.concat([data, sha256(client)]),
      this.#signingKey(made.id, tamper.key),
    );
    if (tamper.spoil_signature) signed[signed.length - 1] ^= 1;
    response.authenticatorData = encode(data);
    response.clientDataJSON = encode(client);
    response.signature = encode(signed);
    if (tamper.user_handle !== undefined) response.userHandle = tamper.user_handle;
    if (tamper.credential_id !== undefined)
      Object.assign(made, { id: tamper.credential_id, rawId: tamper.credential_id });
    return made;
  }

  #signingKey(id, which) {
    if (which === "foreign") return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const { private_key: key } = this.credentials().find((one) => one.id === id);
    return createPrivateKey({ key: decode(key), format: "der", type: "pkcs8" });
  }

  /** What the authenticator holds; `private_key` is PKCS#8 DER. All binary fields are base64url. */
  credentials() {
    return this.store.loadCredentials().map((credential) => {
      const serialized = serializeCredential(credential);
      const { publicKeyCredentialSource: source, user } = JSON.parse(serialized);
      return {
        id: source.id,
        rp_id: source.rpId,
        user_handle: user.id,
        user_name: user.name,
        private_key: source.privateKey,
        serialized,
      };
    });
  }

  /** Takes a credential that another authenticator exported (its `serialized`). */
  import(serialized) {
    this.store.saveCredential(deserializeCredential(serialized));
  }

  /** Forgets one credential, or all. */
  forget(id) {
    for (const credential of this.store.loadCredentials()) {
      if (id === undefined || encode(credential.publicKeyCredentialSource.id) === id)
        this.store.deleteCredential(credential);
    }
  }
}

function changeClientData(bytes, { origin, challenge, type, cross_origin: crossOrigin, client_data: more }) {
  const changes = { origin, challenge, type, crossOrigin, ...more };
  const wanted = Object.entries(changes).filter(([, value]) => value !== undefined);
  if (wanted.length === 0) return bytes;
  return Buffer.from(
    JSON.stringify({ ...JSON.parse(bytes.toString("utf8")), ...Object.fromEntries(wanted) }),
  );
}
