//! Sends signed events to addresses that operators name. Whoever sends must reach nothing that is not on the public internet.

use std::time::Duration;

use async_trait::async_trait;
use mainstay_model::Timestamp;
use url::Url;

/// An event, signed for one attempt (Standard Webhooks 1.0).
#[derive(Clone, Debug)]
pub struct SignedEvent {
    /// Where to.
    pub url: Url,
    /// `webhook-id`
    pub id: String,
    /// `webhook-timestamp`, in seconds
    pub timestamp: i64,
    /// `webhook-signature`
    pub signature: String,
    /// The body, JSON.
    pub body: String,
}

/// Why a URL can't be an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    /// Another scheme.
    #[error("must be an https URL")]
    NotHttps,
    /// A user name, a password or a fragment.
    #[error("must have neither credentials nor a fragment")]
    Credentials,
    /// This machine or its neighbours.
    #[error("must be on the public internet, not on a private, local or reserved address")]
    Private,
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum SendFault {
    /// The URL, or an address that its name stands for, is not on the public internet. Nothing was sent.
    PrivateTarget,
    /// The name stands for no address.
    NoAddress,
    /// There was no connection.
    NoConnection,
    /// There was no answer in time.
    TimeOut,
    /// The connection broke, or what came over it was no HTTP.
    NoAnswer,
}

impl SendFault {
    /// The word that the delivery log keeps.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PrivateTarget => "private_target",
            Self::NoAddress => "no_address",
            Self::NoConnection => "no_connection",
            Self::TimeOut => "time_out",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// What a receiver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// When the receiver wants to be asked again, if it says so.
    pub retry_after: Option<RetryAfter>,
}

/// When a receiver wants to be asked again, in either of its forms (RFC 9110, 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So long after its answer.
    Delay(Duration),
    /// Not before this moment.
    Moment(Timestamp),
}

/// Sends events.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Looks at a URL without asking anybody what its name stands for.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check_target(&self, url: &Url) -> Result<(), TargetFault>;

    /// Sends an event once and tells the answer, whatever it is. Follows no redirect.
    async fn send(&self, event: &SignedEvent) -> Result<Answer, SendFault>;
}
