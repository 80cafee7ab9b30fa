// Everybody can use it: nothing serious for axe on any page, light and dark, and every way in by keyboard alone.

import assert from "node:assert/strict";

import { assertAccessible, assertReachableByKeyboard } from "../harness/checks.mjs";
import { VirtualAuthenticator } from "../harness/passkeys.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import {
  atAccount,
  button,
  createAccount,
  field,
  heading,
  link,
  openMenu,
  openSignIn,
} from "../harness/studio.mjs";

for (const colorScheme of ["light", "dark"]) {
  onBothScreens(
    `axe finds nothing serious, ${colorScheme}`,
    async ({ page }) => {
      await page.goto("/");
      await (await heading(page, "landing.title")).waitFor();
      await assertAccessible(page, "the home page");
      await openMenu(page);
      await assertAccessible(page, "the open panel");
      await openSignIn(page);
      await assertAccessible(page, "the sign-in");
      await openSignIn(page, "?error=id_token_refused");
      await assertAccessible(page, "the sign-in with an error");
      await page.goto("/nowhere");
      await (await heading(page, "notFound.title")).waitFor();
      await assertAccessible(page, "the missing page");
      await createAccount(page);
      await assertAccessible(page, "the account");
      await (await button(page, "leave.delete")).click();
      await page.getByRole("dialog").waitFor();
      await assertAccessible(page, "the question before deletion");
    },
    { colorScheme },
  );
}

onBothScreens("every way in is reached by the Tab key", async ({ page }) => {
  await openSignIn(page);
  for (const key of ["signIn.passkey", "signIn.sendCode", "signIn.create"]) {
    await assertReachableByKeyboard(page, await button(page, key), key);
  }
  for (const provider of ["Google", "Apple"]) {
    await assertReachableByKeyboard(page, await link(page, "signIn.with", { provider }), provider);
  }
  await assertReachableByKeyboard(page, await field(page, "signIn.email"), "the e-mail field");
});

onBothScreens("an account is made and left by keyboard alone", async ({ page }) => {
  const authenticator = await VirtualAuthenticator.add(page);
  await openSignIn(page);
  await assertReachableByKeyboard(page, await field(page, "signIn.displayName"), "the name");
  await page.keyboard.type("Keys Only");
  await page.keyboard.press("Tab");
  assert.equal(
    await (await button(page, "signIn.create")).evaluate((element) => element === document.activeElement),
    true,
  );
  await page.keyboard.press("Enter");
  await atAccount(page);
  await authenticator.answers(false);
  await assertReachableByKeyboard(page, await button(page, "leave.signOut"), "sign out");
  await page.keyboard.press("Enter");
  await (await heading(page, "account.title")).waitFor({ state: "detached" });
});

scenario("the first Tab offers to skip to the content", { screen: "wide" }, async ({ page }) => {
  await page.goto("/");
  await (await heading(page, "landing.title")).waitFor();
  await page.keyboard.press("Tab");
  const skip = await link(page, "common.skip");
  assert.equal(await skip.evaluate((element) => element === document.activeElement), true);
  await page.keyboard.press("Enter");
  assert.equal(
    await page.evaluate(
      () => document.activeElement.closest("main") !== null || document.activeElement.tagName === "MAIN",
    ),
    true,
  );
});

scenario("the page says what it is", { screen: "wide" }, async ({ page }) => {
  for (const [path, key] of [
    ["/", "landing.title"],
    ["/sign-in", "signIn.title"],
  ]) {
    await page.goto(path);
    await (await heading(page, key)).waitFor();
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, `one main heading on ${path}`);
    assert.notEqual(await page.title(), "", `a title on ${path}`);
    assert.equal(await page.getByRole("main").count(), 1);
  }
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
});
