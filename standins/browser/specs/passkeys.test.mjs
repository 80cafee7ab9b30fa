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
