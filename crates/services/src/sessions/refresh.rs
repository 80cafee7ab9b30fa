//! Exchanging refresh tokens.
//!
//! The session row is locked, so of any number of parallel requests one makes the successor and the others get the same one: it
//! is derived from the presented token and a stored salt, and never stored itself. Exchanges that arrive together are written
//! together (see `rotation`). Whether an old token is a second tab, a lost
//! answer or a thief is decided by [`Presented`].

use mainstay_model::{
    SecretHash, SessionId, Timestamp,
    audit::Actor,
    session::{RefreshToken, RevokedReason, Session},
};
use mainstay_store::Tx;
use secrecy::SecretString;
use serde_json::json;

use super::{authenticate::ended, end, notice, rotation::Outcome, seen};
use crate::{
    App, Code, Error, RequestContext, Result, audit, crypto, jobs, limits,
    sabotage::{self, Guard},
};

/// New tokens of a session.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The session.
    pub session_id: SessionId,
    /// Access token (a JWT).
    pub access_token: String,
    /// When it runs out.
    pub access_expires_at: Timestamp,
    /// Refresh token: the successor of the presented one.
    pub refresh_token: SecretString,
    /// When the session ends unless it is refreshed before.
    pub refresh_expires_at: Timestamp,
}

/// What a presented token of a live session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// The newest: it is exchanged.
    Newest,
    /// The one before the newest, in a way that an honest client may come to: it gets the same successor again.
    Predecessor { salt: [u8; 32] },
    /// Anything older or later: two parties hold tokens of one family, and one of them is a thief.
    Reused,
}

/// The bounded rule of re-use (SES-2). The predecessor is excused for [`limits::REFRESH_GRACE`] whatever happened (two tabs),
/// and for [`limits::REFRESH_LOST_ANSWER`] while nobody has presented the successor (a lost answer).
pub(super) fn judge(session: &Session, token: &RefreshToken, now: Timestamp) -> Presented {
    if token.generation == session.generation {
        return Presented::Newest;
    }
    let (Some(salt), Some(replaced_at)) = (token.successor_salt, token.replaced_at) else {
        return Presented::Reused;
    };
    let age = now.since(replaced_at);
    let is_second_tab = age <= limits::REFRESH_GRACE;
    let is_lost_answer = age <= limits::REFRESH_LOST_ANSWER && session.generation_presented_at.is_none();
    let is_excused = (is_second_tab || is_lost_answer) && !sabotage::is_off(Guard::RefreshGrace);
    if token.generation + 1 == session.generation && is_excused {
        Presented::Predecessor { salt }
    } else {
        Presented::Reused
    }
}

/// Exchanges a refresh token for the session's next tokens.
///
/// # Errors
/// [`Code::InvalidToken`] for an unknown token; [`Code::SessionEnded`] when its session is over; [`Code::RefreshReused`] when only
/// theft explains it, and then the session is over; or the database is away, and then nothing happened.
pub async fn refresh(app: &App, ctx: &RequestContext, refresh_token: &str) -> Result<Refreshed> {
    let outcome = match crypto::decode_32(refresh_token) {
        Some(token) => exchange(app, ctx, token).await,
        None => Err(unknown()),
    };
    let word = match &outcome {
        Ok((_, word)) => *word,
        Err(error) => error.code.as_str(),
    };
    metrics::counter!("mainstay_refresh_total", "outcome" => word).increment(1);
    outcome.map(|(refreshed, _)| refreshed)
}

async fn exchange(app: &App, ctx: &RequestContext, token: [u8; 32]) -> Result<(Refreshed, &'static str)> {
    let (refreshed, word) = match app.refreshes.submit(token).await? {
        Outcome::Unknown => return Err(unknown()),
        Outcome::Over => return Err(ended()),
        Outcome::Rotated(refreshed) => (refreshed, "rotated"),
        Outcome::SameAgain(refreshed) => {
            seen::note(app, refreshed.session_id, app.now());
            (refreshed, "same_successor")
        }
        Outcome::Reused if sabotage::is_off(Guard::RefreshReuse) => return Err(unknown()),
        Outcome::Reused => {
            let hash = crypto::sha256(&token);
            return Err(app.retrying(|| end_if_reused(app, ctx, &hash)).await.err().unwrap_or_else(unknown));
        }
    };
    Ok((refreshed, word))
}

/// Judges a token again, alone and under its lock, and ends its family when it still is one that nobody honest presents. Always
/// answers an error: the one that the client gets.
async fn end_if_reused(app: &App, ctx: &RequestContext, hash: &SecretHash) -> Result<()> {
    let mut tx = app.write().await?;
    let (session, row) = tx.lock_session_by_refresh_hash(hash).await?.ok_or_else(unknown)?;
    let now = app.now();
    if !session.is_live(now) {
        return Err(ended());
    }
    if judge(&session, &row, now) != Presented::Reused {
        // Time does not turn a reused token into an honest one; only a clock that was set back does.
        return Err(unknown());
    }
    end_family(app, tx, ctx, &session, &row, now).await?;
    Err(Error::new(
        Code::RefreshReused,
        "An old token of this session was used again, so the session was ended for safety. Sign in again.",
    ))
}

/// Ends the whole family, tells the audit trail and the member.
async fn end_family(
    app: &App,
    mut tx: Box<dyn Tx>,
    ctx: &RequestContext,
    session: &Session,
    row: &RefreshToken,
    now: Timestamp,
) -> Result<()> {
    tx.revoke_session(session.id, RevokedReason::RefreshReuse, now).await?;
    let member = tx.member_by_id(session.member_id).await?;
    let mail = member.and_then(|member| notice::refresh_reused(app, &member));
    if let Some(mail) = mail.clone() {
        jobs::enqueue(app, &mut *tx, &[jobs::Work::SendMail(mail)]).await?;
    }
    let detail = json!({
        "member": session.member_id,
        "generation": row.generation,
        "newest_generation": session.generation,
    });
    let subject = format!("session:{}", session.id);
    tx.append_audit_events(&[audit::event(
        app,
        ctx,
        "session.refresh_reused",
        &Actor::Anonymous,
        subject,
        detail,
    )])
    .await?;
    tx.commit().await?;
    end::count_ended(RevokedReason::RefreshReuse, 1);
    end::announce_ended(app, &[session.id]).await;
    if mail.is_some() {
        jobs::announce(app).await;
    }
    Ok(())
}

/// Whose a refresh token is, without using it: it is not exchanged and does not count as presented.
///
/// # Errors
/// [`Code::InvalidToken`], [`Code::SessionEnded`], or the database is away.
pub async fn session_of_refresh_token(app: &App, refresh_token: &str) -> Result<SessionId> {
    let token = crypto::decode_32(refresh_token).ok_or_else(unknown)?;
    let found = app.read().await?.session_by_refresh_hash(&crypto::sha256(&token)).await?;
    let (session, _) = found.ok_or_else(unknown)?;
    if session.is_live(app.now()) { Ok(session.id) } else { Err(ended()) }
}

/// The successor of a token. Without the salt, which is forgotten in time, an old token leads nowhere.
pub(super) fn derive(token: &[u8; 32], salt: &[u8; 32]) -> [u8; 32] {
    const LABEL: &[u8] = b"mainstay/refresh";
    let mut data = Vec::with_capacity(LABEL.len() + salt.len());
    data.extend_from_slice(LABEL);
    data.extend_from_slice(salt);
    crypto::hmac_sha256(token, &data)
}

fn unknown() -> Error {
    Error::new(Code::InvalidToken, "The refresh token is not valid. Sign in again.")
}
