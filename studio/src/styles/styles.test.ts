// The rules of look that a machine can check: contrast, logical directions, nothing inline, small files that say what
// they are for.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const FILES = ["src", "build", "scripts"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|js|mjs|css|svelte)$/.test(name) && !name.endsWith("schema.d.ts"))
    .map((name) => join(folder, name)),
);
const LINES_MAX = 300;

describe("every file", () => {
  it.each(FILES)("%s is small and begins with what it is for", (path) => {
    const text = readFileSync(path, "utf8");
    expect(text.split("\n").length).toBeLessThan(LINES_MAX);
    expect(text).toMatch(/^(\/\/ |\/\* |<!-- )\S/);
  });

  it.each(FILES.filter((path) => /\.(css|svelte)$/.test(path)))(
    "%s has no physical direction and no inline style",
    (path) => {
      const text = readFileSync(path, "utf8");
      expect(text).not.toMatch(/\b(margin|padding|border|inset)-(left|right|top|bottom)\s*:/);
      expect(text).not.toMatch(/[\s;{](left|right|top|bottom|width|height|min-width|max-height)\s*:/);
      expect(text).not.toMatch(/text-align:\s*(left|right)|float:/);
      expect(text).not.toMatch(/\sstyle=|\{@html/);
    },
  );
});

describe("contrast (WCAG 2.2, 1.4.3 and 1.4.11)", () => {
  const tokens = readTokens();
  const texts = [
    ["ink", "paper"],
    ["ink", "surface"],
    ["ink", "sunken"],
    ["ink", "danger-soft"],
    ["ink", "warn-soft"],
    ["ink-soft", "paper"],
    ["ink-soft", "surface"],
    ["ink-soft", "sunken"],
    ["ink-soft", "danger-soft"],
    ["accent", "paper"],
    ["accent", "surface"],
    ["accent-strong", "accent-soft"],
    ["on-accent", "accent"],
    ["on-accent", "accent-strong"],
    ["danger", "surface"],
    ["danger", "sunken"],
    ["on-danger", "danger"],
    ["on-danger", "danger-strong"],
    ["ok", "sunken"],
    ["ok", "surface"],
  ] as const;
  const edges = [
    ["edge", "surface"],
    ["edge", "paper"],
    ["accent", "paper"],
    ["accent", "sunken"],
    ["danger", "danger-soft"],
    ["warn", "warn-soft"],
  ] as const;

  it.each(["light", "dark"] as const)("is enough in the %s theme", (theme) => {
    for (const [ink, ground] of texts)
      expect(ratio(theme, ink, ground), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    for (const [ink, ground] of edges)
      expect(ratio(theme, ink, ground), `${ink} on ${ground}`).toBeGreaterThanOrEqual(3);
  });

  function ratio(theme: "light" | "dark", one: string, other: string): number {
    const [high, low] = [luminance(tokens[one]![theme]), luminance(tokens[other]![theme])].sort(
      (a, b) => b - a,
    );
    return (high! + 0.05) / (low! + 0.05);
  }
});

function readTokens(): Record<string, { light: string; dark: string }> {
  const css = readFileSync("src/styles/tokens.css", "utf8");
  const pairs = css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g);
  return Object.fromEntries(
    [...pairs].map(([, name, light, dark]) => [name, { light: light!, dark: dark! }]),
  );
}

/** Relative luminance as WCAG defines it. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
