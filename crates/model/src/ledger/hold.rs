//! Points that are held: they can't be spent otherwise, until they are captured, released, or the hold runs out.

use super::{AccountRef, Amount};
use crate::{HoldId, Timestamp, text::state};

state! {
    /// What became of a hold. It leaves the first state once.
    pub enum HoldState {
        /// The points are held.
        Held = "held",
        /// They, or some of them, were spent; the rest is free again.
        Captured = "captured",
        /// All are free again.
        Released = "released",
        /// All are free again, because nobody captured them in time.
        Expired = "expired",
    }
}

/// Points that are held for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which.
    pub id: HoldId,
    /// Whose points.
    pub from: AccountRef,
    /// Who gets them when they are captured.
    pub to: AccountRef,
    /// How many.
    pub amount: Amount,
    /// What became of it.
    pub state: HoldState,
    /// Nothing can be captured from then on.
    pub expires_at: Timestamp,
    /// In people's words.
    pub reason: String,
    /// Who holds them, as the audit trail names them.
    pub actor: String,
    /// What caused it, as `kind:id`.
    pub cause: String,
    /// When.
    pub created_at: Timestamp,
    /// When it left its first state.
    pub settled_at: Option<Timestamp>,
}

impl Hold {
    /// The hold as it was when it was made.
    #[must_use]
    pub fn when_made(self) -> Self {
        Self { state: HoldState::Held, settled_at: None, ..self }
    }
}
