// A code by e-mail: the first contact makes the member, the second finds them, a wrong code does nothing.

import assert from "node:assert/strict";

import { codeIn, freshAddress, mailTo } from "../harness/outside.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import {
  announced,
  atAccount,
  button,
  field,
  memberId,
  openSignIn,
  section,
  signOut,
} from "../harness/studio.mjs";

async function askForCode(page, address) {
  await openSignIn(page);
  await (await field(page, "signIn.email")).fill(address);
  await (await button(page, "signIn.sendCode")).click();
  await announced(page, "code.sent");
}

async function enterCode(page, code) {
  await (await field(page, "code.label")).fill(code);
  await (await button(page, "code.confirm")).click();
}

onBothScreens("the first code makes the member, the second finds them", async ({ page }) => {
  const address = freshAddress();
  await askForCode(page, address);
  const first = codeIn(await mailTo(address));
  await enterCode(page, first);
  await atAccount(page);
  const member = await memberId(page);
  await (await section(page, "email.title")).getByText(address).first().waitFor();
  await signOut(page);

  await askForCode(page, address.toUpperCase());
  const second = codeIn(await mailTo(address, 2));
  await enterCode(page, second);
  await atAccount(page);
  assert.equal(await memberId(page), member);
});

scenario(
  "a wrong code is refused, and the right one still works",
  { screen: "narrow" },
  async ({ visitor, page }) => {
    visitor.expect(/status of 401 .*\/v1\/auth\/email\/finish/);
    const address = freshAddress();
    await askForCode(page, address);
    const code = codeIn(await mailTo(address));
    await enterCode(
      page,
      code.replace(/\d/g, (digit) => (Number(digit) + 1) % 10),
    );
    await announced(page, "error.invalid_code");
    await enterCode(page, code);
    await atAccount(page);
  },
);

scenario("another browser can’t use the code", { screen: "narrow" }, async ({ page, another }) => {
  const address = freshAddress();
  await askForCode(page, address);
  const code = codeIn(await mailTo(address));
  const thief = await another();
  thief.expect(/status of 401 /);
  await askForCode(thief.page, freshAddress());
  await enterCode(thief.page, code);
  await announced(thief.page, "error.invalid_code");
  await enterCode(page, code);
  await atAccount(page);
});
