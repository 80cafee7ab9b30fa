// The whole catalogue of forged ID tokens, in the code flow of each provider: nobody is signed in, nothing that a token
// names is fetched, and a flood of unknown key ids does not become a flood of fetches. No page is involved, so the flow is walked over HTTP.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { CONTROLS, EITHER, FAULTS, UNVERIFIED } from "../../oidc/faults.mjs";
import { apple, freshAddress, google, url } from "../harness/outside.mjs";
import { PlainBrowser } from "../harness/plain-browser.mjs";

const PROVIDERS = { google, apple };
const UNKNOWN_KIDS = 20;
let numbers = 0;
const subject = () => `forged-${process.pid}-${(numbers += 1)}-${Date.now().toString(36)}`;

/** Signs in once; resolves with the error of the redirect, or null when somebody is signed in. */
async function attempt(provider, control, order, user = {}) {
  await control("POST", "/users", { sub: subject(), email: freshAddress(), email_verified: true, ...user });
  if (order) await control("POST", "/next-token", order);
  const browser = new PlainBrowser();
  const end = await browser.signIn(`${url()}/v1/auth/${provider}/start?return_to=/account`);
  const error = end.searchParams.get("error");
  const me = await browser.json(`${url()}/v1/auth/me`);
  if (error) {
    assert.equal(end.pathname, "/sign-in");
    assert.equal(me.status, 401, "nobody is signed in");
    assert.deepEqual(
      browser.cookieNames(url()).filter((name) => /(access|refresh)$/.test(name)),
      [],
    );
    return { error };
  }
  assert.equal(me.status, 200);
  return { error: null, member: me.body };
}

for (const [provider, control] of Object.entries(PROVIDERS)) {
  describe(provider, () => {
    const calm = async () => {
      await control("PUT", "/mode", { all: "up" });
      await control("DELETE", "/next-token");
      await control("DELETE", "/user");
    };
    before(async () => {
      await calm();
      await attempt(provider, control);
    });
    after(calm);

    for (const fault of Object.keys(FAULTS)) {
      const sound = CONTROLS.includes(fault) || UNVERIFIED.includes(fault);
      test(`${provider}: ${fault} ${sound ? "signs in" : "is refused"}`, async () => {
        const { error } = await attempt(provider, control, { fault });
        if (sound) assert.equal(error, null);
        else if (!EITHER.includes(fault)) assert.equal(error, "id_token_refused");
        assert.equal((await control("GET", "/counters")).trap, 0, "nothing that the token names was fetched");
      });
    }

    test(`${provider}: a token of the other provider is refused`, async () => {
      const [, other] = Object.entries(PROVIDERS).find(([name]) => name !== provider);
      const { id_token: raw } = await other("POST", "/mint", {
        user: { sub: subject(), email: freshAddress(), email_verified: true },
      });
      assert.equal((await attempt(provider, control, { raw })).error, "id_token_refused");
    });

    test(`${provider}: a flood of unknown key ids causes at most one fetch`, async () => {
      await attempt(provider, control);
      await control("DELETE", "/counters");
      for (let round = 0; round < UNKNOWN_KIDS; round += 1) {
        assert.equal(
          (await attempt(provider, control, { fault: "random_kid_foreign_key" })).error,
          "id_token_refused",
        );
      }
      const { jwks } = await control("GET", "/counters");
      assert.ok(jwks <= 1, `${jwks} fetches of the key set`);
    });

    test(`${provider}: with the key set down, known keys still verify`, async () => {
      await control("PUT", "/mode", { jwks: "503" });
      assert.equal((await attempt(provider, control)).error, null);
      await control("PUT", "/mode", { jwks: "hang" });
      assert.equal((await attempt(provider, control)).error, null);
      await control("PUT", "/mode", { all: "up" });
    });

    test(`${provider}: an address that the provider does not vouch for finds nobody`, async () => {
      const email = freshAddress();
      const victim = (await attempt(provider, control, undefined, { email })).member;
      for (const fault of UNVERIFIED) {
        const { error, member } = await attempt(provider, control, { fault }, { email });
        if (error) {
          assert.equal(error, "account_exists", "no way in, and no other refusal");
        } else {
          assert.notEqual(member.id, victim.id, fault);
          assert.notEqual(member.email, email, "an unverified address is not taken over");
        }
      }
    });
  });
}
