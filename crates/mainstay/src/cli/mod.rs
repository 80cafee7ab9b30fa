//! The command line. Each command is a file; every one can answer in JSON for machines.

mod audit;
mod config;
mod generate;
mod keys;
mod members;
mod migrate;
mod output;
#[cfg(feature = "sabotage")]
mod sabotage;
mod serve;
mod service_keys;
mod wallet;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, EXIT_CONFIG, Raw, render};

/// A production-ready application back end in one binary.
#[derive(Parser)]
#[command(name = "mainstay", version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Answer in JSON, for machines.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and the studio.
    Serve,
    /// Apply missing migrations, or show where the schema stands.
    Migrate {
        #[command(subcommand)]
        command: Option<migrate::Command>,
    },
    /// Check or show the configuration.
    Config {
        #[command(subcommand)]
        command: config::Command,
    },
    /// List and rotate the keys that sign access tokens.
    Keys {
        #[command(subcommand)]
        command: keys::Command,
    },
    /// Change what a member may do.
    Members {
        #[command(subcommand)]
        command: members::Command,
    },
    /// Keys of your own back ends.
    ServiceKeys {
        #[command(subcommand)]
        command: service_keys::Command,
    },
    /// Verify the audit trail.
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
    /// Recompute the books of the wallet.
    Wallet {
        #[command(subcommand)]
        command: wallet::Command,
    },
    /// Attack a running deployment and show the evidence.
    Gate(Box<mainstay_gate::cli::Arguments>),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the reference page of limits.
    Limits,
    /// Print the reference page of error codes.
    Errors,
    /// Print the reference page of who may call what.
    Access,
    /// Print the guards that this build can leave out.
    #[cfg(feature = "sabotage")]
    #[command(hide = true)]
    Sabotage,
}

/// Exit code of what could not be found out (`EX_UNAVAILABLE` of sysexits.h).
const EXIT_UNAVAILABLE: u8 = 69;

/// Runs a command and answers the process's exit code: 0, 1 for a failure, 69 for what could not be found out, 78 for a configuration
/// that can't be used.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let json = cli.json;
    let outcome = match cli.command {
        Command::Openapi => generate::openapi(),
        Command::Limits => generate::limits(),
        Command::Errors => generate::errors(),
        Command::Access => generate::access(),
        #[cfg(feature = "sabotage")]
        Command::Sabotage => sabotage::list(json),
        Command::Config { command } => return config::run(&command, json),
        Command::Keys { command: keys::Command::Generate } => keys::generate(json),
        Command::Gate(arguments) => return gate(*arguments, json),
        command => return with_config(command, json),
    };
    finish(outcome)
}

/// Needs no configuration: it attacks another process.
fn gate(arguments: mainstay_gate::cli::Arguments, json: bool) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(mainstay_gate::cli::run(arguments, json)),
        Err(error) => finish(Err(error.into())),
    }
}

fn with_config(command: Command, json: bool) -> ExitCode {
    let mut raw = Raw::from_process();
    let config = match Config::from_raw(&mut raw) {
        Ok(config) => config,
        Err(faults) => {
            output::error(&render::report(&faults));
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return finish(Err(error.into())),
    };
    finish(runtime.block_on(async {
        match command {
            Command::Serve => serve::run(config).await,
            Command::Migrate { command } => migrate::run(&config, command, json).await,
            Command::Keys { command } => keys::run(&config, command, json).await,
            Command::Members { command } => members::run(&config, command, json).await,
            Command::ServiceKeys { command } => service_keys::run(&config, command, json).await,
            Command::Audit { command } => audit::run(&config, command, json).await,
            Command::Wallet { command } => wallet::run(&config, command, json).await,
            Command::Config { .. }
            | Command::Gate(_)
            | Command::Openapi
            | Command::Limits
            | Command::Errors
            | Command::Access => Ok(()),
            #[cfg(feature = "sabotage")]
            Command::Sabotage => Ok(()),
        }
    }))
}

fn finish(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&format!("error: {error:#}"));
            if error.is::<crate::wiring::Misconfigured>() {
                return ExitCode::from(EXIT_CONFIG);
            }
            if error.is::<wallet::Unchecked>() {
                return ExitCode::from(EXIT_UNAVAILABLE);
            }
            ExitCode::FAILURE
        }
    }
}
