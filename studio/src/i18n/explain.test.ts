// Refusals of the wallet in words, and numbers and days in the reader's language.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ProblemError } from "../api/problem.ts";
import { explain } from "./explain.ts";
import { formatChange, formatDay, showLanguage } from "./i18n.svelte.ts";

const short = new ProblemError({
  ...{ type: "", title: "", status: 409, detail: "There are 3 points to spend, and this takes 10." },
  ...{ code: "insufficient_points", request_id: "r-1", has: 3, needs: 10 },
});

beforeEach(() => void vi.stubGlobal("document", { documentElement: {} }));
afterEach(async () => {
  await showLanguage("en");
  vi.unstubAllGlobals();
});

it("says how many points there are and how many it takes", async () => {
  expect(explain(short)).toEqual({
    text: "There are not enough points. To spend: 3. Needed: 10.",
    requestId: "r-1",
  });
  await showLanguage("he");
  expect(explain(short).text).toMatch(/\u20683\u2069.*\u206810\u2069/);
});

it("prefers the words of the place", () => {
  expect(explain(short, { insufficient_points: "Earn some first." }).text).toBe("Earn some first.");
});

it("shows a day as the day that it is, wherever the reader is", () => {
  for (const zone of ["Pacific/Kiritimati", "Pacific/Pago_Pago"]) {
    vi.stubEnv("TZ", zone);
    expect(formatDay("2027-01-31")).toBe("Jan 31, 2027");
  }
  vi.unstubAllEnvs();
});

it("gives changes their sign", () => {
  expect([1200, -5, 0].map(formatChange)).toEqual(["+1,200", "-5", "0"]);
});
