import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { WebhooksHelper } from "square";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

import { NOTIFICATION_URL, SECRETS, SIGNED, deliveries } from "../purchases/sign.mjs";

test("the committed deliveries are what the providers' libraries make", async () => {
  assert.deepEqual(JSON.parse(readFileSync(SIGNED, "utf8")), await deliveries());
});

test("the providers' libraries take each delivery, and none with a byte more", async () => {
  const takes = {
    square: (headers, requestBody) =>
      WebhooksHelper.verifySignature({
        requestBody,
        signatureHeader: headers["x-square-hmacsha256-signature"],
        signatureKey: SECRETS.square,
        notificationUrl: NOTIFICATION_URL,
      }),
    // Without a tolerance: the samples are of another day.
    stripe: (headers, body) =>
      attempt(() =>
        Stripe.webhooks.signature.verifyHeader(body, headers["stripe-signature"], SECRETS.stripe, 0),
      ),
    standard: (headers, body) => {
      const at = new Date(Number(headers["webhook-timestamp"]) * 1000);
      return (
        new Webhook(SECRETS.standard).sign(headers["webhook-id"], at, body) === headers["webhook-signature"]
      );
    },
  };
  for (const { event, source, headers, body } of (await deliveries()).deliveries) {
    assert.equal(await takes[source](headers, body), true, event);
    assert.equal(await takes[source](headers, `${body} `), false, event);
  }
});

/** Secrets of the same form, and somebody else's. */
const STRANGERS = {
  square: "another-key",
  stripe: "whsec_another",
  standard: `whsec_${btoa("x".repeat(24))}`,
};

test("the providers' libraries for Python take each delivery of now, and none that was changed or is old", async () => {
  const now = Math.floor(Date.now() / 1000);
  const signedAt = async (at) => (await deliveries(at)).deliveries;
  const [fresh, old] = [await signedAt(now), await signedAt(now - 301)];
  const timed = old.filter(({ source }) => source !== "square");
  const asked = [
    ...fresh,
    ...fresh.map((delivery) => ({ ...delivery, body: `${delivery.body} ` })),
    ...fresh.map((delivery) => ({ ...delivery, secret: STRANGERS[delivery.source] })),
    ...timed,
  ];
  const verdicts = judged(asked);
  assert.deepEqual(
    verdicts.slice(0, fresh.length),
    fresh.map(() => "genuine"),
  );
  assert.equal(verdicts.length, asked.length);
  for (const verdict of verdicts.slice(fresh.length)) assert.match(verdict, /signature|timestamp/i);
});

/** What the libraries for Python say of deliveries. */
function judged(asked) {
  const place = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
  const lines = asked.map(({ source, ...rest }) =>
    JSON.stringify({ source, secret: SECRETS[source], notification_url: NOTIFICATION_URL, ...rest }),
  );
  const python = spawnSync(place(".venv/bin/python"), [place("purchases/judge.py")], {
    input: `${lines.join("\n")}\n`,
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(python.status, 0, python.stderr ?? String(python.error));
  return python.stdout.trimEnd().split("\n");
}

function attempt(verify) {
  try {
    return verify();
  } catch {
    return false;
  }
}
