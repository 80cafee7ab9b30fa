//! An account at an identity provider, linked to a member by the provider's own subject.

use crate::{EmailAddress, IdentityId, MemberId, OAuthFlowId, SecretHash, Timestamp, text::state};

state! {
    /// Who vouches for the member.
    pub enum Provider {
        /// Google.
        Google = "google",
        /// Apple.
        Apple = "apple",
    }
}

/// A linked provider account. The pair (issuer, subject) is unique; the e-mail is only what the provider said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Our id of the link.
    pub id: IdentityId,
    /// Whose.
    pub member_id: MemberId,
    /// Which provider.
    pub provider: Provider,
    /// The provider's normalised issuer.
    pub issuer: String,
    /// The provider's stable id of the person.
    pub subject: String,
    /// What the provider said the address is.
    pub email: Option<EmailAddress>,
    /// The provider's refresh token, sealed, where revoking it at deletion needs one (Apple).
    pub sealed_token: Option<Vec<u8>>,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it last signed in.
    pub last_used_at: Option<Timestamp>,
}

/// What is remembered between sending a browser to a provider and its return. Single use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthFlow {
    /// Which.
    pub id: OAuthFlowId,
    /// SHA-256 of the `state` parameter.
    pub state_hash: SecretHash,
    /// SHA-256 of the flow cookie: binds the flow to one browser.
    pub browser_hash: SecretHash,
    /// Where it went.
    pub provider: Provider,
    /// The nonce that the ID token must carry.
    pub nonce: String,
    /// PKCE verifier (RFC 7636), sealed.
    pub sealed_verifier: Vec<u8>,
    /// Path in the studio to return to; always starts with one `/`.
    pub return_to: String,
    /// The signed-in member who adds an identity; none for a sign-in.
    pub link_member_id: Option<MemberId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it is refused.
    pub expires_at: Timestamp,
}
