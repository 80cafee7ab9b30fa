//! Notes.

use mainstay_model::{Timestamp, note::Note, page::Page};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A member's note.
#[derive(Serialize, ToSchema)]
#[schema(as = Note)]
pub(crate) struct NoteView {
    id: Uuid,
    text: String,
    tags: Vec<String>,
    pinned: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.id.uuid(),
            text: note.text,
            tags: note.tags,
            pinned: note.pinned,
            created_at: note.created_at,
            updated_at: note.updated_at,
        }
    }
}

/// One page of notes, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Notes)]
pub(crate) struct NotesView {
    items: Vec<NoteView>,
    /// Where the next page begins; none on the last.
    next_cursor: Option<String>,
}

impl From<Page<Note>> for NotesView {
    fn from(page: Page<Note>) -> Self {
        Self {
            items: page.items.into_iter().map(NoteView::from).collect(),
            next_cursor: page.next.map(|id| id.to_string()),
        }
    }
}

/// A new note.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewNote {
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) pinned: bool,
}

/// What to change about a note; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NotePatch {
    pub(crate) text: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) pinned: Option<bool>,
}
