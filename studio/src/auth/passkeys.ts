// The passkey ceremonies, each from the server's challenge to the server's verdict.
import { api } from "../api/client.ts";
import { unwrap } from "../api/problem.ts";
import type { SignedIn } from "../api/types.ts";
import { language } from "../i18n/i18n.svelte.ts";
import { describeAgent } from "./agent.ts";
import { createPasskey, usePasskey } from "./webauthn.ts";

export async function signInWithPasskey(): Promise<SignedIn> {
  const { ceremony_id, public_key } = await unwrap(api.POST("/v1/auth/passkey/login/start", { body: {} }));
  const credential = await usePasskey(public_key);
  return unwrap(api.POST("/v1/auth/passkey/login/finish", { body: { ceremony_id, credential } }));
}

/** Offers passkeys in the suggestions of the e-mail field until one is picked or the signal ends it. */
export async function signInFromSuggestions(signal: AbortSignal): Promise<SignedIn> {
  const { ceremony_id, public_key } = await unwrap(
    api.POST("/v1/auth/passkey/login/start", { body: {}, signal }),
  );
  const credential = await usePasskey(public_key, signal);
  return unwrap(api.POST("/v1/auth/passkey/login/finish", { body: { ceremony_id, credential } }));
}

/** A new member, whose first way in is the new passkey. */
export async function signUpWithPasskey(displayName: string): Promise<SignedIn> {
  const start = { display_name: displayName, language: language() };
  const { signed_in } = await register(start);
  if (!signed_in) throw new Error("the server registered a passkey but signed nobody in");
  return signed_in;
}

/** One more passkey for the member who is signed in. */
export async function addPasskey(): Promise<void> {
  await register({});
}

async function register(start: { display_name?: string; language?: string }) {
  const { ceremony_id, public_key } = await unwrap(
    api.POST("/v1/auth/passkey/register/start", { body: start }),
  );
  const credential = await createPasskey(public_key);
  const agent = describeAgent(navigator.userAgent);
  const name = agent ? `${agent.browser}, ${agent.system}` : null;
  return unwrap(api.POST("/v1/auth/passkey/register/finish", { body: { ceremony_id, credential, name } }));
}
