//! What an event does: the one place where a source's words become ours. Pure.

mod plain;
mod square;
mod stripe;

use mainstay_model::{
    EmailAddress, Timestamp,
    purchase::{Currency, CustomerKey, CustomerKeyKind, PURCHASE_AMOUNT_MAX},
};
use serde::Deserialize;
use serde_json::Value;

use super::source::Scheme;
pub(super) use crate::purchases::Effect;
use crate::{limits, purchases::code};

/// Why an event that should do something can't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// A field is not there or of another form.
    Unreadable,
    /// An amount is below zero or beyond what can be counted.
    Amount,
    /// A currency is none.
    Currency,
    /// A refund that was told came to nothing, so what it took has to come back; how much that is, the event does not tell.
    RefundFailed,
}

impl Unfit {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::RefundFailed => "refund_failed",
        }
    }
}

/// Reads what an event does; nothing for kinds that are not about purchases.
pub(super) fn read(scheme: &Scheme, kind: &str, document: &Value) -> Result<Option<Effect>, Unfit> {
    let effect = match scheme {
        Scheme::Square { .. } => square::read(kind, document),
        Scheme::Stripe { .. } => stripe::read(kind, document),
        Scheme::Standard | Scheme::Generic { .. } | Scheme::SharedSecret { .. } => {
            plain::read(kind, document)
        }
    }?;
    let is_named = match &effect {
        Some(Effect::Purchase(purchase)) => is_name(&purchase.external_id) && is_text(&purchase.merchant),
        Some(Effect::Refund(refund)) => is_name(&refund.external_id) && is_name(&refund.purchase_id),
        None => true,
    };
    if is_named { Ok(effect) } else { Err(Unfit::Unreadable) }
}

/// What tells one thing of a source from another: without one, all would be taken for the same.
fn is_name(text: &str) -> bool {
    !text.is_empty() && is_text(text)
}

fn is_text(text: &str) -> bool {
    text.len() <= limits::EXTERNAL_NAME_BYTES_MAX && !text.contains(char::is_control)
}

fn of<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T, Unfit> {
    T::deserialize(value).map_err(|_| Unfit::Unreadable)
}

fn amount(minor_units: i64) -> Result<i64, Unfit> {
    if (0..=PURCHASE_AMOUNT_MAX).contains(&minor_units) { Ok(minor_units) } else { Err(Unfit::Amount) }
}

fn currency(text: &str) -> Result<Currency, Unfit> {
    text.parse().map_err(|_| Unfit::Currency)
}

fn moment(text: &str) -> Result<Timestamp, Unfit> {
    text.parse().map_err(|_| Unfit::Unreadable)
}

/// What there is of these. Two spellings of an address are one; what is no address recognises nobody.
fn keys<const N: usize>(told: [(CustomerKeyKind, Option<String>); N]) -> Vec<CustomerKey> {
    let key = |(kind, value): (CustomerKeyKind, Option<String>)| {
        let value = value.filter(|value| !value.trim().is_empty())?;
        let value = match kind {
            CustomerKeyKind::Email => value.parse::<EmailAddress>().ok()?.to_string(),
            CustomerKeyKind::Code => code(&value)?,
            CustomerKeyKind::Card | CustomerKeyKind::Customer => value,
        };
        (value.len() <= limits::CUSTOMER_KEY_CHARS_MAX).then_some(CustomerKey { kind, value })
    };
    told.into_iter().filter_map(key).collect()
}
