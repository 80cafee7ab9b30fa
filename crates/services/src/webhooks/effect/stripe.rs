//! Stripe's `checkout.session.completed` (and the one of payments that finish later), `charge.refunded` and `charge.dispute.*`.
//! <https://docs.stripe.com/api/events/types>

use std::time::Duration;

use mainstay_model::{
    Timestamp,
    purchase::{CustomerKeyKind, Purchase, Refund},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Effect, Unfit, amount, currency, keys, of};

#[derive(Deserialize)]
struct Event {
    created: i64,
    account: Option<String>,
}

/// <https://docs.stripe.com/api/checkout/sessions/object>
#[derive(Deserialize)]
struct Session {
    id: String,
    payment_status: String,
    mode: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    created: i64,
    payment_intent: Option<String>,
    customer: Option<String>,
    customer_details: Option<CustomerDetails>,
    client_reference_id: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct CustomerDetails {
    email: Option<String>,
}

/// What the team's own code may add to a session.
#[derive(Default, Deserialize)]
struct Metadata {
    merchant: Option<String>,
    claim_code: Option<String>,
}

/// <https://docs.stripe.com/api/charges/object>
#[derive(Deserialize)]
struct Charge {
    id: String,
    payment_intent: Option<String>,
    amount_refunded: i64,
    currency: String,
}

/// <https://docs.stripe.com/api/disputes/object>
#[derive(Deserialize)]
struct Dispute {
    id: String,
    charge: String,
    payment_intent: Option<String>,
    amount: i64,
    currency: String,
    status: String,
}

pub(super) fn read(kind: &str, document: &Value) -> Result<Option<Effect>, Unfit> {
    let object = &document["data"]["object"];
    let event = || of::<Event>(document);
    match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            session(of(object)?, event()?)
        }
        "charge.refunded" => charge(of(object)?, &event()?),
        "refund.failed" => Err(Unfit::RefundFailed),
        kind if kind.starts_with("charge.dispute.") => dispute(of(object)?, &event()?),
        _ => Ok(None),
    }
}

fn session(session: Session, event: Event) -> Result<Option<Effect>, Unfit> {
    // A payment that takes days comes with another event when it is there; a free session is no purchase. A subscription's session
    // names no payment, so no refund or dispute could ever be matched with it: it is none either.
    if session.payment_status != "paid" || session.mode.as_deref() == Some("subscription") {
        return Ok(None);
    }
    let metadata = session.metadata.unwrap_or_default();
    Ok(Some(Effect::Purchase(Purchase {
        external_id: session.payment_intent.unwrap_or(session.id),
        amount: amount(session.amount_total.ok_or(Unfit::Unreadable)?)?,
        currency: currency(&session.currency.ok_or(Unfit::Unreadable)?)?,
        merchant: metadata.merchant.or(event.account).unwrap_or_default(),
        occurred_at: Timestamp::from_seconds(session.created),
        customer_keys: keys([
            (CustomerKeyKind::Customer, session.customer),
            (CustomerKeyKind::Email, session.customer_details.and_then(|details| details.email)),
            (CustomerKeyKind::Code, metadata.claim_code.or(session.client_reference_id)),
        ]),
    })))
}

/// The charge tells how much of it went back in all, so it stands for every refund so far.
fn charge(charge: Charge, event: &Event) -> Result<Option<Effect>, Unfit> {
    Ok(Some(Effect::Refund(Refund {
        purchase_id: charge.payment_intent.unwrap_or_else(|| charge.id.clone()),
        external_id: charge.id,
        amount: amount(charge.amount_refunded)?,
        currency: currency(&charge.currency)?,
        occurred_at: Timestamp::from_seconds(event.created),
    })))
}

/// The money is gone while a dispute lasts, and comes back when it is won. A warning is a question, and no money has moved.
fn dispute(dispute: Dispute, event: &Event) -> Result<Option<Effect>, Unfit> {
    let taken = match dispute.status.as_str() {
        status if status.starts_with("warning_") => return Ok(None),
        "won" | "prevented" => 0,
        _ => dispute.amount,
    };
    let is_decided = matches!(dispute.status.as_str(), "won" | "prevented" | "lost");
    Ok(Some(Effect::Refund(Refund {
        external_id: dispute.id,
        purchase_id: dispute.payment_intent.unwrap_or(dispute.charge),
        amount: amount(taken)?,
        currency: currency(&dispute.currency)?,
        // Stripe's clock has whole seconds. What is decided came after all that was asked in the same one.
        occurred_at: Timestamp::from_seconds(event.created) + Duration::from_micros(u64::from(is_decided)),
    })))
}
