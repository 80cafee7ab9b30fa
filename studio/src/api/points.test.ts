// Points and member ids as people type them.
import { expect, it } from "vitest";
import { parseId, parsePoints } from "./points.ts";

it("takes whole numbers in the digits of our languages", () => {
  const taken: [string, number][] = [
    ["1", 1],
    [" 1200 ", 1200],
    ["1 200", 1200],
    ["\u20681200\u2069", 1200],
    ["\u200f12", 12],
    ["1\u202f200", 1200],
    ["\u0661\u0662\u0660", 120],
    ["\u06f1\u06f2", 12],
    ["0007", 7],
    ["1000000000000", 1_000_000_000_000],
  ];
  for (const [text, points] of taken) expect(parsePoints(text), text).toBe(points);
});

it("takes nothing that could mean another number", () => {
  for (const text of [
    "",
    " ",
    "0",
    "-1",
    "+1",
    "1.5",
    "1,000",
    "1e3",
    "ten",
    "1000000000001",
    "9".repeat(30),
    "½",
  ])
    expect(parsePoints(text), text).toBeNull();
});

it("takes ids in any case, and nothing else", () => {
  const id = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
  expect(parseId(` ${id.toUpperCase()} `)).toBe(id);
  expect(parseId(`\u2068${id}\u2069`), "as a right-to-left page shows it").toBe(id);
  for (const text of ["", "ada", `${id}0`, `{${id}}`, id.replaceAll("-", ""), `${id}/../x`])
    expect(parseId(text), text).toBeNull();
});
