// Codes as they are read out.
import { expect, it } from "vitest";
import { spaced } from "./code.ts";

it("sets a code in two groups", () => {
  expect(spaced("7K3MQ9TW")).toBe("7K3M Q9TW");
  expect(spaced("ABCDE")).toBe("ABC DE");
});
