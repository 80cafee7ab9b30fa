//! `cargo xtask audit`: no dependency with a known advisory, an unwanted licence or an unknown source.
//!
//! The advisory database is, in this order: the folder that `MAINSTAY_ADVISORY_DB` names; the live one; a copy that lies
//! beside the checkout. Which one was used, and how old it is, is always said. No advisory is ignored.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{process, tools, workspace};

const LIVE: &str = "https://github.com/RustSec/advisory-db.git";
/// Time to fetch the live database.
const FETCH_TIMEOUT_S: &str = "120";
/// A packed copy for machines without access to the live one, relative to the root.
const COPY: &str = "../shared/data/rustsec/advisory-db.tgz";

struct Database {
    folder: PathBuf,
    origin: String,
}

/// Checks `Cargo.lock`.
///
/// # Errors
/// When something is found, or there is no database to look in.
pub(crate) fn run() -> Result<()> {
    let database = database()?;
    let newest = newest_advisory(&database.folder)?;
    println!("advisories: {}, newest of {newest}", database.origin);

    let cargo_audit = tools::CARGO_AUDIT.path()?;
    let mut audit = process::command(cargo_audit);
    audit.args(["audit", "--no-fetch", "--stale", "--deny", "warnings", "--db"]).arg(&database.folder);
    process::run(&mut audit)?;

    let cargo_deny = tools::CARGO_DENY.path()?;
    let mut deny = process::command(cargo_deny);
    process::run(deny.args(["--workspace", "--locked", "check", "licenses", "bans", "sources"]))
}

fn database() -> Result<Database> {
    if let Some(folder) = std::env::var_os("MAINSTAY_ADVISORY_DB") {
        let folder = workspace::root().join(folder);
        let origin = format!("the folder {} (MAINSTAY_ADVISORY_DB)", folder.display());
        return Ok(Database { folder, origin });
    }
    let error = match live() {
        Ok(folder) => return Ok(Database { folder, origin: format!("live from {LIVE}") }),
        Err(error) => error,
    };
    let packed = workspace::path(COPY);
    if !packed.exists() {
        bail!(
            "no advisory database: the live one can't be had ({error:#}); set MAINSTAY_ADVISORY_DB to an unpacked copy"
        );
    }
    let folder = fresh_folder("copy")?;
    process::run(process::command("tar").arg("-xzf").arg(&packed).arg("-C").arg(&folder))?;
    Ok(Database { folder, origin: format!("the copy {COPY}, since the live one can't be had") })
}

fn live() -> Result<PathBuf> {
    let folder = fresh_folder("live")?;
    let mut clone = process::command("timeout");
    clone.args([FETCH_TIMEOUT_S, "git", "clone", "--quiet", "--depth=1", LIVE]).arg(&folder);
    process::read(clone.env("GIT_TERMINAL_PROMPT", "0"))?;
    Ok(folder)
}

fn fresh_folder(name: &str) -> Result<PathBuf> {
    let folder = workspace::target().join("advisory-db").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The date of the newest advisory: how old the database's knowledge is, however it came here.
///
/// # Errors
/// When the folder has no advisory; an empty database would find nothing.
fn newest_advisory(folder: &Path) -> Result<String> {
    let crates = folder.join("crates");
    let files =
        workspace::files(&crates).with_context(|| format!("{} is no advisory database", folder.display()))?;
    let mut newest = String::new();
    for file in files {
        let text = fs::read_to_string(crates.join(file))?;
        let dates = text.lines().filter_map(|line| line.strip_prefix("date = \"")?.strip_suffix('"'));
        newest = dates.fold(newest, |newest, date| newest.max(date.to_owned()));
    }
    if newest.is_empty() {
        bail!("{} holds no advisory", folder.display());
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::newest_advisory;

    #[test]
    fn a_database_is_dated_by_its_newest_advisory() {
        let folder = tempfile::tempdir().unwrap();
        assert!(newest_advisory(folder.path()).is_err());
        fs::create_dir_all(folder.path().join("crates/a")).unwrap();
        assert!(newest_advisory(folder.path()).is_err());
        for (name, date) in [("1", "2024-05-06"), ("2", "2026-01-02"), ("3", "2025-12-31")] {
            fs::write(folder.path().join("crates/a").join(name), format!("id = \"x\"\ndate = \"{date}\"\n"))
                .unwrap();
        }
        assert_eq!(newest_advisory(folder.path()).unwrap(), "2026-01-02");
    }
}
