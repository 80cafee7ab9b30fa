//! What the server remembers between the start and the finish of a passkey ceremony or a mailed code.

use crate::{CeremonyId, EmailAddress, EmailFlowId, MemberId, SecretHash, Timestamp, text::state};

state! {
    /// Which WebAuthn ceremony.
    pub enum CeremonyKind {
        /// A new member with a first passkey.
        SignUp = "sign_up",
        /// A signed-in member adds a passkey.
        AddPasskey = "add_passkey",
        /// A sign-in by discoverable credential.
        SignIn = "sign_in",
    }
}

/// A started passkey ceremony. Its state lives here and never in the client (WebAuthn 13.4.3). Single use.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceremony {
    /// Which.
    pub id: CeremonyId,
    /// What for.
    pub kind: CeremonyKind,
    /// SHA-256 of the flow cookie: binds it to one browser.
    pub browser_hash: SecretHash,
    /// The signed-in member, when one adds a passkey.
    pub member_id: Option<MemberId>,
    /// The library's state with the challenge, and our own fields.
    pub state: serde_json::Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it is refused.
    pub expires_at: Timestamp,
}

state! {
    /// What a mailed code proves an address for.
    pub enum EmailPurpose {
        /// First contact, sign-in or recovery.
        SignIn = "sign_in",
        /// A signed-in member adds or changes the address.
        ChangeAddress = "change_address",
        /// A password sign-up that waits for its proof.
        PasswordSignUp = "password_sign_up",
    }
}

/// A mailed code. Single use, bound to the browser that asked, and only the newest of that browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailFlow {
    /// Which.
    pub id: EmailFlowId,
    /// Proof of which address.
    pub email: EmailAddress,
    /// What for.
    pub purpose: EmailPurpose,
    /// SHA-256 of code, flow id and a server key; a code has too few digits for a plain hash.
    pub code_hash: SecretHash,
    /// SHA-256 of the flow cookie (or of the client's own flow secret).
    pub browser_hash: SecretHash,
    /// The signed-in member who changes the address.
    pub member_id: Option<MemberId>,
    /// Sealed extra data, such as the hash of a password that waits for proof.
    pub sealed_payload: Option<Vec<u8>>,
    /// Wrong codes so far.
    pub attempts: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it is refused.
    pub expires_at: Timestamp,
}
