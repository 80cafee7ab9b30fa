// Points are redeemed: an operator makes a merchant and an offer, a member takes it and shows the code, the till confirms it.

import assert from "node:assert/strict";

import { until } from "../../shared/wait.mjs";
import { assertAccessible, assertNoOverflow, assertReachableByKeyboard } from "../harness/checks.mjs";
import { LANGUAGES, text } from "../harness/messages.mjs";
import { createOperator, grant, post } from "../harness/operators.mjs";
import { url } from "../harness/outside.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import {
  announced,
  button,
  createAccount,
  field,
  heading,
  link,
  memberId,
  openMenu,
  section,
} from "../harness/studio.mjs";

/** An operator on a page of their own, and a merchant with an offer that no other scenario has. */
async function scene({ page, another }, points, offer = {}) {
  await createAccount(page);
  const member = await memberId(page);
  const operator = await another({ screen: "wide" });
  await createOperator(operator);
  const name = `Harbour ${crypto.randomUUID().slice(0, 8)}`;
  const merchant = await post(operator.page, "/v1/operator/merchants", { name });
  const title = `Coffee at ${name}`;
  const path = `/v1/operator/merchants/${merchant.id}/offers`;
  const made = await post(operator.page, path, { title, description: "Any size", points: 120, ...offer });
  if (points > 0) await grant(operator.page, member, points);
  return { operator, member, merchant, title, offer: made };
}

async function openRedeem(page) {
  await page.goto("/redeem");
  await (await heading(page, "redeem.offers")).waitFor();
}

async function redeem(page, title) {
  await (await button(page, "redeem.openNamed", { title })).click();
  await (await button(page, "redeem.confirm")).click();
}

/** What an operator changes about an offer while a member looks at it. */
function change({ page }, offer, patch) {
  return page.evaluate(
    async ([id, body]) => {
      const { csrf_token } = await (await fetch("/v1/auth/csrf")).json();
      const headers = { "content-type": "application/json", "x-csrf-token": csrf_token };
      const answer = await fetch(`/v1/operator/offers/${id}`, { method: "PATCH", headers, body });
      if (!answer.ok) throw new Error(`the offer was not changed: ${answer.status}`);
    },
    [offer.id, JSON.stringify(patch)],
  );
}

/** The card with the code of an open redemption. */
const card = (page, title) =>
  page.locator("section").filter({ has: page.getByRole("heading", { level: 2, name: title, exact: true }) });

/** What the merchant's till sends. */
function confirm(key, code) {
  return fetch(`${url()}/v1/service/redemptions/confirm`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "idempotency-key": crypto.randomUUID(),
      authorization: `Bearer ${key}`,
    },
    body: JSON.stringify({ code }),
  });
}

onBothScreens("a member redeems, the till confirms, and the page notices", async ({ page, another }) => {
  const { operator, merchant, title } = await scene({ page, another }, 200);
  const keys = `/v1/operator/merchants/${merchant.id}/service-keys`;
  const { key } = await post(operator.page, keys, { name: "Till 1" });
  await page.goto("/wallet");
  await (await link(page, "redeem.link")).click();
  await (await heading(page, "redeem.title")).waitFor();
  await redeem(page, title);
  await announced(page, "redeem.done");
  const shown = card(page, title);
  await shown.waitFor();
  await until("the code has the focus", () =>
    shown.evaluate((element) => element === document.activeElement),
  );
  const image = shown.getByRole("img");
  await until("the QR code", () => image.evaluate((element) => element.naturalWidth > 0));
  const code = await shown.locator("bdi[dir=ltr]").innerText();
  assert.match(code, /^[0-9A-Z]{4} [0-9A-Z]{4}$/);
  await assertAccessible(page, "the page with a code");
  await assertNoOverflow(page, "the page with a code");

  const answer = await confirm(key, code);
  assert.equal(answer.status, 201, await answer.text());
  await announced(page, "redeem.confirmed");
  await shown.waitFor({ state: "detached" });
  const past = await section(page, "redeem.past");
  const first = past.getByRole("listitem").first();
  await until("the redemption of the past", async () =>
    /Coffee at .*\s+Confirmed · 120 points/.test(await first.innerText()),
  );
  await page.goto("/wallet");
  await (await heading(page, "kind.capture")).first().waitFor();
});

onBothScreens("a member takes a redemption back, and the points are free", async ({ page, another }) => {
  const { title } = await scene({ page, another }, 120);
  await openRedeem(page);
  await redeem(page, title);
  const shown = card(page, title);
  await shown.getByRole("button").click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: await text("redeem.cancel"), exact: true })
    .click();
  await announced(page, "redeem.cancelled");
  await shown.waitFor({ state: "detached" });
  await page.goto("/wallet");
  await (await section(page, "wallet.available")).getByText("120", { exact: true }).first().waitFor();
});

scenario(
  "too few points and an offer that is gone are said",
  { screen: "narrow" },
  async ({ visitor, page, another }) => {
    visitor.expect(/status of 409 .*\/v1\/wallet\/redemptions/);
    const { operator, member, title, offer } = await scene({ page, another }, 100);
    await openRedeem(page);
    await redeem(page, title);
    await page.getByText(await text("points.hasNeeds", { has: "100", needs: "120" })).waitFor();
    await grant(operator.page, member, 50);
    await change(operator, offer, { status: "closed" });
    await (await button(page, "redeem.confirm")).click();
    await page.getByText(await text("redeem.conflict")).waitFor();
  },
);

scenario(
  "nobody pays another price than was shown",
  { screen: "narrow" },
  async ({ visitor, page, another }) => {
    visitor.expect(/status of 409 .*\/v1\/wallet\/redemptions/);
    const { operator, title, offer } = await scene({ page, another }, 200);
    await openRedeem(page);
    const row = page.getByRole("listitem").filter({ hasText: title });
    await row.getByText(await text("redeem.costs", { count: "120" })).waitFor();
    await change(operator, offer, { points: 150 });
    await redeem(page, title);
    const dialog = page.getByRole("dialog");
    await dialog.getByText(await text("error.price_changed")).waitFor();
    await dialog.getByRole("button", { name: await text("common.cancel"), exact: true }).click();
    await row.getByText(await text("redeem.costs", { count: "150" })).waitFor();
    await redeem(page, title);
    await announced(page, "redeem.done");
    await page.goto("/wallet");
    await (await section(page, "wallet.available")).getByText("50", { exact: true }).first().waitFor();
  },
);

scenario(
  "a lost answer and a second try redeem once",
  { screen: "narrow" },
  async ({ visitor, page, another }) => {
    visitor.expect(/ERR_FAILED/);
    const { title } = await scene({ page, another }, 500);
    await openRedeem(page);
    let lost = false;
    await page.route("**/v1/wallet/redemptions", async (route) => {
      if (route.request().method() !== "POST" || lost) return route.continue();
      lost = true;
      await route.fetch();
      return route.abort();
    });
    await redeem(page, title);
    await page.getByText(await text("error.unreachable")).waitFor();
    await (await button(page, "redeem.confirm")).click();
    await announced(page, "redeem.done");
    await card(page, title).first().waitFor();
    assert.equal(await card(page, title).count(), 1);
    const { items } = await page.evaluate(async () => (await fetch("/v1/wallet/redemptions")).json());
    assert.equal(items.length, 1);
  },
);

scenario("after a lost answer the code is shown to who gives up", { screen: "narrow" }, async (given) => {
  const { visitor, page, another } = given;
  visitor.expect(/ERR_FAILED/);
  const { title } = await scene({ page, another }, 500);
  await openRedeem(page);
  await page.route("**/v1/wallet/redemptions", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    await route.fetch();
    return route.abort();
  });
  await redeem(page, title);
  const dialog = page.getByRole("dialog");
  await dialog.getByText(await text("points.atMostOnce")).waitFor();
  await dialog.getByRole("button", { name: await text("common.cancel"), exact: true }).click();
  await card(page, title).waitFor();
});

scenario(
  "a merchant whose registration was not answered is looked for first",
  { screen: "narrow" },
  async (given) => {
    const { visitor, page } = given;
    visitor.expect(/ERR_FAILED/);
    await createOperator(visitor);
    await page.goto("/operator/merchants");
    await page.route("**/v1/operator/merchants", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      await route.fetch();
      return route.abort();
    });
    const name = `Lost ${crypto.randomUUID().slice(0, 8)}`;
    await (await field(page, "merchant.name")).fill(name);
    await (await button(page, "merchant.register")).click();
    await page.getByText(await text("rule.lookFirst")).waitFor();
    const made = page.getByRole("link", { name, exact: true });
    await made.waitFor();
    // To one thing of a list and back: the heading is read out each time.
    const focused = () =>
      page.getByRole("heading", { level: 1 }).evaluate((heading) => heading === document.activeElement);
    await made.click();
    await page.getByRole("heading", { level: 2, name, exact: true }).waitFor();
    await until("the focus on the heading", focused);
    await (await link(page, "merchant.toAll")).click();
    await made.waitFor();
    await until("the focus on the heading again", focused);
  },
);

onBothScreens("an operator runs a merchant", async ({ visitor, page }) => {
  await createOperator(visitor);
  await openMenu(page);
  await (await link(page, "nav.operator")).click();
  await (await link(page, "operator.merchants")).click();
  const name = `Station ${crypto.randomUUID().slice(0, 8)}`;
  await (await field(page, "merchant.name")).fill(name);
  await (await button(page, "merchant.register")).click();
  await page.getByRole("heading", { level: 2, name, exact: true }).waitFor();

  await (await button(page, "offer.new")).click();
  const dialog = page.getByRole("dialog");
  await assertAccessible(page, "the form of an offer");
  await assertNoOverflow(page, "the form of an offer");
  await (await field(page, "offer.name")).fill("Car wash");
  await dialog.getByLabel(await text("points.amount"), { exact: true }).fill("none");
  await (await button(page, "offer.save")).click();
  await dialog.getByText(await text("points.noAmount")).waitFor();
  await dialog.getByLabel(await text("points.amount"), { exact: true }).fill("300");
  await (await field(page, "offer.stock")).fill("5");
  await (await button(page, "offer.save")).click();
  await announced(page, "offer.saved");
  const offers = await section(page, "offer.title");
  await offers.getByText(await text("offer.takenOf", { taken: 0, stock: 5 })).waitFor();
  await offers.getByText(await text("offerStands.open")).waitFor();

  await (await button(page, "offer.editNamed", { title: "Car wash" })).click();
  await (await field(page, "offer.stock")).fill("");
  await (await button(page, "offer.save")).click();
  await offers.getByText(await text("offer.taken", { count: 0 })).waitFor();
  await (await button(page, "offer.closeNamed", { title: "Car wash" })).click();
  await (await button(page, "offer.reopenNamed", { title: "Car wash" })).waitFor();

  await (await field(page, "till.name")).fill("Till 1");
  await (await button(page, "till.make")).click();
  await page.getByText(await text("till.once")).waitFor();
  await assertAccessible(page, "a merchant");
  await assertNoOverflow(page, "a merchant");
  await assertReachableByKeyboard(page, await button(page, "merchant.close"), "closing");

  await (await button(page, "merchant.close")).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: await text("merchant.close"), exact: true })
    .click();
  await announced(page, "merchant.saved");
  await (await button(page, "merchant.reopen")).click();
  await (await button(page, "merchant.close")).waitFor();
  await (await link(page, "merchant.toAll")).click();
  await page.getByRole("link", { name, exact: true }).waitFor();
});

scenario(
  "the pages fit a small phone in every language",
  { screen: { width: 320, height: 640 } },
  async ({ page, another }) => {
    const { operator, merchant, title } = await scene({ page, another }, 200);
    await openRedeem(page);
    await redeem(page, title);
    await card(page, title).waitFor();
    await operator.page.setViewportSize({ width: 320, height: 640 });
    for (const language of Object.keys(LANGUAGES)) {
      for (const [visited, path, found] of [
        [page, "/redeem", title],
        [operator.page, "/operator/merchants", merchant.name],
        [operator.page, `/operator/merchants?merchant=${merchant.id}`, title],
      ]) {
        await visited.evaluate((code) => localStorage.setItem("mainstay.language", code), language);
        await visited.goto(path);
        await visited.getByText(found, { exact: true }).first().waitFor();
        await assertNoOverflow(visited, `${path} in ${language}`);
      }
    }
  },
);
