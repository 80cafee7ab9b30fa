// A password, for members who have one: it signs in, a wrong one does not, and where passwords are off there is no word of them.

import assert from "node:assert/strict";

import { assertAccessible, assertReachableByKeyboard } from "../harness/checks.mjs";
import { codeIn, freshAddress, mailTo } from "../harness/outside.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import { text } from "../harness/messages.mjs";
import { announced, atAccount, button, memberId, openSignIn, signOut } from "../harness/studio.mjs";

const PASSWORD = "correct horse battery";

/** A member with a password, signed in; the studio itself has no sign-up with one. */
async function memberWithPassword(page) {
  const email = freshAddress();
  await openSignIn(page);
  const post = (path, body) =>
    page.evaluate(
      async ([path, body]) => {
        const headers = { "content-type": "application/json" };
        const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
        return { status: answer.status, body: await answer.json() };
      },
      [path, body],
    );
  const begun = await post("/v1/auth/register", { email, password: PASSWORD });
  assert.equal(begun.status, 202);
  const code = codeIn(await mailTo(email));
  const finished = await post("/v1/auth/email/finish", { flow_id: begun.body.flow_id, code });
  assert.equal(finished.status, 200);
  await page.goto("/account");
  await atAccount(page);
  return { email, id: await memberId(page) };
}

async function openForm(page) {
  await openSignIn(page);
  await (await button(page, "signIn.password")).click();
  return page.getByRole("form", { name: await text("signIn.password"), exact: true });
}

const email = async (form) => form.getByLabel(await text("signIn.email"), { exact: true });
const password = async (form) => form.getByLabel(await text("signIn.passwordLabel"), { exact: true });

onBothScreens("a password signs in, and a wrong one does not", async ({ visitor, page }) => {
  visitor.expect(/status of 401 .*\/v1\/auth\/login/);
  const member = await memberWithPassword(page);
  await signOut(page);
  const form = await openForm(page);
  assert.ok(await (await email(form)).evaluate((input) => input === document.activeElement));
  await (await email(form)).fill(member.email);
  await (await password(form)).fill("wrong horse battery");
  await page.keyboard.press("Enter");
  await announced(page, "error.invalid_credentials");
  assert.equal(
    await (await password(form)).inputValue(),
    "",
    "a refused password does not stay on the screen",
  );
  await assertAccessible(page, "the form with a refusal");
  await (await password(form)).fill(PASSWORD);
  await form.getByRole("button", { name: await text("signIn.title"), exact: true }).click();
  await atAccount(page);
  assert.equal(await memberId(page), member.id);
});

onBothScreens("the form is reached by the Tab key", async ({ page }) => {
  await openSignIn(page);
  await assertReachableByKeyboard(page, await button(page, "signIn.password"), "the button");
});

scenario("where passwords are off there is no word of them", { screen: "narrow" }, async ({ page }) => {
  await page.route("**/v1/config", async (route) => {
    const answer = await route.fetch();
    const config = await answer.json();
    config.capabilities.password = { enabled: false, reason: "Switched off." };
    await route.fulfill({ response: answer, json: config });
  });
  await openSignIn(page);
  await (await button(page, "signIn.sendCode")).waitFor();
  assert.equal(await (await button(page, "signIn.password")).count(), 0);
  await page.getByText(await text("signIn.lead"), { exact: true }).waitFor();
});
