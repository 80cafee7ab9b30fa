// A test with a browser: one Chromium for a file, a fresh visitor for each scenario, a screenshot when it fails, and no
// fault on any page when it passes. `onBothScreens` runs a scenario on a phone and on a desktop.

import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { assertNoFaults } from "./checks.mjs";
import { newVisitor, openBrowser } from "./chromium.mjs";

const RESULTS = new URL("../results/", import.meta.url).pathname;
/** Characters of a failed page that are told. */
const WORDS_MAX = 1200;
// Chromium logs every answer of 400 and above as an error; "am I signed in?" is answered 401 to somebody who is not.
// A page that does not exist is answered 404, and shows so.
const MISSING_PAGE = /status of 404 .*\/nowhere\b/;
const ASKING_WHO_I_AM = /status of 401 .*\/v1\/auth\/(me|csrf|refresh)\b/;

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** `scenario('name', {screen}, async ({visitor, page, another}) => …)`; `another()` is a further visitor. */
export function scenario(name, options, body) {
  test(name, async (t) => {
    const visitors = [];
    const another = async (more = {}) => {
      const visitor = await newVisitor(browser, { ...options, ...more });
      visitor.expect(ASKING_WHO_I_AM, MISSING_PAGE);
      visitors.push(visitor);
      return visitor;
    };
    try {
      const visitor = await another();
      await body({ visitor, page: visitor.page, another });
      visitors.forEach(assertNoFaults);
    } catch (error) {
      await keepPictures(t, name, visitors);
      throw error;
    } finally {
      await Promise.all(visitors.map((visitor) => visitor.close()));
    }
  });
}

export function onBothScreens(name, body, options = {}) {
  for (const screen of ["narrow", "wide"]) {
    scenario(`${name} (${screen})`, { ...options, screen }, (given) => body({ ...given, screen }));
  }
}

async function keepPictures(t, name, visitors) {
  mkdirSync(RESULTS, { recursive: true });
  const file = name.replace(/[^a-z0-9]+/gi, "-").toLowerCase();
  for (const [index, { page, faults }] of visitors.entries()) {
    const path = `${RESULTS}${file}-${index}.png`;
    await page.screenshot({ path }).catch(() => {});
    // In words, too: who reads a log from another machine has no picture.
    const shown = await page.evaluate(() => document.body.innerText).catch((error) => error.message);
    const words = shown.replace(/\s+/g, " ").slice(0, WORDS_MAX);
    t.diagnostic(
      `${name}: visitor ${index} at ${page.url()}, picture ${path}, faults: ${faults.join("; ") || "none"}, shows: ${words}`,
    );
  }
}
