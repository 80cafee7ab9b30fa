// Five languages in both directions: the switcher where it belongs on each screen, also after a resize, and no page
// that is wider than a small phone.

import assert from "node:assert/strict";

import { assertNoOverflow } from "../harness/checks.mjs";
import { SCREENS } from "../harness/chromium.mjs";
import { LANGUAGES, messages, text } from "../harness/messages.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import { atAccount, createAccount, heading, languageSwitcher, openMenu } from "../harness/studio.mjs";

const SMALL = { width: 320, height: 640 };

const direction = (page) =>
  page.evaluate(() => [document.documentElement.lang, document.documentElement.dir || "ltr"]);

async function choose(page, from, to) {
  await openMenuIn(page, from);
  await (await languageSwitcher(page, from)).selectOption({ label: LANGUAGES[to].name });
  await page.waitForFunction((wanted) => document.documentElement.lang === wanted, to);
}

async function openMenuIn(page, language) {
  const menu = page.getByRole("button", { name: await text("nav.menu", {}, language), exact: true });
  if ((await menu.isVisible()) && (await menu.getAttribute("aria-expanded")) !== "true") await menu.click();
}

onBothScreens(
  "Hebrew turns the page around, stays after a reload, and English turns it back",
  async ({ page }) => {
    await page.goto("/");
    await (await heading(page, "landing.title")).waitFor();
    await choose(page, "en", "he");
    assert.deepEqual(await direction(page), ["he", "rtl"]);
    await (await heading(page, "landing.title", {}, "he")).waitFor();
    await assertNoOverflow(page, "the home page in Hebrew");
    await page.reload();
    await (await heading(page, "landing.title", {}, "he")).waitFor();
    assert.deepEqual(await direction(page), ["he", "rtl"]);
    await choose(page, "he", "en");
    assert.deepEqual(await direction(page), ["en", "ltr"]);
  },
);

scenario(
  "the switcher is in the panel when narrow and in the header when wide, also after a resize",
  { screen: "wide" },
  async ({ page }) => {
    const switcher = await languageSwitcher(page);
    const menu = page.getByRole("button", { name: await text("nav.menu"), exact: true });
    const inHeaderOnly = async () => {
      await switcher.waitFor({ state: "visible" });
      assert.equal(await menu.isVisible(), false, "no menu button on a wide screen");
      assert.equal(
        await page
          .getByRole("banner")
          .getByRole("combobox", { name: await text("nav.language") })
          .isVisible(),
        true,
      );
    };
    const inPanelOnly = async () => {
      await menu.waitFor({ state: "visible" });
      if ((await menu.getAttribute("aria-expanded")) === "true") await menu.click();
      await switcher.waitFor({ state: "hidden" });
      await openMenu(page);
      await switcher.waitFor({ state: "visible" });
      assert.equal(await switcher.count(), 1, "one switcher, not two");
    };
    await page.goto("/");
    await inHeaderOnly();
    await page.setViewportSize(SCREENS.narrow);
    await inPanelOnly();
    await page.setViewportSize(SCREENS.wide);
    await inHeaderOnly();
    // A phone that is turned.
    await page.setViewportSize(SCREENS.narrow);
    await inPanelOnly();
    await page.setViewportSize({ width: SCREENS.narrow.height, height: SCREENS.narrow.width });
    await openMenu(page);
    await switcher.waitFor({ state: "visible" });
  },
);

scenario("the browser’s language is taken over", { screen: "narrow", locale: "ru-RU" }, async ({ page }) => {
  await page.goto("/");
  await (await heading(page, "landing.title", {}, "ru")).waitFor();
  assert.deepEqual(await direction(page), ["ru", "ltr"]);
});

for (const [language, { dir }] of Object.entries(LANGUAGES)) {
  scenario(`no page is wider than 320 px in ${language}`, { screen: SMALL }, async ({ page }) => {
    const authenticator = await createAccount(page, "Maximiliane von Hohenstaufen-Wolfenbüttel");
    await authenticator.answers(false);
    if (language !== "en") await choose(page, "en", language);
    assert.deepEqual(await direction(page), [language, dir]);
    await (await heading(page, "account.title", {}, language)).waitFor();
    await assertNoOverflow(page, `the account in ${language}`);
    await page.goto("/wallet");
    await page.getByText(await text("statement.none", {}, language)).waitFor();
    await assertNoOverflow(page, `the wallet in ${language}`);
    await page.goto("/");
    await page.getByRole("main").getByRole("heading").first().waitFor();
    await assertNoOverflow(page, `the home page in ${language}`);
    await openMenuIn(page, language);
    await assertNoOverflow(page, `the panel in ${language}`);
    await page.goto("/nowhere");
    await (await heading(page, "notFound.title", {}, language)).waitFor();
    await assertNoOverflow(page, `the missing page in ${language}`);
    await page.context().clearCookies();
    await page.goto("/sign-in?error=oauth_state_refused");
    await (await heading(page, "signIn.title", {}, language)).waitFor();
    await assertNoOverflow(page, `the sign-in in ${language}`);
  });

  scenario(`no message is missing in ${language}`, { screen: "narrow" }, async () => {
    const [english, other] = [await messages("en"), await messages(language)];
    assert.deepEqual(Object.keys(other).sort(), Object.keys(english).sort());
  });
}

scenario("a member’s language follows them", { screen: "narrow" }, async ({ page }) => {
  await createAccount(page);
  await choose(page, "en", "es");
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await (await heading(page, "account.title", {}, "es")).waitFor();
  assert.deepEqual(await direction(page), ["es", "ltr"]);
  await choose(page, "es", "en");
  await atAccount(page);
});
