//! Square's `payment.*`, `refund.*`, `dispute.created` and `dispute.state.updated`.
//! <https://developer.squareup.com/reference/square/webhooks>

use mainstay_model::purchase::{CustomerKeyKind, Purchase, Refund};
use serde::Deserialize;
use serde_json::Value;

use super::{Effect, Unfit, amount, currency, keys, moment, of};

/// What a payment or refund says when the money has moved.
const COMPLETED: &str = "COMPLETED";

#[derive(Deserialize)]
struct Money {
    amount: i64,
    currency: String,
}

/// <https://developer.squareup.com/reference/square/objects/Payment>
#[derive(Deserialize)]
struct Payment {
    id: String,
    status: String,
    amount_money: Money,
    location_id: Option<String>,
    created_at: String,
    customer_id: Option<String>,
    buyer_email_address: Option<String>,
    reference_id: Option<String>,
    card_details: Option<CardDetails>,
}

#[derive(Deserialize)]
struct CardDetails {
    card: Option<Card>,
}

#[derive(Deserialize)]
struct Card {
    fingerprint: Option<String>,
}

/// <https://developer.squareup.com/reference/square/objects/PaymentRefund>
#[derive(Deserialize)]
struct PaymentRefund {
    id: String,
    status: String,
    amount_money: Money,
    payment_id: Option<String>,
    updated_at: Option<String>,
    created_at: String,
}

/// <https://developer.squareup.com/reference/square/objects/Dispute>
#[derive(Deserialize)]
struct Dispute {
    id: String,
    state: String,
    amount_money: Money,
    disputed_payment: DisputedPayment,
    updated_at: Option<String>,
    created_at: String,
}

#[derive(Deserialize)]
struct DisputedPayment {
    payment_id: String,
}

pub(super) fn read(kind: &str, document: &Value) -> Result<Option<Effect>, Unfit> {
    let object = &document["data"]["object"];
    match kind {
        "payment.created" | "payment.updated" => payment(&of(&object["payment"])?),
        "refund.created" | "refund.updated" => refund(of(&object["refund"])?),
        "dispute.created" | "dispute.state.updated" => dispute(of(&object["dispute"])?),
        _ => Ok(None),
    }
}

fn payment(payment: &Payment) -> Result<Option<Effect>, Unfit> {
    if payment.status != COMPLETED {
        return Ok(None);
    }
    let fingerprint =
        payment.card_details.as_ref().and_then(|details| details.card.as_ref()?.fingerprint.clone());
    Ok(Some(Effect::Purchase(Purchase {
        external_id: payment.id.clone(),
        // Without the tip, which total_money has.
        amount: amount(payment.amount_money.amount)?,
        currency: currency(&payment.amount_money.currency)?,
        merchant: payment.location_id.clone().unwrap_or_default(),
        occurred_at: moment(&payment.created_at)?,
        customer_keys: keys([
            (CustomerKeyKind::Card, fingerprint),
            (CustomerKeyKind::Customer, payment.customer_id.clone()),
            (CustomerKeyKind::Email, payment.buyer_email_address.clone()),
            (CustomerKeyKind::Code, payment.reference_id.clone()),
        ]),
    })))
}

fn refund(refund: PaymentRefund) -> Result<Option<Effect>, Unfit> {
    // One without a payment of Square's, such as of cash, is about nothing that was ever granted.
    let (COMPLETED, Some(purchase_id)) = (refund.status.as_str(), refund.payment_id) else { return Ok(None) };
    Ok(Some(Effect::Refund(Refund {
        external_id: refund.id,
        purchase_id,
        amount: amount(refund.amount_money.amount)?,
        currency: currency(&refund.amount_money.currency)?,
        occurred_at: moment(refund.updated_at.as_deref().unwrap_or(&refund.created_at))?,
    })))
}

/// The money is withheld while a dispute lasts, and comes back when it is won. An inquiry is a question, and no money has moved.
/// <https://developer.squareup.com/reference/square/enums/DisputeState>
fn dispute(dispute: Dispute) -> Result<Option<Effect>, Unfit> {
    let taken = match dispute.state.as_str() {
        state if state.starts_with("INQUIRY_") => return Ok(None),
        "WON" => 0,
        _ => dispute.amount_money.amount,
    };
    Ok(Some(Effect::Refund(Refund {
        external_id: dispute.id,
        purchase_id: dispute.disputed_payment.payment_id,
        amount: amount(taken)?,
        currency: currency(&dispute.amount_money.currency)?,
        occurred_at: moment(dispute.updated_at.as_deref().unwrap_or(&dispute.created_at))?,
    })))
}
