//! The registry: every check there is, in the order of the report. A new check is a file below and a line here.

mod access;
mod configuration;
mod edge;
mod identity;
mod own_things;
mod purchases;
mod sessions;
mod shop;
mod verdict;
mod wallet;

use crate::check::Check;

/// Every check against a Mainstay.
pub(crate) fn all() -> Vec<&'static Check> {
    [
        identity::CHECKS,
        sessions::CHECKS,
        access::CHECKS,
        wallet::CHECKS,
        purchases::CHECKS,
        edge::CHECKS,
        configuration::CHECKS,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;

    #[test]
    fn every_check_has_its_own_id_and_says_which_promise_it_attacks() {
        let mut ids = BTreeSet::new();
        for check in all() {
            assert!(ids.insert(check.id), "{} stands twice", check.id);
            assert!(!check.promises.is_empty(), "{} attacks no promise", check.id);
            assert!(!check.references.is_empty(), "{} refers to nothing", check.id);
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
            assert!(check.id.chars().all(is_plain) && check.id.contains('.'), "{} is no id", check.id);
        }
    }
}
