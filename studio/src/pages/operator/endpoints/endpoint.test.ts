// An endpoint through its form, and found again after a lost answer.
import { expect, it } from "vitest";
import type { WebhookEndpoint } from "../../../api/types.ts";
import { EMPTY, endpointOf, formOf, madeAsAsked } from "./endpoint.ts";
import { eventName, faultName } from "./words.ts";

const endpoint: WebhookEndpoint = {
  ...{ id: "e", url: "https://hooks.example.com/", description: "ledger export", enabled: true },
  event_types: ["points.granted"],
  ...{ created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z" },
};

it("keeps what nobody touched", () => {
  const { url, description, event_types } = endpoint;
  expect(endpointOf(formOf(endpoint))).toEqual({ url, description, event_types });
  expect(formOf({ ...endpoint, event_types: [] }).everything).toBe(true);
});

it("hears of everything only when that is chosen", () => {
  const form = { ...EMPTY, url: " https://hooks.example.com " };
  expect(endpointOf(form)).toEqual({ url: "https://hooks.example.com", description: "", event_types: [] });
  expect(endpointOf({ ...form, everything: false })).toBeNull();
  expect(endpointOf({ ...form, everything: true, events: ["points.granted"] })?.event_types).toEqual([]);
});

it("finds the new endpoint that was asked for, and no other", () => {
  const asked = { url: "https://hooks.example.com", description: "ledger export", event_types: [] };
  expect(madeAsAsked([endpoint], [], asked)).toBe(endpoint);
  expect(madeAsAsked([endpoint], [endpoint], asked)).toBeNull();
  expect(madeAsAsked([endpoint], [], { ...asked, url: "https://other.example.com" })).toBeNull();
});

it("names what went wrong, and passes on words that it doesn't know", () => {
  expect(faultName("status", 503)).toContain("503");
  expect(faultName("time_out", null)).not.toBe("time_out");
  expect([faultName("gremlins", null), eventName("points.melted")]).toEqual(["gremlins", "points.melted"]);
  expect(faultName(null, 204)).toBeNull();
});
