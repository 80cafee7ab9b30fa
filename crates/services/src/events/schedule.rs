//! When a delivery that failed is tried again, and when it is not.

use std::time::Duration;

use crate::{limits, ports::Random};

/// How long to wait, and how many pauses of the schedule that spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) wait: Duration,
    pub(super) spent: i64,
}

/// The pause after a failure when so many were spent before, or none when no attempt is left. Chance shortens it by up to a fifth, so
/// that what failed together does not come back together. A receiver that asks for more gets it, up to the end of the schedule:
/// attempts that would lie within the wait are not made, and the first one after it comes at its end.
pub(super) fn pause_after(spent: i64, asked: Duration, random: &dyn Random) -> Option<Pause> {
    let left = limits::DELIVERY_PAUSES.get(usize::try_from(spent).ok()?..)?;
    let (longest, later) = left.split_first()?;
    let mut jitter = [0; 2];
    random.fill(&mut jitter);
    let own = *longest - *longest / 5 * u32::from(u16::from_be_bytes(jitter)) / u32::from(u16::MAX);
    let wait = own.max(asked.min(left.iter().sum()));
    let mut within = *longest;
    let mut pause = Pause { wait, spent: 1 };
    for &next in later {
        if within >= wait {
            break;
        }
        within += next;
        pause.spent += 1;
    }
    Some(pause)
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

    fn own(spent: i64, jitter: u8) -> Option<Duration> {
        pause_after(spent, Duration::ZERO, &Fixed(jitter)).map(|pause| pause.wait)
    }

    fn total(jitter: u8) -> Duration {
        (0..).map_while(|spent| own(spent, jitter)).sum()
    }

    #[test]
    fn pauses_grow_and_end_within_three_days() {
        assert_eq!(own(0, 0), Some(Duration::from_secs(5)));
        assert_eq!(own(0, 255), Some(Duration::from_secs(4)));
        assert_eq!((own(9, 0), own(10, 0), own(-1, 0)), (None, None, None));
        let day = Duration::from_secs(24 * 3600);
        assert!(total(0) < 3 * day && total(0) > 2 * day + day / 2, "{:?}", total(0));
        // Or one delivery that fails for as long as it may would not be told from a short outage.
        assert!(total(255) > limits::ENDPOINT_FAILING_MAX);
        assert!(limits::DELIVERY_PAUSES.is_sorted());
    }

    #[test]
    fn a_receivers_wish_lengthens_a_pause_and_spends_those_within_it() {
        let after = |spent, asked_s| {
            let pause = pause_after(spent, Duration::from_secs(asked_s), &Fixed(255)).expect("a pause");
            (pause.wait.as_secs(), pause.spent)
        };
        // Never sooner than by our own choice: 4 seconds here, and 4 minutes.
        assert_eq!((after(0, 0), after(0, 3), after(1, 60)), ((4, 1), (4, 1), (240, 1)));
        assert_eq!((after(0, 5), after(0, 6)), ((5, 1), (6, 2)));
        // 5 s, 5 min and 30 min lie within an hour.
        assert_eq!(after(0, 3_600), (3_600, 4));
        assert_eq!(after(8, 3_600), (16 * 3_600, 1));
        // Never beyond the end.
        let rest: u64 = limits::DELIVERY_PAUSES[2..].iter().map(Duration::as_secs).sum();
        assert_eq!(
            (after(2, rest - 1), after(2, rest + 1), after(2, u64::MAX)),
            ((rest - 1, 7), (rest, 7), (rest, 7))
        );
        assert_eq!(pause_after(9, Duration::from_secs(60), &Fixed(0)), None);
    }

    #[test]
    fn whatever_receivers_ask_for_all_ends_within_three_days() {
        let wishes =
            [0, 1, 7, 90, 301, 1_900, 7_300, 20_000, 50_000, 90_000, 1_000_000].map(Duration::from_secs);
        for first in wishes {
            for second in wishes {
                for others in wishes {
                    let (mut waited, mut spent, mut number) = (Duration::ZERO, 0, 0);
                    while let Some(pause) =
                        pause_after(spent, *[first, second].get(number).unwrap_or(&others), &Fixed(0))
                    {
                        (waited, spent, number) = (waited + pause.wait, spent + pause.spent, number + 1);
                    }
                    assert!(
                        waited < Duration::from_secs(3 * 24 * 3_600),
                        "{first:?}, {second:?}, {others:?}"
                    );
                }
            }
        }
    }
}
