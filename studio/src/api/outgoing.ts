// A request before it has an address, and the layers that it walks through on its way out.

export interface Outgoing {
  readonly method: string;
  /** Path and query, without the API base. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | null;
  readonly signal: AbortSignal | null;
}

export type Send = (request: Outgoing) => Promise<Response>;

/** Safe by RFC 9110: it changes nothing, so sending it again is harmless. */
export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

export function outgoing(method: string, path: string): Outgoing {
  return { method, path, headers: new Headers(), body: null, signal: null };
}

export async function toOutgoing(request: Request): Promise<Outgoing> {
  const url = new URL(request.url);
  return {
    method: request.method,
    path: url.pathname + url.search,
    headers: new Headers(request.headers),
    body: isSafe(request.method) ? null : await request.text(),
    signal: request.signal,
  };
}
