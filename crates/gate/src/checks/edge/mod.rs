//! The HTTP edge: origins, headers, forged requests, limits.

mod foreign_origin;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[&foreign_origin::CHECK];
