//! A file that grew past five hundred lines has more than one thing to say.

use super::{Finding, Tree};

const LINES_MAX: usize = 500;
const KINDS: &[&str] = &[".rs", ".sql", ".ts", ".svelte", ".css", ".js", ".mjs", ".sh"];

/// Files that are longer, each with the reason why splitting it would make it worse.
const LONGER: &[(&str, &str)] = &[("studio/src/api/schema.d.ts", "generated from openapi.json")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| KINDS.iter().any(|kind| path.ends_with(kind))) {
        let lines = text.lines().count();
        if lines > LINES_MAX && LONGER.iter().all(|(known, _)| *known != path) {
            findings.push(Finding::new(
                path,
                LINES_MAX + 1,
                format!("{lines} lines, more than {LINES_MAX}: split it"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn one_line_too_many_is_found() {
        let (fits, over) = ("x\n".repeat(500), "x\n".repeat(501));
        let tree = Tree::of(&[
            ("crates/a/src/fits.rs", fits.as_str()),
            ("crates/a/src/over.rs", over.as_str()),
            ("studio/src/over.svelte", over.as_str()),
            ("studio/src/api/schema.d.ts", over.as_str()),
            ("docs/long.md", over.as_str()),
        ]);
        let paths = check(&tree).into_iter().map(|finding| finding.path).collect::<Vec<_>>();
        assert_eq!(paths, ["crates/a/src/over.rs", "studio/src/over.svelte"]);
    }
}
