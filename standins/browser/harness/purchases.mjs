// A shop that tells of purchases, with signatures of the Standard Webhooks' own library.

import { randomUUID } from "node:crypto";

import { Webhook } from "standardwebhooks";

import { url } from "./outside.mjs";

/** Sends a purchase and answers the event's id. `data` changes what it says. */
export async function tell(data = {}) {
  const [id, now] = [`evt_${randomUUID()}`, new Date()];
  const purchase = { purchase_id: randomUUID(), amount: 1250, currency: "USD", merchant: "downtown" };
  const event = {
    type: "purchase.completed",
    timestamp: now.toISOString(),
    data: { ...purchase, occurred_at: now.toISOString(), ...data },
  };
  const body = JSON.stringify(event);
  const answer = await fetch(`${url()}/v1/webhooks/shop`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": `${Math.floor(now.getTime() / 1000)}`,
      "webhook-signature": new Webhook(process.env.SHOP_WEBHOOK_SECRET).sign(id, now, body),
    },
    body,
  });
  if (!answer.ok) throw new Error(`the event was answered ${answer.status}: ${await answer.text()}`);
  return id;
}
