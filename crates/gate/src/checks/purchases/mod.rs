//! Purchases: what forged, repeated and crooked events of a payment provider do to points (WHK-1…4).

mod bodies;
mod buyers;
mod changed_event;
mod claim_once;
mod debt;
mod event_age;
mod failing_event;
mod limits;
mod refund_first;
mod refund_once;
mod refusals;
mod replay;
mod reversed_grant;
mod sessions;
mod several_signatures;
mod signature;
mod sources;
mod square_address;
mod square_late;
mod stripe_mode;
mod till;
mod told_twice;

use crate::check::{Check, Need};

/// What it takes to send events that do nothing.
const NEEDS: &[Need] = &[Need::Capability("purchases"), Need::WebhookSource];
/// The same in Square's form.
const NEEDS_SQUARE: &[Need] = &[Need::Capability("purchases"), Need::SquareSource];
/// The same in Stripe's form.
const NEEDS_STRIPE: &[Need] = &[Need::Capability("purchases"), Need::StripeSource];
/// The same, where purchases of the gate's own members become points; only an operator can make the rule for it.
const NEEDS_POINTS: &[Need] = &[
    Need::Capability("purchases"),
    Need::Capability("wallet"),
    Need::WebhookSource,
    Need::Operator,
    Need::Disposable,
];

pub(super) const CHECKS: &[&Check] = &[
    &signature::CHECK,
    &several_signatures::CHECK,
    &square_address::CHECK,
    &square_late::CHECK,
    &stripe_mode::CHECK,
    &sources::CHECK,
    &event_age::CHECK,
    &sessions::CHECK,
    &bodies::CHECK,
    &refusals::CHECK,
    &replay::CHECK,
    &changed_event::CHECK,
    &told_twice::CHECK,
    &buyers::CHECK,
    &claim_once::CHECK,
    &failing_event::CHECK,
    &refund_once::CHECK,
    &refund_first::CHECK,
    &debt::CHECK,
    &reversed_grant::CHECK,
];
