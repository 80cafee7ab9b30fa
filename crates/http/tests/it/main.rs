//! The edge over real connections, on both engines: status, body, headers, and who is let in. The files mirror the paths.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on has failed"
)]

#[macro_use]
mod harness;

mod access;
mod auth;
mod config;
mod docs;
mod health;
mod me;
mod merchants;
mod notes;
mod operator;
mod purchases;
mod running;
mod security;
mod studio;
mod tenants;
mod wallet;
mod webhook_endpoints;
mod webhooks;
