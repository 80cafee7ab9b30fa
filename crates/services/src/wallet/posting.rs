//! Postings that arrive at the same time are settled together, in one transaction with a fixed number of statements, so that a
//! wallet that everybody posts to is no slower than any other (WAL-5).

use std::{collections::HashSet, sync::Arc};

use mainstay_model::{
    MemberId,
    audit::NewAuditEvent,
    ledger::{Posting, PostingKey},
};
use mainstay_store::{self as store, Posted, Store, Tx};
use uuid::Uuid;

use super::told::tell;
use crate::{
    Error, Result,
    batch::{self, Batcher, Opened},
    crypto, events, limits,
    ports::Bus,
};

/// Keys of what Mainstay posts by itself.
const SYSTEM_SCOPE: Uuid = Uuid::from_u128(0x6d61_696e_7374_6179_0000_0000_0000_0001);

pub(crate) fn system_key(key: &str) -> PostingKey {
    posting_key(SYSTEM_SCOPE, key)
}

/// What the ledger keeps of a key: half a SHA-256, in which nobody finds two keys of one owner that are the same by chance.
pub(crate) fn posting_key(owner: Uuid, key: &str) -> PostingKey {
    let mut both = owner.into_bytes().to_vec();
    both.extend_from_slice(key.as_bytes());
    let digest = crypto::sha256(&both);
    PostingKey(Uuid::from_u128(digest[..16].iter().fold(0, |number, byte| number << 8 | u128::from(*byte))))
}

/// A posting that somebody wants.
pub(crate) struct Wish {
    posting: Posting,
    event: Option<NewAuditEvent>,
    member: Option<MemberId>,
}

impl Wish {
    /// Writes this audit event with it when it is carried out.
    #[must_use]
    pub(crate) fn audited(self, event: NewAuditEvent) -> Self {
        Self { event: Some(event), ..self }
    }

    /// Settles it only for a member who is there and not banned.
    #[must_use]
    pub(crate) fn for_member(self, member_id: MemberId) -> Self {
        Self { member: Some(member_id), ..self }
    }
}

impl From<Posting> for Wish {
    fn from(posting: Posting) -> Self {
        Self { posting, event: None, member: None }
    }
}

/// What came of a wish; nothing when it was for a member who is not there.
type Settled = Option<Posted>;

/// Settles postings in batches.
pub struct PostingWriter(Batcher<Wish, Settled>);

impl PostingWriter {
    /// Starts the worker, which ends when this is dropped. Call it within a Tokio runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, bus: Arc<dyn Bus>) -> Self {
        let open = batch::transactions(Arc::clone(&store));
        Self(Batcher::start_opened("postings", open, move |opened, wishes| {
            let (store, bus) = (Arc::clone(&store), Arc::clone(&bus));
            async move { settle_all(&*store, &*bus, opened, wishes).await }
        }))
    }

    /// Settles a posting with others that arrive now.
    ///
    /// # Errors
    /// [`crate::Code::NotFound`] when it is for a member who is not there, or the database is away.
    pub(crate) async fn submit(&self, wish: impl Into<Wish>) -> Result<Posted> {
        #[cfg(feature = "sabotage")]
        let _alone = turned_away_unless_alone()?;
        let posted = self.0.submit(wish.into()).await?.ok_or_else(Error::not_found)?;
        count_posted(&posted);
        Ok(posted)
    }
}

/// Counts what came of a posting.
pub(crate) fn count_posted(posted: &Posted) {
    let outcome = match posted {
        Posted::Done { is_replay: false, .. } => "done",
        Posted::Refused { is_replay: false, .. } => "refused",
        Posted::Done { .. } | Posted::Refused { .. } => "replayed",
        Posted::KeyReused => "key_reused",
    };
    metrics::counter!("mainstay_postings_total", "outcome" => outcome).increment(1);
}

/// Settles a batch. What the database refuses is a fault of ours in one of them; then each is settled alone, so that it fails
/// nobody else's.
async fn settle_all(
    store: &dyn Store,
    bus: &dyn Bus,
    opened: Opened,
    wishes: Vec<Wish>,
) -> Vec<Result<Settled>> {
    match settle_retrying(store, bus, Some(opened), &wishes).await {
        Ok(posted) => posted.into_iter().map(Ok).collect(),
        Err(store::Error::Constraint(_) | store::Error::Failed(_)) if wishes.len() > 1 => {
            let mut outcomes = Vec::with_capacity(wishes.len());
            for wish in wishes {
                let outcome = settle_retrying(store, bus, None, std::slice::from_ref(&wish)).await;
                let outcome = outcome.and_then(|posted| {
                    posted.into_iter().next().ok_or_else(|| store::Error::Failed("no outcome".to_owned()))
                });
                outcomes.push(outcome.map_err(|error| batch::share(&error)));
            }
            outcomes
        }
        Err(error) => wishes.iter().map(|_| Err(batch::share(&error))).collect(),
    }
}

/// Settles wishes in a transaction that is open, if there is one, and in new ones when another was in the way.
async fn settle_retrying(
    store: &dyn Store,
    bus: &dyn Bus,
    mut opened: Option<Opened>,
    wishes: &[Wish],
) -> store::Result<Vec<Settled>> {
    let mut attempt = 1;
    loop {
        let settled = match batch::next_transaction(store, &mut opened).await {
            Ok(tx) => settle(tx, bus, wishes).await,
            Err(error) => Err(error),
        };
        match settled {
            Err(error) if error.is_retryable() && attempt < limits::CONTENTION_ATTEMPTS_MAX => attempt += 1,
            outcome => return outcome,
        }
    }
}

async fn settle(mut tx: Box<dyn Tx>, bus: &dyn Bus, wishes: &[Wish]) -> store::Result<Vec<Settled>> {
    let wanted = wishes.iter().filter_map(|wish| wish.member).collect::<HashSet<_>>();
    let there = tx.active_members(&wanted.into_iter().collect::<Vec<_>>()).await?;
    // What was settled under a key stays its answer, also when the member is gone since.
    let is_there = |wish: &&Wish| wish.member.is_none_or(|member| there.contains(&member));
    let keys = wishes.iter().filter(|wish| !is_there(wish)).map(|wish| wish.posting.key).collect::<Vec<_>>();
    let used = if keys.is_empty() { HashSet::new() } else { tx.used_posting_keys(&keys).await? };
    let is_settled = |wish: &&Wish| is_there(wish) || used.contains(&wish.posting.key);
    let postings = wishes.iter().filter(is_settled).map(|wish| wish.posting.clone()).collect::<Vec<_>>();
    let posted = tx.post(&postings).await?;
    let done = wishes.iter().filter(is_settled).zip(&posted);
    let events = done.filter_map(|(wish, posted)| match posted {
        Posted::Done { is_replay: false, .. } => wish.event.clone(),
        _ => None,
    });
    let events = events.collect::<Vec<_>>();
    if !events.is_empty() {
        tx.append_audit_events(&events).await?;
    }
    let is_awaited = tell(&mut *tx, &posted).await?;
    tx.commit().await?;
    if is_awaited {
        events::announce(bus).await;
    }
    let mut posted = posted.into_iter();
    Ok(wishes.iter().map(|wish| if is_settled(&wish) { posted.next() } else { None }).collect())
}

/// What becomes of postings that lock each other out: whoever comes second is the victim.
#[cfg(feature = "sabotage")]
fn turned_away_unless_alone() -> Result<Option<tokio::sync::MutexGuard<'static, ()>>> {
    use crate::sabotage::{Guard, is_off};

    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    if !is_off(Guard::PostingsTogether) {
        return Ok(None);
    }
    ALONE.try_lock().map(Some).map_err(|_| crate::Error::internal("deadlock detected"))
}
