//! How many deliveries an endpoint may have under way, each endpoint for itself.

use std::{collections::HashMap, sync::Arc};

use mainstay_model::WebhookEndpointId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits;

const PLACES: usize = limits::DELIVERIES_PER_ENDPOINT as usize;

/// One lane for each endpoint that something is under way to.
#[derive(Default)]
pub(super) struct Lanes(HashMap<WebhookEndpointId, Lane>);

struct Lane {
    places: Arc<Semaphore>,
    /// Whether more may wait than there were places for.
    has_more: bool,
}

impl Lanes {
    /// Places that are free.
    pub(super) fn free(&self, id: WebhookEndpointId) -> u32 {
        let free = self.0.get(&id).map_or(PLACES, |lane| lane.places.available_permits());
        u32::try_from(free).unwrap_or(limits::DELIVERIES_PER_ENDPOINT)
    }

    /// Takes note of what was claimed, before any of it takes its place. A lane that is filled by it, or was full before, may have
    /// more waiting.
    pub(super) fn claimed(&mut self, claimed: impl IntoIterator<Item = WebhookEndpointId>) {
        let mut counts: HashMap<WebhookEndpointId, usize> = HashMap::new();
        for id in claimed {
            *counts.entry(id).or_default() += 1;
        }
        for &id in counts.keys() {
            let empty = || Lane { places: Arc::new(Semaphore::new(PLACES)), has_more: false };
            self.0.entry(id).or_insert_with(empty);
        }
        self.0.retain(|id, lane| {
            let free = lane.places.available_permits();
            let count = counts.get(id).copied().unwrap_or(0);
            lane.has_more = count >= free;
            // Of an endpoint that nothing goes to nothing is kept.
            count > 0 || free < PLACES
        });
    }

    /// Takes a place until what is answered is dropped.
    pub(super) fn enter(&self, id: WebhookEndpointId) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.get(&id)?.places).try_acquire_owned().ok()
    }

    /// Whether it is worth looking for more, now that a place has become free: half of them are, and more may wait.
    pub(super) fn wants_more(&self, id: WebhookEndpointId) -> bool {
        self.0.get(&id).is_some_and(|lane| lane.has_more && lane.places.available_permits() >= PLACES / 2)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claim(lanes: &mut Lanes, id: WebhookEndpointId, count: usize) -> Vec<OwnedSemaphorePermit> {
        lanes.claimed(std::iter::repeat_n(id, count));
        (0..count).map(|_| lanes.enter(id).expect("a place")).collect()
    }

    #[test]
    fn a_full_lane_looks_for_more_when_half_of_it_is_free() {
        let (mut lanes, id) = (Lanes::default(), WebhookEndpointId::new(Uuid::nil()));
        let mut flights = claim(&mut lanes, id, PLACES);
        assert_eq!(lanes.free(id), 0);
        assert!(lanes.enter(id).is_none());
        flights.truncate(PLACES / 2 + 1);
        assert!(!lanes.wants_more(id));
        flights.pop();
        assert!(lanes.wants_more(id));
    }

    #[test]
    fn what_comes_while_a_lane_is_full_is_not_forgotten() {
        let (mut lanes, id) = (Lanes::default(), WebhookEndpointId::new(Uuid::nil()));
        let first = claim(&mut lanes, id, PLACES - 1);
        assert!(!lanes.wants_more(id));
        let last = claim(&mut lanes, id, 1);
        // A hint comes, and nothing can be claimed.
        lanes.claimed([]);
        drop(first);
        assert!(lanes.wants_more(id));
        lanes.claimed([]);
        assert!(!lanes.wants_more(id), "nothing was there");
        drop(last);
        lanes.claimed([]);
        assert!(lanes.0.is_empty());
    }
}
