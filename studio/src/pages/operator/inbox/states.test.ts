// What an operator can do with an event, and how its body is shown.
import { expect, it } from "vitest";
import { readable, STATES, stepsOf } from "./states.ts";

it("offers a step in each state, and none in one that is not known", () => {
  expect(STATES.map((state) => [state, stepsOf({ state })])).toEqual([
    ["set_aside", ["retry", "ignore"]],
    ["failed", ["retry", "ignore"]],
    ["done", ["replay"]],
    ["ignored", ["replay"]],
  ]);
  expect(stepsOf({ state: "melted" })).toEqual([]);
  expect(stepsOf({ state: "done", body_removed_at: "2026-11-28T12:00:00Z" })).toEqual([]);
});

it("sets a body out line by line, and leaves what is no JSON as it came", () => {
  expect(readable('{"id":1,"to":[]}')).toBe('{\n  "id": 1,\n  "to": []\n}');
  expect(readable("<html>")).toBe("<html>");
});
