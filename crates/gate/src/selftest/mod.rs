//! `mainstay gate --self-test`: shows that every check can fail. Each runs twice on servers that are started for it: once as they
//! should be, where it must pass, and once in the way its control says, where it must fail. What never fails checks nothing.

mod front;
mod server;
mod setting;
mod stand_in;
mod trial;
mod verdicts;

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use self::{
    server::Program,
    stand_in::StandIn,
    verdicts::{Trial, Verdicts},
};
use crate::{
    check::{Check, Control, Phase},
    evidence::milliseconds,
    limits,
};

/// Whether and how the gate tests itself.
#[derive(Args)]
#[group(id = "self-test")]
pub(crate) struct Options {
    /// Show that every check can fail, on servers of its own that leave a guard out; needs a build for that.
    #[arg(long = "self-test")]
    pub(crate) is_wanted: bool,
    /// The server to start for it [default: this program].
    #[arg(long, value_name = "PATH", requires = "is_wanted")]
    server: Option<PathBuf>,
}

/// Tries every check and prints what came of it. Exit codes: 0 when each passed and failed where it must, 1 when one did not.
pub(crate) async fn run(options: &Options, checks: &[&'static Check], json: bool) -> anyhow::Result<u8> {
    let started = Instant::now();
    let path = match &options.server {
        Some(path) => path.clone(),
        None => std::env::current_exe().context("can't find this program's own file")?,
    };
    let program = Program::new(path);
    let guards = program.guards().await?;
    demand_known(checks, &guards)?;
    let stand_in = StandIn::start().await.context("the providers' stand-in can't listen")?;
    let one = |check: &'static Check| trial::run(&program, &stand_in, check);
    let (together, alone): (Vec<_>, Vec<_>) =
        checks.iter().copied().partition(|check| check.phase == Phase::Together);
    let mut trials: Vec<Trial> = Vec::new();
    let mut running = stream::iter(together).map(one).buffer_unordered(limits::TRIALS_AT_ONCE);
    while let Some(trial) = running.next().await {
        verdicts::progress(&trial, json);
        trials.push(trial);
    }
    drop(running);
    for check in alone {
        let trial = one(check).await;
        verdicts::progress(&trial, json);
        trials.push(trial);
    }
    trials.sort_by_key(|trial| checks.iter().position(|check| check.id == trial.id));
    let used = used(checks);
    let verdicts = Verdicts {
        form: 1,
        gate_version: env!("CARGO_PKG_VERSION"),
        took_ms: milliseconds(started.elapsed()),
        guards_without_check: guards.into_iter().filter(|guard| !used.contains(guard.as_str())).collect(),
        trials,
    };
    verdicts.print(json)?;
    Ok(verdicts.exit_code())
}

fn used(checks: &[&'static Check]) -> BTreeSet<&'static str> {
    checks.iter().filter_map(|check| guard(check.control)).collect()
}

fn guard(control: Control) -> Option<&'static str> {
    match control {
        Control::Guard(name) => Some(name),
        Control::With(_, spoiled) => guard(*spoiled),
        Control::Front(_) | Control::Prototype(_) => None,
    }
}

fn demand_known(checks: &[&'static Check], guards: &BTreeSet<String>) -> anyhow::Result<()> {
    let unknown: Vec<_> = used(checks).into_iter().filter(|name| !guards.contains(*name)).collect();
    if !unknown.is_empty() {
        bail!("the server knows no guard {}", unknown.join(", "));
    }
    Ok(())
}
