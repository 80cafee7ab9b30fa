//! Merchants: who members spend their points at. A merchant's account in the ledger has the merchant's own id.

use crate::{MerchantId, Timestamp, ledger::AccountRef, text::state};

state! {
    /// Whether points can be spent at a merchant.
    pub enum MerchantStatus {
        /// They can.
        Active = "active",
        /// They can't; what it has stays its own.
        Closed = "closed",
    }
}

/// A merchant as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// Which.
    pub id: MerchantId,
    /// As members read it.
    pub name: String,
    /// Whether points can be spent there.
    pub status: MerchantStatus,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

impl Merchant {
    /// Where its points are.
    #[must_use]
    pub const fn account(&self) -> AccountRef {
        AccountRef::merchant(self.id.uuid())
    }
}
