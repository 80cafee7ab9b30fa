//! Notes.

use async_trait::async_trait;
use mainstay_model::{
    MemberId, NoteId,
    note::Note,
    page::{Page, PageRequest},
};

use crate::Result;

/// Notes. Ownership is part of each statement.
#[async_trait]
pub trait NoteStore: Send {
    /// Hot path: adds notes.
    async fn insert_notes(&mut self, notes: &[Note]) -> Result<()>;
    /// Reads a member's note.
    async fn note_by_id(&mut self, member_id: MemberId, id: NoteId) -> Result<Option<Note>>;
    /// Hot path: the same for many; one answer per pair, in order.
    async fn notes_by_ids(&mut self, wanted: &[(MemberId, NoteId)]) -> Result<Vec<Option<Note>>>;
    /// A member's notes, newest first.
    async fn notes_of_member(&mut self, member_id: MemberId, page: PageRequest) -> Result<Page<Note>>;
    /// Writes text, tags, pin and `updated_at` of a member's note. Answers whether there is one.
    async fn update_note(&mut self, note: &Note) -> Result<bool>;
    /// Removes a member's note. Answers whether there was one.
    async fn delete_note(&mut self, member_id: MemberId, id: NoteId) -> Result<bool>;
}
