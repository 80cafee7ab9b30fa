//! Who presents an access token. The hottest path there is: no database at all for most requests.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use mainstay_model::{SessionId, Timestamp, member::MemberStatus, session::Session};

use super::{
    cache::State,
    seen,
    token::{self, Claims},
};
use crate::{
    App, Caller, Code, Error, Result,
    sabotage::{self, Guard},
};

/// Finds out who presents this access token, and that the session is live. Session state may be up to
/// [`SESSION_CACHE_TTL`](crate::limits::SESSION_CACHE_TTL) old, unless this node heard of a change.
///
/// # Errors
/// [`Code::InvalidToken`] for a token that is not ours, damaged or out of its time; [`Code::SessionEnded`] when its session is
/// over; or the database is away.
pub async fn authenticate(app: &App, access_token: &str) -> Result<Caller> {
    let now = app.now();
    let claims = token::verify(app, access_token, now).await?;
    let state = match app.sessions.cache.get(claims.sid, now) {
        Some(state) => state,
        None => load(app, &claims).await?,
    };
    if state.member_id != claims.sub {
        return Err(token::invalid());
    }
    if state.ends_at <= now && !sabotage::is_off(Guard::SessionState) {
        return Err(ended());
    }
    // From now on the refresh token before this one can't be excused as a lost answer. A first token has none before it.
    if claims.generation >= state.generation && claims.generation > state.presented.load(Ordering::SeqCst) {
        mark_presented(app, &claims, &state, now).await?;
    }
    Ok(Caller {
        member_id: state.member_id,
        session_id: claims.sid,
        role: state.role,
        signed_in_at: state.signed_in_at,
    })
}

async fn load(app: &App, claims: &Claims) -> Result<Arc<State>> {
    let cache = &app.sessions.cache;
    let _turn = cache.turn(claims.sid).await;
    let now = app.now();
    if let Some(state) = cache.get(claims.sid, now) {
        return Ok(state);
    }
    let stamp = cache.stamp(claims.sid, claims.sub);
    let mut tx = app.read().await?;
    let session = tx
        .session_by_id(claims.sid)
        .await?
        .filter(|session| session.is_live(now) || sabotage::is_off(Guard::SessionState))
        .ok_or_else(ended)?;
    let member = tx
        .member_by_id(session.member_id)
        .await?
        .filter(|member| member.status == MemberStatus::Active)
        .ok_or_else(ended)?;
    drop(tx);
    let is_presented = session.generation == 1 || session.generation_presented_at.is_some();
    let state = Arc::new(State {
        member_id: member.id,
        role: member.role,
        signed_in_at: proven_at(&session),
        ends_at: session.expires_at.min(session.absolute_expires_at),
        generation: session.generation,
        presented: AtomicI64::new(session.generation - i64::from(!is_presented)),
        loaded_at: now,
        stamp,
    });
    cache.put(claims.sid, Arc::clone(&state));
    seen::note(app, claims.sid, now);
    Ok(state)
}

/// When the member last proved who they are, which a refresh does not.
pub(crate) fn proven_at(session: &Session) -> Timestamp {
    if sabotage::is_off(Guard::RecentSignIn) { session.last_seen_at } else { session.signed_in_at }
}

async fn mark_presented(app: &App, claims: &Claims, state: &State, now: Timestamp) -> Result<()> {
    let _turn = app.sessions.cache.turn(claims.sid).await;
    if claims.generation <= state.presented.load(Ordering::SeqCst) {
        return Ok(());
    }
    app.retrying(|| mark(app, claims.sid, claims.generation, now)).await?;
    state.presented.fetch_max(claims.generation, Ordering::SeqCst);
    Ok(())
}

async fn mark(app: &App, session_id: SessionId, generation: i64, now: Timestamp) -> Result<()> {
    let mut tx = app.write().await?;
    tx.mark_generation_presented(session_id, generation, now).await?;
    Ok(tx.commit().await?)
}

pub(super) fn ended() -> Error {
    Error::new(Code::SessionEnded, "This session is over. Sign in again.")
}
