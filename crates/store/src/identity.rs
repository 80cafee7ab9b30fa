//! Linked provider accounts.

use async_trait::async_trait;
use mainstay_model::{EmailAddress, IdentityId, MemberId, Timestamp, identity::Identity};

use crate::Result;

/// What became of a new link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityInserted {
    /// The row is there.
    Inserted,
    /// The provider's account is linked already (to this or another member); nothing was written.
    Taken,
}

/// Provider accounts, keyed by (issuer, subject).
#[async_trait]
pub trait IdentityStore: Send {
    /// Links a provider's account.
    async fn insert_identity(&mut self, identity: &Identity) -> Result<IdentityInserted>;
    /// Finds the link of a provider's account.
    async fn identity_by_subject(&mut self, issuer: &str, subject: &str) -> Result<Option<Identity>>;
    /// A member's links, oldest first; at most 100.
    async fn identities_of_member(&mut self, member_id: MemberId) -> Result<Vec<Identity>>;
    /// Notes a use: the provider's present address and time; a given token replaces the stored one, none keeps it.
    async fn touch_identity(
        &mut self,
        id: IdentityId,
        email: Option<&EmailAddress>,
        sealed_token: Option<&[u8]>,
        at: Timestamp,
    ) -> Result<()>;
    /// Removes a member's link. Answers whether there was one.
    async fn delete_identity(&mut self, member_id: MemberId, id: IdentityId) -> Result<bool>;
}
