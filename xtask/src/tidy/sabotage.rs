//! No build leaves guards out by mistake: the feature is in no default set, and no dependency switches it on.

use super::{Finding, Tree};

const FEATURE: &str = "sabotage";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        let Ok(manifest) = text.parse::<toml::Table>() else {
            findings.push(Finding::new(path, 0, "unreadable"));
            continue;
        };
        for (place, feature) in switched_on(&manifest) {
            if is_it(&feature) {
                findings.push(Finding::new(path, 0, format!("{place} switches `{feature}` on")));
            }
        }
    }
    findings
}

fn is_it(feature: &str) -> bool {
    feature.rsplit(['/', ':', '?']).next() == Some(FEATURE)
}

/// Every feature that something switches on, and what does; the feature itself may hand itself on.
fn switched_on(manifest: &toml::Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let features = manifest.get("features").and_then(toml::Value::as_table).into_iter().flatten();
    for (name, list) in features.filter(|(name, _)| *name != FEATURE) {
        found.extend(texts(list).map(|feature| (format!("the feature `{name}`"), feature)));
    }
    let mut tables = vec![manifest];
    tables.extend(manifest.get("workspace").and_then(toml::Value::as_table));
    let platforms = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    tables.extend(platforms.filter_map(|(_, table)| table.as_table()));
    for table in tables {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let entries = table.get(section).and_then(toml::Value::as_table).into_iter().flatten();
            for (name, entry) in entries {
                let features = entry.get("features").into_iter().flat_map(texts);
                found.extend(features.map(|feature| (format!("`{name}` in {section}"), feature)));
            }
        }
    }
    found
}

fn texts(list: &toml::Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn findings(manifest: &str) -> usize {
        check(&Tree::of(&[("crates/x/Cargo.toml", manifest)])).len()
    }

    #[test]
    fn whatever_switches_it_on_is_found() {
        for manifest in [
            "[features]\ndefault = [\"sabotage\"]\n",
            "[features]\nall = [\"mainstay-services/sabotage\"]\n",
            "[dependencies]\nmainstay-services = { workspace = true, features = [\"sabotage\"] }\n",
            "[dev-dependencies]\nmainstay-services = { workspace = true, features = [\"sabotage\"] }\n",
            "[workspace.dependencies]\nmainstay-services = { path = \"s\", features = [\"sabotage\"] }\n",
            "[target.'cfg(unix)'.dependencies]\nmainstay-services = { path = \"s\", features = [\"sabotage\"] }\n",
        ] {
            assert_eq!(findings(manifest), 1, "{manifest}");
        }
    }

    #[test]
    fn the_feature_may_be_declared_and_handed_on() {
        assert_eq!(findings("[features]\nsabotage = [\"mainstay-services/sabotage\"]\n"), 0);
        assert_eq!(findings("[features]\ndefault = []\nsabotage = []\n"), 0);
    }
}
