//! An OpenID Connect provider (Google, Apple), with its protocol already verified: what comes out may be believed.

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

/// The nonce that an ID token must carry.
#[derive(Clone, Copy, Debug)]
pub enum ExpectedNonce<'a> {
    /// Exactly this one: that of the started flow.
    Exactly(&'a str),
    /// The token was handed over by a client and belongs to no flow of ours; only for the legacy sign-in, which accepts each
    /// token once and only when it is minutes old.
    NoneOfOurs,
}

/// What a verified ID token (and Apple's first form post) says about a person.
#[derive(Clone, Debug)]
pub struct ProviderAccount {
    /// Normalised issuer: one spelling per provider.
    pub issuer: String,
    /// The provider's stable id of the person.
    pub subject: String,
    /// The address as the provider states it.
    pub email: Option<String>,
    /// Whether the provider verified it.
    pub email_verified: bool,
    /// Whether the provider itself decides who has this address (Google for `@gmail.com` and its hosted domains; Apple for its
    /// relay addresses). Only then may it open an existing account.
    pub email_authoritative: bool,
    /// A name, if the provider gave one.
    pub name: Option<String>,
    /// A provider token that must be revoked when the account is deleted.
    pub refresh_token: Option<SecretString>,
}

/// Why a provider's answer led nowhere.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The code or the ID token was not accepted. The reason is for the log and the audit trail.
    #[error("refused: {0}")]
    Refused(String),
    /// The provider could not be reached or failed.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

/// One configured provider. Endpoints and keys come from configuration, never from a token.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// The client id that browsers may know.
    fn client_id(&self) -> &str;

    /// Where the provider sends the browser back by a cross-site form post (Apple) and not by a redirect.
    fn answers_by_form_post(&self) -> bool;

    /// The address to send the browser to. `pkce_challenge` is the S256 challenge (RFC 7636).
    fn authorize_url(&self, state: &str, nonce: &str, pkce_challenge: &str) -> Url;

    /// Exchanges a code and verifies the ID token that comes with it.
    async fn exchange(
        &self,
        code: &str,
        pkce_verifier: &str,
        nonce: &str,
    ) -> Result<ProviderAccount, ProviderError>;

    /// Verifies an ID token that a client handed over.
    async fn verify_id_token(
        &self,
        id_token: &str,
        nonce: ExpectedNonce<'_>,
    ) -> Result<ProviderAccount, ProviderError>;

    /// Tells the provider that its token is not needed any more; nothing to do where it has no such thing.
    async fn revoke(&self, token: &SecretString) -> Result<(), ProviderError>;
}
