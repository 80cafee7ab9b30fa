//! Real servers for drills: started in a temporary folder on free ports of 127.0.0.1, ended by their process ids.

mod keeper;
mod node;
mod postgres;
mod process;
mod redis;

pub(crate) use self::{
    keeper::Keeper,
    node::{Node, Server, Settings},
    postgres::{Postgres, programs as postgres_programs},
    process::Process,
    redis::{Redis, program as redis_program},
};

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use crate::check::Ended;

/// A port that was free a moment ago.
fn free_port() -> Result<u16, Ended> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Ended::error(format!("no free port: {error}")))
}

/// The last lines of a log, for messages.
fn log_end(path: &Path) -> String {
    const LINES: usize = 6;
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().collect::<Vec<_>>();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
