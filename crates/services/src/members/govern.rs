//! What operators do about members: roles and bans. Both end the member's sessions, on every node within a second.

use mainstay_model::{
    EmailAddress, MemberId, SessionId,
    audit::{Actor, NewAuditEvent},
    member::{Member, MemberStatus, Role},
    session::RevokedReason,
};
use mainstay_store::{MemberUpdated, Tx};
use serde_json::json;

use crate::{App, Code, Error, RequestContext, Result, audit, sessions};

/// Sets a member's role in the deployment; named by id or by proven address. Nothing happens when they have it already.
///
/// # Errors
/// [`Code::NotFound`], or the database is away.
pub async fn promote(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    selector: &str,
    role: Role,
) -> Result<Member> {
    let (member, ended) = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            let id = find(&mut *tx, selector).await?;
            let mut member = tx.lock_member(id).await?.ok_or_else(Error::not_found)?;
            if member.role == role {
                return Ok((member, Vec::new()));
            }
            let detail = json!({ "from": member.role, "to": role });
            let event = audit::event(app, ctx, "member.role_changed", actor, super::subject(id), detail);
            member.role = role;
            let ended = change(app, tx, &mut member, Some(RevokedReason::RoleChanged), event).await?;
            Ok((member, ended))
        })
        .await?;
    announce(app, &member, &ended).await;
    Ok(member)
}

/// Bars a member or lets them in again. Nothing happens when it is so already.
///
/// # Errors
/// [`Code::NotFound`]; [`Code::Conflict`] when an operator bars themselves; or the database is away.
pub async fn ban(
    app: &App,
    ctx: &RequestContext,
    actor: &Actor,
    id: MemberId,
    banned: bool,
) -> Result<Member> {
    if *actor == Actor::Member(id) {
        return Err(Error::new(Code::Conflict, "You can't bar yourself."));
    }
    let (status, action, reason) = if banned {
        (MemberStatus::Banned, "member.banned", Some(RevokedReason::Banned))
    } else {
        (MemberStatus::Active, "member.unbanned", None)
    };
    let (member, ended) = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            let mut member = tx.lock_member(id).await?.ok_or_else(Error::not_found)?;
            if member.status == status {
                return Ok((member, Vec::new()));
            }
            member.status = status;
            let event = audit::event(app, ctx, action, actor, super::subject(id), json!({}));
            let ended = change(app, tx, &mut member, reason, event).await?;
            Ok((member, ended))
        })
        .await?;
    announce(app, &member, &ended).await;
    Ok(member)
}

async fn find(tx: &mut dyn Tx, selector: &str) -> Result<MemberId> {
    if let Ok(id) = selector.parse::<MemberId>() {
        return Ok(id);
    }
    let email = selector.parse::<EmailAddress>().map_err(|_| Error::not_found())?;
    let member = tx.member_by_email(&email).await?;
    // An address that nobody proved may have been claimed by anybody; it must not lead to a role.
    let proven = member.filter(|member| member.verified_email().is_some());
    proven.map(|member| member.id).ok_or_else(Error::not_found)
}

/// Writes the member, ends their sessions for a reason, audits and commits. Answers the ended sessions.
async fn change(
    app: &App,
    mut tx: Box<dyn Tx>,
    member: &mut Member,
    reason: Option<RevokedReason>,
    event: NewAuditEvent,
) -> Result<Vec<SessionId>> {
    member.updated_at = app.now();
    if tx.update_member(member).await? != MemberUpdated::Updated {
        return Err(Error::not_found());
    }
    let ended = match reason {
        Some(reason) => {
            sessions::end_all_of_member(app, &mut *tx, member.id, None, reason, member.updated_at).await?
        }
        None => Vec::new(),
    };
    tx.append_audit_events(&[event]).await?;
    tx.commit().await?;
    Ok(ended)
}

async fn announce(app: &App, member: &Member, ended: &[SessionId]) {
    sessions::announce_member_changed(app, member.id).await;
    sessions::announce_ended(app, ended).await;
}
