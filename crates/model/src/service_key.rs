//! Keys of a team's own back ends: scoped, shown once, stored as a hash.

use crate::{MerchantId, SecretHash, ServiceKeyId, Timestamp, text::state};

state! {
    /// What a service key opens.
    pub enum Scope {
        /// Read members by id.
        MembersRead = "members:read",
        /// Read the audit trail.
        AuditRead = "audit:read",
        /// Read members' wallets.
        WalletRead = "wallet:read",
        /// Give points to members, hold them and spend what is held.
        WalletWrite = "wallet:write",
        /// Confirm redemptions at the one merchant that the key belongs to.
        RedemptionsConfirm = "redemptions:confirm",
    }
}

/// A service key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// Which.
    pub id: ServiceKeyId,
    /// What its owner calls it.
    pub name: String,
    /// The first characters, `msk_` and eight more, by which a leaked key is recognised. Unique.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub hash: SecretHash,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// The merchant that it belongs to. Such a key has the scope [`Scope::RedemptionsConfirm`] and no other, and no other key has it.
    pub merchant_id: Option<MerchantId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last use, to about a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
