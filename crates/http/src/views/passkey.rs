//! Passkeys and their ceremonies. The WebAuthn objects themselves are the W3C's JSON forms (WebAuthn 3, 5.1.8 and 5.1.9).

use mainstay_model::{Timestamp, passkey::Passkey};
use mainstay_services::{crypto::encode, identity::passkeys::Accepted};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::sign_in::SignedInView;

/// A member's passkey.
#[derive(Serialize, ToSchema)]
#[schema(as = Passkey)]
pub(crate) struct PasskeyView {
    id: Uuid,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// Whether the authenticator says that it is synced.
    backed_up: bool,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.uuid(),
            name: passkey.name,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
            backed_up: passkey.backed_up,
        }
    }
}

/// All passkeys of a member.
#[derive(Serialize, ToSchema)]
#[schema(as = Passkeys)]
pub(crate) struct PasskeysView {
    pub(crate) items: Vec<PasskeyView>,
}

/// Begins a registration.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegisterStart {
    /// What a new member wishes to be called.
    pub(crate) display_name: Option<String>,
    /// A new member's language, by its ISO 639-1 code.
    pub(crate) language: Option<String>,
}

/// A ceremony that the browser is to perform.
#[derive(Serialize, ToSchema)]
pub(crate) struct CeremonyStarted {
    pub(crate) ceremony_id: Uuid,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    #[schema(value_type = Object)]
    pub(crate) public_key: serde_json::Value,
}

/// Ends a registration.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegisterFinish {
    pub(crate) ceremony_id: Uuid,
    /// `RegistrationResponseJSON`.
    #[schema(value_type = Object)]
    pub(crate) credential: serde_json::Value,
    /// What to call the passkey.
    pub(crate) name: Option<String>,
}

/// A passkey was registered.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasskeyRegistered {
    pub(crate) passkey: PasskeyView,
    /// The session of a new member; none when a signed-in member added a passkey.
    pub(crate) signed_in: Option<SignedInView>,
}

/// Begins a sign-in; there is nothing to say.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LoginStart {}

/// Ends a sign-in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LoginFinish {
    pub(crate) ceremony_id: Uuid,
    /// `AuthenticationResponseJSON`.
    #[schema(value_type = Object)]
    pub(crate) credential: serde_json::Value,
}

/// A new name for a passkey.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasskeyRename {
    pub(crate) name: String,
}

/// What `PublicKeyCredential.signalAllAcceptedCredentials` needs, so that authenticators forget the removed passkey.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptedCredentials {
    rp_id: String,
    /// base64url
    user_handle: String,
    /// base64url
    accepted_credential_ids: Vec<String>,
}

impl From<Accepted> for AcceptedCredentials {
    fn from(accepted: Accepted) -> Self {
        Self {
            rp_id: accepted.rp_id,
            user_handle: encode(&accepted.user_handle),
            accepted_credential_ids: accepted.credential_ids.iter().map(|id| encode(id)).collect(),
        }
    }
}
