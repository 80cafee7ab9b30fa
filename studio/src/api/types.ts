// The names under which the pages know the server's views. Generated types are used through here only.
import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];

export type Config = Schemas["Config"];
export type Capability = Schemas["Capability"];
export type Me = Schemas["Me"];
export type Identity = Schemas["Identity"];
export type Passkey = Schemas["Passkey"];
export type Session = Schemas["Session"];
export type SignedIn = Schemas["SignedIn"];
export type Problem = Schemas["Problem"];
export type AcceptedCredentials = Schemas["AcceptedCredentials"];
export type Wallet = Schemas["Wallet"];
export type Statement = Schemas["Statement"];
export type StatementLine = Schemas["StatementLine"];
export type Transfer = Schemas["Transfer"];
export type NewTransfer = Schemas["NewTransfer"];
export type NewGrant = Schemas["NewGrant"];
export type OpenOffer = Schemas["OpenOffer"];
export type Redemption = Schemas["Redemption"];
export type Purchase = Schemas["Purchase"];
export type PurchaseClaim = Schemas["PurchaseClaim"];
export type CustomerLink = Schemas["CustomerLink"];
export type MadePurchaseCode = Schemas["MadePurchaseCode"];
export type PurchaseRule = Schemas["PurchaseRule"];
export type NewPurchaseRule = Schemas["NewPurchaseRule"];
export type WebhookEndpoint = Schemas["WebhookEndpoint"];
export type NewWebhookEndpoint = Schemas["NewWebhookEndpoint"];
export type Delivery = Schemas["Delivery"];
export type DeliveryDetail = Schemas["DeliveryDetail"];
export type Merchant = Schemas["Merchant"];
export type Offer = Schemas["Offer"];
export type NewOffer = Schemas["NewOffer"];
export type InboxHead = Schemas["InboxHead"];
export type InboxEvent = Schemas["InboxEvent"];
