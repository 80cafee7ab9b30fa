//! `mainstay gate`: what the command line understands. Each command is a file.

pub(crate) mod attack;
mod drill;
mod repo;
mod scan;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::selftest;

/// Exit code of a command that could not be carried out.
const COULD_NOT_RUN: u8 = 2;

/// Attack a running deployment and show the evidence.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(flatten)]
    attack: attack::Arguments,
    #[command(flatten)]
    self_test: selftest::Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// List the checks.
    List {
        /// Print the reference page.
        #[arg(long, hide = true)]
        reference: bool,
    },
    /// Start real databases and servers, and see what becomes of them when something is lost.
    Drill(drill::Arguments),
    /// Check a repository: workflows, rules, dependencies, secrets in its history.
    Repo(Box<repo::Arguments>),
    // Its help stands on its arguments.
    Scan(scan::Arguments),
}

/// Runs the command; `json` prints results for machines. Exit codes: 0, 1 for a promise that is broken or could not be answered, 2
/// when the command could not be carried out.
pub async fn run(arguments: Arguments, json: bool) -> ExitCode {
    let outcome = match arguments.command {
        None if arguments.self_test.is_wanted => {
            attack::self_test(&arguments.attack, &arguments.self_test, json).await
        }
        None => attack::run(arguments.attack, json).await,
        Some(Command::List { reference }) => attack::list(json, reference),
        Some(Command::Drill(arguments)) => drill::run(arguments, json).await,
        Some(Command::Repo(arguments)) => repo::run(*arguments, json).await,
        Some(Command::Scan(arguments)) => scan::run(arguments, json).await,
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            crate::report::complain(&format!("error: {error:#}"));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// Is cancelled at Ctrl-C; a second one ends the process as usual.
fn interrupted() -> CancellationToken {
    let token = CancellationToken::new();
    let heard = token.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            heard.cancel();
        }
    });
    token
}
