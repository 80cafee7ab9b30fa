// Some steps need a fresh sign-in. The member is asked to confirm who they are, then the request is repeated.
import type { Send } from "./outgoing.ts";
import { problemCode } from "./problem.ts";

/** Asks the member. True when the same member has just signed in again. */
export type Confirm = () => Promise<boolean>;

export function withRecentSignIn(confirm: Confirm, next: Send): Send {
  let inFlight: Promise<boolean> | null = null;

  return async (request) => {
    const response = await next(request);
    if (response.status !== 403 || (await problemCode(response)) !== "recent_sign_in_required")
      return response;
    inFlight ??= confirm().finally(() => (inFlight = null));
    return (await inFlight) ? next(request) : response;
  };
}
