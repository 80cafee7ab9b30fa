// The browser harness against a tiny page: passkeys by hand and by autofill, and every check notices what it is for.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  assertAccessible,
  assertNoFaults,
  assertNoOverflow,
  assertReachableByKeyboard,
} from "../browser/harness/checks.mjs";
import { newVisitor, openBrowser } from "../browser/harness/chromium.mjs";
import { VirtualAuthenticator } from "../browser/harness/passkeys.mjs";
import { until } from "../shared/wait.mjs";
import { startFakePage } from "./support/fake-page.mjs";

let browser;
let fake;
before(async () => {
  [browser, fake] = await Promise.all([openBrowser(), startFakePage()]);
});
after(async () => {
  await browser.close();
  await fake.close();
});

const status = (page, pattern) => page.getByRole("status").filter({ hasText: pattern }).textContent();

test("a passkey is made, offered by autofill, and copied to another visitor", async () => {
  const visitor = await newVisitor(browser, { baseUrl: fake.url });
  const authenticator = await VirtualAuthenticator.add(visitor.page);
  await visitor.page.goto("/");
  await visitor.page.getByRole("button", { name: "Create" }).click();
  const made = (await status(visitor.page, "created")).split(" ")[1];
  await visitor.page.reload();
  await visitor.page.getByRole("button", { name: "Conditional" }).click();
  assert.equal(await status(visitor.page, "got"), `got ${made}`);

  const other = await newVisitor(browser, { baseUrl: fake.url, screen: "narrow" });
  const copy = await VirtualAuthenticator.add(other.page);
  await authenticator.copyTo(copy);
  await other.page.goto("/");
  const asserted = copy.nextAssertion();
  await other.page.getByRole("button", { name: "Conditional" }).click();
  assert.equal(await status(other.page, "got"), `got ${made}`);
  await asserted;
  assertNoFaults(visitor);
  assertNoFaults(other);
  await visitor.close();
  await other.close();
});

test("an authenticator that holds the passkey is excluded, a second one takes over", async () => {
  const visitor = await newVisitor(browser, { baseUrl: fake.url });
  const first = await VirtualAuthenticator.add(visitor.page);
  await visitor.page.goto("/");
  const create = visitor.page.getByRole("button", { name: "Create" });
  await create.click();
  await status(visitor.page, "created");
  await create.click();
  assert.equal(await status(visitor.page, "failed"), "failed InvalidStateError");
  const second = await first.addBeside();
  await first.answers(false);
  await create.click();
  await status(visitor.page, "created");
  assert.deepEqual([(await first.credentials()).length, (await second.credentials()).length], [1, 1]);
  await visitor.close();
});

test("a sound page passes every check", async () => {
  const visitor = await newVisitor(browser, { baseUrl: fake.url, screen: { width: 320, height: 600 } });
  await visitor.page.goto("/");
  await assertNoOverflow(visitor.page, "the fake page");
  await assertAccessible(visitor.page, "the fake page");
  await assertReachableByKeyboard(
    visitor.page,
    visitor.page.getByRole("button", { name: "Create" }),
    "create",
  );
  assertNoFaults(visitor);
  await visitor.close();
});

test("a bad page fails every check", async () => {
  const visitor = await newVisitor(browser, { baseUrl: fake.url, screen: "narrow" });
  await visitor.page.goto("/bad");
  await assert.rejects(assertNoOverflow(visitor.page, "it"), /wider/);
  await assert.rejects(assertAccessible(visitor.page, "it"), /image-alt/);
  await assert.rejects(
    assertReachableByKeyboard(visitor.page, visitor.page.getByRole("button"), "it"),
    /not reached/,
  );
  await until("all faults", () =>
    ["CSP violation", "console error: bad", "script error: worse"].every((text) =>
      visitor.faults.some((fault) => fault.includes(text)),
    ),
  );
  assert.throws(() => assertNoFaults(visitor));
  await visitor.close();
});
