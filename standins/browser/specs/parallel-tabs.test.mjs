// Two tabs of one browser start to sign in at the same moment, as when a browser restores its windows: both can finish.
// No page is involved; the requests are sent as two tabs would send them, before either has a cookie.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Authenticator } from "../../members/authenticator.mjs";
import { Client } from "../../members/client.mjs";
import { url } from "../harness/outside.mjs";

const START = "/v1/auth/passkey/login/start";
const FINISH = "/v1/auth/passkey/login/finish";

test("passkey ceremonies that start together both finish", async () => {
  const authenticator = new Authenticator();
  await new Client(url(), { posture: "browser" }).register(authenticator, { displayName: "Two Tabs" });
  const browser = new Client(url(), { posture: "browser" });
  const starts = await Promise.all([browser.send("POST", START, {}), browser.send("POST", START, {})]);
  for (const { body } of starts) {
    const options = body.public_key.publicKey ?? body.public_key;
    const credential = authenticator.get(browser.origin, options);
    const answer = await browser.send("POST", FINISH, { ceremony_id: body.ceremony_id, credential });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    browser.csrf = answer.body.csrf_token;
  }
});
