//! What is said around signing in. Fields that a client adds (`role`, `user_id`, `email_verified`, …) are not read.

use mainstay_model::{SessionId, Timestamp};
use mainstay_services::identity::ways::WaysIn;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::{
    member::{IdentityView, MeView},
    passkey::PasskeyView,
    session::SessionView,
};

/// A session was opened. Browsers get its tokens in cookies; the four fields from `access_token` on are for
/// clients that asked for bearer tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(crate) struct SignedInView {
    pub(crate) member: MeView,
    /// What `x-csrf-token` must say.
    pub(crate) csrf_token: String,
    /// When the access token ends; refresh before.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) access_expires_at: Timestamp,
    /// For `Authorization: Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) access_token: Option<String>,
    /// `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) token_type: Option<&'static str>,
    /// Seconds until the access token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) expires_in: Option<u64>,
    /// Good for one refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) refresh_token: Option<String>,
    /// After a sign-in by a mailed code: all that opens the account and is signed in to it, to be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) ways_in: Option<WaysInView>,
}

/// What opens the account beside codes to its address, and the sessions that are live.
#[derive(Serialize, ToSchema)]
#[schema(as = WaysIn)]
pub(crate) struct WaysInView {
    passkeys: Vec<PasskeyView>,
    identities: Vec<IdentityView>,
    has_password: bool,
    sessions: Vec<SessionView>,
}

impl WaysInView {
    pub(crate) fn new(ways: WaysIn, current: SessionId) -> Self {
        Self {
            passkeys: ways.passkeys.into_iter().map(PasskeyView::from).collect(),
            identities: ways.identities.into_iter().map(IdentityView::from).collect(),
            has_password: ways.has_password,
            sessions: ways.sessions.into_iter().map(|session| SessionView::new(session, current)).collect(),
        }
    }
}

/// A session was refreshed. The last four fields are for clients with bearer tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = Refreshed)]
pub(crate) struct RefreshedView {
    /// What `x-csrf-token` must say.
    pub(crate) csrf_token: String,
    /// When the access token ends.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) access_expires_at: Timestamp,
    /// For `Authorization: Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) access_token: Option<String>,
    /// `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) token_type: Option<&'static str>,
    /// Seconds until the access token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) expires_in: Option<u64>,
    /// Good for one refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) refresh_token: Option<String>,
}

/// A refresh token in the body. Browsers send nothing: theirs is in its cookie.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RefreshRequest {
    pub(crate) refresh_token: Option<String>,
}

/// The token of the session in the cookies.
#[derive(Serialize, ToSchema)]
pub(crate) struct CsrfToken {
    pub(crate) csrf_token: String,
}

/// Asks for a code by mail.
#[derive(Deserialize, ToSchema)]
pub(crate) struct EmailStart {
    pub(crate) email: String,
    /// The mail's language, by its ISO 639-1 code.
    pub(crate) language: Option<String>,
}

/// A code is on its way, if the address can get mail. The answer is the same for every address.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailStarted)]
pub(crate) struct EmailStartedView {
    pub(crate) flow_id: Uuid,
    pub(crate) expires_in_seconds: u64,
}

/// The code from the mail.
#[derive(Deserialize, ToSchema)]
pub(crate) struct EmailFinish {
    pub(crate) flow_id: Uuid,
    pub(crate) code: String,
}

/// A sign-up with a password, to be finished with the mailed code.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordRegister {
    pub(crate) email: String,
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, format = Password)]
    pub(crate) password: SecretString,
    pub(crate) display_name: Option<String>,
}

/// A sign-in with a password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordLogin {
    pub(crate) email: String,
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, format = Password)]
    pub(crate) password: SecretString,
}

/// A provider's ID token that the client got by itself.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SocialLogin {
    /// `google` or `apple`.
    pub(crate) provider: String,
    pub(crate) id_token: String,
}

/// A sign-in of the automated tests.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TestLogin {
    /// Names the same member each time.
    pub(crate) identity: String,
    /// Makes the token values the same each time.
    pub(crate) seed: Option<String>,
    /// `member` or `operator`.
    pub(crate) role: Option<String>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}
