// Between the server's JSON and the browser's WebAuthn calls (WebAuthn Level 3, section 5.1), with a conversion of our
// own for browsers that have passkeys but not yet the JSON methods.

export function passkeysSupported(): boolean {
  return typeof PublicKeyCredential === "function" && typeof navigator.credentials?.get === "function";
}

/** Whether passkeys can be offered inside the e-mail field's suggestions. */
export async function conditionalSupported(): Promise<boolean> {
  if (!passkeysSupported() || !PublicKeyCredential.isConditionalMediationAvailable) return false;
  return PublicKeyCredential.isConditionalMediationAvailable().catch(() => false);
}

export type PasskeyFailure = "unsupported" | "cancelled" | "exists" | "failed";

/** The browser or the person said no. */
export class PasskeyError extends Error {
  constructor(readonly reason: PasskeyFailure) {
    super(reason);
    this.name = "PasskeyError";
  }
}

/** Makes a passkey on this device. */
export async function createPasskey(options: unknown): Promise<Record<string, unknown>> {
  if (!passkeysSupported()) throw new PasskeyError("unsupported");
  const publicKey = creationOptions(options as PublicKeyCredentialCreationOptionsJSON);
  const credential = await navigator.credentials.create({ publicKey }).catch(refuse);
  return toJson(credential as PublicKeyCredential | null);
}

/** Asks for a passkey: with a signal quietly, in the field's suggestions; without one, in the browser's own dialog. */
export async function usePasskey(options: unknown, quietly?: AbortSignal): Promise<Record<string, unknown>> {
  if (!passkeysSupported()) throw new PasskeyError("unsupported");
  const publicKey = requestOptions(options as PublicKeyCredentialRequestOptionsJSON);
  const request: CredentialRequestOptions = quietly
    ? { publicKey, mediation: "conditional", signal: quietly }
    : { publicKey };
  const credential = await navigator.credentials.get(request).catch(refuse);
  return toJson(credential as PublicKeyCredential | null);
}

/** Tells the device which passkeys still open the account, so that it can hide the others. Never fails. */
export async function signalAccepted(accepted: {
  rp_id: string;
  user_handle: string;
  accepted_credential_ids: string[];
}): Promise<void> {
  if (!passkeysSupported() || !("signalAllAcceptedCredentials" in PublicKeyCredential)) return;
  const signal = PublicKeyCredential.signalAllAcceptedCredentials as (options: object) => Promise<void>;
  await signal
    .call(PublicKeyCredential, {
      rpId: accepted.rp_id,
      userId: accepted.user_handle,
      allAcceptedCredentialIds: accepted.accepted_credential_ids,
    })
    .catch(() => undefined);
}

function refuse(error: unknown): never {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "InvalidStateError") throw new PasskeyError("exists");
  if (name === "NotAllowedError" || name === "AbortError") throw new PasskeyError("cancelled");
  throw new PasskeyError("failed");
}

function creationOptions(json: PublicKeyCredentialCreationOptionsJSON): PublicKeyCredentialCreationOptions {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) {
    return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  }
  return {
    ...json,
    challenge: fromBase64Url(json.challenge),
    user: { ...json.user, id: fromBase64Url(json.user.id) },
    excludeCredentials: (json.excludeCredentials ?? []).map(descriptor),
  } as unknown as PublicKeyCredentialCreationOptions;
}

function requestOptions(json: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) {
    return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  }
  return {
    ...json,
    challenge: fromBase64Url(json.challenge),
    allowCredentials: (json.allowCredentials ?? []).map(descriptor),
  } as unknown as PublicKeyCredentialRequestOptions;
}

function descriptor(json: PublicKeyCredentialDescriptorJSON): PublicKeyCredentialDescriptor {
  return { ...json, id: fromBase64Url(json.id) } as PublicKeyCredentialDescriptor;
}

function toJson(credential: PublicKeyCredential | null): Record<string, unknown> {
  if (credential === null) throw new PasskeyError("cancelled");
  if (typeof credential.toJSON === "function") return { ...credential.toJSON() };
  return {
    id: credential.id,
    rawId: toBase64Url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: responseToJson(credential.response),
  };
}

function responseToJson(response: AuthenticatorResponse): Record<string, unknown> {
  const clientDataJSON = toBase64Url(response.clientDataJSON);
  if ("attestationObject" in response) {
    const made = response as AuthenticatorAttestationResponse;
    return {
      clientDataJSON,
      attestationObject: toBase64Url(made.attestationObject),
      transports: made.getTransports?.() ?? [],
    };
  }
  const given = response as AuthenticatorAssertionResponse;
  return {
    clientDataJSON,
    authenticatorData: toBase64Url(given.authenticatorData),
    signature: toBase64Url(given.signature),
    userHandle: given.userHandle ? toBase64Url(given.userHandle) : null,
  };
}

export function fromBase64Url(text: string): ArrayBuffer {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
}

export function toBase64Url(bytes: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
