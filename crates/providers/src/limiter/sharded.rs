//! A map with a bound. What it holds loses its worth with time; when it is full, what is worth least makes room.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
};

use metrics::counter;
use parking_lot::Mutex;

const SHARDS: usize = 64;

/// Something that is worth nothing after a while.
pub(super) trait Fading: Default {
    /// When it may be forgotten without anybody noticing.
    fn worthless_at(&self) -> i64;

    /// The least goes first when there is no room.
    fn worth(&self) -> i64;
}

/// The map. Keys go to shards by a hash with a random seed, so that nobody can aim at one.
pub(super) struct Sharded<V> {
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<Box<str>, V>>>,
    shard_keys_max: usize,
}

impl<V: Fading> Sharded<V> {
    pub(super) fn new(keys_max: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            shard_keys_max: (keys_max / SHARDS).max(1),
        }
    }

    fn shard(&self, key: &str) -> &Mutex<HashMap<Box<str>, V>> {
        // Less than SHARDS, so the cast loses nothing.
        #[allow(clippy::cast_possible_truncation)]
        let index = (self.hasher.hash_one(key) % SHARDS as u64) as usize;
        &self.shards[index]
    }

    /// Reads a value.
    pub(super) fn read<T>(&self, key: &str, work: impl FnOnce(Option<&V>) -> T) -> T {
        work(self.shard(key).lock().get(key))
    }

    /// Changes a value, which is made first if it is not there.
    pub(super) fn change<T>(&self, key: &str, now: i64, work: impl FnOnce(&mut V) -> T) -> T {
        let mut shard = self.shard(key).lock();
        if let Some(value) = shard.get_mut(key) {
            return work(value);
        }
        if shard.len() >= self.shard_keys_max {
            make_room(&mut shard, now);
        }
        work(shard.entry(key.into()).or_default())
    }

    /// Removes a value.
    pub(super) fn remove(&self, key: &str) {
        self.shard(key).lock().remove(key);
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

/// Forgets everything that is worth nothing, or else the one that is worth least.
fn make_room<V: Fading>(shard: &mut HashMap<Box<str>, V>, now: i64) {
    let before = shard.len();
    shard.retain(|_, value| value.worthless_at() > now);
    if shard.len() < before {
        return;
    }
    counter!("mainstay_limiter_evictions_total").increment(1);
    let least = shard.iter().min_by_key(|(_, value)| value.worth()).map(|(key, _)| key.clone());
    if let Some(key) = least {
        shard.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Until(i64);
    impl Fading for Until {
        fn worthless_at(&self) -> i64 {
            self.0
        }

        fn worth(&self) -> i64 {
            self.0
        }
    }

    #[test]
    fn it_never_grows_beyond_its_bound_and_gives_up_the_least_worth_first() {
        let map = Sharded::<Until>::new(SHARDS * 4);
        map.change("dear", 0, |value| value.0 = i64::MAX);
        for n in 0..10_000_i64 {
            map.change(&format!("key {n}"), n, |value| value.0 = n + 50_000);
        }
        assert!(map.len() <= SHARDS * 4);
        assert!(map.read("dear", |value| value.is_some()));
    }

    #[test]
    fn what_is_worth_nothing_goes_before_anything_else() {
        let map = Sharded::<Until>::new(SHARDS * 2);
        for n in 0..1000 {
            map.change(&format!("old {n}"), 0, |value| value.0 = 10);
        }
        for n in 0..1000 {
            map.change(&format!("new {n}"), 20, |value| value.0 = 30);
        }
        assert!(map.len() <= SHARDS * 2);
        assert!(
            (0..1000).all(|n| map.read(&format!("old {n}"), |value| value.is_none_or(|value| value.0 == 10)))
        );
    }
}
