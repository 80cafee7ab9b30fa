//! Session state in memory, for less than a second (SES-5).
//!
//! An entry is stamped with the invalidations that were known *before* its rows were read, and counts only while the stamp is
//! still the present one. So a read that was under way when a session ended can never bring it back, in whatever order the two
//! finish.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use mainstay_model::{MemberId, SessionId, Timestamp, member::Role};
use quick_cache::sync::Cache;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use crate::limits;

/// Counters that many ids share; a shared counter costs a needless read now and then, never a wrong answer.
const COUNTERS: usize = 4_096;
/// Locks that many ids share, so that misses of one session at a time become one read.
const TURNS: usize = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    all: u64,
    session: u64,
    member: u64,
}

/// A live session as it was at `loaded_at`.
#[derive(Debug)]
pub(super) struct State {
    pub(super) member_id: MemberId,
    pub(super) role: Role,
    pub(super) signed_in_at: Timestamp,
    /// The earlier of its sliding and its absolute end.
    pub(super) ends_at: Timestamp,
    pub(super) generation: i64,
    /// The newest generation of which the database knows that it was presented.
    pub(super) presented: AtomicI64,
    pub(super) loaded_at: Timestamp,
    pub(super) stamp: Stamp,
}

pub(super) struct SessionCache {
    states: Cache<SessionId, Arc<State>>,
    hasher: RandomState,
    all: AtomicU64,
    counters: Box<[AtomicU64]>,
    turns: Box<[Mutex<()>]>,
}

impl SessionCache {
    pub(super) fn new() -> Self {
        Self {
            states: Cache::new(limits::SESSION_CACHE_ENTRIES_MAX),
            hasher: RandomState::default(),
            all: AtomicU64::new(0),
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            turns: (0..TURNS).map(|_| Mutex::new(())).collect(),
        }
    }

    /// The state, if it is fresh and nothing was invalidated since.
    pub(super) fn get(&self, session_id: SessionId, now: Timestamp) -> Option<Arc<State>> {
        let state = self.states.get(&session_id)?;
        let is_fresh = now >= state.loaded_at && now.since(state.loaded_at) < limits::SESSION_CACHE_TTL;
        (is_fresh && state.stamp == self.stamp(session_id, state.member_id)).then_some(state)
    }

    /// Keeps a state; one whose stamp is out of date is not kept.
    pub(super) fn put(&self, session_id: SessionId, state: Arc<State>) {
        if state.stamp == self.stamp(session_id, state.member_id) {
            self.states.insert(session_id, state);
        }
    }

    /// The present stamp. Take it before reading what it will vouch for.
    pub(super) fn stamp(&self, session_id: SessionId, member_id: MemberId) -> Stamp {
        Stamp {
            all: self.all.load(Ordering::SeqCst),
            session: self.counter(session_id.uuid()).load(Ordering::SeqCst),
            member: self.counter(member_id.uuid()).load(Ordering::SeqCst),
        }
    }

    /// How many states are kept, fresh or not.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// Waits for the turn to read or write about a session; whoever gets it looks into the cache again first.
    pub(super) async fn turn(&self, session_id: SessionId) -> MutexGuard<'_, ()> {
        self.turns[self.place(session_id.uuid(), TURNS)].lock().await
    }

    /// Forgets one session.
    pub(super) fn forget_session(&self, session_id: SessionId) {
        self.counter(session_id.uuid()).fetch_add(1, Ordering::SeqCst);
    }

    /// Forgets all sessions of a member.
    pub(super) fn forget_member(&self, member_id: MemberId) {
        self.counter(member_id.uuid()).fetch_add(1, Ordering::SeqCst);
    }

    /// Forgets everything.
    pub(super) fn forget_all(&self) {
        self.all.fetch_add(1, Ordering::SeqCst);
    }

    fn counter(&self, id: Uuid) -> &AtomicU64 {
        &self.counters[self.place(id, COUNTERS)]
    }

    fn place(&self, id: Uuid, places: usize) -> usize {
        self.hasher.hash_one(id) as usize % places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(cache: &SessionCache, session_id: SessionId, member_id: MemberId) -> Arc<State> {
        Arc::new(State {
            member_id,
            role: Role::Member,
            signed_in_at: Timestamp::EPOCH,
            ends_at: Timestamp::from_seconds(100),
            generation: 1,
            presented: AtomicI64::new(1),
            loaded_at: Timestamp::EPOCH,
            stamp: cache.stamp(session_id, member_id),
        })
    }

    #[test]
    fn a_read_that_an_end_overtook_is_not_kept() {
        let (session_id, member_id) = (SessionId::new(Uuid::from_u128(1)), MemberId::new(Uuid::from_u128(2)));
        let forgets: [&dyn Fn(&SessionCache); 3] = [
            &|cache| cache.forget_session(session_id),
            &|cache| cache.forget_member(member_id),
            &SessionCache::forget_all,
        ];
        for forget in forgets {
            let cache = SessionCache::new();
            let read_before = state(&cache, session_id, member_id);
            forget(&cache);
            cache.put(session_id, Arc::clone(&read_before));
            assert!(cache.get(session_id, Timestamp::EPOCH).is_none());
            cache.put(session_id, state(&cache, session_id, member_id));
            assert!(cache.get(session_id, Timestamp::EPOCH).is_some());
            forget(&cache);
            assert!(cache.get(session_id, Timestamp::EPOCH).is_none());
        }
    }

    #[test]
    fn a_state_ages_within_a_second_and_never_by_a_clock_that_went_back() {
        let (session_id, member_id) = (SessionId::new(Uuid::from_u128(1)), MemberId::new(Uuid::from_u128(2)));
        let cache = SessionCache::new();
        cache.put(session_id, state(&cache, session_id, member_id));
        assert!(cache.get(session_id, Timestamp::from_micros(799_999)).is_some());
        assert!(cache.get(session_id, Timestamp::from_micros(800_000)).is_none());
        assert!(cache.get(session_id, Timestamp::from_micros(-1)).is_none());
    }
}
