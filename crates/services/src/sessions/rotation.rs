//! The batched half of a refresh: of all tokens that were presented meanwhile, the honest ones are exchanged in one transaction,
//! and while that waits for the disk, their access tokens are signed. No token leaves before its exchange is committed.
//!
//! A token that only theft explains is not dealt with here: its family is ended alone, with an audit event and a mail.

use std::{collections::HashMap, sync::Arc};

use mainstay_model::{
    SecretHash, SessionId, Timestamp,
    session::{RefreshToken, Session},
};
use mainstay_store::{self as store, Access, Rotation, Store};
use secrecy::SecretString;

use super::{
    Sessions, SharedRing,
    refresh::{Presented, Refreshed, derive, judge},
    ring::Ring,
    token,
};
use crate::{
    Result, Settings,
    batch::{self, Batcher, Opened},
    crypto, limits,
    ports::{Clock, Ports, Random},
};

/// What became of a presented token.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// It is not known.
    Unknown,
    /// Its session is over.
    Over,
    /// It was exchanged.
    Rotated(Refreshed),
    /// It was exchanged before, in a way that an honest client may come to.
    SameAgain(Refreshed),
    /// Only theft explains it. Nothing was done yet.
    Reused,
}

/// What is to become of a presented token.
enum Decision {
    Unknown,
    Over,
    Rotate { session: Session, successor: [u8; 32] },
    SameAgain { session: Session, successor: [u8; 32] },
    Reused,
}

/// Exchanges refresh tokens in batches.
pub struct RefreshWriter(Batcher<[u8; 32], Outcome>);

struct Means {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    ring: SharedRing,
    settings: Settings,
}

impl RefreshWriter {
    /// Starts the worker, which ends when this is dropped. Call it within a Tokio runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, ports: &Ports, sessions: &Sessions, settings: &Settings) -> Self {
        let means = Arc::new(Means {
            store,
            clock: Arc::clone(&ports.clock),
            random: Arc::clone(&ports.random),
            ring: Arc::clone(&sessions.ring),
            settings: settings.clone(),
        });
        let open = batch::transactions(Arc::clone(&means.store));
        Self(Batcher::start_opened("refreshes", open, move |opened, tokens| {
            let means = Arc::clone(&means);
            async move { write_all(&means, opened, &tokens).await }
        }))
    }

    pub(super) async fn submit(&self, token: [u8; 32]) -> Result<Outcome> {
        self.0.submit(token).await
    }
}

async fn write_all(means: &Means, mut opened: Opened, tokens: &[[u8; 32]]) -> Vec<Result<Outcome>> {
    let mut attempt = 1;
    loop {
        match write(means, opened, tokens).await {
            Ok(outcomes) => return outcomes,
            Err(error) if error.is_retryable() && attempt < limits::CONTENTION_ATTEMPTS_MAX => attempt += 1,
            Err(error) => return tokens.iter().map(|_| Err(batch::share(&error))).collect(),
        }
        opened = means.store.begin(Access::Write).await;
    }
}

async fn write(means: &Means, opened: Opened, tokens: &[[u8; 32]]) -> store::Result<Vec<Result<Outcome>>> {
    let hashes: Vec<_> = tokens.iter().map(|token| crypto::sha256(token)).collect();
    let mut tx = opened?;
    let found = tx.lock_sessions_by_refresh_hashes(&hashes).await?;
    let now = means.clock.now();
    let mut exchange = Exchange { means, now, moved: HashMap::new(), rotations: Vec::new() };
    let decisions = tokens.iter().zip(found).map(|(token, found)| exchange.decide(token, found)).collect();
    let rotations = exchange.rotations;
    if rotations.is_empty() {
        drop(tx);
        return Ok(sign(means, decisions, now).await);
    }
    tx.rotate_sessions(&rotations).await?;
    during(tx.commit(), sign(means, decisions, now)).await
}

/// Does work while a commit is under way, which begins first. Without the commit nobody gets what the work made.
async fn during<T>(
    commit: impl Future<Output = store::Result<()>>,
    work: impl Future<Output = T>,
) -> store::Result<T> {
    let (committed, made) = futures::join!(commit, work);
    committed.map(|()| made)
}

/// Makes the tokens of those who get some. Lets others run now and then: a full batch takes some milliseconds.
async fn sign(means: &Means, decisions: Vec<Decision>, now: Timestamp) -> Vec<Result<Outcome>> {
    let ring = Arc::clone(&means.ring.read());
    let mut outcomes = Vec::with_capacity(decisions.len());
    for decision in decisions {
        if outcomes.len() % limits::SIGNED_WITHOUT_PAUSE == limits::SIGNED_WITHOUT_PAUSE - 1 {
            tokio::task::yield_now().await;
        }
        outcomes.push(match decision {
            Decision::Unknown => Ok(Outcome::Unknown),
            Decision::Over => Ok(Outcome::Over),
            Decision::Reused => Ok(Outcome::Reused),
            Decision::Rotate { session, successor } => {
                refreshed(means, &ring, &session, &successor, now).map(Outcome::Rotated)
            }
            Decision::SameAgain { session, successor } => {
                refreshed(means, &ring, &session, &successor, now).map(Outcome::SameAgain)
            }
        });
    }
    outcomes
}

fn refreshed(
    means: &Means,
    ring: &Ring,
    session: &Session,
    successor: &[u8; 32],
    now: Timestamp,
) -> Result<Refreshed> {
    let jti = means.random.uuid(now);
    let (access_token, access_expires_at) =
        token::issue(ring, &means.settings, session, session.generation, jti, now)?;
    Ok(Refreshed {
        session_id: session.id,
        access_token,
        access_expires_at,
        refresh_token: SecretString::from(crypto::encode(successor)),
        refresh_expires_at: session.expires_at,
    })
}

/// The decisions of one batch, in order: a token that comes twice meets what its first coming has done.
struct Exchange<'a> {
    means: &'a Means,
    now: Timestamp,
    /// Sessions that were moved on in this batch, and the salt of the token that moved them.
    moved: HashMap<SessionId, (Session, SecretHash, [u8; 32])>,
    rotations: Vec<Rotation>,
}

impl Exchange<'_> {
    fn decide(&mut self, token: &[u8; 32], found: Option<(Session, RefreshToken)>) -> Decision {
        let Some((mut session, mut row)) = found else { return Decision::Unknown };
        if let Some((moved, replaced, salt)) = self.moved.get(&session.id) {
            session = moved.clone();
            if row.hash == *replaced {
                (row.replaced_at, row.successor_salt) = (Some(self.now), Some(*salt));
            } else {
                // It was the predecessor, whose salt is forgotten with this exchange.
                row.successor_salt = None;
            }
        }
        if !session.is_live(self.now) {
            return Decision::Over;
        }
        match judge(&session, &row, self.now) {
            Presented::Newest => self.rotate(token, session, row.hash),
            Presented::Predecessor { salt } => {
                Decision::SameAgain { successor: derive(token, &salt), session }
            }
            Presented::Reused => Decision::Reused,
        }
    }

    fn rotate(&mut self, token: &[u8; 32], mut session: Session, replaced_hash: SecretHash) -> Decision {
        let salt = self.means.random.secret();
        let successor = derive(token, &salt);
        session.generation += 1;
        session.generation_presented_at = None;
        session.expires_at =
            (self.now + self.means.settings.session_sliding_ttl).min(session.absolute_expires_at);
        self.rotations.push(Rotation {
            session_id: session.id,
            replaced_hash,
            successor_salt: salt,
            successor_hash: crypto::sha256(&successor),
            generation: session.generation,
            at: self.now,
            expires_at: session.expires_at,
        });
        self.moved.insert(session.id, (session.clone(), replaced_hash, salt));
        Decision::Rotate { session, successor }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn tokens_are_signed_during_the_commit_and_leave_after_it() {
        let (committed, commit) = oneshot::channel::<()>();
        let (begun, signed) = (Cell::new(false), Cell::new(false));
        let commit = async {
            begun.set(true);
            commit.await.map_err(|_| store::Error::Unavailable("lost".to_owned()))
        };
        let sign = async {
            assert!(begun.get(), "the commit begins first");
            signed.set(true);
            7
        };
        let mut answer = std::pin::pin!(during(commit, sign));
        assert!(futures::poll!(answer.as_mut()).is_pending(), "nothing leaves before the commit");
        assert!(signed.get(), "the signing does not wait");
        committed.send(()).expect("somebody waits");
        assert_eq!(answer.await.expect("is committed"), 7);
    }

    #[tokio::test]
    async fn what_was_signed_for_a_lost_commit_is_dropped() {
        let lost = async { Err(store::Error::Unavailable("lost".to_owned())) };
        assert!(during(lost, async { 7 }).await.is_err());
    }
}
