// Several passkeys: a second one on another device, names, removal, and the last one that stays.

import assert from "node:assert/strict";

import { until } from "../../shared/wait.mjs";
import { text } from "../harness/messages.mjs";
import { onBothScreens } from "../harness/scenario.mjs";
import { announced, button, createAccount, section } from "../harness/studio.mjs";

const items = async (page) => (await section(page, "passkeys.title")).getByRole("listitem");

/** The first passkey is known to the server, so the same device declines; a second device makes another. */
async function addSecond(page, first) {
  const second = await first.addBeside();
  await first.answers(false);
  await (await button(page, "passkeys.add")).click();
  await announced(page, "passkeys.added");
  await first.answers(true);
  assert.equal((await second.credentials()).length, 1);
  return second;
}

onBothScreens("who is faster than the page gets one session", async ({ page }) => {
  // The answer to "who is this?" comes in the middle of the ceremony, and would start the suggestions beside it.
  let known;
  const isKnown = new Promise((resolve) => (known = resolve));
  await page.route("**/v1/auth/me", async (route) => {
    await isKnown;
    await route.continue();
  });
  await page.route("**/v1/auth/passkey/register/finish", async (route) => {
    known();
    await page.waitForResponse("**/v1/auth/csrf");
    // Once around the page and the server: whatever that answer starts has begun.
    await page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      await (await fetch("/health")).text();
    });
    await route.continue();
  });
  const begun = [];
  page.on("request", (request) => begun.push(new URL(request.url()).pathname));
  await createAccount(page);
  assert.deepEqual(
    begun.filter((path) => path.startsWith("/v1/auth/passkey/login/")),
    [],
  );
  assert.equal(await (await section(page, "sessions.title")).getByRole("listitem").count(), 1);
});

onBothScreens("the same device is told that it already holds a passkey", async ({ page }) => {
  await createAccount(page);
  await (await button(page, "passkeys.add")).click();
  await announced(page, "passkey.exists");
  assert.equal(await (await items(page)).count(), 1);
});

onBothScreens("a second device adds a passkey, which can be named and removed", async ({ page }) => {
  const first = await createAccount(page);
  const second = await addSecond(page, first);
  const list = await items(page);
  await until("two passkeys", async () => (await list.count()) === 2);

  const row = list.last();
  await row
    .getByRole("button", {
      name: new RegExp(`^${(await text("passkeys.renameNamed", { name: "" })).trim()}`),
    })
    .click();
  await page.getByLabel(await text("passkeys.name"), { exact: true }).fill("Security key");
  await (await button(page, "passkeys.saveName")).click();
  await announced(page, "passkeys.renamed");

  await (await button(page, "passkeys.removeNamed", { name: "Security key" })).click();
  const dialog = page.getByRole("dialog", { name: await text("passkeys.removeTitle") });
  await (await button(dialog, "passkeys.removeConfirm")).click();
  await announced(page, "passkeys.removed");
  await until("one passkey", async () => (await list.count()) === 1);
  await until(
    "the browser was told which passkeys are still good",
    async () => (await first.credentials()).length + (await second.credentials()).length === 1,
  );
});

onBothScreens("the last way in stays", async ({ visitor, page }) => {
  visitor.expect(/status of 409 .*\/v1\/me\/passkeys\//);
  await createAccount(page);
  await (
    await items(page)
  )
    .getByRole("button", { name: new RegExp(`^${await text("passkeys.remove")}`) })
    .click();
  const dialog = page.getByRole("dialog", { name: await text("passkeys.removeTitle") });
  await (await button(dialog, "passkeys.removeConfirm")).click();
  await announced(page, "error.last_way_in");
  await (await button(dialog, "common.cancel")).click();
  assert.equal(await (await items(page)).count(), 1);
});
