//! Merchants.

use async_trait::async_trait;
use mainstay_model::{
    MerchantId,
    merchant::Merchant,
    page::{Page, PageRequest},
};

use crate::Result;

/// Merchants. They are never removed: the ledger names them.
#[async_trait]
pub trait MerchantStore: Send {
    /// Adds a merchant.
    async fn insert_merchant(&mut self, merchant: &Merchant) -> Result<()>;
    /// Reads a merchant.
    async fn merchant_by_id(&mut self, id: MerchantId) -> Result<Option<Merchant>>;
    /// Reads a merchant, and keeps others from changing it until the transaction ends.
    async fn lock_merchant(&mut self, id: MerchantId) -> Result<Option<Merchant>>;
    /// Writes name, status and `updated_at`. Answers whether there is one.
    async fn update_merchant(&mut self, merchant: &Merchant) -> Result<bool>;
    /// All merchants, newest first.
    async fn merchants(&mut self, page: PageRequest) -> Result<Page<Merchant>>;
}
