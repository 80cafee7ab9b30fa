//! Purchases, the rules by which they become points, and by what their buyers are recognised.

use async_trait::async_trait;
use mainstay_model::{
    CustomerLinkId, Day, EmailAddress, MemberId, PurchaseId, PurchaseRuleId, SecretHash, Timestamp,
    page::{Page, PageRequest},
    purchase::{CustomerKeyKind, CustomerLink, PurchaseRecord, PurchaseRule, Refund},
};

use crate::Result;

/// A payment by its source and the source's name for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurchaseName {
    /// The configured source.
    pub source: String,
    /// What it calls the payment.
    pub external_id: String,
}

/// Points that a rule gave a member on one day, where it has a bound for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurchaseDay {
    /// Whom.
    pub member_id: MemberId,
    /// Which rule.
    pub rule_id: PurchaseRuleId,
    /// When.
    pub day: Day,
}

/// What became of a new link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerLinked {
    /// It is there, now or since before.
    Linked,
    /// It belongs to another member; nothing was written.
    Taken,
}

/// Purchases. Hot paths take slices.
#[async_trait]
pub trait PurchaseStore: Send {
    /// Hot path: keeps others who call this from these names, whether there is such a purchase or not, until the transaction ends. Comes
    /// before all else that is done with purchases.
    async fn lock_purchase_names(&mut self, names: &[PurchaseName]) -> Result<()>;
    /// Hot path: adds those that are not there by their names.
    async fn insert_purchases(&mut self, purchases: &[PurchaseRecord]) -> Result<()>;
    /// Hot path: adds what went back, or replaces what was told under the same name earlier; of the same moment the larger amount stays.
    async fn put_refunds(&mut self, refunds: &[(String, Refund)]) -> Result<()>;
    /// Hot path: reads purchases with what went back of each in all. One answer per name, in order.
    async fn purchases_by_names(
        &mut self,
        names: &[PurchaseName],
    ) -> Result<Vec<Option<(PurchaseRecord, i64)>>>;
    /// By what name the source knows a purchase; none when there is no such.
    async fn purchase_name(&mut self, id: PurchaseId) -> Result<Option<PurchaseName>>;
    /// Hot path: writes whose they are and what they came to.
    async fn settle_purchases(&mut self, purchases: &[PurchaseRecord]) -> Result<()>;
    /// Hot path: keeps by what buyers may be recognised.
    async fn insert_purchase_keys(
        &mut self,
        keys: &[(SecretHash, CustomerKeyKind, PurchaseId)],
    ) -> Result<()>;
    /// Forgets by what the buyers of these may be recognised.
    async fn delete_purchase_keys(&mut self, ids: &[PurchaseId]) -> Result<()>;
    /// The keys of a purchase that nobody has claimed.
    async fn purchase_keys(&mut self, id: PurchaseId) -> Result<Vec<(SecretHash, CustomerKeyKind)>>;
    /// Purchases that nobody has claimed yet and that one of the hashes recognises, oldest first.
    async fn claimable_purchases(&mut self, hashes: &[SecretHash], limit: u32) -> Result<Vec<PurchaseName>>;
    /// A member's purchases, newest first.
    async fn purchases_of_member(
        &mut self,
        member_id: MemberId,
        page: PageRequest,
    ) -> Result<Page<PurchaseRecord>>;
    /// Hot path: points so far on each of these days, kept from others in their order. One answer per day, in order.
    async fn lock_purchase_days(&mut self, days: &[PurchaseDay]) -> Result<Vec<i64>>;
    /// Hot path: writes the points of days that were locked.
    async fn set_purchase_days(&mut self, days: &[(PurchaseDay, i64)]) -> Result<()>;
}

/// Rules and links.
#[async_trait]
pub trait PurchaseRuleStore: Send {
    /// Adds a rule.
    async fn insert_purchase_rule(&mut self, rule: &PurchaseRule) -> Result<()>;
    /// Every rule, oldest first, at most `limit`.
    async fn purchase_rules(&mut self, limit: u32) -> Result<Vec<PurchaseRule>>;
    /// Has a rule end at a moment, unless it ended before. Answers whether there is one.
    async fn end_purchase_rule(&mut self, id: PurchaseRuleId, at: Timestamp) -> Result<bool>;
    /// Links what recognises a buyer to a member.
    async fn insert_customer_link(&mut self, link: &CustomerLink) -> Result<CustomerLinked>;
    /// A member's links, oldest first.
    async fn customer_links(&mut self, member_id: MemberId) -> Result<Vec<CustomerLink>>;
    /// Removes a member's link. Answers whether there was one.
    async fn delete_customer_link(&mut self, member_id: MemberId, id: CustomerLinkId) -> Result<bool>;
    /// Hot path: whose the hashes are, one answer each, in order.
    async fn members_by_links(&mut self, hashes: &[SecretHash]) -> Result<Vec<Option<MemberId>>>;
    /// Hot path: who proved the addresses, one answer each, in order.
    async fn members_by_proven_emails(&mut self, emails: &[EmailAddress]) -> Result<Vec<Option<MemberId>>>;
}

/// Keys of hashes that must stay what they are.
#[async_trait]
pub trait HashKeyStore: Send {
    /// The sealed key of a name; puts this one there when there is none.
    async fn hash_key_or_insert(&mut self, id: uuid::Uuid, name: &str, sealed_key: &[u8]) -> Result<Vec<u8>>;
}
