//! Passkeys (WebAuthn Level 3): discoverable credentials with user verification.
//!
//! The challenge lives in the database and never in the client; a ceremony is bound to one browser, taken once, and over after
//! five minutes of our own clock.

mod login;
mod manage;
mod register;
mod verify;

use std::time::Duration;

use mainstay_model::{
    CeremonyId, MemberId, Timestamp,
    ceremony::{Ceremony, CeremonyKind},
    passkey::Passkey,
};
use serde_json::Value;

pub use self::{
    login::{login_finish, login_start},
    manage::{list, remove, rename},
    register::{register_finish, register_start},
};
use super::{
    FlowSecrets,
    attempt::{Stop, Unit},
};
use crate::{
    App, crypto, limits,
    sabotage::{self, Guard},
    sessions::SignedIn,
};

/// As the trail and the metrics name this way in.
const METHOD: &str = "passkey";

/// A registration that waits for the authenticator.
#[derive(Clone, Debug)]
pub struct RegisterStarted {
    /// To be named at the finish.
    pub ceremony_id: CeremonyId,
    /// `PublicKeyCredentialCreationOptionsJSON`, for `PublicKeyCredential.parseCreationOptionsFromJSON`.
    pub options: Value,
    /// How long it waits.
    pub expires_in: Duration,
}

/// A registered passkey.
#[derive(Clone, Debug)]
pub struct RegisterFinished {
    /// The new passkey.
    pub passkey: Passkey,
    /// The session of a new member; none when a signed-in member added a passkey.
    pub signed_in: Option<SignedIn>,
}

/// A sign-in that waits for the authenticator.
#[derive(Clone, Debug)]
pub struct LoginStarted {
    /// To be named at the finish.
    pub ceremony_id: CeremonyId,
    /// `PublicKeyCredentialRequestOptionsJSON`, for `PublicKeyCredential.parseRequestOptionsFromJSON`. It names no credential, so
    /// it fits conditional mediation and a plain request alike.
    pub options: Value,
    /// How long it waits.
    pub expires_in: Duration,
}

/// The passkeys that are still good, for `PublicKeyCredential.signalAllAcceptedCredentials`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Relying-party id.
    pub rp_id: String,
    /// The member's WebAuthn user handle.
    pub user_handle: [u8; 32],
    /// Ids of the credentials that are accepted.
    pub credential_ids: Vec<Vec<u8>>,
}

/// A new ceremony of this moment.
fn ceremony(
    app: &App,
    kind: CeremonyKind,
    member_id: Option<MemberId>,
    browser: &[u8; 32],
    state: Value,
) -> Ceremony {
    let now = app.now();
    Ceremony {
        id: CeremonyId::new(app.new_uuid()),
        kind,
        browser_hash: crypto::sha256(browser),
        member_id,
        state,
        created_at: now,
        expires_at: now + limits::CEREMONY_TTL,
    }
}

/// Takes a ceremony, and refuses one that is not this browser's, not this member's, not of this kind, or over. Taken is taken:
/// a refused one does not come back.
async fn take(
    unit: &mut Unit<'_>,
    id: CeremonyId,
    kinds: &[CeremonyKind],
    member_id: Option<MemberId>,
    browser: FlowSecrets<'_>,
    now: Timestamp,
) -> Result<Ceremony, Stop> {
    let Some(ceremony) = unit.tx().take_ceremony(id).await? else {
        return Err(verify::refused("unknown"));
    };
    if sabotage::is_off(Guard::ChallengeSingleUse) {
        unit.tx().insert_ceremony(&ceremony).await?;
    }
    if !browser.include(&ceremony.browser_hash) && !sabotage::is_off(Guard::ChallengeBinding) {
        return Err(verify::refused("browser"));
    }
    if !kinds.contains(&ceremony.kind) || ceremony.member_id != member_id {
        return Err(verify::refused("kind"));
    }
    if now >= ceremony.expires_at {
        return Err(verify::refused("expired"));
    }
    Ok(ceremony)
}
