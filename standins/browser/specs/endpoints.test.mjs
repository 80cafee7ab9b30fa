// Endpoints for outgoing events as operators run them, with a receiver that judges what comes by the library's word.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after } from "node:test";

import { listen } from "../../shared/service.mjs";
import { until } from "../../shared/wait.mjs";
import { Receiver } from "../../webhooks/receiver.mjs";
import { assertAccessible, assertNoOverflow, assertReachableByKeyboard } from "../harness/checks.mjs";
import { LANGUAGES, text } from "../harness/messages.mjs";
import { createOperator, grant, post } from "../harness/operators.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import {
  announced,
  button,
  createAccount,
  field,
  heading,
  link,
  memberId,
  section,
} from "../harness/studio.mjs";

const servers = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver of its own for a scenario; `url` is where it listens. */
async function receiver() {
  const taking = new Receiver();
  const server = createServer((req, res) => taking.take(req, res));
  servers.push(server);
  taking.url = `http://127.0.0.1:${await listen(server)}/events`;
  return taking;
}

async function openEndpoints(page) {
  await page.goto("/operator/endpoints");
  await (await heading(page, "endpoint.title")).waitFor();
  await until("the list", async () => !(await (await button(page, "endpoint.new")).isDisabled()));
}

/** The page of an endpoint that is there already. */
async function openEndpoint(page, url, more = {}) {
  const { endpoint, secret } = await post(page, "/v1/operator/webhook-endpoints", { url, ...more });
  await page.goto(`/operator/endpoints?endpoint=${endpoint.id}`);
  await (await section(page, "delivery.title")).waitFor();
  return { endpoint, secret };
}

const deliveries = async (page) =>
  (await section(page, "delivery.title")).getByRole("listitem").filter({ has: page.locator("details") });

const confirmed = async (page, key) =>
  page
    .getByRole("dialog")
    .getByRole("button", { name: await text(key), exact: true })
    .click();

const shownSecret = async (page) => (await section(page, "secret.title")).locator("code").innerText();

onBothScreens("an operator makes an endpoint, tests it and rotates its secret", async ({ visitor, page }) => {
  const taking = await receiver();
  await createOperator(visitor);
  await page.goto("/operator/wallet");
  await (await link(page, "operator.endpoints")).click();
  await (await heading(page, "operator.endpoints")).waitFor();
  await (await button(page, "endpoint.new")).click();
  await page.getByLabel(await text("endpoint.some"), { exact: true }).check();
  await assertAccessible(page, "the form of an endpoint");
  await assertNoOverflow(page, "the form of an endpoint");
  await (await field(page, "endpoint.url")).fill(taking.url);
  await (await button(page, "endpoint.save")).click();
  await page.getByText(await text("endpoint.noEvents")).waitFor();
  await page.getByLabel(await text("endpoint.all"), { exact: true }).check();
  await (await button(page, "endpoint.save")).click();

  const card = await section(page, "secret.title");
  await card.waitFor();
  await until("the secret has the focus", () => card.evaluate((one) => one === document.activeElement));
  const first = await shownSecret(page);
  assert.match(first, /^whsec_[A-Za-z0-9+/=]{40,}$/);
  await assertAccessible(page, "a secret");
  await assertNoOverflow(page, "a secret");
  await (await button(page, "secret.noted")).click();
  await card.waitFor({ state: "detached" });
  assert.equal((await page.content()).includes(first), false, "the secret is shown once");

  taking.secrets = [first];
  await page.getByRole("link", { name: taking.url, exact: true }).click();
  await (await button(page, "endpoint.test")).click();
  await page.getByText(await text("endpoint.testTaken")).waitFor();
  assert.deepEqual(taking.requests.at(-1).verdicts, ["genuine"]);
  const row = (await deliveries(page)).first();
  await row.getByText(await text("deliveryState.delivered"), { exact: true }).waitFor();
  await row.locator("summary").click();
  await row.getByText('"endpoint.test"').waitFor();
  await row.getByText(/status 204/).waitFor();
  await assertAccessible(page, "an endpoint");
  await assertNoOverflow(page, "an endpoint");

  await (await button(page, "secret.rotate")).click();
  await assertAccessible(page, "the question before a new secret");
  await (await button(page, "secret.make")).click();
  await card.waitFor();
  const second = await shownSecret(page);
  taking.secrets = [first, second];
  const event = JSON.parse(taking.requests.at(-1).body).id;
  await (await button(page, "delivery.resendNamed", { event })).click();
  await row.getByText(await text("inbox.attempts", { count: 2 })).waitFor();
  assert.equal(taking.requests.length, 2);
  assert.equal(JSON.parse(taking.requests[1].body).id, event, "the same event");
  assert.deepEqual(taking.requests[1].verdicts, ["genuine", "genuine"], "both sign for a day");

  await (await button(page, "secret.rotate")).click();
  await page.getByLabel(await text("secret.noOverlap"), { exact: true }).check();
  await (await button(page, "secret.make")).click();
  await until("another secret", async () => (await shownSecret(page)) !== second);
  taking.secrets = [second, await shownSecret(page)];
  await (await button(page, "delivery.resendNamed", { event })).click();
  await row.getByText(await text("inbox.attempts", { count: 3 })).waitFor();
  const [leaked, live] = taking.requests.at(-1).verdicts;
  assert.notEqual(leaked, "genuine");
  assert.equal(live, "genuine");
});

onBothScreens(
  "an endpoint that fails is disabled, enabled and gets what was set aside",
  async ({ visitor, page }) => {
    const taking = await receiver();
    taking.mode = { status: 503 };
    await createOperator(visitor);
    await openEndpoint(page, taking.url);
    const test = await button(page, "endpoint.test");
    await test.click();
    const reason = await text("delivery.status", { status: 503 });
    await page.getByText(await text("endpoint.testRefused", { reason })).waitFor();
    const row = (await deliveries(page)).first();
    await row.getByText(await text("deliveryState.set_aside"), { exact: true }).waitFor();

    await (await button(page, "endpoint.disable")).click();
    await confirmed(page, "endpoint.disable");
    await announced(page, "endpoint.nowDisabled");
    await page.getByText(await text("disabledReason.operator")).waitFor();
    assert.equal(await test.isDisabled(), true);
    assert.equal(await row.getByRole("button").isDisabled(), true);
    await assertAccessible(page, "a disabled endpoint");

    taking.mode = { status: 204 };
    await (await button(page, "endpoint.enable")).click();
    await announced(page, "endpoint.nowEnabled");
    await until("sending is possible", async () => !(await test.isDisabled()));
    await (await button(page, "delivery.resendAll")).click();
    await announced(page, "delivery.resentAll");
    await until("it came", () => taking.requests.length === 2);
    await until("the log says so", async () => {
      await (await button(page, "delivery.refresh")).click();
      return row.getByText(await text("deliveryState.delivered"), { exact: true }).isVisible();
    });
  },
);

scenario(
  "an endpoint hears of what was chosen, and of nothing else",
  { screen: "wide" },
  async ({ visitor, page, another }) => {
    const taking = await receiver();
    await createOperator(visitor);
    const { endpoint } = await openEndpoint(page, taking.url, { description: "before" });
    await (await button(page, "rule.change")).click();
    await (await field(page, "endpoint.description")).fill("ledger export");
    await page.getByLabel(await text("endpoint.some"), { exact: true }).check();
    await page
      .getByLabel(`${await text("eventType.points.granted")} points.granted`, { exact: true })
      .check();
    await (await button(page, "endpoint.save")).click();
    await announced(page, "endpoint.saved");
    await page.getByText("ledger export").waitFor();
    const read = await page.evaluate(
      async (id) => (await fetch(`/v1/operator/webhook-endpoints/${id}`)).json(),
      endpoint.id,
    );
    assert.deepEqual([read.description, read.event_types], ["ledger export", ["points.granted"]]);

    const member = await another({ screen: "narrow" });
    await createAccount(member.page);
    await grant(page, await memberId(member.page), 7);
    await until("the grant was told", () => taking.requests.length === 1);
    assert.equal(JSON.parse(taking.requests[0].body).type, "points.granted");
    await (await button(page, "delivery.refresh")).click();
    await (
      await deliveries(page)
    )
      .getByText(await text("eventType.points.granted"))
      .first()
      .waitFor();
  },
);

scenario(
  "an endpoint whose secret got lost is told, and made once",
  { screen: "narrow" },
  async ({ visitor, page }) => {
    visitor.expect(/ERR_FAILED/);
    const taking = await receiver();
    await createOperator(visitor);
    await openEndpoints(page);
    let sent = 0;
    await page.route("**/v1/operator/webhook-endpoints", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      sent += 1;
      await route.fetch();
      return route.abort();
    });
    await (await button(page, "endpoint.new")).click();
    await (await field(page, "endpoint.url")).fill(taking.url);
    await (await button(page, "endpoint.save")).click();
    await page.getByText(await text("endpoint.lostSecret", { url: taking.url })).waitFor();
    await page.getByRole("link", { name: taking.url, exact: true }).click();
    await (await button(page, "secret.rotate")).waitFor();
    assert.equal(sent, 1);
  },
);

scenario("a target that is none is refused at its field", { screen: "narrow" }, async ({ visitor, page }) => {
  visitor.expect(/status of 4\d\d .*\/webhook-endpoints/);
  await createOperator(visitor);
  await openEndpoints(page);
  await (await button(page, "endpoint.new")).click();
  const target = await field(page, "endpoint.url");
  await target.fill("ftp://files.example.com/");
  await (await button(page, "endpoint.save")).click();
  await until("the fault", async () => (await target.getAttribute("aria-invalid")) === "true");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

scenario("an endpoint is removed with its log", { screen: "wide" }, async ({ visitor, page }) => {
  const taking = await receiver();
  await createOperator(visitor);
  await openEndpoint(page, taking.url);
  await (await button(page, "endpoint.remove")).click();
  await confirmed(page, "endpoint.remove");
  await announced(page, "endpoint.removed");
  await (await heading(page, "endpoint.title")).waitFor();
  await page.getByRole("link", { name: taking.url, exact: true }).waitFor({ state: "detached" });
});

scenario("the endpoints are closed to members", { screen: "narrow" }, async ({ page }) => {
  await createAccount(page);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto("/operator/endpoints");
  await page.getByText(await text("operator.only")).waitFor();
  assert.deepEqual(
    asked.filter((path) => path.startsWith("/v1/operator/")),
    [],
  );
});

scenario(
  "the endpoints fit a small dark phone in every language, and are worked by key",
  { screen: { width: 320, height: 640 }, colorScheme: "dark" },
  async ({ visitor, page }) => {
    const taking = await receiver();
    await createOperator(visitor);
    const { endpoint } = await openEndpoint(page, `${taking.url}/${"a".repeat(80)}`, {
      event_types: ["points.granted", "purchase.refunded"],
    });
    await (await button(page, "endpoint.test")).click();
    await page.getByText(await text("endpoint.testTaken")).waitFor();
    const event = JSON.parse(taking.requests[0].body).id;
    const resend = await button(page, "delivery.resendNamed", { event });
    await assertReachableByKeyboard(page, resend, "sending again");
    for (const language of Object.keys(LANGUAGES)) {
      await page.evaluate((chosen) => localStorage.setItem("mainstay.language", chosen), language);
      await page.goto("/operator/endpoints");
      await page.getByRole("link", { name: endpoint.url, exact: true }).waitFor();
      await assertNoOverflow(page, `the endpoints in ${language}`);
      await page.getByRole("link", { name: endpoint.url, exact: true }).click();
      await page.locator("summary").click();
      await page.locator("pre").waitFor();
      await assertNoOverflow(page, `an endpoint in ${language}`);
      if (language === "he") await assertAccessible(page, `an endpoint in ${language}, dark`);
    }
  },
);
