//! Drills: what needs hands on the processes (GAT-2). Each starts real PostgreSQL, Redis and server processes of its own, does
//! something to them under load, and judges what clients saw. A drill is a file under `drills/`; what it counted is judged by a
//! pure function under `judge/`, so that bad histories can be shown to fail.

mod drills;
mod ground;
mod judge;
mod limits;
mod load;
mod progress;
mod run;
mod servers;
mod wait;

pub(crate) use self::{
    drills::all,
    progress::Progress,
    run::{missing_programs, run},
    servers::{Keeper, Server},
};

use clap::ValueEnum;

use crate::{
    check::{Priority, Reference, Running},
    drill::ground::Ground,
};

/// The database under a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// One promise, drilled. The same kind of identity as a check.
pub(crate) struct Drill {
    /// Stable: `drill.redis-lost`.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) promises: &'static [&'static str],
    pub(crate) priority: Priority,
    pub(crate) references: &'static [Reference],
    pub(crate) engine: Engine,
    pub(crate) needs_redis: bool,
    pub(crate) run: fn(Ground) -> Running,
}
