//! When a delivery that failed is tried again, and when it is not.

use std::time::Duration;

use crate::{limits, ports::Random};

/// The pause after so many failures in all, or none when no attempt is left. Chance shortens it by up to a fifth, so that what
/// failed together does not come back together.
pub(super) fn pause_after(failures: i64, random: &dyn Random) -> Option<Duration> {
    let place = usize::try_from(failures).ok()?.checked_sub(1)?;
    let longest = *limits::DELIVERY_PAUSES.get(place)?;
    let mut jitter = [0; 2];
    random.fill(&mut jitter);
    Some(longest - longest / 5 * u32::from(u16::from_be_bytes(jitter)) / u32::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn total(jitter: u8) -> Duration {
        (1..).map_while(|failures| pause_after(failures, &Fixed(jitter))).sum()
    }

    #[test]
    fn pauses_grow_and_end_within_three_days() {
        assert_eq!(pause_after(1, &Fixed(0)), Some(Duration::from_secs(5)));
        assert_eq!(pause_after(1, &Fixed(255)), Some(Duration::from_secs(4)));
        assert_eq!(pause_after(10, &Fixed(0)), None);
        assert_eq!(pause_after(0, &Fixed(0)), None);
        let day = Duration::from_secs(24 * 3600);
        assert!(total(0) < 3 * day && total(0) > 2 * day + day / 2, "{:?}", total(0));
        // Or one delivery that fails for as long as it may would not be told from a short outage.
        assert!(total(255) > limits::ENDPOINT_FAILING_MAX);
        assert!(limits::DELIVERY_PAUSES.is_sorted());
    }
}
