// A provider changes its signing key: members sign in with the new one as soon as the server's cool-down allows a fetch,
// and waiting for it costs the provider only a few fetches.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { until } from "../../shared/wait.mjs";
import { apple, freshAddress, google, url } from "../harness/outside.mjs";
import { PlainBrowser } from "../harness/plain-browser.mjs";

const TRY_EVERY_MS = 2_000;
// The server's cool-down is 30 s; an outage that other tests played may just have begun one.
const BOUND_MS = 75_000;
const FETCHES_MAX = 3;

const calm = (control) => control("PUT", "/mode", { all: "up" });
after(() => Promise.all([calm(google), calm(apple)]));

async function signsIn(provider, control) {
  const user = { sub: `rotated-${process.pid}-${Date.now()}`, email: freshAddress(), email_verified: true };
  await control("POST", "/users", user);
  const end = await new PlainBrowser().signIn(`${url()}/v1/auth/${provider}/start?return_to=/account`);
  return end.searchParams.get("error") === null;
}

test("a new signing key is taken up, with the old one kept or dropped", async () => {
  const one = async (provider, control) => {
    await control("POST", "/keys/rotate", { keep_old: provider === "google" });
    await control("DELETE", "/counters");
    await until(`${provider}'s new key`, () => signsIn(provider, control), {
      ms: BOUND_MS,
      pauseMs: TRY_EVERY_MS,
    });
    const { jwks } = await control("GET", "/counters");
    assert.ok(jwks >= 1 && jwks <= FETCHES_MAX, `${jwks} fetches of ${provider}'s key set`);
  };
  await Promise.all([one("google", google), one("apple", apple)]);
});
