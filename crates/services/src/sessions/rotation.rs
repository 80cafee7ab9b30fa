//! The batched half of a refresh: of all tokens that were presented meanwhile, the honest ones are exchanged in one transaction.
//!
//! A token that only theft explains is not dealt with here: its family is ended alone, with an audit event and a mail.

use std::{collections::HashMap, sync::Arc, time::Duration};

use mainstay_model::{
    SecretHash, SessionId, Timestamp,
    session::{RefreshToken, Session},
};
use mainstay_store::{self as store, Access, Rotation, Store};

use super::refresh::{Presented, derive, judge};
use crate::{
    Result,
    batch::{self, Batcher},
    crypto, limits,
    ports::{Clock, Random},
};

/// What became of a presented token.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// It is not known.
    Unknown,
    /// Its session is over.
    Over,
    /// It was exchanged.
    Rotated { session: Session, successor: [u8; 32] },
    /// It was exchanged before, in a way that an honest client may come to.
    SameAgain { session: Session, successor: [u8; 32] },
    /// Only theft explains it. Nothing was done yet.
    Reused,
}

/// Exchanges refresh tokens in batches.
pub struct RefreshWriter(Batcher<[u8; 32], Outcome>);

struct Means {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    sliding_ttl: Duration,
}

impl RefreshWriter {
    /// Starts the worker, which ends when this is dropped. Call it within a Tokio runtime.
    #[must_use]
    pub fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        sliding_ttl: Duration,
    ) -> Self {
        let means = Arc::new(Means { store, clock, random, sliding_ttl });
        Self(Batcher::start("refreshes", move |tokens| {
            let means = Arc::clone(&means);
            async move { write_all(&means, &tokens).await }
        }))
    }

    pub(super) async fn submit(&self, token: [u8; 32]) -> Result<Outcome> {
        self.0.submit(token).await
    }
}

async fn write_all(means: &Means, tokens: &[[u8; 32]]) -> Vec<Result<Outcome>> {
    let mut attempt = 1;
    loop {
        match write(means, tokens).await {
            Ok(outcomes) => return outcomes.into_iter().map(Ok).collect(),
            Err(error) if error.is_retryable() && attempt < limits::CONTENTION_ATTEMPTS_MAX => attempt += 1,
            Err(error) => return tokens.iter().map(|_| Err(batch::share(&error))).collect(),
        }
    }
}

async fn write(means: &Means, tokens: &[[u8; 32]]) -> store::Result<Vec<Outcome>> {
    let hashes: Vec<_> = tokens.iter().map(|token| crypto::sha256(token)).collect();
    let mut tx = means.store.begin(Access::Write).await?;
    let found = tx.lock_sessions_by_refresh_hashes(&hashes).await?;
    let mut exchange =
        Exchange { means, now: means.clock.now(), moved: HashMap::new(), rotations: Vec::new() };
    let outcomes = tokens.iter().zip(found).map(|(token, found)| exchange.decide(token, found)).collect();
    let rotations = exchange.rotations;
    if !rotations.is_empty() {
        tx.rotate_sessions(&rotations).await?;
        tx.commit().await?;
    }
    Ok(outcomes)
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
    fn decide(&mut self, token: &[u8; 32], found: Option<(Session, RefreshToken)>) -> Outcome {
        let Some((mut session, mut row)) = found else { return Outcome::Unknown };
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
            return Outcome::Over;
        }
        match judge(&session, &row, self.now) {
            Presented::Newest => self.rotate(token, session, row.hash),
            Presented::Predecessor { salt } => {
                Outcome::SameAgain { successor: derive(token, &salt), session }
            }
            Presented::Reused => Outcome::Reused,
        }
    }

    fn rotate(&mut self, token: &[u8; 32], mut session: Session, replaced_hash: SecretHash) -> Outcome {
        let salt = self.means.random.secret();
        let successor = derive(token, &salt);
        session.generation += 1;
        session.generation_presented_at = None;
        session.expires_at = (self.now + self.means.sliding_ttl).min(session.absolute_expires_at);
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
        Outcome::Rotated { session, successor }
    }
}
