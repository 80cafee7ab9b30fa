//! Ending sessions, and telling every node about it.

use mainstay_model::{
    MemberId, SessionId, Timestamp,
    audit::{Actor, NewAuditEvent},
    session::{RevokedReason, Session},
};
use mainstay_store::Tx;
use serde_json::json;

use crate::{App, Caller, Error, RequestContext, Result, audit, ports::Signal};

/// Ends one of the caller's own sessions.
///
/// # Errors
/// [`NotFound`](crate::Code::NotFound) when there is none, it is over, or it is another member's; or the database is away.
pub async fn end(app: &App, ctx: &RequestContext, caller: &Caller, session_id: SessionId) -> Result<()> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let now = app.now();
        let session = tx.session_by_id(session_id).await?;
        if !session.is_some_and(|session| session.member_id == caller.member_id && session.is_live(now)) {
            return Err(Error::not_found());
        }
        end_in(app, tx, ctx, &caller.actor(), session_id, RevokedReason::EndedByMember, now).await
    })
    .await?;
    announce_ended(app, &[session_id]).await;
    Ok(())
}

/// Ends every session of the caller but the present one.
///
/// # Errors
/// When the database is away.
pub async fn end_others(app: &App, ctx: &RequestContext, caller: &Caller) -> Result<()> {
    let reason = RevokedReason::EndedByMember;
    let ended = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            let (except, now) = (Some(caller.session_id), app.now());
            let ended = tx.revoke_sessions_of_member(caller.member_id, except, reason, now).await?;
            let Some(event) = ended_together_event(app, ctx, caller.member_id, ended.len(), reason) else {
                return Ok(0);
            };
            tx.append_audit_events(&[event]).await?;
            tx.commit().await?;
            Ok(ended.len())
        })
        .await?;
    count_ended(reason, ended);
    if ended > 0 {
        announce_member_changed(app, caller.member_id).await;
    }
    Ok(())
}

/// Signs out. Fine when the session is over or gone already.
///
/// # Errors
/// When the database is away.
pub async fn logout(app: &App, ctx: &RequestContext, session_id: SessionId) -> Result<()> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let Some(session) = tx.session_by_id(session_id).await? else { return Ok(()) };
        let actor = Actor::Member(session.member_id);
        end_in(app, tx, ctx, &actor, session_id, RevokedReason::Logout, app.now()).await
    })
    .await?;
    announce_ended(app, &[session_id]).await;
    Ok(())
}

async fn end_in(
    app: &App,
    mut tx: Box<dyn Tx>,
    ctx: &RequestContext,
    actor: &Actor,
    session_id: SessionId,
    reason: RevokedReason,
    at: Timestamp,
) -> Result<()> {
    if !tx.revoke_session(session_id, reason, at).await? {
        return Ok(());
    }
    tx.append_audit_events(&[ended_event(app, ctx, actor, session_id, reason)]).await?;
    tx.commit().await?;
    count_ended(reason, 1);
    Ok(())
}

/// The caller's live sessions, newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Session>> {
    Ok(app.read().await?.live_sessions_of_member(caller.member_id, app.now()).await?)
}

/// Ends all of a member's sessions within a transaction. The caller audits the cause of it, and calls [`announce_ended`] and
/// [`announce_member_changed`] after the commit.
///
/// # Errors
/// When the database is away.
pub async fn end_all_of_member(
    _app: &App,
    tx: &mut dyn Tx,
    member_id: MemberId,
    except: Option<SessionId>,
    reason: RevokedReason,
    at: Timestamp,
) -> Result<Vec<SessionId>> {
    let ended = tx.revoke_sessions_of_member(member_id, except, reason, at).await?;
    count_ended(reason, ended.len());
    Ok(ended)
}

/// Forgets ended sessions here and tells the other nodes; only after the commit.
pub async fn announce_ended(app: &App, ended: &[SessionId]) {
    for &session_id in ended {
        app.sessions.cache.forget_session(session_id);
    }
    for &session_id in ended {
        app.ports.bus.publish(Signal::SessionEnded(session_id)).await;
    }
}

/// Forgets what is known of a member's sessions here and tells the other nodes; only after the commit.
pub async fn announce_member_changed(app: &App, member_id: MemberId) {
    app.sessions.cache.forget_member(member_id);
    app.ports.bus.publish(Signal::MemberChanged(member_id)).await;
}

pub(super) fn ended_event(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    session_id: SessionId,
    reason: RevokedReason,
) -> NewAuditEvent {
    audit::event(
        app,
        ctx,
        "session.ended",
        actor,
        format!("session:{session_id}"),
        json!({ "reason": reason }),
    )
}

/// One event for any number of a member's sessions: the trail has one lock for all writers. None for none.
pub(super) fn ended_together_event(
    app: &App,
    ctx: &RequestContext,
    member_id: MemberId,
    ended: usize,
    reason: RevokedReason,
) -> Option<NewAuditEvent> {
    let (actor, subject) = (Actor::Member(member_id), format!("member:{member_id}"));
    let detail = json!({ "ended": ended, "reason": reason });
    (ended > 0).then(|| audit::event(app, ctx, "session.ended", &actor, subject, detail))
}

pub(super) fn count_ended(reason: RevokedReason, sessions: usize) {
    metrics::counter!("mainstay_sessions_ended_total", "reason" => reason.as_str())
        .increment(sessions as u64);
}
