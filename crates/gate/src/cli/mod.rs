//! `mainstay gate`: what the command line understands. Each command is a file.

pub(crate) mod attack;

use std::process::ExitCode;

use clap::{Args, Subcommand};

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
    List,
    /// Check a repository: workflows, rules, dependencies, secrets in its history.
    Repo(Box<repo::Arguments>),
}

/// Runs the command; `json` prints results for machines. Exit codes: 0, 1 for a promise that is broken or could not be answered, 2
/// when the command could not be carried out.
pub async fn run(arguments: Arguments, json: bool) -> ExitCode {
    let outcome = match arguments.command {
        None if arguments.self_test.is_wanted => {
            attack::self_test(&arguments.attack, &arguments.self_test, json).await
        }
        None => attack::run(arguments.attack, json).await,
        Some(Command::List) => attack::list(json),
        Some(Command::Repo(arguments)) => repo::run(*arguments, json).await,
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            crate::report::complain(&format!("error: {error:#}"));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}
