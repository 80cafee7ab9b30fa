// Purchase rules as operators run them: made, followed by another, ended, and what they give to whoever buys.

import assert from "node:assert/strict";

import { until } from "../../shared/wait.mjs";
import { assertAccessible, assertNoOverflow, assertReachableByKeyboard } from "../harness/checks.mjs";
import { LANGUAGES, text } from "../harness/messages.mjs";
import { createOperator, post } from "../harness/operators.mjs";
import { tell } from "../harness/purchases.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import { announced, button, createAccount, field, heading, link } from "../harness/studio.mjs";

const freshName = () => `Rule ${crypto.randomUUID().slice(0, 8)}`;

async function openRules(page) {
  await page.goto("/operator/rules");
  await (await heading(page, "rule.title")).waitFor();
}

/** The rule's place in the list. */
const rule = (page, name) =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });

/** Every rule that the server has under a name. */
const rulesNamed = (page, name) =>
  page.evaluate(async (wanted) => {
    const { items } = await (await fetch("/v1/operator/purchase-rules")).json();
    return items.filter((one) => one.name === wanted);
  }, name);

async function fill(page, values) {
  for (const [key, value] of Object.entries(values)) {
    await page
      .getByRole("dialog")
      .getByLabel(await text(key), { exact: true })
      .fill(value);
  }
}

async function openNew(page) {
  await (await button(page, "rule.new")).click();
  await page.getByRole("dialog").waitFor();
}

onBothScreens("an operator makes a rule, changes it and ends it", async ({ visitor, page, another }) => {
  await createOperator(visitor);
  await page.goto("/operator/wallet");
  await (await link(page, "operator.rules")).click();
  await (await heading(page, "operator.rules")).waitFor();
  const [name, merchant] = [freshName(), `Mill ${crypto.randomUUID().slice(0, 8)}`];
  await openNew(page);
  await assertAccessible(page, "the form of a rule");
  await assertNoOverflow(page, "the form of a rule");
  await fill(page, {
    "merchant.name": name,
    "points.amount": "2",
    "rule.currency": "usd",
    "rule.perAmount": "free",
    "rule.merchant": merchant,
  });
  await (await button(page, "rule.save")).click();
  await page.getByText(await text("rule.noMoney")).waitFor();
  await fill(page, { "rule.perAmount": "1,50" });
  await page
    .getByRole("dialog")
    .getByText(await text("rule.gives", { count: 2, amount: "$1.50" }))
    .waitFor();
  await fill(page, { "rule.purchaseMaxLabel": "10" });
  await (await button(page, "rule.save")).click();
  await announced(page, "rule.saved");
  const row = rule(page, name);
  await row.getByText(await text("ruleStands.running"), { exact: true }).waitFor();
  await row.getByText(await text("rule.onlyMerchant", { merchant })).waitFor();
  await row.getByText(await text("rule.purchaseMax", { count: 10 })).waitFor();
  await assertAccessible(page, "the rules");
  await assertNoOverflow(page, "the rules");

  await (await button(page, "rule.changeNamed", { name })).click();
  await fill(page, { "points.amount": "4", "rule.purchaseMaxLabel": "" });
  await (await button(page, "rule.save")).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await row.getByText(await text("rule.gives", { count: 4, amount: "$1.50" })).waitFor();
  await until("one ends and one counts", async () => {
    const [before, after] = await rulesNamed(page, name);
    return before.points === 2 && before.ends_at && after.points === 4 && after.ends_at === null;
  });

  // What it gives, to whoever buys there.
  const member = await another({ screen: "narrow" });
  await createAccount(member.page);
  const { code } = await post(member.page, "/v1/me/purchase-links", {});
  await tell({ merchant, customer: { code } });
  await member.page.goto("/purchases");
  await member.page.getByText(await text("redeem.costs", { count: 33 })).waitFor();

  await (await button(page, "rule.endNamed", { name })).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: await text("rule.end"), exact: true })
    .click();
  await announced(page, "rule.ended");
  await (await button(page, "rule.endNamed", { name })).waitFor({ state: "detached" });
  await page.locator("summary").click();
  await until("both in the past", async () => (await row.count()) === 2);
});

scenario("a campaign has dates and a bound for the day", { screen: "wide" }, async ({ visitor, page }) => {
  await createOperator(visitor);
  await openRules(page);
  const name = freshName();
  await openNew(page);
  const asked = {
    "merchant.name": name,
    "points.amount": "3",
    "rule.currency": "EUR",
    "rule.perAmount": "1",
    "rule.dayMaxLabel": "100",
    "rule.starts": "2100-07-01T00:00",
    "offer.ends": "2100-06-30T00:00",
  };
  await fill(page, asked);
  await (await button(page, "rule.save")).click();
  await page.getByText(await text("rule.endsBefore")).waitFor();
  await fill(page, { "offer.ends": "2100-07-31T00:00" });
  await (await button(page, "rule.save")).click();
  const row = rule(page, name);
  await row.getByText(await text("ruleStands.planned"), { exact: true }).waitFor();
  await row.getByText(await text("rule.dayMax", { count: 100 })).waitFor();
  await row.getByText(/^from .*2100/).waitFor();
  const [made] = await rulesNamed(page, name);
  assert.equal(Date.parse(made.starts_at), await page.evaluate(() => new Date(2100, 6, 1).getTime()));
  assert.equal(made.day_points_max, 100);
});

scenario("what the server refuses stands at its field", { screen: "narrow" }, async ({ visitor, page }) => {
  visitor.expect(/status of 422 .*\/purchase-rules/, /status of 400 .*\/purchase-rules/);
  await createOperator(visitor);
  await openRules(page);
  await openNew(page);
  await fill(page, {
    "merchant.name": freshName(),
    "points.amount": "1",
    "rule.currency": "USD",
    "rule.perAmount": "1",
    "rule.source": "nowhere",
  });
  await (await button(page, "rule.save")).click();
  const source = page.getByRole("dialog").getByLabel(await text("rule.source"), { exact: true });
  await until("the fault", async () => (await source.getAttribute("aria-invalid")) === "true");
});

scenario("a lost answer makes no second rule", { screen: "wide" }, async ({ visitor, page }) => {
  visitor.expect(/ERR_FAILED/);
  await createOperator(visitor);
  await openRules(page);
  const name = freshName();
  let lost = 0;
  await page.route("**/v1/operator/purchase-rules", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await openNew(page);
  await fill(page, {
    "merchant.name": name,
    "points.amount": "1",
    "rule.currency": "USD",
    "rule.perAmount": "1",
    // Nobody buys there, so that it gives nothing in other scenarios.
    "rule.merchant": name,
  });
  await (await button(page, "rule.save")).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await rule(page, name).waitFor();
  assert.equal(lost, 1);
  assert.equal((await rulesNamed(page, name)).length, 1);
});

scenario(
  "a changed rule whose earlier one could not be ended says so, and that one can be ended",
  { screen: "wide" },
  async ({ visitor, page }) => {
    visitor.expect(/ERR_FAILED/);
    await createOperator(visitor);
    const name = freshName();
    const old = { name, currency: "USD", points: 1, per_amount: 100, merchant: name };
    await post(page, "/v1/operator/purchase-rules", old);
    await openRules(page);
    await page.route("**/v1/operator/purchase-rules/*", (route) => route.abort());
    await (await button(page, "rule.changeNamed", { name })).click();
    await fill(page, { "points.amount": "2" });
    await (await button(page, "rule.save")).click();
    await page.getByText(await text("rule.notEnded")).waitFor();
    await until("both in the list", async () => (await rule(page, name).count()) === 2);
    await page.unroute("**/v1/operator/purchase-rules/*");
    await (await button(page, "rule.endNamed", { name })).last().click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: await text("rule.end"), exact: true })
      .click();
    await until("one is left", async () => (await rule(page, name).count()) === 1);
    const left = (await rulesNamed(page, name)).filter((one) => one.ends_at === null);
    assert.deepEqual(
      left.map((one) => one.points),
      [2],
    );
  },
);

scenario("the rules are closed to members", { screen: "narrow" }, async ({ page }) => {
  await createAccount(page);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto("/operator/rules");
  await page.getByText(await text("operator.only")).waitFor();
  assert.deepEqual(
    asked.filter((path) => path.startsWith("/v1/operator/")),
    [],
  );
});

scenario(
  "the rules fit a small dark phone in every language, and are worked by key",
  { screen: { width: 320, height: 640 }, colorScheme: "dark" },
  async ({ visitor, page }) => {
    await createOperator(visitor);
    const name = freshName();
    const made = {
      name,
      currency: "USD",
      points: 1_000_000,
      per_amount: 123_456_789,
      merchant: "m".repeat(60),
    };
    const bounds = { purchase_points_max: 5, day_points_max: 6, starts_at: "2100-01-01T00:00:00Z" };
    await post(page, "/v1/operator/purchase-rules", { ...made, ...bounds });
    await openRules(page);
    await assertReachableByKeyboard(page, await button(page, "rule.endNamed", { name }), "ending");
    for (const language of Object.keys(LANGUAGES)) {
      await page.evaluate((chosen) => localStorage.setItem("mainstay.language", chosen), language);
      await page.goto("/operator/rules");
      await rule(page, name).waitFor();
      await assertNoOverflow(page, `the rules in ${language}`);
      await page.locator("section button.primary").click();
      await (await field(page, "rule.currency", language)).waitFor();
      await assertNoOverflow(page, `the form of a rule in ${language}`);
      if (language === "he") await assertAccessible(page, `the form of a rule in ${language}, dark`);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
  },
);
