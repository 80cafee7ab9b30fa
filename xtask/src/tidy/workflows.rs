//! Steps of others in workflows run with our rights: each is pinned to a commit, with its version beside it.

use super::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| path.starts_with(".github/workflows/")) {
        for (index, line) in text.lines().enumerate() {
            let Some(used) = line.trim_start_matches([' ', '-']).strip_prefix("uses:") else { continue };
            let (action, comment) = used.split_once('#').unwrap_or((used, ""));
            let commit = action.trim().rsplit_once('@').map(|(_, commit)| commit).unwrap_or_default();
            let pinned = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            let local = action.trim().starts_with("./");
            if !local && (!pinned || !comment.trim().starts_with('v')) {
                let message =
                    format!("`{}` is not pinned: name a commit, and its version in a comment", action.trim());
                findings.push(Finding::new(path, index + 1, message));
            }
        }
        if !text.lines().any(|line| line.starts_with("permissions:")) {
            findings.push(Finding::new(path, 0, "states no `permissions` for all its jobs"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_tag_is_no_pin() {
        let good = "permissions: {}\n- uses: a/b@0123456789012345678901234567890123456789 # v1.2.3\n  uses: ./local\n";
        assert!(check(&Tree::of(&[(".github/workflows/a.yml", good)])).is_empty());
        let tag = "permissions: {}\n  - uses: a/b@v1\n";
        assert_eq!(check(&Tree::of(&[(".github/workflows/a.yml", tag)])).len(), 1);
        assert_eq!(check(&Tree::of(&[(".github/workflows/a.yml", "on: push\n")])).len(), 1);
    }
}
