//! `cargo xtask bench`: a release build measured side by side with other systems on the same scratch servers.
//!
//! The scenarios live in `bench/`, one folder each; this module builds, starts the servers and hands over.

use anyhow::{Result, bail};

use crate::{
    process, python,
    services::{Purpose, Services},
    setup, tools, workspace,
};

/// One comparison.
struct Scenario {
    /// Its name on the command line.
    name: &'static str,
    /// What runs it, below `bench/`; it finds the server in `MAINSTAY_BIN` and the scratch servers as tests do.
    script: &'static str,
}

/// Every comparison, in the order in which they run.
const SCENARIOS: &[Scenario] = &[
    Scenario { name: "pocketbase", script: "pocketbase.mjs" },
    Scenario { name: "wallet", script: "wallet.mjs" },
    Scenario { name: "webhooks", script: "webhooks.mjs" },
];

/// Runs the named scenarios, or all, with the named kinds of work, or all.
///
/// # Errors
/// When a name is unknown, or a scenario fails.
pub(crate) fn run(names: &[String], works: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| SCENARIOS.iter().all(|scenario| scenario.name != **name))
    {
        let known = SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", ");
        bail!("no scenario `{unknown}`; there are: {known}");
    }
    let chosen = SCENARIOS
        .iter()
        .filter(|scenario| names.is_empty() || names.iter().any(|name| name == scenario.name));
    let chosen = chosen.collect::<Vec<_>>();
    setup::run(setup::For::Tests)?;
    process::run(process::cargo().args([
        "build",
        "--release",
        "--package",
        "mainstay",
        "--package",
        "bench-load",
        "--package",
        "bench-ledger",
    ]))?;
    let release = workspace::target().join("release");
    let pocketbase = tools::POCKETBASE.path()?;
    let python = python::peers()?;
    let services = Services::start(Purpose::Measurement)?;
    for scenario in chosen {
        println!("\n== {}", scenario.name);
        let mut command = process::command("node");
        command.arg(workspace::path("bench").join(scenario.script));
        command.env("MAINSTAY_BIN", release.join("mainstay"));
        command.env("BENCH_LOAD", release.join("bench-load"));
        command.env("BENCH_LEDGER", release.join("bench-ledger"));
        command.env("BENCH_PYTHON", &python);
        command.env("POCKETBASE_BIN", &pocketbase);
        command.env("BENCH_ONLY", works.join(","));
        command.env("BENCH_OUT", workspace::target().join("bench"));
        process::run(command.envs(services.variables()))?;
    }
    Ok(())
}
