// Codes as they are typed, and what claimed purchases came to.
import { expect, it } from "vitest";
import { parseCode } from "./code.ts";

it("takes a code with any spaces and hyphens, and none that is short", () => {
  expect(parseCode(" abcd-EFGH ")).toBe("abcdEFGH");
  expect(parseCode("ABCD EFGH\u00a0JKLM")).toBe("ABCDEFGHJKLM");
  expect(parseCode("abcd-efg")).toBeNull();
  expect(parseCode("")).toBeNull();
});
