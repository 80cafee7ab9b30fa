//! The Mainstay binary: command line, configuration, telemetry, wiring.

mod cli;
mod config;
mod telemetry;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::run(cli::Cli::parse())
}
