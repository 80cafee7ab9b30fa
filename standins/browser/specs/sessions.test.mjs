// One member on two devices: each sees the other, ends it, and the ended one is out at once.

import { until } from "../../shared/wait.mjs";
import { onBothScreens } from "../harness/scenario.mjs";
import { pattern } from "../harness/messages.mjs";
import { VirtualAuthenticator } from "../harness/passkeys.mjs";
import { announced, atAccount, button, createAccount, heading, section } from "../harness/studio.mjs";

/**
 * The member's passkey, as a password manager brings it to a further device; resolves with the device and its copy. The
 * virtual authenticator counts its signatures, so each device takes over from the one that signed last: a second copy
 * that starts from an old count would rightly be refused.
 */
async function furtherDevice(another, authenticator) {
  const device = await another();
  const copy = await VirtualAuthenticator.add(device.page);
  await authenticator.copyTo(copy);
  await device.page.goto("/sign-in");
  await atAccount(device.page);
  // Nobody picks the suggestion again, or the ended session would be followed by a new one at once.
  await copy.answers(false);
  return { device, copy };
}

const rows = async (page) => (await section(page, "sessions.title")).getByRole("listitem");

async function out(device) {
  // Ended elsewhere means: the next thing that the page asks is refused, and it says so.
  device.expect(/status of 401 /);
  await device.page.goto("/account");
  await (await heading(device.page, "signIn.title")).waitFor();
}

onBothScreens("a member ends one other session", async ({ page, another }) => {
  const authenticator = await createAccount(page);
  const { device } = await furtherDevice(another, authenticator);
  await page.reload();
  const list = await rows(page);
  await until("two sessions", async () => (await list.count()) === 2);
  await list
    .getByRole("button", { name: await pattern("sessions.endNamed") })
    .first()
    .click();
  await announced(page, "sessions.ended");
  await until("one session", async () => (await list.count()) === 1);
  await out(device);
  await page.reload();
  await atAccount(page);
});

onBothScreens("a member ends all other sessions", async ({ page, another }) => {
  const authenticator = await createAccount(page);
  const second = await furtherDevice(another, authenticator);
  const third = await furtherDevice(another, second.copy);
  await page.reload();
  const list = await rows(page);
  await until("three sessions", async () => (await list.count()) === 3);
  await (await button(page, "sessions.endOthers")).click();
  await announced(page, "sessions.othersEnded");
  await until("one session", async () => (await list.count()) === 1);
  for (const { device } of [second, third]) await out(device);
});
