//! Which checks there are, without running any.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::{
    check::{Check, Priority, Reference},
    drill::Drill,
    repo::RepoCheck,
};

/// A check, of whatever kind, as it is listed.
#[derive(Serialize)]
pub(crate) struct Listed {
    id: &'static str,
    title: &'static str,
    priority: Priority,
    promises: &'static [&'static str],
    references: Vec<String>,
}

fn labels(references: &[Reference]) -> Vec<String> {
    references.iter().map(|reference| reference.label()).collect()
}

impl From<&'static Check> for Listed {
    fn from(check: &'static Check) -> Self {
        let references = labels(check.references);
        Self {
            id: check.id,
            title: check.title,
            priority: check.priority,
            promises: check.promises,
            references,
        }
    }
}

impl From<&'static RepoCheck> for Listed {
    fn from(check: &'static RepoCheck) -> Self {
        let references = labels(check.references);
        Self {
            id: check.id,
            title: check.title,
            priority: check.priority,
            promises: check.promises,
            references,
        }
    }
}

impl From<&Drill> for Listed {
    fn from(drill: &Drill) -> Self {
        let references = labels(drill.references);
        Self {
            id: drill.id,
            title: drill.title,
            priority: drill.priority,
            promises: drill.promises,
            references,
        }
    }
}

/// Prints them.
pub(crate) fn list<C: Copy>(checks: &[C], json: bool) -> anyhow::Result<()>
where
    Listed: From<C>,
{
    let checks = checks.iter().map(|check| Listed::from(*check)).collect::<Vec<_>>();
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &checks)?;
        writeln!(out)?;
        return Ok(());
    }
    for check in checks {
        writeln!(out, "{} {:36} {}", check.priority.as_str(), check.id, check.title)?;
    }
    Ok(())
}
