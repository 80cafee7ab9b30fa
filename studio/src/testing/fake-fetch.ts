// A stand-in for the network in unit tests: answers by a function, and remembers what was sent.

export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | null;
}

type Answer = (sent: Sent) => Response | Promise<Response>;

export function fakeFetch(answer: Answer) {
  const sent: Sent[] = [];
  const fetch = (async (input: RequestInfo | URL, init: RequestInit = {}) => {
    const one: Sent = {
      url: String(input),
      method: init.method ?? "GET",
      headers: new Headers(init.headers),
      body: (init.body as string | null | undefined) ?? null,
    };
    sent.push(one);
    const aborted = new Promise<never>((_, reject) =>
      init.signal?.addEventListener("abort", () => reject(init.signal!.reason)),
    );
    return Promise.race([answer(one), aborted]);
  }) as typeof globalThis.fetch;
  return { fetch, sent };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(body), { status, headers: { "content-type": type, ...headers } });
}

export function problem(status: number, code: string): Response {
  return json(
    { type: `urn:mainstay:problem:${code}`, title: code, status, detail: code, code, request_id: "r-1" },
    status,
  );
}

export function refused(): never {
  throw new TypeError("fetch failed");
}

/** A base that takes the connection and never answers. */
export function hanging(): Promise<Response> {
  return new Promise(() => undefined);
}
