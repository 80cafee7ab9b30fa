//! Redemptions of offers.

use async_trait::async_trait;
use mainstay_model::{
    MemberId, MerchantId, OfferId, RedemptionId, SecretHash,
    page::{Page, PageRequest},
    redemption::Redemption,
};

use crate::Result;

/// What came of adding a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedemptionInserted {
    /// It was added, and is counted in its offer.
    Inserted,
    /// Another redemption has the code; nothing was written.
    CodeTaken,
}

/// Redemptions. Whose they are is part of each statement.
#[async_trait]
pub trait RedemptionStore: Send {
    /// Adds a redemption of an offer that this transaction locked; its hold was posted before. [`crate::Error::Constraint`] when
    /// nothing is left of the offer.
    async fn insert_redemption(&mut self, redemption: &Redemption) -> Result<RedemptionInserted>;
    /// Reads a member's redemption.
    async fn redemption_by_id(&mut self, member_id: MemberId, id: RedemptionId)
    -> Result<Option<Redemption>>;
    /// Finds a redemption by its code, at its own merchant only.
    async fn redemption_by_code(
        &mut self,
        merchant_id: MerchantId,
        code_hash: &SecretHash,
    ) -> Result<Option<Redemption>>;
    /// A member's redemptions, newest first.
    async fn redemptions_of_member(
        &mut self,
        member_id: MemberId,
        page: PageRequest,
    ) -> Result<Page<Redemption>>;
    /// A merchant's redemptions, newest first.
    async fn redemptions_of_merchant(
        &mut self,
        merchant_id: MerchantId,
        page: PageRequest,
    ) -> Result<Page<Redemption>>;
    /// How often a member took an offer and did not give it back.
    async fn count_taken_by_member(&mut self, offer_id: OfferId, member_id: MemberId) -> Result<i64>;
}
