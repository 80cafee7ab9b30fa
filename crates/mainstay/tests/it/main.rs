//! The whole binary from outside: command line, start and stop, several processes on one database.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod command_line;
mod drills;
mod gate;
mod harness;
mod migrations;
mod nodes;
mod serving;
mod tls;
