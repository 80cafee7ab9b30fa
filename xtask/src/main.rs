//! The workspace's own tool: everything a contributor, the `Makefile` and continuous integration run goes through here.
//!
//! One module per command. It depends on nothing of the product, so that it builds in seconds and before any
//! system package is installed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks to its terminal")]

mod alerts;
mod audit;
mod bench;
mod ci;
mod gate;
mod gate_self_test;
mod generate;
mod leash;
mod node;
mod process;
mod python;
mod run;
mod services;
mod setup;
mod steps;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

/// Builds, runs, checks and tests Mainstay.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs the system packages that are missing (Debian and its kin).
    Setup {
        /// Also what the tests need: PostgreSQL, Redis, PgBouncer, Chromium.
        #[arg(long)]
        tests: bool,
    },
    /// Builds the studio and the server, and serves both at http://localhost:8080.
    Run {
        /// Handed on to `mainstay serve`.
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Starts a scratch PostgreSQL and Redis; keeps them until Ctrl-C, or for as long as a command runs.
    Services {
        /// The command to run with their addresses in its environment.
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    /// Runs every test: Rust on both engines, studio, stand-ins and a real browser.
    Test {
        /// Only the Rust tests.
        #[arg(long)]
        quick: bool,
        /// Handed on to `cargo nextest run` (a filter, `--no-capture`, …).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        nextest: Vec<OsString>,
    },
    /// Shows that every check of the gate can fail, on a build that leaves its guards out one by one.
    GateSelfTest {
        /// Handed on to `mainstay gate --self-test` (`--only ID`, …).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Checks the alerts of `ops/alerts`, and when they fire.
    Alerts,
    /// Everything that must hold before a change is merged.
    Ci,
    /// Looks up every dependency in the advisory database; checks licences and sources.
    Audit,
    /// Regenerates the committed files that the code is the source of.
    Generate {
        /// Changes nothing; names the files that differ.
        #[arg(long)]
        check: bool,
    },
    /// Checks the house rules that no compiler knows.
    Tidy,
    /// Starts a deployment as staging would have it, and attacks it with the gate.
    Gate {
        /// Handed on to `mainstay gate` (`--only ID`, …).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Measures a release build side by side with other systems.
    Bench {
        /// Only these scenarios.
        scenarios: Vec<String>,
        /// Only these kinds of work (`health`, `read`, `list`, `create`, `refresh`), with commas between.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Setup { tests } => setup::run(if tests { setup::For::Tests } else { setup::For::Running }),
        Command::Run { arguments } => run::run(&arguments),
        Command::Services { command } => return finish(services::run(&command)),
        Command::Test { quick, nextest } => {
            test::run(if quick { test::Scope::Rust } else { test::Scope::Everything }, &nextest)
        }
        Command::GateSelfTest { arguments } => gate_self_test::run(&arguments),
        Command::Alerts => alerts::run(),
        Command::Ci => ci::run(),
        Command::Audit => audit::run(),
        Command::Generate { check } => {
            generate::run(if check { generate::Mode::Check } else { generate::Mode::Write })
        }
        Command::Tidy => tidy::run(),
        Command::Gate { arguments } => gate::run(&arguments),
        Command::Bench { scenarios, only } => bench::run(&scenarios, &only),
    };
    finish(outcome.map(|()| ExitCode::SUCCESS))
}

fn finish(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprintln!("\nerror: {error:#}");
        ExitCode::FAILURE
    })
}
