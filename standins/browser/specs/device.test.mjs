// What stays on a member's device and what the page does without a network: cookies that no script reads, nothing left
// after signing out, two tabs in step, an installable page that opens offline, and an outage that is told and survived.

import assert from "node:assert/strict";

import { until } from "../../shared/wait.mjs";
import { text } from "../harness/messages.mjs";
import { onBothScreens, scenario } from "../harness/scenario.mjs";
import {
  announced,
  atAccount,
  button,
  createAccount,
  heading,
  memberId,
  section,
  signOut,
} from "../harness/studio.mjs";

const NETWORK_ERRORS = /Failed to load resource: (net::ERR_|the server responded with a status of 50)/;

/** Everything that a script of this site can read on the device. */
const readable = (page) =>
  page.evaluate(async () => {
    const cacheNames = await caches.keys();
    const cached = await Promise.all(
      cacheNames.map(async (name) => {
        const cache = await caches.open(name);
        return Promise.all(
          (await cache.keys()).map(
            async (request) => `${request.url} ${await (await cache.match(request)).clone().text()}`,
          ),
        );
      }),
    );
    const databases = ((await indexedDB.databases?.()) ?? []).map(({ name }) => name);
    return JSON.stringify({
      local: { ...localStorage },
      tab: { ...sessionStorage },
      cookies: document.cookie,
      databases,
      cached,
    });
  });

scenario(
  "no token is readable by script, and the cookies are closed",
  { screen: "wide" },
  async ({ page }) => {
    await createAccount(page);
    const cookies = await page.context().cookies();
    const tokens = cookies.filter(({ name }) => /(access|refresh)$/.test(name));
    assert.ok(tokens.length >= 2, `access and refresh cookies, not ${cookies.map(({ name }) => name)}`);
    for (const { name, httpOnly, sameSite, value } of tokens) {
      assert.deepEqual([name, httpOnly, sameSite], [name, true, "Lax"]);
      assert.equal((await readable(page)).includes(value), false, `${name} is readable`);
    }
    const refresh = tokens.find(({ name }) => name.endsWith("refresh"));
    assert.equal(refresh.path, "/v1/auth");
  },
);

scenario("a kept page that is still good keeps its own policy", { screen: "wide" }, async ({ page }) => {
  const address = `${process.env.MAINSTAY_URL}/`;
  const first = await fetch(address);
  const again = await fetch(address, { headers: { "if-none-match": first.headers.get("etag") ?? "" } });
  // A browser lays the headers of a 304 over those of the kept page (RFC 9111, 3.2).
  const policy = again.headers.get("content-security-policy");
  assert.ok(
    policy === null || policy === first.headers.get("content-security-policy"),
    `${again.status}: ${policy}`,
  );
  for (let visit = 0; visit < 3; visit += 1) {
    await page.goto("/");
    await (await heading(page, "landing.title")).waitFor();
  }
});

onBothScreens("signing out leaves nothing of the member on the device", async ({ page }) => {
  const authenticator = await createAccount(page, "Leaves No Trace");
  const id = await memberId(page);
  await authenticator.answers(false);
  await signOut(page);
  await until(
    "the device to be clean",
    async () => !/Leaves No Trace/.test(await readable(page)) && !(await readable(page)).includes(id),
  );
  assert.deepEqual(
    (await page.context().cookies()).filter(({ name }) => /(access|refresh)$/.test(name)),
    [],
  );
});

scenario("a second tab follows a sign-out and a sign-in", { screen: "wide" }, async ({ page }) => {
  const authenticator = await createAccount(page);
  const tab = await page.context().newPage();
  await tab.goto("/account");
  await atAccount(tab);
  await authenticator.answers(false);
  await signOut(page);
  await (await heading(tab, "account.title")).waitFor({ state: "detached" });
  await authenticator.answers(true);
  await page.goto("/sign-in");
  await atAccount(page);
  await atAccount(tab);
});

scenario("the browser finds nothing that hinders installing", { screen: "narrow" }, async ({ page }) => {
  await page.goto("/");
  await (await heading(page, "landing.title")).waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready);
  const session = await page.context().newCDPSession(page);
  const { errors, url } = await session.send("Page.getAppManifest");
  assert.match(url, /\.webmanifest$/);
  assert.deepEqual(errors, []);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  assert.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito"),
    [],
  );
});

onBothScreens("the page opens offline, says so, and recovers", async ({ visitor, page }) => {
  visitor.expect(NETWORK_ERRORS);
  await page.goto("/");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.context().setOffline(true);
  await page.reload();
  await (await heading(page, "landing.title")).waitFor();
  await announced(page, "offline.title");
  // A page that was never opened before, too: all of them come with the first one.
  await page.goto("/operator/rules");
  await announced(page, "offline.title");
  await page.context().setOffline(false);
  await page.getByText(await text("offline.title")).waitFor({ state: "detached" });
});

scenario(
  "a member's page that opens during an outage recovers by itself",
  { screen: "narrow", serviceWorkers: "block" },
  async ({ visitor, page }) => {
    visitor.expect(NETWORK_ERRORS);
    await createAccount(page);
    await page.context().route("**/v1/auth/me", (route) => route.abort("connectionrefused"));
    await page.goto("/wallet");
    await page.getByText(await text("common.waitingForService")).waitFor();
    await (await heading(page, "connection.title")).waitFor();
    await page.context().unroute("**/v1/auth/me");
    await (await section(page, "wallet.available")).waitFor();
    await (await heading(page, "connection.title")).waitFor({ state: "detached" });
  },
);

onBothScreens(
  "an outage is told with the address that failed, and another try recovers",
  async ({ visitor, page }) => {
    visitor.expect(NETWORK_ERRORS);
    await page.context().route("**/v1/**", (route) => route.abort("connectionrefused"));
    await page.goto("/");
    await (await heading(page, "connection.title")).waitFor();
    await page.getByText(new URL(page.url()).origin).first().waitFor();
    await page.context().unroute("**/v1/**");
    await (await button(page, "common.retry")).first().click();
    await (await heading(page, "connection.title")).waitFor({ state: "detached" });
    await (await heading(page, "landing.status")).waitFor();
  },
  { serviceWorkers: "block" },
);
