// The browser: Debian's Chromium, driven by playwright-core. A "visitor" is a context of its own (own cookies and
// storage) whose page records everything that must not happen: console errors, script errors, CSP violations.

import { chromium } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** The two screens that every scenario runs on. */
export const SCREENS = { narrow: { width: 360, height: 740 }, wide: { width: 1280, height: 800 } };

const STEP_MS = 20_000;

export function openBrowser() {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: ARGUMENTS,
    headless: process.env.HEADED !== "1",
  });
}

/** `{context, page, faults, close}`; `faults` is filled while the page lives. */
export async function newVisitor(
  browser,
  { screen = "wide", locale = "en-GB", baseUrl = process.env.MAINSTAY_URL, ...more } = {},
) {
  const context = await browser.newContext({
    viewport: SCREENS[screen] ?? screen,
    locale,
    baseURL: baseUrl,
    hasTouch: screen === "narrow",
    reducedMotion: "reduce",
    ...more,
  });
  context.setDefaultTimeout(STEP_MS);
  const faults = [];
  const expected = [];
  const note = (text) => {
    if (!expected.some((pattern) => pattern.test(text))) faults.push(text);
  };
  await context.exposeBinding("__reportCsp", (_source, text) => note(text));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      globalThis.__reportCsp(
        `CSP violation: ${event.effectiveDirective} blocked ${event.blockedURI} on ${location.pathname}`,
      );
    });
  });
  context.on("weberror", (error) => note(`script error: ${error.error().message}`));
  context.on("console", (message) => {
    const where = message.location().url ?? "";
    if (message.type() === "error") note(`console error: ${message.text()} (${where})`);
    else if (/content security policy/i.test(message.text()))
      note(`console ${message.type()}: ${message.text()}`);
  });
  const page = await context.newPage();
  return {
    context,
    page,
    faults,
    /** Says which faults belong to what the test does on purpose (Chromium logs every failed fetch as an error). */
    expect: (...patterns) => expected.push(...patterns),
    close: () => context.close(),
  };
}
