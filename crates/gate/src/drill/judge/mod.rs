//! Judges: pure functions over what was counted, so that histories which must fail can be shown to.

pub(crate) mod log_out;
pub(crate) mod migrations;
pub(crate) mod outage;
pub(crate) mod postings;
pub(crate) mod rotation;
pub(crate) mod stop;
pub(crate) mod webhooks;
pub(crate) mod writes;

use std::time::Duration;

use crate::drill::limits;

/// A time for people.
pub(crate) fn words(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        return format!("{} ms", took.as_millis());
    }
    format!("{:.1} s", took.as_secs_f64())
}

/// The first few names and how many more there are.
fn named(names: &[String]) -> String {
    let first = names.iter().take(limits::NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(limits::NAMED_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
