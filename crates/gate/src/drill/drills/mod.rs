//! The registry: every drill there is, in the order of the report. A new drill is a file below and a line here.

mod graceful_stop;
mod key_rotation;
mod killed_node;
mod log_out;
mod migrations;
mod postgres_lost;
mod redis_lost;
mod wallet_killed;
mod webhooks_killed;

use crate::drill::Drill;

/// Every drill.
pub(crate) fn all() -> Vec<&'static Drill> {
    vec![
        &migrations::POSTGRES,
        &migrations::SQLITE,
        &redis_lost::DRILL,
        &postgres_lost::DRILL,
        &killed_node::POSTGRES,
        &killed_node::SQLITE,
        &wallet_killed::POSTGRES,
        &wallet_killed::SQLITE,
        &webhooks_killed::POSTGRES,
        &webhooks_killed::SQLITE,
        &key_rotation::DRILL,
        &graceful_stop::POSTGRES,
        &graceful_stop::SQLITE,
        &log_out::DRILL,
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;

    #[test]
    fn every_drill_has_its_own_id_and_says_which_promise_it_tries() {
        let mut ids = BTreeSet::new();
        for drill in all() {
            assert!(ids.insert(drill.id), "{} stands twice", drill.id);
            assert!(drill.id.starts_with("drill."), "{} is no id", drill.id);
            assert!(!drill.promises.is_empty(), "{} tries no promise", drill.id);
            assert!(!drill.references.is_empty(), "{} refers to nothing", drill.id);
        }
    }
}
