//! What a stranger must find: how to report a vulnerability, and what they may do with the code.

mod licence;
mod security_policy;

use crate::repo::RepoCheck;

pub(super) const CHECKS: &[&RepoCheck] = &[&security_policy::CHECK, &licence::CHECK];
