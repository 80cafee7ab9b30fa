//! The hosting service, asked through its REST API (GitHub's, version 2022-11-28): what is really in force. Only ever reads.

mod alerts;
mod branch_rules;
mod client;
mod protection;
mod required_checks;
mod rules_as_files;
mod secret_scanning;
mod workflow_token;

pub(crate) use self::client::Service;
use crate::repo::RepoCheck;

pub(super) const CHECKS: &[&RepoCheck] = &[
    &branch_rules::CHECK,
    &required_checks::CHECK,
    &rules_as_files::CHECK,
    &secret_scanning::CHECK,
    &alerts::SECRETS,
    &alerts::DEPENDENCIES,
    &workflow_token::CHECK,
];
