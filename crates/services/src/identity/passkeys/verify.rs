//! Verification of what authenticators answer, and the word for each reason to refuse it.
//!
//! The library verifies signature, challenge, origin, relying party, presence, user verification, counter and back-up flags.
//! It lets some things pass that have no place here; those are checked beside it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::{
    Webauthn,
    prelude::{
        AttestationFormat, Credential, DiscoverableAuthentication, DiscoverableKey, ParsedAttestation,
        Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, WebauthnError,
    },
};

use crate::{
    Code, Error,
    identity::attempt::Stop,
    sabotage::{self, Guard},
};

/// A credential id that authenticators may make (WebAuthn, 5.8.3), in bytes.
const CREDENTIAL_ID_BYTES_MAX: usize = 1023;
const PUBLIC_KEY: &str = "public-key";

/// What a new credential is, as the database keeps it.
pub(super) struct Registered {
    pub(super) credential_id: Vec<u8>,
    pub(super) credential: Value,
    pub(super) backed_up: bool,
}

/// What an accepted assertion changed.
pub(super) struct Asserted {
    pub(super) credential: Value,
    pub(super) backed_up: bool,
}

/// Refuses a ceremony.
pub(super) fn refused(reason: &'static str) -> Stop {
    Stop::refused(reason, not_accepted().because(reason))
}

fn refused_by_library(fault: WebauthnError) -> Stop {
    Stop::refused(reason(&fault), not_accepted().because(fault))
}

fn not_accepted() -> Error {
    Error::new(Code::CeremonyRefused, "The passkey was not accepted. Start again.")
}

/// Reads what a browser answered.
///
/// # Errors
/// [`Code::ValidationFailed`] when it has not the shape of `PublicKeyCredential.toJSON()`.
pub(super) fn parse<T: for<'de> Deserialize<'de>>(credential: Value) -> crate::Result<T> {
    serde_json::from_value(credential).map_err(|fault| {
        Error::field("credential", "invalid", "must be the JSON form of a public-key credential")
            .because(fault)
    })
}

/// Verifies a new credential (WebAuthn, 7.1).
pub(super) fn registration(
    webauthn: &Webauthn,
    state: &PasskeyRegistration,
    response: &RegisterPublicKeyCredential,
) -> Result<Registered, Stop> {
    if response.type_ != PUBLIC_KEY {
        return Err(refused("type"));
    }
    check_embedding(response.response.client_data_json.as_ref())?;
    // The client says so itself that the authenticator did not keep the key: it could never be found at a sign-in.
    if response.extensions.cred_props.as_ref().is_some_and(|props| props.rk == Some(false)) {
        return Err(refused("not_discoverable"));
    }
    let passkey = webauthn.finish_passkey_registration(response, state).map_err(refused_by_library)?;
    let mut credential: Credential = passkey.into();
    if !(1..=CREDENTIAL_ID_BYTES_MAX).contains(&credential.cred_id.len()) {
        return Err(refused("credential_id"));
    }
    // No attestation was asked for. Where one came all the same, it would only tell which device the member has.
    credential.attestation = ParsedAttestation::default();
    credential.attestation_format = AttestationFormat::None;
    Ok(Registered {
        credential_id: credential.cred_id.to_vec(),
        backed_up: credential.backup_state,
        credential: to_value(&Passkey::from(credential))?,
    })
}

/// Verifies an assertion by a known credential (WebAuthn, 7.2).
pub(super) fn assertion(
    webauthn: &Webauthn,
    state: DiscoverableAuthentication,
    response: &PublicKeyCredential,
    credential: &Value,
) -> Result<Asserted, Stop> {
    if response.type_ != PUBLIC_KEY {
        return Err(refused("type"));
    }
    check_embedding(response.response.client_data_json.as_ref())?;
    let mut passkey: Passkey = serde_json::from_value(credential.clone()).map_err(Error::internal)?;
    let key = DiscoverableKey::from(&passkey);
    let result = match webauthn.finish_discoverable_authentication(response, state, &[key]) {
        Err(fault) if is_let_pass(&fault) => {
            return Ok(Asserted { credential: credential.clone(), backed_up: false });
        }
        result => result.map_err(refused_by_library)?,
    };
    passkey.update_credential(&result);
    Ok(Asserted { credential: to_value(&passkey)?, backed_up: result.backup_state() })
}

/// JSON of the library's state.
pub(super) fn to_value<T: Serialize>(state: &T) -> crate::Result<Value> {
    serde_json::to_value(state).map_err(Error::internal)
}

/// Refuses a ceremony that ran inside somebody else's page: the studio is never embedded (WebAuthn, 7.1 steps 9 to 11 and 7.2
/// steps 12 to 14; the library looks at the first of them only).
fn check_embedding(client_data: &[u8]) -> Result<(), Stop> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Embedding {
        #[serde(default)]
        cross_origin: bool,
        top_origin: Option<String>,
    }
    match serde_json::from_slice::<Embedding>(client_data) {
        Ok(Embedding { cross_origin: false, top_origin: None }) => Ok(()),
        Ok(_) => Err(refused("cross_origin")),
        Err(_) => Err(refused("malformed")),
    }
}

/// One word for the trail and the metrics.
fn reason(fault: &WebauthnError) -> &'static str {
    match fault {
        WebauthnError::MismatchedChallenge => "challenge",
        WebauthnError::InvalidRPOrigin => "origin",
        WebauthnError::InvalidRPIDHash => "rp_id",
        WebauthnError::InvalidClientDataType => "type",
        WebauthnError::CredentialCrossOrigin => "cross_origin",
        WebauthnError::UserNotPresent => "user_presence",
        WebauthnError::UserNotVerified => "user_verification",
        WebauthnError::CredentialPossibleCompromise => COUNTER,
        WebauthnError::CredentialBackupEligibilityInconsistent => "backup_eligibility",
        WebauthnError::CredentialMayNotBeHardwareBound => "backup_state",
        WebauthnError::CredentialAlteredAlgFromRequest
        | WebauthnError::COSEKeyInvalidAlgorithm
        | WebauthnError::COSEKeyInvalidType
        | WebauthnError::COSEKeyECDSAInvalidCurve
        | WebauthnError::COSEKeyEDDSAInvalidCurve => "algorithm",
        WebauthnError::COSEKeyRSANEInvalid
        | WebauthnError::COSEKeyECDSAXYInvalid
        | WebauthnError::COSEKeyEDDSAXInvalid
        | WebauthnError::COSEKeyInvalidCBORValue => "key",
        WebauthnError::CredentialNotFound => "credential",
        WebauthnError::AuthenticationFailure | WebauthnError::OpenSSLError(_) => "signature",
        WebauthnError::AttestationNotSupported
        | WebauthnError::AttestationNotVerifiable
        | WebauthnError::AttestationStatementMapInvalid
        | WebauthnError::AttestationStatementResponseInvalid
        | WebauthnError::AttestationStatementSigInvalid
        | WebauthnError::AttestationStatementX5CInvalid
        | WebauthnError::AttestationCertificateRequirementsNotMet => "attestation",
        _ => "malformed",
    }
}

/// Whether the guard against a fault is left out.
fn is_let_pass(fault: &WebauthnError) -> bool {
    match reason(fault) {
        "origin" => sabotage::is_off(Guard::PasskeyOrigin),
        "user_verification" => sabotage::is_off(Guard::PasskeyUserVerification),
        "backup_eligibility" | "backup_state" => sabotage::is_off(Guard::PasskeyBackupFlags),
        "signature" => sabotage::is_off(Guard::PasskeySignature),
        COUNTER => sabotage::is_off(Guard::PasskeyCounter),
        _ => false,
    }
}

/// The reason of a signature counter that did not rise.
pub(super) const COUNTER: &str = "counter";
