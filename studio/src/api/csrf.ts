// Puts the CSRF token on requests that change something, and learns it from the answers that carry one.
// A refused token is fetched anew once: another tab may have signed in since.
import { isSafe, outgoing } from "./outgoing.ts";
import type { Outgoing, Send } from "./outgoing.ts";
import { problemCode } from "./problem.ts";

export interface CsrfToken {
  value: string | null;
}

export function withCsrf(token: CsrfToken, next: Send): Send {
  const send: Send = async (request) => {
    const response = await next(stamped(request, token.value));
    if (request.path.startsWith("/v1/auth/")) await learn(token, response);
    return response;
  };
  return async (request) => {
    const response = await send(request);
    if (isSafe(request.method) || (await problemCode(response)) !== "csrf_refused") return response;
    const fresh = await send(outgoing("GET", "/v1/auth/csrf"));
    return fresh.ok ? send(request) : response;
  };
}

function stamped(request: Outgoing, token: string | null): Outgoing {
  if (isSafe(request.method) || token === null) return request;
  const headers = new Headers(request.headers);
  headers.set("x-csrf-token", token);
  return { ...request, headers };
}

async function learn(token: CsrfToken, response: Response): Promise<void> {
  if (!response.ok || response.body === null) return;
  const body = (await response
    .clone()
    .json()
    .catch(() => null)) as { csrf_token?: unknown; signed_in?: { csrf_token?: unknown } | null } | null;
  const seen = body?.csrf_token ?? body?.signed_in?.csrf_token;
  if (typeof seen === "string") token.value = seen;
}
