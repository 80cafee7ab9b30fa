//! The studio's addresses stand twice: in the studio, which shows them, and in the server, which answers them with the one page.

use std::collections::BTreeSet;

use super::{Finding, Tree};

const STUDIO: &str = "studio/src/shell/pages.ts";
const SERVER: &str = "crates/http/src/routes/studio.rs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (Some(studio), Some(server)) = (tree.text(STUDIO), tree.text(SERVER)) else {
        return vec![Finding::new(
            STUDIO,
            0,
            format!("this file or {SERVER} is gone, so their lists can't be compared"),
        )];
    };
    let (studio, server) = (list(studio), list(server));
    if studio.is_empty() {
        return vec![Finding::new(STUDIO, 0, "no list `PAGES = […]` in it")];
    }
    let only = |path: &'static str, one: &BTreeSet<String>, other: &BTreeSet<String>| {
        let message = |page| Finding::new(path, 0, format!("the page `{page}` is only here"));
        one.difference(other).map(message).collect::<Vec<_>>()
    };
    only(STUDIO, &studio, &server).into_iter().chain(only(SERVER, &server, &studio)).collect()
}

/// The strings in the literal that `PAGES` is set to.
fn list(text: &str) -> BTreeSet<String> {
    let Some((_, from)) = text.split_once("const PAGES") else { return BTreeSet::new() };
    let Some((_, from)) = from.split_once("= [") else { return BTreeSet::new() };
    let (literal, _) = from.split_once(']').unwrap_or((from, ""));
    literal.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{SERVER, STUDIO, Tree, check};

    const ONE: &str = "export const PAGES = [\n  \"/\",\n  \"/wallet\",\n] as const;\n";

    #[test]
    fn a_page_of_one_side_only_is_found() {
        let found = |studio, server| check(&Tree::of(&[(STUDIO, studio), (SERVER, server)]));
        assert!(found(ONE, "const PAGES: [&str; 2] = [\"/wallet\", \"/\"];").is_empty());
        assert_eq!(found(ONE, "const PAGES: [&str; 1] = [\"/\"];").len(), 1);
        assert_eq!(found(ONE, "const PAGES: [&str; 3] = [\"/\", \"/wallet\", \"/more\"];").len(), 1);
        assert_eq!(found("", "").len(), 1);
        assert_eq!(check(&Tree::of(&[(STUDIO, ONE)])).len(), 1);
    }
}
