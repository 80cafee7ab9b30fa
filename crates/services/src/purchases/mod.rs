//! Purchases become points (WHK-4): whose a purchase is, by which rule it counts, and what a refund takes back. Purchases of nobody
//! known are kept until somebody claims them. What is told twice counts once, and in whatever order it is told.

mod buyer;
mod claim;
mod link;
mod rules;
mod settle;
mod undo;

use mainstay_model::{
    EmailAddress, SecretHash,
    purchase::{CustomerKeyKind, Purchase, Refund},
};

#[cfg(feature = "sabotage")]
pub(crate) use self::settle::is_nobodys;
pub use self::{
    buyer::BuyerKey,
    claim::{Claim, claim, list},
    link::{ForeignLink, MadeCode, link_for, links, make_code, unlink},
    rules::{NewRule, end_rule, make_rule, rules},
};
pub(crate) use self::{
    buyer::code,
    settle::{Terms, apply},
    undo::{granted_for, undo_grant},
};

/// What an event of a source does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Somebody bought something.
    Purchase(Purchase),
    /// Some of it, or all, was given back.
    Refund(Refund),
}

/// What a source told, ready for a transaction: what recognises the buyer is hashed.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    source: String,
    effect: Effect,
    keys: Vec<(SecretHash, CustomerKeyKind)>,
    email: Option<EmailAddress>,
}

impl Told {
    pub(crate) fn new(key: &BuyerKey, source: &str, mut effect: Effect) -> Self {
        let customer_keys = match &mut effect {
            Effect::Purchase(purchase) => std::mem::take(&mut purchase.customer_keys),
            Effect::Refund(_) => Vec::new(),
        };
        let email = customer_keys
            .iter()
            .find(|known| known.kind == CustomerKeyKind::Email)
            .and_then(|known| known.value.parse().ok());
        let keys = customer_keys.iter().map(|known| (key.hash(source, known), known.kind)).collect();
        Self { source: source.to_owned(), effect, keys, email }
    }
}
