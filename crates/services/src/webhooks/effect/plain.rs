//! The form for senders without one of their own: `purchase.completed` and `purchase.refunded`, as `docs/guides/purchase-webhooks.md`
//! describes it.

use mainstay_model::purchase::{CustomerKeyKind, Purchase, Refund};
use serde::Deserialize;
use serde_json::Value;

use super::{Effect, Unfit, amount, currency, keys, moment, of};

#[derive(Deserialize)]
struct Completed {
    purchase_id: String,
    amount: i64,
    currency: String,
    // Many writers say null of what they do not know.
    merchant: Option<String>,
    occurred_at: String,
    customer: Option<Customer>,
}

#[derive(Default, Deserialize)]
struct Customer {
    card: Option<String>,
    id: Option<String>,
    email: Option<String>,
    code: Option<String>,
}

#[derive(Deserialize)]
struct Refunded {
    refund_id: String,
    purchase_id: String,
    amount: i64,
    currency: String,
    occurred_at: String,
}

pub(super) fn read(kind: &str, document: &Value) -> Result<Option<Effect>, Unfit> {
    let data = &document["data"];
    match kind {
        "purchase.completed" => {
            let told: Completed = of(data)?;
            let buyer = told.customer.unwrap_or_default();
            Ok(Some(Effect::Purchase(Purchase {
                external_id: told.purchase_id,
                amount: amount(told.amount)?,
                currency: currency(&told.currency)?,
                merchant: told.merchant.unwrap_or_default(),
                occurred_at: moment(&told.occurred_at)?,
                customer_keys: keys([
                    (CustomerKeyKind::Card, buyer.card),
                    (CustomerKeyKind::Customer, buyer.id),
                    (CustomerKeyKind::Email, buyer.email),
                    (CustomerKeyKind::Code, buyer.code),
                ]),
            })))
        }
        "purchase.refunded" => {
            let told: Refunded = of(data)?;
            Ok(Some(Effect::Refund(Refund {
                external_id: told.refund_id,
                purchase_id: told.purchase_id,
                amount: amount(told.amount)?,
                currency: currency(&told.currency)?,
                occurred_at: moment(&told.occurred_at)?,
            })))
        }
        _ => Ok(None),
    }
}
