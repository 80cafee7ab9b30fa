//! Work that happens after a commit: it is written in the same transaction as its cause and done by a worker.

use crate::{JobId, Timestamp, text::state};

state! {
    /// What there is to do.
    pub enum JobKind {
        /// Send one mail.
        SendMail = "send_mail",
        /// Revoke a provider's token after an account was deleted.
        RevokeProviderToken = "revoke_provider_token",
    }
}

/// A job as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub id: JobId,
    /// What to do.
    pub kind: JobKind,
    /// Its arguments, sealed: a mail holds an address and a code.
    pub sealed_payload: Vec<u8>,
    /// How often it was tried and failed.
    pub attempts: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// Not before.
    pub run_at: Timestamp,
}
