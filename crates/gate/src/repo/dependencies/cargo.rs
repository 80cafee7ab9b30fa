//! `Cargo.toml` and `Cargo.lock`: every package of the workspace is locked in its version, with the dependencies that its manifest
//! names and no others; every download has its checksum.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::{
    evidence::Finding,
    repo::{Repository, dependencies::lock_files::lock_above, found},
};

const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// How many manifests there are, and what does not fit.
pub(super) fn look(repository: &Repository) -> (usize, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut manifests = BTreeMap::new();
    for path in repository.named("Cargo.toml") {
        match table(repository, path) {
            Ok(manifest) => {
                manifests.insert(path, manifest);
            }
            Err(error) => findings.push(found(path, 0, format!("can't be read: {error}"))),
        }
    }
    let mut by_lock: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for path in manifests.keys() {
        match lock_above(repository, path, &["Cargo.lock"]) {
            Some(lock) => by_lock.entry(lock).or_default().push(path),
            None => findings.push(found(path, 0, "has no Cargo.lock")),
        }
    }
    for (lock, members) in by_lock {
        let members = members.iter().map(|path| (*path, &manifests[path])).collect::<Vec<_>>();
        findings.extend(match table(repository, &lock) {
            Ok(locked) => compare(&lock, &locked, &members),
            Err(error) => vec![found(&lock, 0, format!("can't be read: {error}"))],
        });
    }
    (manifests.len(), findings)
}

fn table(repository: &Repository, path: &str) -> Result<Table, String> {
    let text = repository.text(path).ok_or("it is no text")?;
    text.parse::<Table>().map_err(|error| error.message().to_owned())
}

fn compare(lock: &str, locked: &Table, members: &[(&str, &Table)]) -> Vec<Finding> {
    let packages = locked.get("package").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let root = members.iter().find_map(|(_, manifest)| manifest.get("workspace"));
    let mut findings = packages.iter().filter_map(|package| unvouched(lock, package)).collect::<Vec<_>>();
    let mut known = BTreeSet::new();
    for (path, manifest) in members {
        let Some(name) = manifest.get("package").and_then(|package| text(package, "name")) else { continue };
        known.insert(name);
        let own = packages
            .iter()
            .find(|package| text(package, "name") == Some(name) && package.get("source").is_none());
        let Some(own) = own else {
            findings.push(found(lock, 0, format!("does not know {name} of {path}")));
            continue;
        };
        let version = version(manifest, root);
        if version.is_some() && version != text(own, "version") {
            findings.push(found(lock, 0, format!("has {name} in another version than {path}")));
        }
        findings.extend(differences(lock, path, &asked(manifest, root), &names(own)));
    }
    let stale = packages
        .iter()
        .filter(|package| package.get("source").is_none())
        .filter_map(|package| text(package, "name"));
    let stale = stale.filter(|name| !known.contains(name));
    findings.extend(stale.map(|name| found(lock, 0, format!("has {name}, which no manifest here is"))));
    findings
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// A download without its checksum.
fn unvouched(lock: &str, package: &Value) -> Option<Finding> {
    let is_download = text(package, "source")
        .is_some_and(|source| source.starts_with("registry+") || source.starts_with("sparse+"));
    let name = text(package, "name").unwrap_or("a package");
    (is_download && package.get("checksum").is_none())
        .then(|| found(lock, 0, format!("{name} has no checksum")))
}

/// The version that a manifest states, be it through its workspace.
fn version<'a>(manifest: &'a Table, root: Option<&'a Value>) -> Option<&'a str> {
    let version = manifest.get("package")?.get("version")?;
    version.as_str().or_else(|| root?.get("package")?.get("version")?.as_str())
}

/// The packages that a manifest asks for, by their real names.
fn asked<'a>(manifest: &'a Table, root: Option<&'a Value>) -> BTreeSet<&'a str> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = targets.filter_map(Value::as_table).chain(std::iter::once(manifest));
    let sections =
        tables.flat_map(|table| SECTIONS.iter().filter_map(|section| table.get(*section)?.as_table()));
    sections
        .flat_map(Table::iter)
        .map(|(name, wanted)| {
            let of_workspace = wanted.get("workspace").and_then(Value::as_bool) == Some(true);
            let shared = root.and_then(|root| root.get("dependencies")?.get(name));
            let stated = if of_workspace { shared } else { Some(wanted) };
            stated.and_then(|stated| text(stated, "package")).unwrap_or(name)
        })
        .collect()
}

/// The packages that a lock entry depends on; `name version` where there are several versions.
fn names(package: &Value) -> BTreeSet<&str> {
    let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
    dependencies.filter_map(Value::as_str).filter_map(|text| text.split(' ').next()).collect()
}

fn differences(lock: &str, path: &str, asked: &BTreeSet<&str>, locked: &BTreeSet<&str>) -> Vec<Finding> {
    let missing = asked.difference(locked).map(|name| format!("is not of this {path}: {name} is missing"));
    let stale = locked.difference(asked).map(|name| format!("has {name}, which {path} no longer asks for"));
    missing.chain(stale).map(|what| found(lock, 0, what)).collect()
}
