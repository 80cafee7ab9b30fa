//! Two engines, one shape: the same migrations, and a module is either portable or in both under the same name.

use std::collections::BTreeSet;

use super::{Finding, Tree};

const SQLITE: &str = "crates/store-sqlite";
const POSTGRES: &str = "crates/store-postgres";
const PORTABLE: &str = "crates/store/portable";

/// Modules that only one engine has, each with the reason.
const ONE_ENGINE: &[(&str, &str)] = &[
    (
        "crates/store-postgres/src/pool.rs",
        "spares a round trip for each transaction; SQLite has its own readers",
    ),
    ("crates/store-postgres/src/probe.rs", "only PostgreSQL is reached through poolers"),
    ("crates/store-postgres/src/pulse.rs", "a database in a file can't be silent"),
    ("crates/store-sqlite/src/checkpoint.rs", "PostgreSQL copies its log itself"),
    (
        "crates/store-sqlite/src/connection.rs",
        "runs a statement where its caller is; PostgreSQL's run where the server is",
    ),
    ("crates/store-sqlite/src/coordinator.rs", "shares one physical commit; PostgreSQL does that itself"),
    ("crates/store-sqlite/src/readers.rs", "PostgreSQL has one pool for reads and writes"),
    ("crates/store-sqlite/src/writer.rs", "PostgreSQL has as many writers as connections"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = migrations(tree);
    findings.extend(modules(tree));
    findings
}

fn migrations(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let of = |engine: &str| {
        tree.below(&format!("{engine}/migrations")).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (sqlite, postgres) = (of(SQLITE), of(POSTGRES));
    for name in sqlite.symmetric_difference(&postgres) {
        let (has, lacks) = if sqlite.contains(name) { (SQLITE, POSTGRES) } else { (POSTGRES, SQLITE) };
        findings.push(Finding::new(
            &format!("{has}/migrations/{name}"),
            0,
            format!("{lacks} has no migration of this name"),
        ));
    }
    for (index, name) in sqlite.iter().enumerate() {
        let expected = format!("{:04}_", index + 1);
        if !name.starts_with(&expected) || !name.ends_with(".sql") {
            let message = format!("the numbers have a gap or a double: expected {expected}….sql here");
            findings.push(Finding::new(&format!("{SQLITE}/migrations/{name}"), 0, message));
        }
    }
    findings
}

fn modules(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let portable = tree.below(PORTABLE).filter(|name| name.ends_with(".rs")).collect::<BTreeSet<_>>();
    for (engine, other) in [(SQLITE, POSTGRES), (POSTGRES, SQLITE)] {
        let source = format!("{engine}/src");
        let other = format!("{other}/src");
        for name in tree.below(&source).filter(|name| name.ends_with(".rs")) {
            let path = format!("{source}/{name}");
            if portable.contains(name) {
                findings.push(Finding::new(
                    &path,
                    0,
                    format!("{PORTABLE}/{name} exists too: which one is it?"),
                ));
            } else if !tree.has(&format!("{other}/{name}"))
                && ONE_ENGINE.iter().all(|(known, _)| *known != path)
            {
                let message = format!(
                    "neither portable nor in {other}: move it, write its twin, or give the reason in tidy"
                );
                findings.push(Finding::new(&path, 0, message));
            }
        }
        let library = tree.text(&format!("{source}/lib.rs")).unwrap_or_default();
        for name in &portable {
            if !library.contains(&format!("store/portable/{name}\"")) {
                findings.push(Finding::new(
                    &format!("{PORTABLE}/{name}"),
                    0,
                    format!("{source}/lib.rs does not include it"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn paths(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn migrations_differ_in_name_or_leave_a_gap() {
        let same = [
            ("crates/store-sqlite/migrations/0001_a.sql", ""),
            ("crates/store-postgres/migrations/0001_a.sql", ""),
        ];
        assert!(paths(&same).is_empty());
        let one = [same[0], same[1], ("crates/store-postgres/migrations/0002_b.sql", "")];
        assert_eq!(paths(&one), ["crates/store-postgres/migrations/0002_b.sql"]);
        let gap = [
            ("crates/store-sqlite/migrations/0002_a.sql", ""),
            ("crates/store-postgres/migrations/0002_a.sql", ""),
        ];
        assert_eq!(paths(&gap), ["crates/store-sqlite/migrations/0002_a.sql"]);
    }

    #[test]
    fn a_module_is_portable_or_has_a_twin() {
        let both = [("crates/store-sqlite/src/note.rs", ""), ("crates/store-postgres/src/note.rs", "")];
        assert!(paths(&both).is_empty());
        assert_eq!(paths(&both[..1]), ["crates/store-sqlite/src/note.rs"]);
        let library = "#[path = \"../../store/portable/note.rs\"]\nmod note;\n";
        let portable = [
            ("crates/store/portable/note.rs", ""),
            ("crates/store-sqlite/src/lib.rs", library),
            ("crates/store-postgres/src/lib.rs", library),
        ];
        assert!(paths(&portable).is_empty());
        let forgotten = [portable[0], portable[1], ("crates/store-postgres/src/lib.rs", "")];
        assert_eq!(paths(&forgotten), ["crates/store/portable/note.rs"]);
        assert_eq!(
            paths(&[portable[0], portable[1], portable[2], both[0]]),
            ["crates/store-sqlite/src/note.rs"]
        );
    }
}
