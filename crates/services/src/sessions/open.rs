//! Opening a session, inside the transaction of the sign-in that leads to it.

use mainstay_model::{
    MemberId, SessionId, Timestamp,
    audit::NewAuditEvent,
    member::{Member, MemberStatus},
    session::{RefreshToken, RevokedReason, Session, SignInMethod},
};
use mainstay_store::Tx;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::{
    end::{count_ended, ended_event, ended_together_event},
    token,
};
use crate::{
    App, Code, Error, RequestContext, Result, audit, crypto, limits,
    sabotage::{self, Guard},
};

/// A fresh session with its tokens.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who signed in, as the row is now.
    pub member: Member,
    /// The new session.
    pub session: Session,
    /// Access token (a JWT).
    pub access_token: String,
    /// When it runs out.
    pub access_expires_at: Timestamp,
    /// Refresh token; nobody can read it again later.
    pub refresh_token: SecretString,
    /// When the session ends unless it is refreshed before.
    pub refresh_expires_at: Timestamp,
    /// The sessions that ended for it: the one that it replaced, and the oldest beyond
    /// [`SESSIONS_PER_MEMBER_MAX`](crate::limits::SESSIONS_PER_MEMBER_MAX).
    pub displaced: Vec<SessionId>,
}

/// What makes one session differ from another.
struct Values {
    session_id: SessionId,
    jti: Uuid,
    refresh_token: [u8; 32],
}

/// Opens a session under a new id, whatever the browser had before (T-ID-22), and ends the one that it `replaces`.
/// After its commit the caller must call [`announce_ended`](super::announce_ended) for those that were displaced.
///
/// The member's row is locked, so that a ban at the same moment either sees the new session or is seen here.
///
/// # Errors
/// [`Code::InvalidCredentials`] for a banned or missing member, to be answered like any failed sign-in; or the database is away.
pub async fn open(
    app: &App,
    tx: &mut dyn Tx,
    ctx: &RequestContext,
    member: &Member,
    method: SignInMethod,
    replaces: Option<SessionId>,
) -> Result<SignedIn> {
    let mut values = Values {
        session_id: SessionId::new(app.new_uuid()),
        jti: app.new_uuid(),
        refresh_token: app.ports.random.secret(),
    };
    if let Some(fixated) = replaces.filter(|_| sabotage::is_off(Guard::SessionRenewal)) {
        tx.delete_session(fixated).await?;
        values.session_id = fixated;
    }
    open_with(app, tx, ctx, member.id, method, replaces, &values).await
}

/// Opens a session for the automated tests' sign-in. Session id, refresh token and the access token's `jti` follow from member
/// and seed under a server key, so the same seed gives the same values each time; the access token's times and signature are
/// of the moment, and what a refresh makes later is random. An earlier session of the same seed is removed with its tokens.
/// After its commit the caller must call [`announce_ended`](super::announce_ended) for the session's own id too: state of the
/// earlier one may be in memory somewhere.
///
/// # Errors
/// As [`open`].
pub async fn open_seeded(
    app: &App,
    tx: &mut dyn Tx,
    ctx: &RequestContext,
    member: &Member,
    seed: &str,
    replaces: Option<SessionId>,
) -> Result<SignedIn> {
    let derive = |label: &str| {
        let mut data = member.id.uuid().as_bytes().to_vec();
        data.extend_from_slice(seed.as_bytes());
        app.sealer.mac(label, &data)
    };
    // UUIDv8 (RFC 9562, 5.8): made from 122 bits of our own.
    let uuid = |label: &str| {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&derive(label)[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    };
    let values = Values {
        session_id: SessionId::new(uuid("mainstay/seeded-session")),
        jti: uuid("mainstay/seeded-jti"),
        refresh_token: derive("mainstay/seeded-refresh"),
    };
    if tx.delete_session(values.session_id).await? {
        count_ended(RevokedReason::Replaced, 1);
    }
    let replaces = replaces.filter(|&replaced| replaced != values.session_id);
    open_with(app, tx, ctx, member.id, SignInMethod::Test, replaces, &values).await
}

async fn open_with(
    app: &App,
    tx: &mut dyn Tx,
    ctx: &RequestContext,
    member_id: MemberId,
    method: SignInMethod,
    replaces: Option<SessionId>,
    values: &Values,
) -> Result<SignedIn> {
    let now = app.now();
    let member = match tx.lock_member(member_id).await? {
        Some(member) if member.status == MemberStatus::Active => member,
        Some(_) => return Err(refused("the member is banned")),
        None => return Err(refused("the member is gone")),
    };
    let session = new_session(app, ctx, member_id, method, values.session_id, now);
    let token = RefreshToken {
        hash: crypto::sha256(&values.refresh_token),
        session_id: session.id,
        generation: session.generation,
        created_at: now,
        replaced_at: None,
        successor_salt: None,
    };
    let ring = app.sessions.ring();
    let (access_token, access_expires_at) =
        token::issue(&ring, &app.settings, &session, session.generation, values.jti, now)?;
    let mut events = vec![opened_event(app, ctx, &session)];
    let displaced = make_room(app, tx, ctx, member_id, replaces, now, &mut events).await?;
    tx.insert_session(&session, &token).await?;
    tx.append_audit_events(&events).await?;
    metrics::counter!("mainstay_sessions_opened_total", "method" => method.as_str()).increment(1);
    Ok(SignedIn {
        member,
        access_token,
        access_expires_at,
        refresh_token: SecretString::from(crypto::encode(&values.refresh_token)),
        refresh_expires_at: session.expires_at,
        session,
        displaced,
    })
}

/// Ends the session that is replaced, and the oldest ones if the member would have too many with the new one. The member's lock
/// keeps two sign-ins from both finding room. Answers which ended.
async fn make_room(
    app: &App,
    tx: &mut dyn Tx,
    ctx: &RequestContext,
    member_id: MemberId,
    replaces: Option<SessionId>,
    now: Timestamp,
    events: &mut Vec<NewAuditEvent>,
) -> Result<Vec<SessionId>> {
    let actor = member_actor(member_id);
    if let Some(replaced) = replaces
        && tx.revoke_session(replaced, RevokedReason::Replaced, now).await?
    {
        count_ended(RevokedReason::Replaced, 1);
        events.push(ended_event(app, ctx, &actor, replaced, RevokedReason::Replaced));
    }
    let reason = RevokedReason::Surplus;
    let kept = limits::SESSIONS_PER_MEMBER_MAX - 1;
    let mut ended = tx.revoke_oldest_sessions_of_member(member_id, kept, reason, now).await?;
    count_ended(reason, ended.len());
    events.extend(ended_together_event(app, ctx, member_id, ended.len(), reason));
    ended.extend(replaces);
    Ok(ended)
}

fn new_session(
    app: &App,
    ctx: &RequestContext,
    member_id: MemberId,
    method: SignInMethod,
    id: SessionId,
    now: Timestamp,
) -> Session {
    let absolute_expires_at = now + app.settings.session_absolute_ttl;
    Session {
        id,
        member_id,
        method,
        created_ip: ctx.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        created_agent: ctx.agent.clone(),
        created_at: now,
        signed_in_at: now,
        last_seen_at: now,
        expires_at: (now + app.settings.session_sliding_ttl).min(absolute_expires_at),
        absolute_expires_at,
        generation: 1,
        generation_presented_at: None,
        revoked_at: None,
        revoked_reason: None,
    }
}

fn opened_event(app: &App, ctx: &RequestContext, session: &Session) -> NewAuditEvent {
    let detail = json!({ "method": session.method, "session": session.id });
    let subject = format!("member:{}", session.member_id);
    audit::event(app, ctx, "session.opened", &member_actor(session.member_id), subject, detail)
}

fn member_actor(member_id: MemberId) -> mainstay_model::audit::Actor {
    mainstay_model::audit::Actor::Member(member_id)
}

fn refused(cause: &'static str) -> Error {
    Error::new(Code::InvalidCredentials, "This sign-in was not accepted.").because(cause)
}
