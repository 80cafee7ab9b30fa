// Amounts of money as they are typed.
import { expect, it } from "vitest";
import { parseCurrency, parseMoney, typedMoney } from "./money.ts";

it("counts in the minor units of the currency", () => {
  expect(["1", "0.5", "12,50", " 1 000.00 "].map((text) => parseMoney(text, "USD"))).toEqual([
    100, 50, 1250, 100_000,
  ]);
  expect([parseMoney("500", "JPY"), parseMoney("1.250", "KWD")]).toEqual([500, 1250]);
});

it("reads the digits of our readers' keyboards", () => {
  expect(parseMoney("\u0661\u0662\u066b\u0665\u0660", "USD")).toBe(1250);
});

it("takes nothing that could mean two amounts, or none", () => {
  for (const text of ["", "0", "0.00", "-1", "1.2.3", "1,000.00", "1.234", "ten", "10000000000.01"]) {
    expect(parseMoney(text, "USD"), text).toBeNull();
  }
  expect(parseMoney("1.5", "JPY")).toBeNull();
});

it("writes what it reads", () => {
  for (const [amount, currency] of [
    [1250, "USD"],
    [500, "JPY"],
    [1, "KWD"],
  ] as const) {
    expect(parseMoney(typedMoney(amount, currency), currency)).toBe(amount);
  }
});

it("knows a currency by three letters", () => {
  expect([parseCurrency(" usd "), parseCurrency("$"), parseCurrency("EURO")]).toEqual(["USD", null, null]);
});
