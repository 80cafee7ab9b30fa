//! `cargo xtask gate-self-test`: shows that every check of the gate can fail, on a build that can leave its guards out.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{node, process, setup, test, workspace};

/// Exit code of a configuration that can't be used (`EX_CONFIG` of sysexits.h).
const EXIT_CONFIG: i32 = 78;

/// Builds what it takes from a fresh checkout, and tries every check; the arguments are handed on.
///
/// # Errors
/// When a build fails, or a check does not fail where it must.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    setup::run(setup::For::Running)?;
    node::STUDIO.install()?;
    node::build_studio()?;
    try_checks(&build()?, arguments)
}

/// Builds the server that can leave guards out, beside the normal one.
///
/// # Errors
/// When a build fails.
pub(crate) fn build() -> Result<PathBuf> {
    process::run(process::cargo().args(test::BUILD_SERVER).args(["--features", "mainstay/sabotage"]))?;
    let sabotaged = workspace::server().with_file_name("mainstay-sabotage");
    // Renamed into its place: a copy that runs can't be written to.
    let draft = sabotaged.with_extension("draft");
    fs::copy(workspace::server(), &draft).context("cannot copy the server")?;
    fs::rename(&draft, &sabotaged)?;
    // Cargo gives both the same name; it belongs to the normal one, which is compiled already.
    process::run(process::cargo().args(test::BUILD_SERVER))?;
    Ok(sabotaged)
}

/// Tries every check on it.
///
/// # Errors
/// When a check does not fail where it must, or the build can be sabotaged where it must not be.
pub(crate) fn try_checks(sabotaged: &Path, arguments: &[OsString]) -> Result<()> {
    refuses(sabotaged, "staging", "cors", "outside dev")?;
    refuses(sabotaged, "dev", "no-such-guard", "there is no guard \"no-such-guard\"")?;
    process::run(process::command(sabotaged).args(["gate", "--self-test"]).args(arguments))
}

/// That even this build takes the setting in `dev` alone, and only names that it knows.
fn refuses(sabotaged: &Path, environment: &str, guard: &str, why: &str) -> Result<()> {
    let output = process::command(sabotaged)
        .args(["config", "check"])
        .env("MAINSTAY_ENV", environment)
        .env("MAINSTAY_SABOTAGE", guard)
        .output()
        .context("cannot start the server")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(EXIT_CONFIG) && said.contains(why),
        "MAINSTAY_SABOTAGE={guard} in {environment} was not refused with {EXIT_CONFIG}: {said}"
    );
    Ok(())
}
