//! Offers: what members can have for their points at a merchant.

use crate::{MerchantId, OfferId, Timestamp, ledger::Amount, text::state};

/// The most that an offer's numbers of redemptions can be.
pub const OFFER_COUNT_MAX: i64 = 1_000_000_000;

state! {
    /// Whether an offer can be redeemed, apart from its dates and its stock.
    pub enum OfferStatus {
        /// It can.
        Active = "active",
        /// It can't; what was redeemed before is confirmed all the same.
        Closed = "closed",
    }
}

/// An offer as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub id: OfferId,
    /// Of which merchant; never changes.
    pub merchant_id: MerchantId,
    /// In a few words.
    pub title: String,
    /// In more words; may be empty.
    pub description: String,
    /// What it takes.
    pub points: Amount,
    /// Not before.
    pub starts_at: Timestamp,
    /// Not from then on.
    pub ends_at: Option<Timestamp>,
    /// How often it can be had in all.
    pub stock: Option<i64>,
    /// How often one member can have it.
    pub per_member_max: Option<i64>,
    /// Whether it can be had at all.
    pub status: OfferStatus,
    /// How often it was had: confirmed, or still to be confirmed. What is given back is not counted. Kept by the store.
    pub taken: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

impl Offer {
    /// Whether its status and dates let it be redeemed.
    #[must_use]
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        self.status == OfferStatus::Active
            && self.starts_at <= now
            && self.ends_at.is_none_or(|end| now < end)
    }

    /// How often it can still be had; none when there is no end to it.
    #[must_use]
    pub fn left(&self) -> Option<i64> {
        self.stock.map(|stock| (stock - self.taken).max(0))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_offer_is_open_from_its_start_to_before_its_end() {
        let at = Timestamp::from_seconds;
        let mut offer = Offer {
            id: OfferId::new(Uuid::nil()),
            merchant_id: MerchantId::new(Uuid::nil()),
            title: "Coffee".to_owned(),
            description: String::new(),
            points: Amount::new(1).expect("an amount"),
            starts_at: at(10),
            ends_at: Some(at(20)),
            stock: Some(2),
            per_member_max: None,
            status: OfferStatus::Active,
            taken: 3,
            created_at: at(0),
            updated_at: at(0),
        };
        assert_eq!([9, 10, 19, 20].map(|second| offer.is_open_at(at(second))), [false, true, true, false]);
        assert_eq!(offer.left(), Some(0));
        (offer.ends_at, offer.stock) = (None, None);
        assert!(offer.is_open_at(at(1_000_000)));
        assert_eq!(offer.left(), None);
        offer.status = OfferStatus::Closed;
        assert!(!offer.is_open_at(at(15)));
    }
}
