//! A member's notes.

use actix_web::{HttpResponse, delete, get, patch, post, web};
use mainstay_model::{NoteId, page::PageRequest};
use mainstay_services::{
    notes,
    sabotage::{self, Guard},
};

use crate::{
    body::Json,
    extract::{Id, SignedInMember},
    problem::Problem,
    routes::{Answer, Registry, Server},
    views::{
        PageQuery, cursor,
        note::{NewNote, NotePatch, NoteView, NotesView},
        page_limit,
    },
};

pub(crate) fn configure(services: &mut impl Registry) {
    // Paths without parameters first: they are compared, the others are matched as patterns.
    services
        .service(list_notes)
        .service(create_note)
        .service(get_note)
        .service(update_note)
        .service(delete_note);
}

/// Writes a note
#[utoipa::path(tag = "notes", responses((status = 201, description = "The note", body = NoteView)))]
#[post("/v1/notes")]
pub(crate) async fn create_note(
    server: Server,
    member: SignedInMember,
    Json(new): Json<NewNote>,
) -> Result<HttpResponse, Problem> {
    let note = notes::create(&server.app, &member.caller, &new.text, &new.tags, new.pinned).await?;
    Ok(HttpResponse::Created().json(NoteView::from(note)))
}

/// Lists notes, newest first
#[utoipa::path(tag = "notes", params(PageQuery), responses((status = 200, description = "One page", body = NotesView)))]
#[get("/v1/notes")]
pub(crate) async fn list_notes(
    server: Server,
    member: SignedInMember,
    page: web::Query<PageQuery>,
) -> Answer<NotesView> {
    let request = PageRequest { limit: page_limit(page.limit)?, before: cursor(page.cursor.as_deref())? };
    let page = notes::list(&server.app, &member.caller, request).await?;
    Ok(web::Json(page.into()))
}

/// Reads a note
#[utoipa::path(
    tag = "notes",
    params(("note_id" = Uuid, Path)),
    responses((status = 200, description = "The note", body = NoteView))
)]
#[get("/v1/notes/{note_id}")]
pub(crate) async fn get_note(server: Server, member: SignedInMember, Id(id): Id<NoteId>) -> Answer<NoteView> {
    let note = notes::get(&server.app, &member.caller, id).await?;
    if sabotage::is_off(Guard::SafeMethods) {
        notes::update(&server.app, &member.caller, id, None, None, Some(true)).await?;
    }
    Ok(web::Json(note.into()))
}

/// Changes a note
///
/// What is left out stays.
#[utoipa::path(
    tag = "notes",
    params(("note_id" = Uuid, Path)),
    responses((status = 200, description = "The note", body = NoteView))
)]
#[patch("/v1/notes/{note_id}")]
pub(crate) async fn update_note(
    server: Server,
    member: SignedInMember,
    Id(id): Id<NoteId>,
    Json(change): Json<NotePatch>,
) -> Answer<NoteView> {
    let (text, tags) = (change.text.as_deref(), change.tags.as_deref());
    let note = notes::update(&server.app, &member.caller, id, text, tags, change.pinned).await?;
    Ok(web::Json(note.into()))
}

/// Deletes a note
#[utoipa::path(tag = "notes", params(("note_id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
#[delete("/v1/notes/{note_id}")]
pub(crate) async fn delete_note(
    server: Server,
    member: SignedInMember,
    Id(id): Id<NoteId>,
) -> Result<HttpResponse, Problem> {
    notes::delete(&server.app, &member.caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
