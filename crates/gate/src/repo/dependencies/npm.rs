//! `package.json` and `package-lock.json`: the lock repeats what the manifest asks for, and has a hash for each download.

use serde_json::Value;

use crate::{
    evidence::Finding,
    repo::{Repository, dependencies::lock_files::lock_above, found},
};

const LOCKS: &[&str] =
    &["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"];
const KINDS: &[&str] = &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// How many manifests there are, and what does not fit.
pub(super) fn look(repository: &Repository) -> (usize, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut count = 0;
    for path in repository.named("package.json") {
        let Some(manifest) = json(repository, path) else {
            findings.push(found(path, 0, "can't be read as JSON"));
            continue;
        };
        if !KINDS
            .iter()
            .any(|kind| manifest.get(kind).and_then(Value::as_object).is_some_and(|map| !map.is_empty()))
        {
            continue;
        }
        count += 1;
        match lock_above(repository, path, LOCKS) {
            None => findings.push(found(path, 0, "has no lock file")),
            Some(lock) if lock.ends_with("package-lock.json") => {
                findings.extend(compare(repository, path, &manifest, &lock));
            }
            // The others are only there or not: their forms change with every version of their tools.
            Some(_) => {}
        }
    }
    let locks =
        repository.named("package-lock.json").filter_map(|path| Some((path, json(repository, path)?)));
    findings.extend(locks.flat_map(|(path, lock)| unvouched(path, &lock)));
    (count, findings)
}

fn json(repository: &Repository, path: &str) -> Option<Value> {
    serde_json::from_str(&repository.text(path)?).ok()
}

fn compare(repository: &Repository, path: &str, manifest: &Value, lock_path: &str) -> Vec<Finding> {
    let Some(lock) = json(repository, lock_path) else {
        return vec![found(lock_path, 0, "can't be read as JSON")];
    };
    // A workspace's member stands in the root's lock under its folder.
    let root = lock_path.strip_suffix("package-lock.json").unwrap_or_default();
    let member =
        path.strip_prefix(root).and_then(|rest| rest.strip_suffix("package.json")).unwrap_or_default();
    let Some(locked) = lock.get("packages").and_then(|packages| packages.get(member.trim_end_matches('/')))
    else {
        return vec![found(lock_path, 0, format!("does not know {path}"))];
    };
    let mut findings = Vec::new();
    for kind in KINDS {
        let asked = manifest.get(kind).and_then(Value::as_object);
        let known = locked.get(kind).and_then(Value::as_object);
        for (name, range) in asked.into_iter().flatten() {
            if known.and_then(|known| known.get(name)) != Some(range) {
                findings.push(found(
                    lock_path,
                    0,
                    format!("is not of this {path}: {name} {range} is not locked so"),
                ));
            }
        }
        for (name, _) in known.into_iter().flatten() {
            if asked.is_none_or(|asked| !asked.contains_key(name)) {
                findings.push(found(lock_path, 0, format!("has {name}, which {path} no longer asks for")));
            }
        }
    }
    findings
}

/// Downloads without a hash: whatever comes is installed.
fn unvouched(path: &str, lock: &Value) -> Vec<Finding> {
    let packages = lock.get("packages").and_then(Value::as_object).into_iter().flatten();
    let downloads = packages.filter(|(_, package)| {
        package.get("resolved").and_then(Value::as_str).is_some_and(|from| from.starts_with("http"))
    });
    downloads
        .filter_map(|(name, package)| {
            let from = package.get("resolved").and_then(Value::as_str).unwrap_or_default();
            if from.starts_with("http://") {
                return Some(found(path, 0, format!("{name} comes over plain http")));
            }
            package
                .get("integrity")
                .is_none()
                .then(|| found(path, 0, format!("{name} has no hash (integrity)")))
        })
        .collect()
}
