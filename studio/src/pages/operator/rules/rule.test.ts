// A rule goes through the form unchanged, what is no number is named, and a rule stands by its dates.
import { expect, it } from "vitest";
import type { PurchaseRule } from "../../../api/types.ts";
import { EMPTY, formOf, isAsAsked, ruleOf, standing } from "./rule.ts";

const NOW = Date.parse("2026-06-15T12:00:00Z");
const rule: PurchaseRule = {
  ...{ id: "r", name: "Double points", source: null, merchant: "downtown", currency: "USD", points: 2 },
  ...{ per_amount: 150, purchase_points_max: 500, day_points_max: null },
  ...{ starts_at: "2026-07-01T00:00:30Z", ends_at: "2026-07-31T22:59:59.5Z" },
  created_at: "2026-01-01T00:00:00Z",
};

function made(form: Parameters<typeof ruleOf>[0], before: PurchaseRule | null = null) {
  const read = ruleOf(form, before);
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.rule;
}

it("keeps what nobody touched, to the second", () => {
  const { id: _id, created_at: _at, ...rest } = rule;
  expect(made(formOf(rule, NOW), rule)).toEqual(rest);
});

it("has a running rule followed from now on", () => {
  const running = { ...rule, starts_at: null };
  const { starts_at } = made(formOf(running, NOW + 45_000), running);
  // Down to the minute: between the two there is no time without a rule.
  expect(starts_at).toBe("2026-06-15T12:00:00.000Z");
});

it("takes empty fields as no bound, and money as people write it", () => {
  const form = { ...EMPTY, name: " A point ", points: "1", currency: "eur", perAmount: "0,50" };
  expect(made(form)).toEqual({
    ...{ name: "A point", currency: "EUR", points: 1, per_amount: 50, merchant: null, source: null },
    ...{ purchase_points_max: null, day_points_max: null, starts_at: null, ends_at: null },
  });
});

it("names the fields that are wrong", () => {
  const faults = (form: Partial<typeof EMPTY>) => {
    const read = ruleOf({ ...EMPTY, points: "1", currency: "USD", perAmount: "1", ...form }, null);
    return "faults" in read ? read.faults : {};
  };
  expect(faults({ points: "1.5", perAmount: "free", purchaseMax: "0", dayMax: "x" })).toEqual({
    points: "points.noAmount",
    perAmount: "rule.noMoney",
    purchaseMax: "points.noAmount",
    dayMax: "points.noAmount",
  });
  expect(faults({ currency: "$" })).toEqual({ currency: "rule.noCurrency" });
  expect(faults({ startsAt: "2026-07-02T10:00", endsAt: "2026-07-02T10:00" })).toEqual({
    endsAt: "rule.endsBefore",
  });
});

it("stands by its dates", () => {
  const at = (time: string) => standing(rule, Date.parse(time));
  expect(at("2026-07-01T00:00:29Z")).toBe("planned");
  expect(at("2026-07-01T00:00:30Z")).toBe("running");
  expect(at("2026-07-31T22:59:59.5Z")).toBe("over");
  expect(standing({ ...rule, starts_at: null, ends_at: null }, NOW)).toBe("running");
});

it("knows the rule that was asked for", () => {
  const asked = made(formOf(rule, NOW), rule);
  expect(isAsAsked(rule, { ...asked, ends_at: "2026-07-31T22:59:59.500Z" })).toBe(true);
  for (const other of [{ points: 3 }, { merchant: null }, { ends_at: null }, { day_points_max: 1 }]) {
    expect(isAsAsked(rule, { ...asked, ...other }), JSON.stringify(other)).toBe(false);
  }
});
