//! The checks of a scan, in the order of the report. A new check is a file here, a line below, and a mistake of the prototype.

mod authentication;
mod content_policy;
mod cookies;
mod cors;
mod csrf;
mod diagnostics;
mod errors;
mod forwarded_address;
mod forwarded_host;
mod framing;
mod hsts;
mod log_out;
mod nosniff;
mod object_access;
mod referrer_policy;
mod refresh_reuse;
mod secret_files;
mod sign_in_limit;
mod token_forgery;
mod token_in_query;
mod version_headers;

use crate::check::Check;

/// Every check of a scan. What uses up the sign-in's limit comes last.
pub(crate) fn all() -> Vec<&'static Check> {
    vec![
        &nosniff::CHECK,
        &framing::CHECK,
        &content_policy::CHECK,
        &hsts::CHECK,
        &referrer_policy::CHECK,
        &cookies::CHECK,
        &cors::CHECK,
        &csrf::CHECK,
        &object_access::CHECK,
        &authentication::CHECK,
        &token_forgery::CHECK,
        &token_in_query::CHECK,
        &log_out::CHECK,
        &refresh_reuse::CHECK,
        &errors::CHECK,
        &secret_files::CHECK,
        &diagnostics::CHECK,
        &forwarded_host::CHECK,
        &version_headers::CHECK,
        &sign_in_limit::CHECK,
        &forwarded_address::CHECK,
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;
    use crate::check::Control;

    #[test]
    fn every_check_of_a_scan_has_its_own_id_and_a_mistake_of_the_prototype() {
        let mut ids = BTreeSet::new();
        for check in all() {
            assert!(ids.insert(check.id), "{} stands twice", check.id);
            assert!(check.id.starts_with("scan."), "{}", check.id);
            assert!(matches!(check.control, Control::Prototype(_)), "{} can't be made to fail", check.id);
            assert!(!check.references.is_empty(), "{} refers to nothing", check.id);
        }
    }
}
