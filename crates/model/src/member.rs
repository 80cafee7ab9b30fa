//! A member: the person that everything else hangs on.

use crate::{EmailAddress, Language, MemberId, Timestamp, text::state};

state! {
    /// What a member may do in the whole deployment, beside their own things.
    pub enum Role {
        /// Uses the product.
        Member = "member",
        /// Runs it: sees the console and the audit trail.
        Operator = "operator",
    }
}

state! {
    /// Whether a member may sign in.
    pub enum MemberStatus {
        /// May sign in.
        Active = "active",
        /// Barred by an operator; every session is over.
        Banned = "banned",
    }
}

/// A member as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub id: MemberId,
    /// WebAuthn user handle: 32 random bytes that say nothing about the member.
    pub user_handle: [u8; 32],
    /// As the member wishes to be called; may be empty.
    pub display_name: String,
    /// Preferred language.
    pub language: Language,
    /// Role in the deployment.
    pub role: Role,
    /// Active or barred.
    pub status: MemberStatus,
    /// The one address, if there is one.
    pub email: Option<EmailAddress>,
    /// When control of `email` was first proven; none when it never was.
    pub email_verified_at: Option<Timestamp>,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Member {
    /// The address, if its owner proved it.
    #[must_use]
    pub fn verified_email(&self) -> Option<&EmailAddress> {
        self.email_verified_at.and(self.email.as_ref())
    }
}
