//! What a deployment tells of itself: configuration, capabilities, readiness, its own description.

mod capability_map;
mod capability_off;
mod health;
mod interface;
mod limits;
mod no_secrets;
mod own_pages;
mod public_config;
mod ready;
mod secrets;
mod test_mode;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &no_secrets::CHECK,
    &public_config::CHECK,
    &ready::CHECK,
    &health::CHECK,
    &capability_map::CHECK,
    &capability_off::CHECK,
    &test_mode::CHECK,
    &interface::CHECK,
    &own_pages::CHECK,
];
