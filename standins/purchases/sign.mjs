// Signs the samples of `events/` with the providers' own libraries, so that Mainstay's verification is held to what they make.
//
//   node standins/purchases/sign.mjs            prints the deliveries; committed as signed.json
//   node standins/purchases/sign.mjs --write    writes them

import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { WebhooksHelper } from "square";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

/** The moment at which Mainstay's tests stand still. */
export const NOW = 1_800_000_000;
export const SECRETS = {
  square: "asdf1234-square-signature-key",
  stripe: "whsec_w4n2pT6uZyX0kQe8Jr5v",
  standard: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};
export const NOTIFICATION_URL = "https://app.example.com/v1/webhooks/square";
const EVENTS = [
  "square-payment-updated",
  "square-refund-updated",
  "square-dispute-state-updated",
  "stripe-checkout-session-completed",
  "stripe-charge-refunded",
  "standard-purchase-completed",
];

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

/** As the provider sends it: in one line. */
const bodyOf = (event) => JSON.stringify(JSON.parse(readFileSync(place(`events/${event}.json`), "utf8")));

async function square(body) {
  // The library only verifies, so what it is shown must be right in its eyes.
  const hmac = createHmac("sha256", SECRETS.square);
  const signatureHeader = hmac.update(NOTIFICATION_URL + body).digest("base64");
  const judged = {
    requestBody: body,
    signatureHeader,
    signatureKey: SECRETS.square,
    notificationUrl: NOTIFICATION_URL,
  };
  if (!(await WebhooksHelper.verifySignature(judged)))
    throw new Error("Square's library does not take the signature");
  return { "x-square-hmacsha256-signature": signatureHeader };
}

function stripe(body, now) {
  const options = { payload: body, secret: SECRETS.stripe, timestamp: now };
  return { "stripe-signature": Stripe.webhooks.generateTestHeaderString(options) };
}

function standard(body, now) {
  const id = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
  const signature = new Webhook(SECRETS.standard).sign(id, new Date(now * 1000), body);
  return { "webhook-id": id, "webhook-timestamp": `${now}`, "webhook-signature": signature };
}

/** Every sample as a delivery, signed at a moment. */
export async function deliveries(now = NOW) {
  const signers = { square, stripe, standard };
  const signed = [];
  for (const event of EVENTS) {
    const source = event.split("-")[0];
    const body = bodyOf(event);
    signed.push({ event, source, headers: await signers[source](body, now), body });
  }
  return { now, secrets: SECRETS, notification_url: NOTIFICATION_URL, deliveries: signed };
}

export const SIGNED = place("signed.json");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = `${JSON.stringify(await deliveries(), null, 2)}\n`;
  if (process.argv.includes("--write")) writeFileSync(SIGNED, text);
  else process.stdout.write(text);
}
