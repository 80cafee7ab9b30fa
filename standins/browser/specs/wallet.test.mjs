// The wallet: what a member sees of it and sends from it, and what an operator does with a member's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { until } from "../../shared/wait.mjs";
import { assertAccessible, assertNoOverflow, assertReachableByKeyboard } from "../harness/checks.mjs";
import { LANGUAGES, text } from "../harness/messages.mjs";
import { createOperator, grant } from "../harness/operators.mjs";
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

async function openWallet(page) {
  await page.goto("/wallet");
  await (await heading(page, "wallet.title")).waitFor();
}

const balanceCard = (page) => section(page, "wallet.available");
const lines = async (page) => (await section(page, "statement.title")).getByRole("listitem");

/** Waits until the first line of the statement says so: it is loaded beside the large number, not with it. */
async function firstLineIs(page, expected) {
  const line = (await lines(page)).first();
  await until(`${expected} on the first line`, async () => expected.test(await line.innerText()));
}

/** Waits until the large number says so. */
async function shows(page, available) {
  const card = await balanceCard(page);
  await until(
    `${available} to spend`,
    async () => (await card.locator("p bdi").first().textContent()) === available,
  );
}

/** A member with points, and the operator who gave them. */
async function memberWithPoints({ page, another }, amount, more) {
  await createAccount(page);
  const member = await memberId(page);
  const operator = await another({ screen: "wide" });
  await createOperator(operator);
  await grant(operator.page, member, amount, more);
  return { member, operator };
}

async function send(page, to, amount, reason = "") {
  await (await field(page, "send.to")).fill(to);
  await (await field(page, "points.amount")).fill(amount);
  await (await field(page, "send.reason")).fill(reason);
  await (await button(page, "send.submit")).click();
}

onBothScreens("a new member finds an empty wallet by the navigation", async ({ page }) => {
  await createAccount(page);
  await openMenu(page);
  await (await link(page, "nav.wallet")).click();
  await (await heading(page, "wallet.title")).waitFor();
  await shows(page, "0");
  await page.getByText(await text("wallet.noExpiring")).waitFor();
  await page.getByText(await text("statement.none")).waitFor();
  assert.equal(await (await link(page, "nav.operator")).count(), 0);
  await assertNoOverflow(page, "the empty wallet");
});

onBothScreens("a member reads the balance, what runs out, and the statement", async ({ page, another }) => {
  const { member, operator } = await memberWithPoints({ page, another }, 1200, { expires_on: "2099-01-31" });
  for (let i = 1; i <= 24; i += 1) await grant(operator.page, member, i);
  await openWallet(page);
  await shows(page, "1,500");
  await (
    await balanceCard(page)
  )
    .getByText(await text("wallet.expiringOn", { count: "1,200", date: "Jan 31, 2099" }))
    .waitFor();

  const list = await lines(page);
  await until("the first page", async () => (await list.count()) === 20);
  await firstLineIs(page, /\+24\s+Balance 1,500/);
  await (await button(page, "common.more")).click();
  await until("the whole statement", async () => (await list.count()) === 25);
  await (await button(page, "common.more")).waitFor({ state: "detached" });
  await until("the focus on the first new line", () =>
    list.nth(20).evaluate((element) => element === document.activeElement),
  );

  await (await field(page, "statement.kind")).selectOption("transfer");
  await page.getByText(await text("statement.noneOfKind")).waitFor();
  await (await field(page, "statement.kind")).selectOption("grant");
  await until("the grants", async () => (await list.count()) === 20);
});

scenario("a member takes the statement away as a table", { screen: "narrow" }, async ({ page, another }) => {
  const { operator, member } = await memberWithPoints({ page, another }, 70);
  await grant(operator.page, member, 7, { reason: "=1+1" });
  await openWallet(page);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    (await link(page, "statement.csv")).click(),
  ]);
  assert.equal(download.suggestedFilename(), "statement.csv");
  const rows = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\r\n");
  assert.equal(rows.length, 3);
  assert.match(rows[1], /,grant,7,77,"'=1\+1",/);
  assert.match(rows[2], /,grant,70,70,"For the test",/);
});

onBothScreens("points go to another member, and both see it", async ({ page, another }) => {
  await memberWithPoints({ page, another }, 100);
  const friend = await another();
  await createAccount(friend.page, "Charles");
  const to = await memberId(friend.page);
  await openWallet(page);
  await shows(page, "100");
  await send(page, to, "40", "For lunch");
  await announced(page, "send.done");
  await shows(page, "60");
  await firstLineIs(page, /For lunch[\s\S]*-40\s+Balance 60/);
  await openWallet(friend.page);
  await shows(friend.page, "40");
  await firstLineIs(friend.page, /For lunch[\s\S]*\+40\s+Balance 40/);
});

scenario("the page says what is wrong before and after sending", { screen: "narrow" }, async (given) => {
  const { visitor, page, another } = given;
  visitor.expect(/status of (404|409) .*\/v1\/wallet\/transfers/);
  const { member, operator } = await memberWithPoints({ page, another }, 100);
  const to = await memberId(operator.page);
  await openWallet(page);
  await send(page, "ada", "1.5");
  await page.getByText(await text("points.noMemberId")).waitFor();
  await page.getByText(await text("points.noAmount")).waitFor();
  await send(page, member, "1");
  await page.getByText(await text("send.self")).waitFor();
  await send(page, "00000000-0000-7000-8000-000000000000", "1");
  await page.getByText(await text("points.noMember")).waitFor();
  await send(page, to, "101");
  await page.getByText(await text("error.insufficient_points")).waitFor();
  await page.getByText(await text("points.hasNeeds", { has: "100", needs: "101" })).waitFor();
  await assertAccessible(page, "the wallet with a refusal");
  // The refusal is not repeated for what has become possible since.
  await grant(operator.page, member, 1);
  await (await button(page, "send.submit")).click();
  await announced(page, "send.done");
  await shows(page, "0");
});

scenario("a lost answer and a second try send once", { screen: "narrow" }, async (given) => {
  const { visitor, page, another } = given;
  visitor.expect(/ERR_FAILED/);
  const { operator } = await memberWithPoints({ page, another }, 100);
  const to = await memberId(operator.page);
  await openWallet(page);
  await shows(page, "100");
  const keys = [];
  await page.route("**/v1/wallet/transfers", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length > 1) return route.continue();
    // The server carries it out, and the answer gets lost.
    await route.fetch();
    return route.abort();
  });
  await send(page, to, "30");
  await page.getByText(await text("points.atMostOnce")).waitFor();
  await (await button(page, "send.submit")).click();
  await announced(page, "send.done");
  await shows(page, "70");
  const list = await lines(page);
  await until("the new line", async () => (await list.count()) === 2);
  await send(page, to, "30");
  await shows(page, "40");
  assert.equal(keys.length, 3);
  assert.equal(keys[0], keys[1], "the second try has the key of the first");
  assert.notEqual(keys[1], keys[2], "what is sent next has a key of its own");
});

onBothScreens(
  "an operator gives points and undoes it, each with a reason",
  async ({ visitor, page, another }) => {
    const friend = await another();
    await createAccount(friend.page, "Charles");
    const member = await memberId(friend.page);
    await createOperator(visitor);
    await openMenu(page);
    await (await link(page, "nav.operator")).click();
    await (await heading(page, "operator.walletTitle")).waitFor();
    await (await field(page, "operator.memberId")).fill("not an id");
    await (await button(page, "operator.open")).click();
    await page.getByText(await text("points.noMemberId")).waitFor();
    // Nobody is said to be nobody, and nothing is offered for them.
    visitor.expect(/status of 404 .*\/wallet/);
    await page.goto("/operator/wallet?member=00000000-0000-7000-8000-000000000000");
    await page.getByText(await text("points.noMember")).waitFor();
    assert.equal(await (await button(page, "grant.submit")).count(), 0);
    await (await field(page, "operator.memberId")).fill(member);
    await (await button(page, "operator.open")).click();
    await shows(page, "0");

    await (await field(page, "points.amount")).fill("250");
    await (await button(page, "grant.submit")).click();
    await page.getByText(await text("points.noReason")).waitFor();
    await (await field(page, "points.reason")).fill("Welcome");
    await (await field(page, "grant.lastDay")).fill("2099-12-31");
    await (await button(page, "grant.submit")).click();
    await announced(page, "grant.done");
    await shows(page, "250");
    await assertAccessible(page, "a member's wallet");
    await assertNoOverflow(page, "a member's wallet");

    const line = (await lines(page)).first();
    await line.getByRole("button").click();
    const dialog = page.getByRole("dialog", { name: await text("reverse.title") });
    await dialog.waitFor();
    await assertAccessible(page, "the question before undoing");
    await (await button(page, "reverse.confirm")).click();
    await dialog.getByText(await text("points.noReason")).waitFor();
    await dialog.getByLabel(await text("points.reason"), { exact: true }).fill("Given by mistake");
    await (await button(page, "reverse.confirm")).click();
    await announced(page, "reverse.done");
    await dialog.waitFor({ state: "detached" });
    await shows(page, "0");
    await page.getByText(await text("reverse.was")).waitFor();
    assert.equal(await (await lines(page)).getByRole("button").count(), 0, "nothing is left to undo");
    // Also where the line that undid it is hidden.
    await (await field(page, "statement.kind")).selectOption("grant");
    await until("the grant alone", async () => (await (await lines(page)).count()) === 1);
    await page.getByText(await text("reverse.was")).waitFor();
    assert.equal(await (await lines(page)).getByRole("button").count(), 0, "nothing is left to undo");

    await openWallet(friend.page);
    await friend.page.getByText("Given by mistake").waitFor();
    await friend.page.getByText("Welcome").waitFor();
  },
);

scenario("undoing twice is refused in words", { screen: "wide" }, async ({ visitor, page, another }) => {
  visitor.expect(/status of 409 .*\/reversal/);
  const friend = await another();
  await createAccount(friend.page, "Charles");
  const member = await memberId(friend.page);
  await createOperator(visitor);
  await grant(page, member, 5);
  // What another tab knows already, this one does not.
  const other = await page.context().newPage();
  for (const tab of [page, other]) {
    await tab.goto(`/operator/wallet?member=${member}`);
    await (await lines(tab)).first().getByRole("button").click();
    await tab.getByRole("dialog").getByRole("textbox").fill("Twice");
  }
  await (await button(other, "reverse.confirm")).click();
  await announced(other, "reverse.done");
  await (await button(page, "reverse.confirm")).click();
  await page.getByText(await text("reverse.impossible")).waitFor();
});

scenario("an operator's page is closed to members", { screen: "narrow" }, async ({ page }) => {
  await page.goto("/operator/wallet?member=00000000-0000-7000-8000-000000000000");
  await (await heading(page, "signIn.title")).waitFor();
  await createAccount(page);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto("/operator/wallet?member=00000000-0000-7000-8000-000000000000");
  await page.getByText(await text("operator.only")).waitFor();
  assert.deepEqual(
    asked.filter((path) => path.startsWith("/v1/operator/")),
    [],
  );
});

/** The server's answer about itself, with some capabilities switched off. */
async function without(page, reasons) {
  await page.route("**/v1/config", async (route) => {
    const answer = await route.fetch();
    const config = await answer.json();
    for (const [name, reason] of Object.entries(reasons))
      config.capabilities[name] = { enabled: false, reason };
    await route.fulfill({ response: answer, json: config });
  });
}

onBothScreens("a wallet that is off is not offered, and its page says why", async ({ page }) => {
  await createAccount(page);
  await without(page, { wallet: "Counting the points." });
  await page.goto("/wallet");
  await page.getByText(await text("common.off", { reason: "Counting the points." })).waitFor();
  await openMenu(page);
  await (await link(page, "nav.account")).waitFor();
  assert.equal(await (await link(page, "nav.wallet")).count(), 0);
});

scenario(
  "where members can't send, the button is off and says why",
  { screen: "narrow" },
  async ({ page }) => {
    await createAccount(page);
    await without(page, { wallet_transfers: "Not in this programme." });
    await openWallet(page);
    const submit = await button(page, "send.submit");
    assert.equal(await submit.isDisabled(), true);
    await page.getByText(await text("common.off", { reason: "Not in this programme." })).waitFor();
    assert.equal(await (await field(page, "send.to")).count(), 0);
  },
);

scenario(
  "a wallet that can't be read says so and is read again",
  { screen: "narrow" },
  async ({ visitor, page }) => {
    visitor.expect(/status of 500 .*\/v1\/wallet/);
    await createAccount(page);
    let broken = true;
    await page.route(/\/v1\/wallet(\/statement)?(\?|$)/, (route) =>
      broken
        ? route.fulfill({
            status: 500,
            contentType: "application/problem+json",
            json: { type: "x", title: "x", status: 500, detail: "x", code: "internal", request_id: "r-1" },
          })
        : route.continue(),
    );
    await openWallet(page);
    const again = (await balanceCard(page)).getByRole("button", { name: await text("common.retry") });
    await again.waitFor();
    await assertAccessible(page, "the wallet that can't be read");
    broken = false;
    await again.click();
    await shows(page, "0");
    await (
      await section(page, "statement.title")
    )
      .getByRole("button", { name: await text("common.retry") })
      .click();
    await page.getByText(await text("statement.none")).waitFor();
  },
);

for (const colorScheme of ["light", "dark"]) {
  onBothScreens(
    `axe finds nothing serious in the wallet, ${colorScheme}`,
    async ({ page, another }) => {
      const { member, operator } = await memberWithPoints({ page, another }, 100, {
        expires_on: "2099-01-31",
      });
      await openWallet(page);
      await shows(page, "100");
      await send(page, await memberId(operator.page), "40");
      await announced(page, "send.done");
      await shows(page, "60");
      await assertAccessible(page, "the wallet");
      assert.equal(await memberId(page), member);
    },
    { colorScheme },
  );
}

onBothScreens("points are sent by keyboard alone", async ({ page, another }) => {
  const { operator } = await memberWithPoints({ page, another }, 100);
  const to = await memberId(operator.page);
  await openWallet(page);
  await shows(page, "100");
  await assertReachableByKeyboard(page, await field(page, "send.to"), "the recipient");
  await page.keyboard.type(to);
  await page.keyboard.press("Tab");
  await page.keyboard.type("15");
  await page.keyboard.press("Enter");
  await announced(page, "send.done");
  await shows(page, "85");
  await assertReachableByKeyboard(page, await link(page, "statement.csv"), "the download");
});

onBothScreens("nothing jumps while the wallet loads", async ({ page, another }) => {
  const { member, operator } = await memberWithPoints({ page, another }, 100, { expires_on: "2099-01-31" });
  for (let i = 1; i <= 5; i += 1) await grant(operator.page, member, i, { expires_on: `2098-01-0${i}` });
  await page.addInitScript(() => {
    globalThis.__shift = 0;
    new PerformanceObserver((found) => {
      for (const entry of found.getEntries()) if (!entry.hadRecentInput) globalThis.__shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await openWallet(page);
  await shows(page, "115");
  await until("the statement", async () => (await (await lines(page)).count()) === 6);
  const shift = await page.evaluate(() => globalThis.__shift);
  // "Good" by the Web Vitals: https://web.dev/articles/cls
  assert.ok(shift <= 0.1, `the layout shifted by ${shift}`);
});

for (const language of ["he", "ar"]) {
  scenario(`numbers keep their order in ${language}`, { screen: "narrow" }, async ({ page, another }) => {
    const { operator } = await memberWithPoints({ page, another }, 1200);
    const to = await memberId(operator.page);
    await openWallet(page);
    await shows(page, "1,200");
    await send(page, to, "340");
    await announced(page, "send.done");
    await page.evaluate((code) => localStorage.setItem("mainstay.language", code), language);
    await page.reload();
    await (await heading(page, "wallet.title", {}, language)).waitFor();
    const change = page
      .getByRole("main")
      .locator("li bdi")
      .filter({ hasText: /[-\u2212]/ })
      .first();
    await change.waitFor();
    // Where each character stands on the screen, from left to right.
    const places = await change.evaluate((element) => {
      const node = element.firstChild;
      return [...node.data].flatMap((character, at) => {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const box = range.getBoundingClientRect();
        return /[-\u2212\d]/.test(character) ? [{ character, at: box.left }] : [];
      });
    });
    const seen = places.toSorted((a, b) => a.at - b.at).map(({ character }) => character);
    assert.equal(seen.join("").replace("\u2212", "-"), "-340");
  });
}

scenario(
  "an operator’s header keeps its name in one line where it is narrowest",
  { screen: { width: 768, height: 700 } },
  async ({ visitor, page }) => {
    await createOperator(visitor);
    for (const language of Object.keys(LANGUAGES)) {
      await page.evaluate((code) => localStorage.setItem("mainstay.language", code), language);
      await page.goto("/operator/wallet");
      await (await heading(page, "operator.walletTitle", {}, language)).waitFor();
      await page.getByRole("link", { name: await text("nav.operator", {}, language), exact: true }).waitFor();
      await assertNoOverflow(page, `the operator's page in ${language}`);
      const { height } = await page.getByRole("banner").getByRole("link").first().boundingBox();
      assert.ok(height <= 48, `the name is ${height} px high in ${language}`);
    }
  },
);
