// The purchase inbox as operators see it: what came, what became of it, and what they do about it.

import assert from "node:assert/strict";

import { until } from "../../shared/wait.mjs";
import { assertAccessible, assertNoOverflow, assertReachableByKeyboard } from "../harness/checks.mjs";
import { LANGUAGES, text } from "../harness/messages.mjs";
import { createOperator } from "../harness/operators.mjs";
import { tell } from "../harness/purchases.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import { announced, button, createAccount, field, heading, link } from "../harness/studio.mjs";

async function openInbox(page) {
  await page.goto("/operator/inbox");
  await (await heading(page, "inbox.events")).waitFor();
}

/** The event's place in the list. */
const event = (page, id) => page.getByRole("listitem").filter({ hasText: id });

const press = async (row, key, id) =>
  row.getByRole("button", { name: await text(key, { event: id }), exact: true }).click();

const says = async (row, state) =>
  row.getByText(await text(`inboxState.${state}`), { exact: true }).waitFor();

onBothScreens("an operator looks at an event and has its effect again", async ({ visitor, page }) => {
  const id = await tell();
  await createOperator(visitor);
  await page.goto("/operator/wallet");
  await (await link(page, "operator.inbox")).click();
  await (await heading(page, "operator.inbox")).waitFor();
  const row = event(page, id);
  await says(row, "done");
  await row.getByText(await text("inbox.body"), { exact: true }).click();
  await row.getByText('"purchase_id"').waitFor();
  await assertAccessible(page, "the inbox");
  await assertNoOverflow(page, "the inbox");
  await press(row, "inbox.replayNamed", id);
  await page.getByRole("dialog", { name: await text("inbox.replayTitle") }).waitFor();
  await assertAccessible(page, "the question before a replay");
  await (await button(page, "inbox.replay")).click();
  await announced(page, "inbox.now");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await says(row, "done");
});

onBothScreens("an operator tries a failed event again, and ignores it", async ({ visitor, page }) => {
  const id = await tell({ currency: "no currency" });
  await createOperator(visitor);
  await openInbox(page);
  const row = event(page, id);
  await says(row, "failed");
  await press(row, "inbox.retryNamed", id);
  await row.getByText(await text("inbox.attempts", { count: 2 })).waitFor();
  await says(row, "failed");
  await press(row, "inbox.ignoreNamed", id);
  await (await button(page, "inbox.ignore")).click();
  await announced(page, "inbox.now");
  await says(row, "ignored");
  assert.equal(await row.getByRole("button").count(), 1, "only a replay is left");
});

scenario("the list is narrowed by state and source", { screen: "narrow" }, async ({ visitor, page }) => {
  const [good, bad] = [await tell(), await tell({ amount: -1 })];
  await createOperator(visitor);
  await openInbox(page);
  await event(page, good).waitFor();
  await (await field(page, "inbox.state")).selectOption("failed");
  await event(page, good).waitFor({ state: "detached" });
  await event(page, bad).waitFor();
  await (await field(page, "inbox.source")).fill("elsewhere");
  await (await button(page, "inbox.filter")).click();
  await page.getByText(await text("inbox.none")).waitFor();
});

scenario("what another operator did meanwhile is said", { screen: "wide" }, async ({ visitor, page }) => {
  visitor.expect(/status of 409 .*\/retry/);
  const id = await tell({ currency: "no currency" });
  await createOperator(visitor);
  await openInbox(page);
  const other = await page.context().newPage();
  await openInbox(other);
  await press(event(other, id), "inbox.ignoreNamed", id);
  await (await button(other, "inbox.ignore")).click();
  await says(event(other, id), "ignored");
  await press(event(page, id), "inbox.retryNamed", id);
  await page.getByText(await text("inbox.conflict")).waitFor();
});

scenario("the inbox is closed to members", { screen: "narrow" }, async ({ page }) => {
  await createAccount(page);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto("/operator/inbox");
  await page.getByText(await text("operator.only")).waitFor();
  assert.deepEqual(
    asked.filter((path) => path.startsWith("/v1/operator/")),
    [],
  );
});

scenario(
  "the inbox fits a small phone in every language, and is worked by key",
  { screen: { width: 320, height: 640 } },
  async ({ visitor, page }) => {
    const id = await tell({ currency: "no currency" });
    await createOperator(visitor);
    for (const language of Object.keys(LANGUAGES)) {
      await page.evaluate((code) => localStorage.setItem("mainstay.language", code), language);
      await page.goto("/operator/inbox");
      await (await heading(page, "inbox.events", {}, language)).waitFor();
      await event(page, id).waitFor();
      await assertNoOverflow(page, `the inbox in ${language}`);
    }
    const retry = event(page, id).getByRole("button").first();
    await until("the buttons", async () => (await retry.count()) === 1);
    await assertReachableByKeyboard(page, retry, "the retry");
  },
);
