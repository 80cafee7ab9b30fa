//! The checkout speaks of itself: no path that exists on one machine only.

use super::{Finding, Tree};

/// In pieces, so that this list does not find itself.
const PATHS: &[&str] = &[
    concat!("/", "work/"),
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "Users/"),
    concat!("/", "tmp/plan"),
];

/// Written by tools, from names of others.
const LOCK_FILES: &[&str] = &["Cargo.lock", "package-lock.json"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| !LOCK_FILES.iter().any(|name| path.ends_with(name))) {
        for (index, line) in text.lines().enumerate() {
            for word in PATHS.iter().filter(|word| starts_a_path(line, word)) {
                findings.push(Finding::new(path, index + 1, format!("`{word}` is a path of one machine")));
            }
        }
    }
    findings
}

/// Whether the text stands where a path starts, not inside a longer one or an address.
fn starts_a_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '}' | '*'))
    })
}

#[cfg(test)]
mod tests {
    use super::{PATHS, Tree, check};

    #[test]
    fn a_path_of_one_machine_is_found() {
        for word in PATHS {
            let text = format!("ok\nsee {word}x\nhttps://example.com{word}x\n../{word}x\n");
            let findings = check(&Tree::of(&[("docs/a.md", &text), ("Cargo.lock", &text)]));
            assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2], "{word}");
        }
    }
}
