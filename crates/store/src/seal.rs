//! Sealed values that wait for being sealed anew after the key changed. The store knows only how such a value begins.

use async_trait::async_trait;
use uuid::Uuid;

use crate::Result;

/// Where there are sealed values that live long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedValue {
    /// A linked account's provider token.
    ProviderToken,
    /// A job's arguments.
    Job,
    /// A secret that signs outgoing events.
    EndpointSecret,
    /// A key of hashes.
    HashKey,
}

impl SealedValue {
    /// All of them.
    pub const ALL: &[Self] = &[Self::ProviderToken, Self::Job, Self::EndpointSecret, Self::HashKey];

    /// For logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderToken => "provider_token",
            Self::Job => "job",
            Self::EndpointSecret => "endpoint_secret",
            Self::HashKey => "hash_key",
        }
    }
}

/// Sealing anew.
#[async_trait]
pub trait SealStore: Send {
    /// Values that do not begin with `header`, with the ids of their rows in order, beginning after one; at most `limit`.
    async fn sealed_otherwise(
        &mut self,
        value: SealedValue,
        header: &[u8],
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<(Uuid, Vec<u8>)>>;
    /// Puts a new sealed form in the place of an old one. Answers false when the row is gone or holds another value by now.
    async fn reseal(&mut self, value: SealedValue, id: Uuid, old: &[u8], new: &[u8]) -> Result<bool>;
}
