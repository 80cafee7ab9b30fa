// The one API client of the studio: typed by the server's OpenAPI document, sent through the layers beside this file.
import createClient from "openapi-fetch";
import { confirmMember } from "../auth/confirm.svelte.ts";
import { connection } from "../shell/connection.svelte.ts";
import { keep, kept, keepForTab, keptForTab } from "../shell/storage.ts";
import { ApiBases } from "./bases.ts";
import { withCsrf } from "./csrf.ts";
import type { CsrfToken } from "./csrf.ts";
import { failover } from "./failover.ts";
import { toOutgoing } from "./outgoing.ts";
import { withRecentSignIn } from "./recent.ts";
import { withRefresh } from "./refresh.ts";
import type { paths } from "./schema.d.ts";

export const csrf: CsrfToken = { value: null };

/** Fires `ended` when the server holds the session for over. */
export const sessionEnd = new EventTarget();

export const bases = new ApiBases([location.origin], {
  read: () => keptForTab("good_base"),
  write: (base) => keepForTab("good_base", base),
});

const LOCK = "mainstay-refresh";

function exclusively<T>(work: () => Promise<T>): Promise<T> {
  // Locks need a secure context; without one, tabs refresh on their own and the server bears it.
  return navigator.locks ? (navigator.locks.request(LOCK, work) as Promise<T>) : work();
}

const send = withRecentSignIn(
  confirmMember,
  withRefresh(
    {
      token: csrf,
      exclusively,
      refreshedAt: () => Number(kept("refreshed_at") ?? 0),
      markRefreshed: (now) => keep("refreshed_at", String(now)),
      now: () => Date.now(),
      ended: () => sessionEnd.dispatchEvent(new Event("ended")),
    },
    withCsrf(
      csrf,
      failover(bases, (url, init) => fetch(url, init), connection),
    ),
  ),
);

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: async (request) => send(await toOutgoing(request)),
});
