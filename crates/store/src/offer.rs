//! Offers of merchants.

use async_trait::async_trait;
use mainstay_model::{
    MerchantId, OfferId, Timestamp,
    offer::Offer,
    page::{Page, PageRequest},
};

use crate::Result;

/// Offers. They are never removed: redemptions name them.
#[async_trait]
pub trait OfferStore: Send {
    /// Adds an offer that nobody took yet. [`crate::Error::Constraint`] when there is no such merchant.
    async fn insert_offer(&mut self, offer: &Offer) -> Result<()>;
    /// Reads an offer.
    async fn offer_by_id(&mut self, id: OfferId) -> Result<Option<Offer>>;
    /// Reads an offer, and keeps others from changing and from taking it until the transaction ends. What was given back meanwhile is
    /// there to be taken again.
    async fn lock_offer(&mut self, id: OfferId) -> Result<Option<Offer>>;
    /// Writes all but the merchant, `taken` and `created_at` of a locked offer. Answers whether there is one.
    /// [`crate::Error::Constraint`] when more were taken than its stock has.
    async fn update_offer(&mut self, offer: &Offer) -> Result<bool>;
    /// A merchant's offers, newest first.
    async fn offers_of_merchant(&mut self, merchant_id: MerchantId, page: PageRequest)
    -> Result<Page<Offer>>;
    /// Offers that are open at a moment, of merchants that are active, with the merchants' names, newest first. Those of which nothing
    /// is left are among them.
    async fn open_offers(&mut self, now: Timestamp, page: PageRequest) -> Result<Page<(Offer, String)>>;
}
