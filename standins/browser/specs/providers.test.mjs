// Signing in with Google and Apple through the stand-in providers: first time, second time, a no, a forged answer, and
// linking. Apple's answer is a form post from another site, which is why the stand-ins live on 127.0.0.1 and the server
// on localhost: to the browser these are two sites.

import assert from "node:assert/strict";

import { until } from "../../shared/wait.mjs";
import { text } from "../harness/messages.mjs";
import { apple, freshAddress, google } from "../harness/outside.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import {
  announced,
  atAccount,
  button,
  createAccount,
  displayName,
  heading,
  link,
  memberId,
  openSignIn,
  signOut,
} from "../harness/studio.mjs";

const PROVIDERS = { Google: google, Apple: apple };
let numbers = 0;
const subject = () => `subject-${process.pid}-${(numbers += 1)}-${Date.now().toString(36)}`;

async function enter(page, provider) {
  await openSignIn(page);
  await (await link(page, "signIn.with", { provider })).click();
}

for (const [provider, control] of Object.entries(PROVIDERS)) {
  onBothScreens(
    `${provider}: the second sign-in is the same member, with the name of the first`,
    async ({ page, another }) => {
      const user = { sub: subject(), email: freshAddress(), email_verified: true, name: "Noa Levi" };
      await control("POST", "/users", user);
      await enter(page, provider);
      await atAccount(page);
      const first = await memberId(page);
      assert.equal(await displayName(page), "Noa Levi");
      await signOut(page);

      const later = await another();
      await control("POST", "/users", { ...user, email: freshAddress() });
      await enter(later.page, provider);
      await atAccount(later.page);
      assert.equal(await memberId(later.page), first);
      assert.equal(await displayName(later.page), "Noa Levi");
    },
  );

  onBothScreens(`${provider}: a no brings the visitor back with the reason`, async ({ page }) => {
    await control("POST", "/users", { deny: true });
    await enter(page, provider);
    await (await heading(page, "signIn.title")).waitFor();
    await announced(page, "error.access_denied");
  });

  scenario(`${provider}: a forged ID token signs nobody in`, { screen: "wide" }, async ({ page }) => {
    for (const fault of [
      "other_nonce",
      "foreign_key",
      "alg_none",
      "hs256_public_pem",
      "wrong_audience",
      "expired",
      "foreign_issuer",
    ]) {
      await control("POST", "/users", { sub: subject(), email: freshAddress(), email_verified: true });
      await control("POST", "/next-token", { fault });
      await enter(page, provider);
      await announced(page, "error.id_token_refused");
      assert.equal(new URL(page.url()).pathname, "/sign-in", fault);
    }
    assert.equal((await control("GET", "/counters")).trap, 0, "nothing that a token names was fetched");
  });

  onBothScreens(`${provider}: a member links it, and comes in by it`, async ({ page }) => {
    const authenticator = await createAccount(page, "Linked");
    const member = await memberId(page);
    const user = { sub: subject(), email: freshAddress(), email_verified: true };
    await control("POST", "/users", user);
    await (await link(page, "identities.linkNamed", { provider })).click();
    await (await button(page, "identities.unlinkNamed", { provider })).waitFor();
    await authenticator.answers(false);
    await signOut(page);
    await control("POST", "/users", user);
    await enter(page, provider);
    await atAccount(page);
    assert.equal(await memberId(page), member);
  });
}

scenario("a visitor types who they are on the provider’s page", { screen: "narrow" }, async ({ page }) => {
  await google("DELETE", "/user");
  await enter(page, "Google");
  await page.getByLabel("Subject").fill(subject());
  await page.getByLabel("E-mail", { exact: true }).fill(freshAddress());
  await page.getByRole("button", { name: "Continue" }).click();
  await atAccount(page);
});

scenario(
  "the same provider account can’t belong to two members",
  { screen: "wide" },
  async ({ page, another }) => {
    const user = { sub: subject(), email: freshAddress(), email_verified: true };
    await google("POST", "/users", user);
    await enter(page, "Google");
    await atAccount(page);
    const other = await another();
    await createAccount(other.page, "Other");
    await google("POST", "/users", user);
    await (await link(other.page, "identities.linkNamed", { provider: "Google" })).click();
    await announced(other.page, "error.identity_taken");
  },
);

scenario(
  "Apple: deleting the account hands the token back to Apple",
  { screen: "narrow" },
  async ({ page }) => {
    const before = (await apple("GET", "/revocations")).length;
    await apple("POST", "/users", { sub: subject(), email: freshAddress(), email_verified: true });
    await enter(page, "Apple");
    await atAccount(page);
    await (await button(page, "leave.delete")).click();
    const dialog = page.getByRole("dialog", { name: await text("leave.question") });
    await dialog.getByRole("checkbox").check();
    await (await button(dialog, "leave.confirm")).click();
    await announced(page, "leave.deleted");
    const [revocation] = await until("Apple to hear of it", async () => {
      const heard = await apple("GET", "/revocations");
      return heard.length > before && heard.slice(before);
    });
    assert.deepEqual([revocation.status, revocation.token_type_hint], [200, "refresh_token"]);
  },
);
