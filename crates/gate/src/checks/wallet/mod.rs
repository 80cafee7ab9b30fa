//! Points: what parallel, repeated and crooked requests do to a wallet (WAL-2…4).

mod amounts;
mod callers_keys;
mod holds;
mod key_required;
mod limits;
mod one_key;
mod opposite_transfers;
mod other_body;
mod others_points;
mod parallel_refunds;
mod parallel_spends;
mod points;
mod refusal_replayed;
mod shown_price;

use crate::check::{Check, Need};

/// What it takes to attack points: somebody has to give them, and whoever has them must be removed in the end.
const NEEDS: &[Need] = &[Need::Capability("wallet"), Need::ServiceKey, Need::Disposable];
/// The same, where members must be able to spend.
const NEEDS_SPENDING: &[Need] =
    &[Need::Capability("wallet"), Need::Capability("wallet_transfers"), Need::ServiceKey, Need::Disposable];

pub(super) const CHECKS: &[&Check] = &[
    &parallel_spends::CHECK,
    &one_key::CHECK,
    &other_body::CHECK,
    &callers_keys::CHECK,
    &key_required::CHECK,
    &refusal_replayed::CHECK,
    &amounts::CHECK,
    &opposite_transfers::CHECK,
    &holds::CHECK,
    &parallel_refunds::CHECK,
    &others_points::CHECK,
    &shown_price::CHECK,
];
