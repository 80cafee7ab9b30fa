// STU-3 and T-ST-04: the order of the bases, what moves on and what doesn't, and what is reported at the end.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeFetch, hanging, json, problem, refused } from "../testing/fake-fetch.ts";
import { ApiBases } from "./bases.ts";
import { failover, TIMEOUT_MS, Unreachable } from "./failover.ts";
import type { Failure } from "./failover.ts";
import { outgoing } from "./outgoing.ts";

const A = "https://a.test";
const B = "https://b.test";
const C = "https://c.test";

function memory() {
  let value: string | null = null;
  return { read: () => value, write: (base: string | null) => void (value = base) };
}

function setUp(answer: Parameters<typeof fakeFetch>[0], list = [A, B, C]) {
  const bases = new ApiBases(list, memory());
  const network = fakeFetch(answer);
  const reports: (readonly Failure[])[] = [];
  const watcher = {
    answered: () => undefined,
    failed: (failures: readonly Failure[]) => void reports.push(failures),
  };
  const send = failover(bases, network.fetch, watcher);
  return { bases, send, reports, urls: () => network.sent.map((one) => one.url), sent: network.sent };
}

const get = () => outgoing("GET", "/v1/config");
const post = () => outgoing("POST", "/v1/notes");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("safe requests", () => {
  it("stay with the first base that answers, cookies included", async () => {
    const { send, urls } = setUp(() => json({ ok: true }));
    expect((await send(get())).status).toBe(200);
    expect(urls()).toEqual([`${A}/v1/config`]);
  });

  it("move on after a connection failure and remember the good base", async () => {
    const { send, urls } = setUp(({ url }) => (url.startsWith(A) ? refused() : json({})));
    await send(get());
    await send(get());
    expect(urls()).toEqual([`${A}/v1/config`, `${B}/v1/config`, `${B}/v1/config`]);
  });

  it("move on after a 5xx", async () => {
    const { send, urls } = setUp(({ url }) => (url.startsWith(A) ? problem(502, "internal") : json({})));
    expect((await send(get())).status).toBe(200);
    expect(urls()).toHaveLength(2);
  });

  it("move on within seconds when a base hangs", async () => {
    const { send, urls } = setUp(({ url }) => (url.startsWith(A) ? hanging() : json({})));
    const answer = send(get());
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect((await answer).status).toBe(200);
    expect(urls()).toEqual([`${A}/v1/config`, `${B}/v1/config`]);
  });

  it("move on when a page that isn't ours answers", async () => {
    const page = () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
    const { send } = setUp(({ url }) => (url.startsWith(A) ? page() : json({ from: "b" })));
    expect(await (await send(get())).json()).toEqual({ from: "b" });
  });

  it("stay when the capability is switched off on purpose, or the answer is a refusal", async () => {
    for (const answer of [() => problem(503, "capability_unavailable"), () => problem(404, "not_found")]) {
      const { send, urls } = setUp(answer);
      await send(get());
      expect(urls()).toHaveLength(1);
    }
  });

  it("report every candidate and its failure when all fail", async () => {
    const { send, reports } = setUp(({ url }) => {
      if (url.startsWith(A)) refused();
      return url.startsWith(B) ? json({}, 500, { "x-request-id": "r-9" }) : hanging();
    });
    const failed = send(get()).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    const error = (await failed) as Unreachable;
    expect(error).toBeInstanceOf(Unreachable);
    expect(error.failures).toEqual([
      { base: A, kind: "unreachable" },
      { base: B, kind: "status", status: 500, requestId: "r-9" },
      { base: C, kind: "timeout", afterMs: expect.any(Number) as number },
    ]);
    expect(reports).toEqual([error.failures]);
  });

  it("end at once when the caller gives up", async () => {
    const { send, urls } = setUp(hanging);
    const caller = new AbortController();
    const failed = send({ ...get(), signal: caller.signal });
    caller.abort();
    await expect(failed).rejects.toThrow();
    expect(urls()).toHaveLength(1);
  });
});

describe("unsafe requests", () => {
  it("are never sent twice without an idempotency key, and the next one starts at the next base", async () => {
    const { send, urls } = setUp(({ url }) => (url.startsWith(A) ? refused() : json({})));
    await expect(send(post())).rejects.toBeInstanceOf(Unreachable);
    expect(urls()).toEqual([`${A}/v1/notes`]);
    await send(post());
    expect(urls()).toEqual([`${A}/v1/notes`, `${B}/v1/notes`]);
  });

  it("give the caller a 5xx as it is", async () => {
    const { send, sent } = setUp(() => problem(503, "dependency_unavailable"));
    expect((await send(post())).status).toBe(503);
    expect(sent).toHaveLength(1);
  });

  it("move on with the same idempotency key and body", async () => {
    const { send, sent } = setUp(({ url }) => (url.startsWith(A) ? refused() : json({})));
    const request = { ...post(), headers: new Headers({ "idempotency-key": "k-1" }), body: '{"a":1}' };
    await send(request);
    expect(sent.map(({ url }) => url)).toEqual([`${A}/v1/notes`, `${B}/v1/notes`]);
    expect(sent.map(({ headers, body }) => [headers.get("idempotency-key"), body])).toEqual([
      ["k-1", '{"a":1}'],
      ["k-1", '{"a":1}'],
    ]);
  });
});

describe("the list of bases", () => {
  it("puts the remembered one first and forgets it when it is gone from the list", () => {
    const bases = new ApiBases([A, B], memory());
    bases.markGood(B);
    expect(bases.order()).toEqual([B, A]);
    bases.replace([`${A}/`, `${C}/api/`, "ftp://x", "nonsense"]);
    expect(bases.order()).toEqual([A, `${C}/api`]);
    bases.replace([]);
    expect(bases.first()).toBe(A);
  });

  it("reaches each base in turn when one after the other fails", () => {
    const bases = new ApiBases([A, B, C], memory());
    const firsts = [A, B, C].map((base) => (bases.markBad(base), bases.first()));
    expect(firsts).toEqual([B, C, A]);
  });
});
