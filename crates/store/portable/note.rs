//! Notes.

use std::collections::HashMap;

use async_trait::async_trait;
use mainstay_model::{
    MemberId, NoteId,
    note::Note,
    page::{Page, PageRequest},
};
use mainstay_store::{NoteStore, Result};
use uuid::Uuid;

use crate::{
    Tx, batch,
    codec::{Row, Ts},
    row,
    value::{Document, Text, query},
};

macro_rules! columns {
    () => {
        "id, member_id, text, tags, pinned, created_at, updated_at"
    };
}

pub(crate) fn note(row: &Row) -> Result<Note> {
    Ok(Note {
        id: NoteId::new(row::uuid(row, "id")?),
        member_id: MemberId::new(row::uuid(row, "member_id")?),
        text: row::get(row, "text")?,
        tags: row::json(row, "tags")?,
        pinned: row::get(row, "pinned")?,
        created_at: row::at(row, "created_at")?,
        updated_at: row::at(row, "updated_at")?,
    })
}

#[async_trait]
impl NoteStore for Tx {
    async fn insert_notes(&mut self, notes: &[Note]) -> Result<()> {
        batch::insert_notes(self, notes).await
    }

    async fn note_by_id(&mut self, member_id: MemberId, id: NoteId) -> Result<Option<Note>> {
        let found = self
            .one(
                query(concat!("SELECT ", columns!(), " FROM notes WHERE id = $1 AND member_id = $2"))
                    .bind(id.uuid())
                    .bind(member_id.uuid()),
            )
            .await?;
        row::read(found, note)
    }

    async fn notes_by_ids(&mut self, wanted: &[(MemberId, NoteId)]) -> Result<Vec<Option<Note>>> {
        let found: HashMap<_, _> =
            batch::notes_by_ids(self, wanted).await?.into_iter().map(|note| (note.id, note)).collect();
        // Whose a note is was part of the statement; here the answers are put in order.
        let answer = |(member_id, id): &(MemberId, NoteId)| {
            found.get(id).filter(|note| note.member_id == *member_id).cloned()
        };
        Ok(wanted.iter().map(answer).collect())
    }

    async fn notes_of_member(&mut self, member_id: MemberId, page: PageRequest) -> Result<Page<Note>> {
        // No id is as large as the largest UUID, so the first page is a page like any other.
        let before = page.before.unwrap_or(Uuid::max());
        let notes = batch::newest_notes(self, member_id, before, i64::from(page.limit) + 1).await?;
        Ok(Page::from_overfetched(notes, page.limit, |note| note.id.uuid()))
    }

    async fn update_note(&mut self, note: &Note) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "UPDATE notes SET text = $3, tags = $4, pinned = $5, updated_at = $6 \
                     WHERE id = $1 AND member_id = $2",
                )
                .bind(note.id.uuid())
                .bind(note.member_id.uuid())
                .bind(Text(&note.text))
                .bind(Document(&note.tags))
                .bind(note.pinned)
                .bind(Ts(note.updated_at)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn delete_note(&mut self, member_id: MemberId, id: NoteId) -> Result<bool> {
        let rows = self
            .write(
                query("DELETE FROM notes WHERE id = $1 AND member_id = $2")
                    .bind(id.uuid())
                    .bind(member_id.uuid()),
            )
            .await?;
        Ok(rows == 1)
    }
}
