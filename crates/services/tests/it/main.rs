//! The use cases on both engines, with the production constructor and a clock that tests move.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on has failed"
)]

mod harness;

mod audit;
mod corrections;
mod events;
mod identity;
mod jobs;
mod members;
mod merchants;
mod notes;
mod purchase_rules;
mod purchases;
mod refusals;
mod resealing;
mod retention;
mod service_keys;
mod sessions;
mod square_disputes;
mod tenants;
mod wallet;
mod webhooks;
