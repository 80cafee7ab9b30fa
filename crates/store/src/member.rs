//! Members and their passwords.

use std::collections::HashSet;

use async_trait::async_trait;
use mainstay_model::{EmailAddress, MemberId, Timestamp, member::Member};

use crate::Result;

/// What became of a new member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberInserted {
    /// The row is there.
    Inserted,
    /// Somebody has the address already; nothing was written.
    EmailTaken,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberUpdated {
    /// The row changed.
    Updated,
    /// Somebody else has the address; nothing was written.
    EmailTaken,
    /// There is no such member.
    Missing,
}

/// Members.
#[async_trait]
pub trait MemberStore: Send {
    /// Adds a member.
    async fn insert_member(&mut self, member: &Member) -> Result<MemberInserted>;
    /// Reads one by id.
    async fn member_by_id(&mut self, id: MemberId) -> Result<Option<Member>>;
    /// Those of them who are there and not banned.
    async fn active_members(&mut self, ids: &[MemberId]) -> Result<HashSet<MemberId>>;
    /// Reads one and keeps others from changing it until the transaction ends. Write transactions only.
    async fn lock_member(&mut self, id: MemberId) -> Result<Option<Member>>;
    /// The same, and keeps others from adding rows that refer to it, such as memberships, until the transaction ends: to be
    /// taken before it is removed. Write transactions only.
    async fn lock_member_and_references(&mut self, id: MemberId) -> Result<Option<Member>>;
    /// Reads one by address, proven or not.
    async fn member_by_email(&mut self, email: &EmailAddress) -> Result<Option<Member>>;
    /// Reads one by WebAuthn user handle.
    async fn member_by_user_handle(&mut self, user_handle: &[u8; 32]) -> Result<Option<Member>>;
    /// Writes every changeable field: name, language, role, status, address and its proof, `updated_at`.
    async fn update_member(&mut self, member: &Member) -> Result<MemberUpdated>;
    /// Removes a member and all that hangs on them. Answers whether there was one.
    async fn delete_member(&mut self, id: MemberId) -> Result<bool>;
}

/// Password hashes (PHC strings, or bcrypt of imported members).
#[async_trait]
pub trait PasswordStore: Send {
    /// The stored hash.
    async fn password_hash(&mut self, member_id: MemberId) -> Result<Option<String>>;
    /// Sets or replaces it.
    async fn set_password_hash(&mut self, member_id: MemberId, hash: &str, at: Timestamp) -> Result<()>;
    /// Removes it. Answers whether there was one.
    async fn delete_password(&mut self, member_id: MemberId) -> Result<bool>;
}
