import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
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

function attempt(verify) {
  try {
    return verify();
  } catch {
    return false;
  }
}
