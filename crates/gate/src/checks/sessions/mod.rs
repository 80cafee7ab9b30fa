//! Sessions and their tokens.

mod log_out;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[&log_out::CHECK];
