//! `mainstay config`: check, show, and the generated pages.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::output;
use crate::config::{Config, EXIT_CONFIG, Raw, render};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check everything without starting anything.
    Check,
    /// Print what is in force and where each value comes from; secrets are left out.
    Show,
    /// Print `.env.example`.
    Example,
    /// Print the reference page.
    Reference,
}

pub(super) fn run(command: &Command, as_json: bool) -> ExitCode {
    match command {
        Command::Example => output::text(&render::env_example()),
        Command::Reference => output::text(&render::reference()),
        Command::Check => return check(as_json),
        Command::Show => {
            let raw = Raw::from_process();
            let shown = render::effective(&raw);
            if as_json {
                if output::json(&shown).is_err() {
                    return ExitCode::FAILURE;
                }
            } else {
                let rows: Vec<_> =
                    shown.into_iter().map(|item| vec![item.name, item.source, item.value]).collect();
                output::table(&["VARIABLE", "SOURCE", "VALUE"], &rows);
            }
        }
    }
    ExitCode::SUCCESS
}

fn check(as_json: bool) -> ExitCode {
    let mut raw = Raw::from_process();
    let faults = Config::from_raw(&mut raw).err().unwrap_or_default();
    if as_json {
        let list: Vec<_> = faults
            .iter()
            .map(|fault| json!({ "variable": fault.variable, "problem": fault.problem, "good": fault.good }))
            .collect();
        let _ = output::json(&json!({ "valid": faults.is_empty(), "faults": list }));
    } else if faults.is_empty() {
        output::line("The configuration is valid.");
    } else {
        output::error(&render::report(&faults));
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CONFIG) }
}
