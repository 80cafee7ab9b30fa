// T-ST-05 (log-out wipes local data), the service worker's distance from the API, and safe addresses after sign-in.
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fill } from "../../build/service-worker.ts";
import { PAGES } from "./pages.ts";
import { wipeLocalData } from "./storage.ts";

afterEach(() => void vi.unstubAllGlobals());

describe("log-out", () => {
  it("leaves only the device's own settings and the static shell", async () => {
    const local: Record<string, string> = {
      "mainstay.language": "he",
      "mainstay.theme": "dark",
      "mainstay.refreshed_at": "1",
      "mainstay.answers": "[…]",
      "another library": "x",
    };
    Object.defineProperty(local, "removeItem", { value: (key: string) => delete local[key] });
    const session = { clear: vi.fn() };
    const databases = { databases: async () => [{ name: "answers" }], deleteDatabase: vi.fn() };
    const cacheNames = new Set(["mainstay-shell-1", "answers"]);
    vi.stubGlobal("localStorage", local);
    vi.stubGlobal("sessionStorage", session);
    vi.stubGlobal("indexedDB", databases);
    vi.stubGlobal("caches", {
      keys: async () => [...cacheNames],
      delete: async (name: string) => cacheNames.delete(name),
    });

    await wipeLocalData();

    expect(local).toEqual({ "mainstay.language": "he", "mainstay.theme": "dark" });
    expect(session.clear).toHaveBeenCalledOnce();
    expect(databases.deleteDatabase).toHaveBeenCalledWith("answers");
    expect([...cacheNames]).toEqual(["mainstay-shell-1"]);
  });

  it("never throws where the browser blocks storage", async () => {
    await expect(wipeLocalData()).resolves.toBeUndefined();
  });
});

describe("the service worker", () => {
  type Listener = (event: object) => void;

  function start() {
    const listeners: Record<string, Listener> = {};
    const self = {
      location: { origin: "https://studio.test" },
      addEventListener: (name: string, listener: Listener) => (listeners[name] = listener),
    };
    const caches = { match: async () => null, open: async () => ({}), keys: async () => [] };
    const fetch = async () => new Response("fresh");
    const source = fill(readFileSync("src/shell/sw.js", "utf8"), "r1", ["/assets/a.js"]);
    runInNewContext(source, { self, caches, fetch, URL, Set, AbortSignal, Response });
    return (url: string, request: { method?: string; mode?: string } = {}) => {
      const respondWith = vi.fn();
      listeners["fetch"]!({ request: { method: "GET", mode: "cors", url, ...request }, respondWith });
      return respondWith.mock.calls.length > 0;
    };
  }

  it("answers for the shell's own files and pages", () => {
    const handles = start();
    expect(handles("https://studio.test/assets/a.js")).toBe(true);
    expect(handles("https://studio.test/account?error=x", { mode: "navigate" })).toBe(true);
    for (const page of PAGES)
      expect(handles(`https://studio.test${page}`, { mode: "navigate" }), page).toBe(true);
  });

  it("never touches the API, other sites, or anything that changes something", () => {
    const handles = start();
    expect(handles("https://studio.test/v1/auth/me")).toBe(false);
    expect(handles("https://studio.test/v1/auth/google/start", { mode: "navigate" })).toBe(false);
    expect(handles("https://studio.test/docs", { mode: "navigate" })).toBe(false);
    expect(handles("https://elsewhere.test/assets/a.js")).toBe(false);
    expect(handles("https://studio.test/", { method: "POST", mode: "navigate" })).toBe(false);
  });
});

describe("the address after sign-in", () => {
  it("is a path of this site, whatever the link says", async () => {
    vi.stubGlobal("location", new URL("https://studio.test/sign-in"));
    const { returnPath } = await import("./router.svelte.ts");
    const after = (wanted: string) =>
      returnPath(new URL(`https://studio.test/sign-in?return_to=${encodeURIComponent(wanted)}`));
    expect(after("/account?tab=2")).toBe("/account?tab=2");
    const hostile = [
      "//evil.test",
      "/\\evil.test",
      "https://evil.test",
      "javascript:alert(1)",
      "",
      "/sign-in?x",
    ];
    for (const wanted of hostile) expect(after(wanted), wanted).toBe("/account");
  });
});
