// Lists in pages: what is shown is one whole list, whatever order the answers come in.
import { describe, expect, it } from "vitest";
import { Pager } from "./pager.svelte.ts";
import type { Page } from "./pager.svelte.ts";

/** A pager whose answers the test gives, one by one and in any order. */
function setUp() {
  const asked: {
    cursor: string | null;
    answer: (page: Page<number>) => void;
    fail: (error: Error) => void;
  }[] = [];
  const pager = new Pager<number>(
    (cursor) =>
      new Promise((answer, fail) => {
        asked.push({ cursor, answer, fail });
      }),
  );
  return { pager, asked };
}

describe("a pager", () => {
  it("goes from page to page by cursor and ends", async () => {
    const { pager, asked } = setUp();
    const loading = pager.load();
    expect([pager.items, pager.busy]).toEqual([null, true]);
    asked[0]!.answer({ items: [5, 4], next_cursor: "4" });
    await loading;
    expect([pager.items, pager.hasMore, pager.busy]).toEqual([[5, 4], true, false]);
    const more = pager.more();
    await pager.more();
    asked[1]!.answer({ items: [3], next_cursor: null });
    await more;
    expect([pager.items, pager.hasMore]).toEqual([[5, 4, 3], false]);
    await pager.more();
    expect(asked.map(({ cursor }) => cursor)).toEqual([null, "4"]);
  });

  it("drops an answer that a newer question has overtaken", async () => {
    const { pager, asked } = setUp();
    const [slow, quick] = [pager.load(), pager.load()];
    asked[1]!.answer({ items: [2] });
    await quick;
    asked[0]!.answer({ items: [1], next_cursor: "x" });
    await slow;
    expect([pager.items, pager.hasMore, pager.busy]).toEqual([[2], false, false]);
  });

  it("keeps what it has when more fails, and goes on from there", async () => {
    const { pager, asked } = setUp();
    const loading = pager.load();
    asked[0]!.answer({ items: [2], next_cursor: "2" });
    await loading;
    const failing = pager.more();
    asked[1]!.fail(new Error("away"));
    await failing;
    expect([pager.items, pager.hasMore, String(pager.error)]).toEqual([[2], true, "Error: away"]);
    const again = pager.more();
    asked[2]!.answer({ items: [1] });
    await again;
    expect([pager.items, pager.error]).toEqual([[2, 1], null]);
  });
});
