// Renews an expired session once, however many requests and tabs notice at the same time, and repeats the request.
import type { CsrfToken } from "./csrf.ts";
import { outgoing } from "./outgoing.ts";
import type { Send } from "./outgoing.ts";
import { problemCode } from "./problem.ts";

export interface RefreshContext {
  readonly token: CsrfToken;
  /** Runs the work while no other tab does; `navigator.locks` in a browser. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** When any tab last renewed the session, in ms since the epoch. */
  refreshedAt(): number;
  markRefreshed(now: number): void;
  now(): number;
  /** The session can't be renewed any more. */
  ended(): void;
}

const RENEWABLE = new Set(["unauthenticated", "session_ended", "invalid_token"]);
const NEVER_RENEWED = new Set(["/v1/auth/refresh", "/v1/auth/logout", "/v1/auth/csrf"]);

/** `null`: renewed. Otherwise the answer that says why not. */
type Refusal = Response | null;

export function withRefresh(context: RefreshContext, next: Send): Send {
  let inFlight: Promise<Refusal> | null = null;

  return async (request) => {
    const sentAt = context.now();
    const response = await next(request);
    if (response.status !== 401 || NEVER_RENEWED.has(request.path)) return response;
    if (!RENEWABLE.has((await problemCode(response)) ?? "")) return response;
    inFlight ??= renew(context, next, sentAt).finally(() => (inFlight = null));
    const refusal = await inFlight;
    if (refusal === null) return next(request);
    // Busy or broken is not the same as signed out: the caller sees that, and may try again.
    if (!isEnd(refusal)) return refusal.clone();
    context.ended();
    return response;
  };
}

function renew(context: RefreshContext, next: Send, sentAt: number): Promise<Refusal> {
  return context.exclusively(async () => {
    if (context.refreshedAt() > sentAt) return null;
    if (context.token.value === null) {
      const known = await next(outgoing("GET", "/v1/auth/csrf"));
      if (!known.ok) return known;
    }
    const renewed = await next(outgoing("POST", "/v1/auth/refresh"));
    if (!renewed.ok) return renewed;
    context.markRefreshed(context.now());
    return null;
  });
}

function isEnd(refusal: Response): boolean {
  return refusal.status === 401 || refusal.status === 403;
}
