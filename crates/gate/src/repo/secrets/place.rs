//! Where an object lay, and since which commit: every path it ever had, so that one allowed path does not hide another.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
};

use anyhow::{Context as _, bail};

use crate::repo::git;

/// One path of an object, and the oldest commit that put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) commit: String,
}

impl Place {
    /// An object that was never a file is a message itself.
    pub(super) fn of_message(id: &str) -> Self {
        Self { path: "(message)".to_owned(), commit: id.to_owned() }
    }
}

/// The places of some objects.
///
/// # Errors
/// When git fails.
pub(super) fn of<'a>(
    root: &Path,
    objects: impl Iterator<Item = &'a str>,
) -> anyhow::Result<BTreeMap<String, Vec<Place>>> {
    let wanted = objects.collect::<BTreeSet<_>>();
    let mut places = BTreeMap::<String, Vec<Place>>::new();
    if wanted.is_empty() {
        return Ok(places);
    }
    let mut log = git::command(root)
        .args([
            "log",
            "--all",
            "HEAD",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "-m",
            "--root",
            "--format=commit %H",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .context("can't run git; is it installed?")?;
    let mut commit = String::new();
    // From the newest to the oldest: what comes last was first.
    for line in BufReader::new(log.stdout.take().context("git has no output")?).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        if let Some(id) = line.strip_prefix("commit ") {
            id.clone_into(&mut commit);
        } else if let Some((object, path)) = changed(&line)
            && wanted.contains(object)
        {
            let known = places.entry(object.to_owned()).or_default();
            match known.iter_mut().find(|place| place.path == path) {
                Some(place) => commit.clone_into(&mut place.commit),
                None => known.push(Place { path: path.to_owned(), commit: commit.clone() }),
            }
        }
    }
    if !log.wait()?.success() {
        bail!("git log failed");
    }
    Ok(places)
}

/// The new object and its path in a line like `:100644 100644 OLD NEW M<tab>PATH`.
fn changed(line: &str) -> Option<(&str, &str)> {
    let (modes, path) = line.strip_prefix(':')?.split_once('\t')?;
    Some((modes.split(' ').nth(3)?, path))
}
