// The small translations around sign-in: WebAuthn's base64url, and User-Agent lines.
import { expect, it } from "vitest";
import { describeAgent } from "./agent.ts";
import { fromBase64Url, toBase64Url } from "./webauthn.ts";

it("turns bytes into base64url and back", () => {
  for (const text of ["", "_-8", "AAEC", "-_-_", "3q2-7w"])
    expect(toBase64Url(fromBase64Url(text))).toBe(text);
});

it.each([
  [
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    "Chrome",
    "Android",
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605 Version/18.4 Mobile Safari/604",
    "Safari",
    "iPhone",
  ],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
    "Edge",
    "Windows",
  ],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"],
])("recognises %s", (userAgent, browser, system) => {
  expect(describeAgent(userAgent)).toEqual({ browser, system });
});

it("says nothing about what it doesn't know", () => {
  expect(describeAgent("curl/8.5.0")).toBeNull();
});
