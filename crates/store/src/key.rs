//! Signing keys and service keys.

use async_trait::async_trait;
use mainstay_model::{ServiceKeyId, Timestamp, key::SigningKey, service_key::ServiceKey};

use crate::Result;

/// The signing-key ring.
#[async_trait]
pub trait KeyStore: Send {
    /// Every key, oldest first. The ring is small: retired keys are removed.
    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>>;
    /// Adds one.
    async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<()>;
    /// Sets when a key begins to sign and stops verifying, and its sealed form. Answers whether there is such a key.
    async fn update_signing_key(&mut self, key: &SigningKey) -> Result<bool>;
    /// Removes a key. Answers whether there was one.
    async fn delete_signing_key(&mut self, kid: &str) -> Result<bool>;
}

/// Keys of a team's own back ends.
#[async_trait]
pub trait ServiceKeyStore: Send {
    /// Adds one.
    async fn insert_service_key(&mut self, key: &ServiceKey) -> Result<()>;
    /// Finds one by its visible prefix, revoked or not.
    async fn service_key_by_prefix(&mut self, prefix: &str) -> Result<Option<ServiceKey>>;
    /// All, newest first; at most 1000.
    async fn service_keys(&mut self) -> Result<Vec<ServiceKey>>;
    /// Moves `last_used_at` forward.
    async fn touch_service_key(&mut self, id: ServiceKeyId, at: Timestamp) -> Result<()>;
    /// Revokes one. Answers false when there is none or it was revoked before.
    async fn revoke_service_key(&mut self, id: ServiceKeyId, at: Timestamp) -> Result<bool>;
}
