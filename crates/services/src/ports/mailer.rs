//! Outgoing mail.

use async_trait::async_trait;
use mainstay_model::{EmailAddress, Timestamp};
use serde::{Deserialize, Serialize};

/// A mail: plain text, since a sign-in code needs nothing else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mail {
    /// To whom, as text of an [`EmailAddress`].
    pub to: String,
    /// Subject, one line.
    pub subject: String,
    /// Body.
    pub text: String,
    /// ISO 639-1 code of its language, for `Content-Language`.
    pub language: String,
    /// When it is of no use any more and need not be sent.
    #[serde(default)]
    pub not_after: Option<Timestamp>,
}

impl Mail {
    /// A mail to an address.
    #[must_use]
    pub fn new(to: &EmailAddress, subject: String, text: String, language: mainstay_model::Language) -> Self {
        Self {
            to: to.as_str().to_owned(),
            subject,
            text,
            language: language.code().to_owned(),
            not_after: None,
        }
    }

    /// The same, not to be sent from then on: it holds a code that has run out by then.
    #[must_use]
    pub fn until(self, not_after: Timestamp) -> Self {
        Self { not_after: Some(not_after), ..self }
    }
}

/// Why a mail did not go.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server could not be reached or asked to try again later.
    #[error("try again later: {0}")]
    Temporary(String),
    /// It will never go.
    #[error("refused for good: {0}")]
    Permanent(String),
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail over. When this returns, the next server (or the folder) has it.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}
