//! `mainstay sabotage`: which guards this build can leave out. Only the gate's self-test asks.

use mainstay_services::sabotage::Guard;
use serde_json::{Map, Value};

use super::output;

/// Prints each guard's name and what happens without it.
pub(super) fn list(as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let guards = Guard::ALL.iter().map(|guard| (guard.as_str().to_owned(), Value::from(guard.without())));
        return output::json(&guards.collect::<Map<_, _>>());
    }
    let rows: Vec<_> =
        Guard::ALL.iter().map(|guard| vec![guard.as_str().to_owned(), guard.without().to_owned()]).collect();
    output::table(&["GUARD", "WITHOUT IT"], &rows);
    Ok(())
}
