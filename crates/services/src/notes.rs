//! Notes. Another member's note is no different from one that does not exist.

use std::sync::Arc;

use mainstay_model::{
    MemberId, NoteId,
    note::Note,
    page::{Page, PageRequest},
    text,
};
use mainstay_store::{self as store, Access, Store};

#[cfg(feature = "sabotage")]
use crate::sabotage;
use crate::{
    App, Caller, Capability, Code, Error, Result,
    batch::{self, Batcher},
    limits,
};

/// Writes new notes in batches.
pub struct NoteWriter(Batcher<Note, Note>);

impl NoteWriter {
    /// Starts the worker, which ends when this is dropped. Call it within a Tokio runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Store>) -> Self {
        Self(Batcher::start("notes", move |notes| {
            let store = Arc::clone(&store);
            async move { write_all(&*store, notes).await }
        }))
    }
}

/// Reads single notes in batches: what is asked for while one read is under way becomes the next.
pub struct NoteReader(Batcher<(MemberId, NoteId), Option<Note>>);

impl NoteReader {
    /// Starts the worker, which ends when this is dropped. Call it within a Tokio runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Store>) -> Self {
        Self(Batcher::start("note_reads", move |wanted| {
            let store = Arc::clone(&store);
            async move { read_all(&*store, &wanted).await }
        }))
    }
}

async fn read_all(store: &dyn Store, wanted: &[(MemberId, NoteId)]) -> Vec<Result<Option<Note>>> {
    match read_together(store, wanted).await {
        Ok(notes) => notes.into_iter().map(Ok).collect(),
        Err(error) => wanted.iter().map(|_| Err(batch::share(&error))).collect(),
    }
}

async fn read_together(store: &dyn Store, wanted: &[(MemberId, NoteId)]) -> store::Result<Vec<Option<Note>>> {
    store.begin(Access::Read).await?.notes_by_ids(wanted).await
}

/// Writes a batch. When a constraint refuses it, a member was deleted meanwhile; then each note is written alone, so that one
/// member's absence fails nobody else's note.
async fn write_all(store: &dyn Store, notes: Vec<Note>) -> Vec<Result<Note>> {
    match write_retrying(store, &notes).await {
        Ok(()) => notes.into_iter().map(Ok).collect(),
        Err(store::Error::Constraint(_)) if notes.len() > 1 => {
            let mut outcomes = Vec::with_capacity(notes.len());
            for note in notes {
                let outcome = write_retrying(store, std::slice::from_ref(&note)).await;
                outcomes.push(outcome.map(|()| note).map_err(|error| refusal(&error)));
            }
            outcomes
        }
        Err(error) => notes.iter().map(|_| Err(refusal(&error))).collect(),
    }
}

async fn write_retrying(store: &dyn Store, notes: &[Note]) -> store::Result<()> {
    let mut attempt = 1;
    loop {
        match write(store, notes).await {
            Err(error) if error.is_retryable() && attempt < limits::CONTENTION_ATTEMPTS_MAX => attempt += 1,
            outcome => return outcome,
        }
    }
}

async fn write(store: &dyn Store, notes: &[Note]) -> store::Result<()> {
    let mut tx = store.begin(Access::Write).await?;
    tx.insert_notes(notes).await?;
    tx.commit().await
}

/// Tells one of many what went wrong with all.
fn refusal(error: &store::Error) -> Error {
    match error {
        store::Error::Constraint(_) => {
            Error::new(Code::SessionEnded, "This account is gone.").because(error.to_string())
        }
        _ => batch::share(error),
    }
}

/// Writes a note.
///
/// # Errors
/// [`Code::ValidationFailed`], [`Code::CapabilityUnavailable`], or [`Code::DependencyUnavailable`] when the database is away or
/// too many writes wait.
pub async fn create(app: &App, caller: &Caller, text: &str, tags: &[String], pinned: bool) -> Result<Note> {
    app.capabilities.require(Capability::Notes)?;
    let (text, tags) = (checked_text(text)?, checked_tags(tags)?);
    let now = app.now();
    let note = Note {
        id: NoteId::new(app.ports.random.uuid(now)),
        member_id: caller.member_id,
        text,
        tags,
        pinned,
        created_at: now,
        updated_at: now,
    };
    #[cfg(feature = "sabotage")]
    sabotage::remember_owner(note.id.uuid(), note.member_id);
    app.notes.0.submit(note).await
}

/// Whose note it must be: the caller's, whoever wrote it.
fn owner(id: NoteId, caller: &Caller) -> MemberId {
    #[cfg(feature = "sabotage")]
    if let Some(owner) = sabotage::owner(id.uuid()) {
        return owner;
    }
    let _ = id;
    caller.member_id
}

/// Reads a note.
///
/// # Errors
/// [`Code::NotFound`], [`Code::CapabilityUnavailable`], or the database is away.
pub async fn get(app: &App, caller: &Caller, id: NoteId) -> Result<Note> {
    app.capabilities.require(Capability::Notes)?;
    app.note_reads.0.submit((owner(id, caller), id)).await?.ok_or_else(Error::not_found)
}

/// Lists the caller's notes, newest first, at most [`limits::PAGE_ITEMS_MAX`] a page.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], or the database is away.
pub async fn list(app: &App, caller: &Caller, page: PageRequest) -> Result<Page<Note>> {
    app.capabilities.require(Capability::Notes)?;
    let page = PageRequest { limit: page.limit.clamp(1, limits::PAGE_ITEMS_MAX), ..page };
    Ok(app.read().await?.notes_of_member(caller.member_id, page).await?)
}

/// Changes what is given and keeps the rest.
///
/// # Errors
/// [`Code::ValidationFailed`], [`Code::NotFound`], [`Code::CapabilityUnavailable`], or the database is away.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: NoteId,
    text: Option<&str>,
    tags: Option<&[String]>,
    pinned: Option<bool>,
) -> Result<Note> {
    app.capabilities.require(Capability::Notes)?;
    let (text, tags) = (text.map(checked_text).transpose()?, tags.map(checked_tags).transpose()?);
    app.retrying(|| async {
        let mut tx = app.write().await?;
        // Of two changes at the same time the second must see the first, or one field would fall back.
        tx.lock_name(&format!("note:{id}")).await?;
        let before = tx.note_by_id(owner(id, caller), id).await?.ok_or_else(Error::not_found)?;
        let note = Note {
            text: text.clone().unwrap_or(before.text),
            tags: tags.clone().unwrap_or(before.tags),
            pinned: pinned.unwrap_or(before.pinned),
            updated_at: app.now(),
            ..before
        };
        if !tx.update_note(&note).await? {
            return Err(Error::not_found());
        }
        tx.commit().await?;
        Ok(note)
    })
    .await
}

/// Removes a note.
///
/// # Errors
/// [`Code::NotFound`], [`Code::CapabilityUnavailable`], or the database is away.
pub async fn delete(app: &App, caller: &Caller, id: NoteId) -> Result<()> {
    app.capabilities.require(Capability::Notes)?;
    app.retrying(|| async {
        let mut tx = app.write().await?;
        if !tx.delete_note(owner(id, caller), id).await? {
            return Err(Error::not_found());
        }
        Ok(tx.commit().await?)
    })
    .await
}

fn checked_text(text: &str) -> Result<String> {
    text::body(text, limits::NOTE_TEXT_CHARS_MAX).map_err(|fault| Error::text("text", fault))
}

/// Tags are labels without repetition, in the order given.
fn checked_tags(tags: &[String]) -> Result<Vec<String>> {
    if tags.len() > limits::NOTE_TAGS_MAX {
        let detail = format!("must have at most {} items", limits::NOTE_TAGS_MAX);
        return Err(Error::field("tags", "too_long", detail));
    }
    let mut checked = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = text::required_label(tag, limits::NOTE_TAG_CHARS_MAX)
            .map_err(|fault| Error::text("tags", fault))?;
        if !checked.contains(&tag) {
            checked.push(tag);
        }
    }
    Ok(checked)
}
