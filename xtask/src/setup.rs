//! `cargo xtask setup`: the system packages that building, running and testing need, installed only when missing.
//!
//! Presence is told from files, not from the package manager, so that a second run costs nothing and a machine that
//! has the same things from elsewhere is left alone.

use std::path::Path;

use anyhow::{Result, bail};

use crate::{process, services, tools};

/// What the machine must be able to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Build and serve.
    Running,
    /// Run every test.
    Tests,
    /// Attack a deployment with a proxy in front.
    Gate,
}

/// The oldest Node.js that the studio's tools run on.
const NODE_MAJOR_MIN: u32 = 20;

struct Need {
    package: &'static str,
    why: &'static str,
    present: fn() -> bool,
}

/// In the order in which they are used.
const RUNNING: &[Need] = &[
    Need {
        package: "libssl-dev",
        why: "passkey verification links OpenSSL statically",
        present: || below("/usr/lib", "libssl.a"),
    },
    Need {
        package: "build-essential",
        why: "compiles SQLite and the cryptography",
        present: || on_path("cc") && on_path("make"),
    },
];

const TESTS: &[Need] = &[
    Need {
        package: "postgresql",
        why: "the production engine's tests",
        present: || services::postgres_programs().is_some(),
    },
    Need {
        package: "postgresql-postgis",
        why: "places in PostgreSQL",
        present: || services::postgres_extension("postgis"),
    },
    Need {
        package: "redis-server",
        why: "limits and hints across nodes",
        present: || on_path("redis-server"),
    },
    Need {
        package: "pgbouncer",
        why: "start-up through a transaction pooler",
        present: || on_path("pgbouncer") || Path::new("/usr/sbin/pgbouncer").exists(),
    },
    Need {
        package: "chromium",
        why: "the studio in a real browser",
        present: || on_path("chromium") || on_path("google-chrome"),
    },
    Need {
        package: "python3-venv",
        why: "pinned development tools",
        present: || process::succeeds(process::command("python3").args(["-c", "import venv, ensurepip"])),
    },
];

const GATE: &[Need] = &[
    Need {
        package: "nginx-light",
        why: "TLS in front of the deployment that the gate attacks",
        present: || crate::gate::nginx().is_some(),
    },
    Need { package: "openssl", why: "certificates of one run", present: || on_path("openssl") },
];

/// Installs what is missing.
///
/// # Errors
/// When something is missing and can't be installed; then it says what to install by hand.
pub(crate) fn run(purpose: For) -> Result<()> {
    let needs = RUNNING
        .iter()
        .chain(if purpose == For::Running { &[] } else { TESTS })
        .chain(if purpose == For::Gate { GATE } else { &[] });
    let missing = needs.filter(|need| !(need.present)()).collect::<Vec<_>>();
    if !missing.is_empty() {
        for need in &missing {
            println!("missing: {} ({})", need.package, need.why);
        }
        install(&missing)?;
    }
    node()?;
    if purpose == For::Tests {
        nextest()?;
    }
    Ok(())
}

fn install(missing: &[&Need]) -> Result<()> {
    let packages = missing.iter().map(|need| need.package).collect::<Vec<_>>();
    let by_hand = packages.join(" ");
    if !on_path("apt-get") {
        bail!("this system has no apt-get; install what corresponds to: {by_hand}");
    }
    let root = process::read(process::command("id").arg("-u"))?.trim() == "0";
    if !root && !on_path("sudo") {
        bail!("installing needs root; run: apt-get install {by_hand}");
    }
    let apt = |arguments: &[&str]| {
        let mut command = process::command(if root { "env" } else { "sudo" });
        command.args([
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-qq",
            "-o",
            "Dpkg::Use-Pty=0",
            "-o",
            "DPkg::Lock::Timeout=300",
        ]);
        process::run(command.args(arguments).stdin(std::process::Stdio::null()))
    };
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat())?;

    let still = missing.iter().filter(|need| !(need.present)()).map(|need| need.package).collect::<Vec<_>>();
    if !still.is_empty() {
        bail!("installed, but still not found: {}", still.join(" "));
    }
    Ok(())
}

fn node() -> Result<()> {
    let version = process::read(process::command("node").arg("--version")).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(()),
        Some(major) => bail!("the studio needs Node.js {NODE_MAJOR_MIN} or newer, this is {major}"),
        None => bail!("the studio needs Node.js {NODE_MAJOR_MIN} or newer with npm; none was found"),
    }
}

fn nextest() -> Result<()> {
    if process::succeeds(process::cargo().args(["nextest", "--version"])) {
        return Ok(());
    }
    tools::CARGO_NEXTEST.path().map(drop)
}

fn on_path(program: &str) -> bool {
    tools::find(program).is_some()
}

/// Whether a library lies in a folder or in one of its direct subfolders (Debian keeps one per architecture).
fn below(folder: &str, file: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    Path::new(folder).join(file).exists() || entries.flatten().any(|entry| entry.path().join(file).exists())
}
