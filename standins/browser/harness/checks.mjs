// What every page must hold: nothing wider than the screen, nothing serious for axe, reachable by the Tab key, no fault.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TABS_MAX = 80;

/** Fails when the page scrolls sideways; names the elements that stick out. */
export async function assertNoOverflow(page, what) {
  const found = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width && document.body.scrollWidth <= width) return null;
    const wide = [...document.querySelectorAll("body *")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && (box.right > width + 1 || box.left < -1);
    });
    return wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120));
  });
  assert.equal(found, null, `${what} is wider than the screen`);
}

/** Fails on a finding of impact serious or critical. The axe script runs in the isolated world, which no CSP restricts. */
export async function assertAccessible(page, what) {
  const session = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await session.send("Page.getFrameTree");
    const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", {
      frameId: frameTree.frame.id,
      worldName: "axe",
    });
    await session.send("Runtime.evaluate", { expression: AXE, contextId });
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
      contextId,
      awaitPromise: true,
      returnByValue: true,
      expression: `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
    });
    assert.equal(exceptionDetails, undefined, exceptionDetails?.exception?.description);
    const serious = result.value.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, help, nodes }) =>
          `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`,
      );
    assert.deepEqual(serious, [], `axe on ${what}`);
  } finally {
    await session.detach();
  }
}

/** Presses Tab from the top of the page until `locator` has the focus, and checks that the focus shows. */
export async function assertReachableByKeyboard(page, locator, what) {
  await locator.first().waitFor();
  await page.evaluate(() => {
    document.activeElement?.blur();
    scrollTo(0, 0);
  });
  for (let press = 0; press < TABS_MAX; press += 1) {
    await page.keyboard.press("Tab");
    if (await locator.first().evaluate((element) => element === document.activeElement)) {
      const shows = await locator.first().evaluate((element) => {
        const style = getComputedStyle(element);
        return (
          element.matches(":focus-visible") && (style.outlineStyle !== "none" || style.boxShadow !== "none")
        );
      });
      assert.ok(shows, `${what} has the focus but does not show it`);
      return;
    }
  }
  assert.fail(`${what} is not reached by ${TABS_MAX} Tabs`);
}

export function assertNoFaults(visitor) {
  assert.deepEqual(visitor.faults, [], "the page reported faults");
}
