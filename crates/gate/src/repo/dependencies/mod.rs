//! What is built from others: known to the last version, and kept up to date.

mod cargo;
mod dependabot;
mod lock_files;
mod npm;

use crate::repo::RepoCheck;

pub(super) const CHECKS: &[&RepoCheck] = &[&lock_files::CHECK, &dependabot::CHECK];
