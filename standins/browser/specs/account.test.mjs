// A member's first minutes: look around, make an account with a passkey, leave, and come back by autofill.

import assert from "node:assert/strict";

import { assertAccessible } from "../harness/checks.mjs";
import { onBothScreens } from "../harness/scenario.mjs";
import {
  announced,
  atAccount,
  button,
  createAccount,
  displayName,
  field,
  heading,
  link,
  openMenu,
  openSignIn,
  section,
  signOut,
} from "../harness/studio.mjs";

onBothScreens("the home page leads to the sign-in", async ({ page }) => {
  await page.goto("/");
  await (await heading(page, "landing.title")).waitFor();
  await assertAccessible(page, "the home page");
  await (await link(page, "landing.signIn")).first().click();
  await (await heading(page, "signIn.title")).waitFor();
  assert.equal(new URL(page.url()).pathname, "/sign-in");
});

onBothScreens(
  "a member makes an account with a passkey, signs out, and comes back by autofill",
  async ({ page }) => {
    const authenticator = await createAccount(page, "Grace Hopper");
    const [credential] = await authenticator.credentials();
    assert.equal(credential.isResidentCredential, true);
    assert.equal(credential.rpId, "localhost");
    const passkeys = await section(page, "passkeys.title");
    assert.equal(await passkeys.getByRole("listitem").count(), 1);
    await page.reload();
    await atAccount(page);

    // Nobody picks the suggestion yet, so signing out stays signed out.
    await authenticator.answers(false);
    await signOut(page);
    await page.goto("/account");
    await (await heading(page, "signIn.title")).waitFor();

    await authenticator.answers(true);
    const asserted = authenticator.nextAssertion();
    await page.goto("/sign-in");
    await asserted;
    await atAccount(page);
    assert.equal(await displayName(page), "Grace Hopper");
  },
);

/** A browser that offers no passkeys in suggestions, so that nothing signs in before the button is pressed. */
const withoutAutofill = (page) =>
  page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });

onBothScreens("a member signs in by the button", async ({ page }) => {
  const authenticator = await createAccount(page);
  await authenticator.answers(false);
  await signOut(page);
  await withoutAutofill(page);
  await authenticator.answers(true);
  await openSignIn(page);
  await (await button(page, "signIn.passkey")).click();
  await atAccount(page);
});

onBothScreens("the page says so when no passkey fits", async ({ page }) => {
  const authenticator = await createAccount(page);
  await authenticator.answers(false);
  await signOut(page);
  await authenticator.clear();
  await authenticator.answers(true);
  await openSignIn(page);
  await (await button(page, "signIn.passkey")).click();
  await announced(page, "passkey.cancelled");
});

onBothScreens("the account is reached from the navigation, and its name can be changed", async ({ page }) => {
  await createAccount(page, "Before");
  await (await field(page, "profile.name")).fill("After");
  await (await button(page, "profile.save")).click();
  await announced(page, "profile.saved");
  await page.goto("/");
  await openMenu(page);
  await (await link(page, "nav.account")).first().click();
  await atAccount(page);
  assert.equal(await displayName(page), "After");
});
