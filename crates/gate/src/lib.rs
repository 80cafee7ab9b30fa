//! The gate: attacks a running deployment from outside and shows the evidence (GAT-1…4).
//!
//! It knows no other crate of this project: what it believes of a deployment it has read from an answer. A check is one small
//! file under `checks/`; its type demands a negative control, so that no check can be written that can't fail.

mod authenticator;
mod ceremony;
mod check;
mod checks;
pub mod cli;
mod client;
mod code_flow;
mod drill;
mod evidence;
mod forge;
mod limits;
mod members;
mod openapi;
mod packed;
mod probe;
mod redact;
mod repo;
mod report;
mod run;
mod scan;
mod selftest;
mod target;
mod webhook;
