//! Every Rust file opens with `//!` lines that say what it is for.

use super::{Finding, Tree};

/// Longer than this is documentation, which belongs into `docs/` or onto the items.
const HEADER_LINES_MAX: usize = 25;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| !path.ends_with("/build.rs")) {
        let lines = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>();
        let words = lines.iter().flat_map(|line| line.trim_start_matches("//!").split_whitespace()).count();
        if words == 0 || lines == ["//! placeholder"] {
            findings.push(Finding::new(path, 1, "starts without `//!` lines that say what it is for"));
        } else if lines.len() > HEADER_LINES_MAX {
            findings.push(Finding::new(
                path,
                1,
                format!("the header is longer than {HEADER_LINES_MAX} lines"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_file_without_a_header_is_found() {
        let tree = Tree::of(&[
            ("crates/a/src/good.rs", "//! What it is for.\n\nfn a() {}\n"),
            ("crates/a/src/none.rs", "fn a() {}\n"),
            ("crates/a/src/word.rs", "//! placeholder\n"),
            ("crates/a/src/late.rs", "use b;\n//! What it is for.\n"),
            ("crates/a/build.rs", "fn main() {}\n"),
        ]);
        let paths = check(&tree).into_iter().map(|finding| finding.path).collect::<Vec<_>>();
        assert_eq!(paths, ["crates/a/src/late.rs", "crates/a/src/none.rs", "crates/a/src/word.rs"]);
    }
}
