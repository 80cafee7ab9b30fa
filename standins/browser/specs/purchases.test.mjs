// Purchases as a member sees them: claimed by a code or by the proven address, recognised by what is linked, and what they came to.

import assert from "node:assert/strict";

import { until } from "../../shared/wait.mjs";
import { assertAccessible, assertNoOverflow, assertReachableByKeyboard } from "../harness/checks.mjs";
import { LANGUAGES, text } from "../harness/messages.mjs";
import { createOperator, post } from "../harness/operators.mjs";
import { codeIn, freshAddress, mailTo } from "../harness/outside.mjs";
import { tell } from "../harness/purchases.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import {
  announced,
  atAccount,
  button,
  createAccount,
  field,
  heading,
  link,
  openSignIn,
  section,
} from "../harness/studio.mjs";

const freshCode = () => crypto.randomUUID().replace(/-/g, "").slice(0, 12).toUpperCase();
const freshMerchant = () => `Kiosk ${crypto.randomUUID().slice(0, 8)}`;

/** A merchant that gives a point for each dollar, and that no other scenario has. */
async function merchantWithRule({ another }) {
  const operator = await another({ screen: "wide" });
  await createOperator(operator);
  const merchant = freshMerchant();
  const rule = { name: `Points at ${merchant}`, merchant, currency: "USD", points: 1, per_amount: 100 };
  await post(operator.page, "/v1/operator/purchase-rules", rule);
  return merchant;
}

async function openPurchases(page) {
  await page.goto("/purchases");
  await (await heading(page, "claim.title")).waitFor();
}

async function claim(page, code) {
  await (await field(page, "claim.code")).fill(code);
  await (await button(page, "claim.submit")).click();
}

const bought = async (page, merchant) =>
  (await section(page, "purchases.all")).getByRole("listitem").filter({ hasText: merchant });

onBothScreens("a member claims a purchase by its code, from the wallet", async ({ page, another }) => {
  const merchant = await merchantWithRule({ another });
  const code = freshCode();
  await tell({ merchant, customer: { code } });
  await createAccount(page);
  await page.goto("/wallet");
  await (await link(page, "purchases.link")).click();
  await (await heading(page, "purchases.title")).waitFor();
  await page.getByText(await text("purchases.none")).waitFor();

  await claim(page, ` ${code.slice(0, 6).toLowerCase()}-${code.slice(6)} `);
  const card = await section(page, "claim.title");
  await card.getByText(await text("claim.points", { count: 12 })).waitFor();
  await card.getByText("1 purchase is yours now.").waitFor();
  const outcome = card.getByRole("listitem").filter({ hasText: merchant });
  assert.match(await outcome.innerText(), /\$12\.50[\s\S]*12 points/);
  await (await bought(page, merchant)).waitFor();
  await assertAccessible(page, "a claimed purchase");
  await assertNoOverflow(page, "a claimed purchase");
  await page.goto("/wallet");
  await (await section(page, "wallet.available")).getByText("12", { exact: true }).first().waitFor();
});

scenario(
  "a code that finds nothing is said, and a short one is not sent",
  { screen: "narrow" },
  async ({ page }) => {
    await createAccount(page);
    await openPurchases(page);
    const sent = [];
    page.on("request", (request) => request.url().endsWith("/claim") && sent.push(request.postData()));
    await claim(page, "1234-567");
    await page.getByText(await text("claim.short", { count: 8 })).waitFor();
    assert.deepEqual(sent, []);
    await claim(page, freshCode());
    await page.getByText(await text("claim.nothing")).waitFor();
    assert.equal(sent.length, 1);
    await assertAccessible(page, "a claim that found nothing");
  },
);

scenario(
  "after a lost answer the list tells what became of it",
  { screen: "narrow" },
  async ({ visitor, page }) => {
    visitor.expect(/ERR_FAILED/);
    const [code, merchant] = [freshCode(), freshMerchant()];
    await tell({ merchant, customer: { code } });
    await createAccount(page);
    await openPurchases(page);
    let lost = false;
    await page.route("**/v1/me/purchases/claim", async (route) => {
      if (lost) return route.continue();
      lost = true;
      await route.fetch();
      return route.abort();
    });
    await claim(page, code);
    await page.getByText(await text("error.unreachable")).waitFor();
    await (await bought(page, merchant)).waitFor();
    await (await button(page, "claim.submit")).click();
    await page.getByText(await text("claim.nothing")).waitFor();
    await until("one purchase", async () => (await (await bought(page, merchant)).count()) === 1);
  },
);

scenario(
  "a list that does not come is said, and comes at a second try",
  { screen: "wide" },
  async ({ visitor, page }) => {
    visitor.expect(/status of 500/);
    await createAccount(page);
    await page.route("**/v1/me/purchases", (route) => route.fulfill({ status: 500, body: "" }), { times: 1 });
    await openPurchases(page);
    const all = await section(page, "purchases.all");
    await all.getByRole("alert").waitFor();
    await all.getByRole("button").click();
    await all.getByText(await text("purchases.none")).waitFor();
  },
);

scenario(
  "a proven address finds what was bought before it was proven",
  { screen: "wide" },
  async ({ page }) => {
    const [email, merchant] = [freshAddress(), freshMerchant()];
    await tell({ merchant, customer: { email } });
    await openSignIn(page);
    await (await field(page, "signIn.email")).fill(email);
    await (await button(page, "signIn.sendCode")).click();
    await (await field(page, "code.label")).fill(codeIn(await mailTo(email)));
    await (await button(page, "code.confirm")).click();
    await atAccount(page);
    await openPurchases(page);
    await (await button(page, "claim.byAddress")).click();
    const card = await section(page, "claim.title");
    await card.getByRole("listitem").filter({ hasText: merchant }).waitFor();
    await card.getByText(await text("claim.noPoints")).waitFor();
    await (await button(page, "claim.byAddress")).click();
    await page.getByText(await text("claim.nothingByAddress")).waitFor();
  },
);

onBothScreens(
  "a card that is remembered, and a code for the till, recognise what comes",
  async ({ page }) => {
    const [code, card, merchant] = [freshCode(), crypto.randomUUID(), freshMerchant()];
    await tell({ merchant, customer: { code, card } });
    await createAccount(page);
    await openPurchases(page);
    await (await section(page, "link.title")).getByText(await text("link.none")).waitFor();
    await page.getByLabel(await text("claim.remember"), { exact: true }).check();
    await claim(page, code);
    const links = await section(page, "link.title");
    await links.getByRole("heading", { name: await text("linkKind.card"), exact: true }).waitFor();

    await (await button(page, "link.make")).click();
    await links.getByText(await text("link.once")).waitFor();
    const till = await links.locator("bdi[dir=ltr]").innerText();
    assert.match(till, /^[A-Z2-9]{6} [A-Z2-9]{6}$/);
    await assertAccessible(page, "a code for the till");
    await assertNoOverflow(page, "a code for the till");
    await tell({ merchant, customer: { card } });
    await tell({ merchant, customer: { code: till } });
    await page.reload();
    await until("three purchases", async () => (await (await bought(page, merchant)).count()) === 3);
    assert.equal(await page.getByText(till).count(), 0, "the code is shown once");

    const row = links.getByRole("listitem").filter({ hasText: await text("linkKind.card") });
    await row.getByRole("button").click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: await text("link.remove"), exact: true })
      .click();
    await announced(page, "link.removed");
    await row.waitFor({ state: "detached" });
  },
);

scenario(
  "the purchases fit a small dark phone in every language, and are claimed by key",
  { screen: { width: 320, height: 640 }, colorScheme: "dark" },
  async ({ page }) => {
    const [code, merchant] = [freshCode(), freshMerchant()];
    await tell({ merchant, customer: { code } });
    await createAccount(page);
    await openPurchases(page);
    await assertReachableByKeyboard(page, await field(page, "claim.code"), "the code");
    await page.keyboard.type(code);
    await page.keyboard.press("Enter");
    await (await bought(page, merchant)).waitFor();
    for (const language of Object.keys(LANGUAGES)) {
      await page.evaluate((chosen) => localStorage.setItem("mainstay.language", chosen), language);
      await page.goto("/purchases");
      await page.getByText(merchant, { exact: true }).first().waitFor();
      await assertNoOverflow(page, `the purchases in ${language}`);
      if (language === "he") await assertAccessible(page, `the purchases in ${language}, dark`);
    }
  },
);
