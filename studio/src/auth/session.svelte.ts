// Who is signed in, as the server last said, in this tab and told to the others. No token ever comes near here.
import { api, csrf, sessionEnd } from "../api/client.ts";
import { ProblemError, unwrap } from "../api/problem.ts";
import type { Me, SignedIn } from "../api/types.ts";
import { chosenLanguage, chooseLanguage, isLanguage, showLanguage } from "../i18n/i18n.svelte.ts";
import type { Language } from "../i18n/i18n.svelte.ts";
import { wipeLocalData } from "../shell/storage.ts";

type Status = "loading" | "anonymous" | "member" | "unknown";
type Note = "signed-in" | "signed-out";

class MemberSession {
  status = $state<Status>("loading");
  member = $state.raw<Me | null>(null);
}

export const session = new MemberSession();

const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("mainstay");

/** Keeps this tab in step with sign-ins and log-outs in other tabs, and with a session that was ended elsewhere. */
export function watchSession(onEnded: () => void): void {
  sessionEnd.addEventListener("ended", () => {
    if (session.status !== "member") return;
    void leave();
    onEnded();
  });
  tabs?.addEventListener("message", ({ data }: MessageEvent<Note>) => {
    if (data === "signed-out") forget();
    else loadMember().catch(() => undefined);
  });
}

/** Asks the server who this is. Throws when that can't be known. */
export async function loadMember(): Promise<void> {
  try {
    await welcome(await unwrap(api.GET("/v1/auth/me")));
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 401) return forget();
    if (session.status === "loading") session.status = "unknown";
    throw error;
  }
}

/** Takes over a member's newest view, as sign-in and every change of the profile answer it. */
export async function welcome(member: Me): Promise<void> {
  session.member = member;
  session.status = "member";
  // A choice made on this device wins; without one, the member's own language is shown.
  if (chosenLanguage() === null && isLanguage(member.language)) await showLanguage(member.language);
}

export async function signedIn(answer: SignedIn): Promise<void> {
  csrf.value = answer.csrf_token;
  await welcome(answer.member);
  tabs?.postMessage("signed-in" satisfies Note);
}

/** Nobody is signed in any more, whatever the reason: nothing of the member stays in memory. */
export function forget(): void {
  csrf.value = null;
  session.member = null;
  session.status = "anonymous";
}

/** Ends the session on the server. Throws when the server wasn't reached. `leave` comes after it. */
export async function endSession(): Promise<void> {
  try {
    await unwrap(api.POST("/v1/auth/logout"));
  } catch (error) {
    // Already ended is as good as ended.
    if (!(error instanceof ProblemError && error.problem.status === 401)) throw error;
  }
}

/** After log-out or the end of the account: local data goes, and the other tabs follow. */
export async function leave(): Promise<void> {
  forget();
  await wipeLocalData();
  tabs?.postMessage("signed-out" satisfies Note);
}

/** The switcher's choice: kept on this device, and with the member when one is signed in. */
export async function switchLanguage(language: Language): Promise<void> {
  await chooseLanguage(language);
  if (session.member === null || session.member.language === language) return;
  session.member = await unwrap(api.PATCH("/v1/me", { body: { language } }));
}
