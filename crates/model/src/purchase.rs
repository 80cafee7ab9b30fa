//! Purchases at merchants, as payment providers tell of them, and what was given back of them.

use std::{fmt, str::FromStr};

use crate::{
    CustomerLinkId, MemberId, PurchaseId, PurchaseRuleId, SecretHash, Timestamp,
    text::{UnknownWord, state},
};

/// The largest amount of one purchase, in minor units: exact in every client's numbers (2^53), and far from overflow when it is
/// multiplied by a rule.
pub const PURCHASE_AMOUNT_MAX: i64 = 1_000_000_000_000;

/// A currency by its three letters (ISO 4217), in upper case. Which of them exist is the provider's to know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| UnknownWord)?;
        if letters.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(letters.map(|letter| letter.to_ascii_uppercase())))
        } else {
            Err(UnknownWord)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

state! {
    /// By what a buyer is recognised.
    pub enum CustomerKeyKind {
        /// The provider's fingerprint of a card: the same card, the same fingerprint.
        Card = "card",
        /// The provider's id of a customer.
        Customer = "customer",
        /// An e-mail address.
        Email = "email",
        /// A code that the member shows, or that is on the receipt.
        Code = "code",
    }
}

/// Something by which a buyer is recognised. Never stored as it is, only as a keyed hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerKey {
    /// What it is.
    pub kind: CustomerKeyKind,
    /// As the provider writes it; an address in its normal form.
    pub value: String,
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerKey({}, …)", self.kind)
    }
}

/// A finished payment, in one form for all providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// What the source calls the payment.
    pub external_id: String,
    /// In minor units of the currency; at least 0, at most [`PURCHASE_AMOUNT_MAX`].
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
    /// Where, as the source calls it; empty when it does not say.
    pub merchant: String,
    /// When.
    pub occurred_at: Timestamp,
    /// By what the buyer may be recognised.
    pub customer_keys: Vec<CustomerKey>,
}

/// Money that went back. Told under one id it counts once: what is told later replaces what was told earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// What the source calls it.
    pub external_id: String,
    /// Of which payment.
    pub purchase_id: String,
    /// In minor units; 0 when it was taken back.
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
    /// When it was so.
    pub occurred_at: Timestamp,
}

/// A purchase as stored, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseRecord {
    /// Which.
    pub id: PurchaseId,
    /// The configured source that told of it.
    pub source: String,
    /// What the source calls the payment.
    pub external_id: String,
    /// In minor units.
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
    /// Where; may be empty.
    pub merchant: String,
    /// When.
    pub occurred_at: Timestamp,
    /// Whose; none while nobody is known.
    pub member_id: Option<MemberId>,
    /// The rule that counted; none when no rule fits, or nobody is known.
    pub rule_id: Option<PurchaseRuleId>,
    /// Points that were granted for it.
    pub granted: i64,
    /// Points of those that were taken back since.
    pub taken_back: i64,
    /// Points of those that an operator took back, by undoing a grant of them.
    pub reversed: i64,
    /// What of the amount went back, as far as points follow it.
    pub refunded: i64,
    /// When it became its member's, once and for ever; none while it can be claimed.
    pub claimed_at: Option<Timestamp>,
    /// When it was told.
    pub created_at: Timestamp,
}

impl PurchaseRecord {
    /// Points that have to be taken back in all once so much of the amount went back: what is kept is rounded down, so that nothing
    /// is kept of what went back whole. What an operator took is not taken again.
    #[must_use]
    pub fn owed_back(&self, refunded: i64) -> i64 {
        let refunded = refunded.clamp(0, self.amount);
        if refunded == 0 {
            return 0;
        }
        let kept = i128::from(self.granted) * i128::from(self.amount - refunded) / i128::from(self.amount);
        let owed = self.granted - i64::try_from(kept).unwrap_or(0);
        owed.min(self.granted - self.reversed)
    }

    /// Points of it that its member still has, spent or not.
    #[must_use]
    pub const fn kept(&self) -> i64 {
        self.granted - self.taken_back - self.reversed
    }
}

/// A rule by which purchases become points: so many points for so much. Of the rules that fit a purchase the one that gives most
/// counts, so a campaign is a better rule with a beginning and an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseRule {
    /// Which.
    pub id: PurchaseRuleId,
    /// For people.
    pub name: String,
    /// Only purchases of this source.
    pub source: Option<String>,
    /// Only purchases at this merchant, as the source calls it.
    pub merchant: Option<String>,
    /// Only purchases in this currency.
    pub currency: Currency,
    /// So many points, at least 1,
    pub points: i64,
    /// for so many minor units, at least 1.
    pub per_amount: i64,
    /// At most so many points for one purchase.
    pub purchase_points_max: Option<i64>,
    /// At most so many points for all purchases of a member on one day (UTC).
    pub day_points_max: Option<i64>,
    /// Only purchases from then on.
    pub starts_at: Option<Timestamp>,
    /// Only purchases before.
    pub ends_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl PurchaseRule {
    /// Whether it is about such a purchase.
    #[must_use]
    pub fn fits(&self, purchase: &PurchaseRecord) -> bool {
        let is_any_or =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        self.currency == purchase.currency
            && is_any_or(&self.source, &purchase.source)
            && is_any_or(&self.merchant, &purchase.merchant)
            && self.starts_at.is_none_or(|start| start <= purchase.occurred_at)
            && self.ends_at.is_none_or(|end| purchase.occurred_at < end)
    }

    /// Points for an amount: whole ones, rounded down, and at most what one purchase may give.
    #[must_use]
    pub fn points_for(&self, amount: i64) -> i64 {
        let points = i128::from(amount.max(0)) * i128::from(self.points) / i128::from(self.per_amount.max(1));
        i64::try_from(points).unwrap_or(i64::MAX).min(self.purchase_points_max.unwrap_or(i64::MAX))
    }
}

/// Something by which purchases of a member are recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerLink {
    /// Which.
    pub id: CustomerLinkId,
    /// Whose purchases.
    pub member_id: MemberId,
    /// The configured source that knows it; none for what all sources share, such as a code.
    pub source: Option<String>,
    /// What it is.
    pub kind: CustomerKeyKind,
    /// Keyed hash of it and its source; belongs to one member at most.
    pub hash: SecretHash,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn purchase(amount: i64, granted: i64) -> PurchaseRecord {
        PurchaseRecord {
            id: PurchaseId::new(Uuid::nil()),
            source: "square".to_owned(),
            external_id: "p".to_owned(),
            amount,
            currency: "USD".parse().expect("a currency"),
            merchant: "m".to_owned(),
            occurred_at: Timestamp::from_seconds(100),
            member_id: None,
            rule_id: None,
            granted,
            taken_back: 0,
            reversed: 0,
            refunded: 0,
            claimed_at: None,
            created_at: Timestamp::EPOCH,
        }
    }

    fn rule(points: i64, per_amount: i64) -> PurchaseRule {
        PurchaseRule {
            id: PurchaseRuleId::new(Uuid::nil()),
            name: "r".to_owned(),
            source: None,
            merchant: None,
            currency: "USD".parse().expect("a currency"),
            points,
            per_amount,
            purchase_points_max: None,
            day_points_max: None,
            starts_at: None,
            ends_at: None,
            created_at: Timestamp::EPOCH,
        }
    }

    #[test]
    fn points_are_rounded_down_and_never_overflow() {
        assert_eq!([0, 99, 100, 199, 1250].map(|amount| rule(1, 100).points_for(amount)), [0, 0, 1, 1, 12]);
        assert_eq!(rule(3, 2).points_for(5), 7);
        assert_eq!(rule(i64::MAX, 1).points_for(PURCHASE_AMOUNT_MAX), i64::MAX);
        let capped = PurchaseRule { purchase_points_max: Some(10), ..rule(1, 100) };
        assert_eq!((capped.points_for(999), capped.points_for(100_000)), (9, 10));
    }

    #[test]
    fn a_rule_fits_its_source_merchant_currency_and_time() {
        let bought = purchase(100, 0);
        assert!(rule(1, 1).fits(&bought));
        let some = |text: &str| Some(text.to_owned());
        assert!(PurchaseRule { source: some("square"), merchant: some("m"), ..rule(1, 1) }.fits(&bought));
        assert!(!PurchaseRule { source: some("stripe"), ..rule(1, 1) }.fits(&bought));
        assert!(!PurchaseRule { merchant: some("n"), ..rule(1, 1) }.fits(&bought));
        assert!(!PurchaseRule { currency: "EUR".parse().expect("a currency"), ..rule(1, 1) }.fits(&bought));
        let at = |seconds: i64| Some(Timestamp::from_seconds(seconds));
        assert!(PurchaseRule { starts_at: at(100), ends_at: at(101), ..rule(1, 1) }.fits(&bought));
        assert!(!PurchaseRule { starts_at: at(101), ..rule(1, 1) }.fits(&bought));
        assert!(!PurchaseRule { ends_at: at(100), ..rule(1, 1) }.fits(&bought));
    }

    #[test]
    fn what_is_kept_after_a_refund_is_rounded_down() {
        let bought = purchase(300, 10);
        assert_eq!(
            [0, 1, 100, 150, 299, 300, 999].map(|refunded| bought.owed_back(refunded)),
            [0, 1, 4, 5, 10, 10, 10]
        );
        assert_eq!(purchase(0, 0).owed_back(5), 0);
    }

    #[test]
    fn what_an_operator_took_is_not_owed_again() {
        let undone = |reversed| PurchaseRecord { reversed, ..purchase(300, 10) };
        let owed = |reversed| [0, 150, 240, 300].map(|refunded| undone(reversed).owed_back(refunded));
        assert_eq!((owed(0), owed(4), owed(10)), ([0, 5, 8, 10], [0, 5, 6, 6], [0; 4]));
        assert_eq!(PurchaseRecord { taken_back: 3, ..undone(4) }.kept(), 3);
    }

    #[test]
    fn a_currency_is_three_letters() {
        assert_eq!("usd".parse::<Currency>().expect("a currency").as_str(), "USD");
        for bad in ["", "us", "usdd", "u$d", "€"] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
    }
}
