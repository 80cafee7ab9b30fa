//! A member's note.

use crate::{MemberId, NoteId, Timestamp};

/// A note as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Which.
    pub id: NoteId,
    /// Whose.
    pub member_id: MemberId,
    /// What it says.
    pub text: String,
    /// Labels, in the order given.
    pub tags: Vec<String>,
    /// Kept on top.
    pub pinned: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
