// WAL-3 from the client's side: what a person wants once is asked under one key until it has an outcome, and what they want next
// is asked under another.
import { describe, expect, it } from "vitest";
import { Unreachable } from "./failover.ts";
import { Intention, mayHaveHappened } from "./intention.ts";
import { ProblemError } from "./problem.ts";

function refusal(status: number, code = "x"): ProblemError {
  return new ProblemError({ type: "", title: "", status, detail: "", code, request_id: "" });
}

/** An intention whose keys are counted, and a server that answers as told. */
function setUp() {
  let made = 0;
  const intention = new Intention(() => `k${(made += 1)}`);
  const keys: string[] = [];
  const ask = (request: unknown, answer: unknown = "done") =>
    intention
      .carryOut(request, async (_, key) => {
        keys.push(key);
        if (answer instanceof Error) throw answer;
        return answer;
      })
      .catch(() => "failed");
  return { ask, keys };
}

const TEN = { to: "a", amount: 10 };

describe("an intention", () => {
  it("keeps its key while nobody knows what became of it", async () => {
    const { ask, keys } = setUp();
    for (const unclear of [new Unreachable([]), refusal(503), refusal(429), refusal(401), new TypeError("x")])
      await ask(TEN, unclear);
    await ask(TEN);
    expect(new Set(keys)).toEqual(new Set(["k1"]));
  });

  it("is another one after it was carried out, even for the same again", async () => {
    const { ask, keys } = setUp();
    await ask(TEN);
    await ask(TEN);
    expect(keys).toEqual(["k1", "k2"]);
  });

  it("is another one when something else is asked for", async () => {
    const { ask, keys } = setUp();
    await ask(TEN, new Unreachable([]));
    await ask({ ...TEN, amount: 11 }, new Unreachable([]));
    await ask({ ...TEN, amount: 11 });
    expect(keys).toEqual(["k1", "k2", "k2"]);
  });

  it("is another one after a refusal, which the first key would only repeat", async () => {
    const { ask, keys } = setUp();
    await ask(TEN, refusal(409, "insufficient_points"));
    await ask(TEN);
    expect(keys).toEqual(["k1", "k2"]);
  });

  it("makes keys that nobody else makes", async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 100; i += 1) await new Intention().carryOut(TEN, async (_, key) => seen.add(key));
    expect(seen.size).toBe(100);
    for (const key of seen) expect(key).toMatch(/^[0-9a-f]{32}$/);
  });
});

it("a refusal that is about the request itself leaves nothing open", () => {
  for (const status of [400, 404, 409, 422])
    expect(mayHaveHappened(refusal(status)), String(status)).toBe(false);
  for (const status of [401, 403, 408, 425, 429, 500, 503])
    expect(mayHaveHappened(refusal(status)), String(status)).toBe(true);
});
