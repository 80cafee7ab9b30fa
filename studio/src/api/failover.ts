// Sends a request to the API bases in turn. A connection failure, a time-out or a 5xx moves on to the next base;
// an unsafe request moves on only when it carries an Idempotency-Key, since it may have been carried out.
import type { ApiBases } from "./bases.ts";
import { isSafe } from "./outgoing.ts";
import type { Outgoing, Send } from "./outgoing.ts";
import { problemCode } from "./problem.ts";

/** While another base is left to try. */
export const TIMEOUT_MS = 4_000;
/** When there is nothing else to try, patience is better than a failure. */
export const LAST_TIMEOUT_MS = 20_000;

export type Failure = { readonly base: string } & (
  | { readonly kind: "unreachable" }
  | { readonly kind: "timeout"; readonly afterMs: number }
  | { readonly kind: "status"; readonly status: number; readonly requestId: string | null }
  | { readonly kind: "foreign" }
);

/** No base gave an answer. Names every candidate that was tried and how it failed. */
export class Unreachable extends Error {
  constructor(readonly failures: readonly Failure[]) {
    super(failures.map((f) => `${f.base}: ${f.kind === "status" ? f.status : f.kind}`).join("; "));
    this.name = "Unreachable";
  }
}

export interface Watcher {
  answered(): void;
  failed(failures: readonly Failure[]): void;
}

export function failover(bases: ApiBases, fetch: typeof globalThis.fetch, watcher: Watcher): Send {
  return async (request) => {
    const order = bases.order();
    const mayRepeat = isSafe(request.method) || request.headers.has("idempotency-key");
    const candidates = mayRepeat ? order : order.slice(0, 1);
    const failures: Failure[] = [];
    for (const [index, base] of candidates.entries()) {
      const isLast = index === candidates.length - 1;
      const outcome = await attempt(fetch, base, request, isLast ? LAST_TIMEOUT_MS : TIMEOUT_MS);
      if (!("failure" in outcome)) {
        bases.markGood(base);
        watcher.answered();
        return outcome.response;
      }
      bases.markBad(base);
      // The refusal itself says more than "unreachable" when nothing else may be tried.
      if (!mayRepeat && outcome.response) return outcome.response;
      failures.push(outcome.failure);
    }
    watcher.failed(failures);
    throw new Unreachable(failures);
  };
}

type Attempt = { response: Response } | { failure: Failure; response?: Response };

async function attempt(
  fetch: typeof globalThis.fetch,
  base: string,
  request: Outgoing,
  timeoutMs: number,
): Promise<Attempt> {
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), timeoutMs);
  const signal = request.signal ? AbortSignal.any([request.signal, timer.signal]) : timer.signal;
  try {
    const { method, headers, body } = request;
    // A redirect would be somebody else's (a hotel's log-in page, a wrong proxy): it counts as no answer.
    const answer = await fetch(base + request.path, {
      method,
      headers,
      body,
      signal,
      credentials: "include",
      redirect: "error",
    });
    const response = await readWhole(answer);
    const failure = await verdict(base, response);
    return failure ? { failure, response } : { response };
  } catch (error) {
    if (request.signal?.aborted) throw error;
    if (timer.signal.aborted) return { failure: { base, kind: "timeout", afterMs: timeoutMs } };
    return { failure: { base, kind: "unreachable" } };
  } finally {
    clearTimeout(timeout);
  }
}

/** Reads the body inside the time-out, so that an answer that stalls half-way counts as no answer. */
async function readWhole(answer: Response): Promise<Response> {
  const { status, statusText, headers } = answer;
  const body = await answer.arrayBuffer();
  return new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
}

async function verdict(base: string, response: Response): Promise<Failure | null> {
  const { status, headers } = response;
  const isJson = /\bjson\b/.test(headers.get("content-type") ?? "");
  if (response.ok) return response.body === null || isJson ? null : { base, kind: "foreign" };
  if (status < 500) return null;
  // Switched off on purpose: every base would say the same.
  if ((await problemCode(response)) === "capability_unavailable") return null;
  return { base, kind: "status", status, requestId: headers.get("x-request-id") };
}
