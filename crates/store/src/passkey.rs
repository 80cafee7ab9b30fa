//! Passkeys.

use async_trait::async_trait;
use mainstay_model::{MemberId, PasskeyId, Timestamp, passkey::Passkey};

use crate::Result;

/// What became of a new passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyInserted {
    /// The row is there.
    Inserted,
    /// The credential id is known already; nothing was written (WebAuthn 7.1, step 26).
    Taken,
}

/// WebAuthn credentials.
#[async_trait]
pub trait PasskeyStore: Send {
    /// Adds one.
    async fn insert_passkey(&mut self, passkey: &Passkey) -> Result<PasskeyInserted>;
    /// A member's passkeys, oldest first; at most 100.
    async fn passkeys_of_member(&mut self, member_id: MemberId) -> Result<Vec<Passkey>>;
    /// Finds one by the authenticator's id and, in a write transaction, keeps others from changing it.
    async fn lock_passkey_by_credential_id(&mut self, credential_id: &[u8]) -> Result<Option<Passkey>>;
    /// Notes a use: the library's new state, the BS flag and the time.
    async fn touch_passkey(
        &mut self,
        id: PasskeyId,
        credential: &serde_json::Value,
        backed_up: bool,
        at: Timestamp,
    ) -> Result<()>;
    /// Renames a member's passkey. Answers whether there was one.
    async fn rename_passkey(&mut self, member_id: MemberId, id: PasskeyId, name: &str) -> Result<bool>;
    /// Removes a member's passkey. Answers whether there was one.
    async fn delete_passkey(&mut self, member_id: MemberId, id: PasskeyId) -> Result<bool>;
    /// Removes all of a member's passkeys. Answers how many.
    async fn delete_passkeys_of_member(&mut self, member_id: MemberId) -> Result<u64>;
}
