//! The providers against real counterparts: stand-ins made by others, a real Redis, and peers that fail in every way.

mod apple;
mod bus;
mod google;
mod hostile_tokens;
mod issuers;
mod key_sets;
mod limiter;
mod limiter_outage;
mod mail;
mod outages;
mod support;
mod tls;
mod webhooks;
