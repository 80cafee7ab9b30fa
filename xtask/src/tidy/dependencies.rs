//! Which crate may know which: the arrows of ARCHITECTURE.md, read from the manifests.

use super::{Finding, Tree};

/// Each crate and those of ours that it may use outside its tests.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("store", &["model"]),
    ("store-sqlite", &["model", "store"]),
    ("store-postgres", &["model", "store"]),
    ("store-conformance", &["model", "store"]),
    ("services", &["model", "store"]),
    ("providers", &["model", "services"]),
    ("http", &["model", "services"]),
    ("gate", &[]),
    (
        "mainstay",
        &["model", "store", "store-sqlite", "store-postgres", "services", "providers", "http", "gate"],
    ),
];

/// Parts of others that only some crates may use outside their tests; a name ends with `*` for all that start like it.
const PARTS: &[(&str, &[&str])] = &[
    ("sqlx*", &["store-sqlite", "store-postgres"]),
    ("actix*", &["http", "mainstay"]),
    ("utoipa*", &["http", "mainstay"]),
    ("reqwest", &["providers", "gate"]),
    ("redis", &["providers"]),
    ("lettre", &["providers"]),
];

/// Crates whose tests too may only use what they themselves may.
const ALONE: &[&str] = &["model", "gate"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter() {
        let Some(name) = path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            findings.push(Finding::new(
                path,
                0,
                "unknown crate: give it a row in xtask/src/tidy/dependencies.rs",
            ));
            continue;
        };
        let manifest = match text.parse::<toml::Table>() {
            Ok(manifest) => manifest,
            Err(error) => {
                findings.push(Finding::new(path, 0, format!("unreadable: {error}")));
                continue;
            }
        };
        for (section, dependency) in dependencies(&manifest) {
            let line =
                text.lines().position(|line| line.starts_with(&dependency)).map_or(0, |index| index + 1);
            let in_tests = section == "dev-dependencies" && !ALONE.contains(&name);
            let ours =
                dependency.strip_prefix("mainstay-").or((dependency == "mainstay").then_some("mainstay"));
            if let Some(ours) = ours
                && !allowed.contains(&ours)
                && !in_tests
            {
                let known = allowed.join(", ");
                findings.push(Finding::new(
                    path,
                    line,
                    format!("`{name}` must not know `{ours}` (it may know: {known})"),
                ));
            }
            let part = PARTS.iter().find(|(part, _)| is(&dependency, part));
            if let Some((_, homes)) = part
                && !homes.contains(&name)
                && !in_tests
            {
                let homes = homes.join(", ");
                findings.push(Finding::new(
                    path,
                    line,
                    format!("`{dependency}` belongs in {homes} only, not in `{name}`"),
                ));
            }
        }
    }
    findings
}

fn is(dependency: &str, part: &str) -> bool {
    part.strip_suffix('*').map_or(dependency == part, |start| dependency.starts_with(start))
}

/// Every dependency with the kind of section it stands in, those of single platforms included.
fn dependencies(manifest: &toml::Table) -> Vec<(String, String)> {
    let platforms = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = std::iter::once(manifest).chain(platforms.filter_map(|(_, table)| table.as_table()));
    let mut found = Vec::new();
    for table in tables {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let entries = table.get(section).and_then(toml::Value::as_table).into_iter().flatten();
            found.extend(entries.map(|(key, value)| {
                let renamed = value.get("package").and_then(toml::Value::as_str);
                (section.to_owned(), renamed.unwrap_or(key).to_owned())
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn messages(path: &str, manifest: &str) -> Vec<String> {
        check(&Tree::of(&[(path, manifest)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_arrow_that_points_back_is_found() {
        let found =
            messages("crates/store/Cargo.toml", "[dependencies]\nmainstay-services.workspace = true\n");
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("crates/store/Cargo.toml:2: `store` must not know `services`"),
            "{found:?}"
        );
    }

    #[test]
    fn http_must_not_see_sqlx_nor_services_the_web() {
        assert_eq!(messages("crates/http/Cargo.toml", "[dependencies]\nsqlx = \"1\"\n").len(), 1);
        assert_eq!(
            messages("crates/services/Cargo.toml", "[dependencies]\nactix-web = \"4\"\nreqwest = \"1\"\n")
                .len(),
            2
        );
        assert_eq!(
            messages("crates/services/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nreqwest = \"1\"\n")
                .len(),
            1
        );
        assert_eq!(
            messages("crates/services/Cargo.toml", "[dependencies]\nweb = { package = \"actix-web\" }\n")
                .len(),
            1
        );
    }

    #[test]
    fn tests_may_name_an_engine_and_the_values_may_not() {
        let engine = "[dev-dependencies]\nmainstay-store-sqlite.workspace = true\n";
        assert!(messages("crates/services/Cargo.toml", engine).is_empty());
        assert_eq!(messages("crates/model/Cargo.toml", engine).len(), 1);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        assert_eq!(messages("crates/extra/Cargo.toml", "").len(), 1);
    }
}
