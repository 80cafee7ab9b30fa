//! `docs/reference/promises.md`: every promise names the tests that keep it, and these tests exist.
//!
//! A test is named in backticks: a Rust test by its function's name, or by `path::name` where the name is not enough;
//! a test of another language by its file, or by `path::words of its title`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Finding, Tree,
    rust::{Source, is_test_file},
};

const PAGE: &str = "docs/reference/promises.md";
/// Under this heading stand promises of modules that are not built; they name the module in place of tests.
const NOT_BUILT: &str = "Not built yet";

/// What the page must list: prefix, first and last number.
const REQUIRED: &[(&str, u32, u32)] = &[
    ("CFG-", 1, 8),
    ("CAP-", 1, 3),
    ("IDN-", 1, 10),
    ("SES-", 1, 6),
    ("SEC-", 1, 12),
    ("OBS-", 1, 2),
    ("OBS-", 4, 4),
    ("OPS-", 1, 1),
    ("OPS-", 9, 9),
    ("GAT-", 1, 4),
    ("WAL-", 1, 7),
    ("WHK-", 1, 6),
    ("T-ID-", 1, 23),
    ("T-WA-", 1, 12),
    ("T-PU-", 1, 12),
    ("T-OP-", 1, 8),
    ("T-OP-", 10, 13),
];
const REQUIRED_TOO: &[&str] = &["T-ID-16b"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.text(PAGE) else { return vec![Finding::new(PAGE, 0, "the page is missing")] };
    let tests = Tests::of(tree);
    let rows = rows(page);
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for row in &rows {
        if !seen.insert(row.id.as_str()) {
            findings.push(Finding::new(PAGE, row.line, format!("{} has two rows", row.id)));
        }
        if row.last.is_empty() {
            let lacks = if row.built { "names no test" } else { "does not say what it waits for" };
            findings.push(Finding::new(PAGE, row.line, format!("{} {lacks}", row.id)));
        } else if row.built {
            let named = quoted(&row.last).collect::<Vec<_>>();
            if named.is_empty() {
                findings.push(Finding::new(PAGE, row.line, format!("{} names no test in backticks", row.id)));
            }
            for name in named.into_iter().filter(|name| !tests.has(tree, name)) {
                findings.push(Finding::new(PAGE, row.line, format!("{}: there is no test `{name}`", row.id)));
            }
        }
    }
    for id in required().filter(|id| !seen.contains(id.as_str())) {
        findings.push(Finding::new(PAGE, 0, format!("{id} has no row")));
    }
    findings
}

fn required() -> impl Iterator<Item = String> {
    let numbered = REQUIRED.iter().flat_map(|&(prefix, first, last)| {
        // Two digits in the names of attacks, none to fill up in those of requirements.
        (first..=last).map(move |n| {
            if prefix.starts_with("T-") { format!("{prefix}{n:02}") } else { format!("{prefix}{n}") }
        })
    });
    numbered.chain(REQUIRED_TOO.iter().map(|&id| id.to_owned()))
}

struct Row {
    line: usize,
    id: String,
    last: String,
    built: bool,
}

/// The table rows whose first cell is an id.
fn rows(page: &str) -> Vec<Row> {
    let mut built = true;
    let mut rows = Vec::new();
    for (index, line) in page.lines().enumerate() {
        if let Some(heading) = line.strip_prefix('#') {
            built = heading.trim_start_matches('#').trim() != NOT_BUILT;
        }
        let Some(cells) = line.trim().strip_prefix('|').and_then(|rest| rest.strip_suffix('|')) else {
            continue;
        };
        let cells = cells.split('|').map(str::trim).collect::<Vec<_>>();
        if let [id, .., last] = cells.as_slice()
            && is_id(id)
        {
            rows.push(Row { line: index + 1, id: (*id).to_owned(), last: (*last).to_owned(), built });
        }
    }
    rows
}

fn is_id(cell: &str) -> bool {
    let Some((prefix, number)) = cell.rsplit_once('-') else { return false };
    !prefix.is_empty()
        && prefix.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        && number.starts_with(|first: char| first.is_ascii_digit())
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The Rust tests: their names by file, and all of them.
struct Tests {
    by_file: BTreeMap<String, BTreeSet<String>>,
    names: BTreeSet<String>,
}

impl Tests {
    fn of(tree: &Tree) -> Self {
        let mut by_file = BTreeMap::new();
        let mut names = BTreeSet::new();
        for (path, text) in tree.rust() {
            let source = Source::parse(path, text);
            let mut here =
                source.tests().into_iter().map(|(_, name)| name.to_owned()).collect::<BTreeSet<_>>();
            if path.starts_with("crates/store-conformance/src/") {
                // Its cases are functions that each engine's tests call.
                here.extend(source.functions().map(str::to_owned));
            }
            names.extend(here.iter().cloned());
            by_file.insert(path.to_owned(), here);
        }
        Self { by_file, names }
    }

    fn has(&self, tree: &Tree, named: &str) -> bool {
        let (path, name) = named.split_once("::").map_or((named, None), |(path, name)| (path, Some(name)));
        match (self.by_file.get(path), name) {
            (Some(here), Some(name)) => here.contains(name),
            // A whole Rust file names no test.
            (Some(_), None) => false,
            (None, Some(title)) => {
                is_script_test(path) && tree.text(path).is_some_and(|text| text.contains(title))
            }
            (None, None) => {
                self.names.contains(named) || (is_script_test(named) && tree.text(named).is_some())
            }
        }
    }
}

fn is_script_test(path: &str) -> bool {
    let test = path.starts_with("standins/browser/") || path.contains(".test.") || is_test_file(path);
    test && [".mjs", ".js", ".ts", ".yml"].iter().any(|kind| path.ends_with(kind))
}

#[cfg(test)]
mod tests {
    use super::{PAGE, Tree, check};

    const RUST: (&str, &str) = ("crates/http/tests/it/a.rs", "#[test]\nfn two_tabs() {}\nfn helper() {}\n");
    const SCRIPT: (&str, &str) = ("studio/src/a.test.ts", "it(\"keeps the choice\", () => {});\n");

    /// The findings about one row; the many rows that are missing are left out.
    fn of_row(row: &str) -> Vec<String> {
        let page = format!("# Promises\n\n| id | what | tests |\n| --- | --- | --- |\n{row}\n");
        let tree = Tree::of(&[(PAGE, &page), RUST, SCRIPT]);
        let findings = check(&tree).into_iter().map(|finding| finding.message);
        findings.filter(|message| !message.ends_with("has no row")).collect()
    }

    #[test]
    fn tests_that_exist_are_fine() {
        for tests in [
            "`two_tabs`",
            "`crates/http/tests/it/a.rs::two_tabs`, `studio/src/a.test.ts`",
            "`studio/src/a.test.ts::keeps the choice`",
        ] {
            assert!(of_row(&format!("| SES-1 | rotates | {tests} |")).is_empty(), "{tests}");
        }
    }

    #[test]
    fn a_row_without_a_test_or_with_an_invented_one_is_found() {
        assert_eq!(of_row("| SES-1 | rotates | |"), ["SES-1 names no test"]);
        assert_eq!(of_row("| SES-1 | rotates | later |"), ["SES-1 names no test in backticks"]);
        for tests in [
            "helper",
            "three_tabs",
            "crates/http/tests/it/a.rs",
            "crates/http/tests/it/a.rs::helper",
            "studio/src/a.test.ts::forgets",
            "studio/src/none.test.ts",
        ] {
            assert_eq!(
                of_row(&format!("| SES-1 | rotates | `{tests}` |")),
                [format!("SES-1: there is no test `{tests}`")]
            );
        }
    }

    #[test]
    fn what_is_not_built_says_what_it_waits_for() {
        assert!(of_row("## Not built yet\n| SEC-12 | sockets | messages |").is_empty());
        assert_eq!(of_row("## Not built yet\n| SEC-12 | sockets | |").len(), 1);
    }

    #[test]
    fn every_promise_has_one_row() {
        let tree = Tree::of(&[(PAGE, "| SES-1 | a | `two_tabs` |\n| SES-1 | b | `two_tabs` |\n"), RUST]);
        let messages = check(&tree).into_iter().map(|finding| finding.message).collect::<Vec<_>>();
        assert!(messages.contains(&"SES-1 has two rows".to_owned()));
        assert!(messages.contains(&"SES-2 has no row".to_owned()));
        assert!(messages.contains(&"T-ID-05 has no row".to_owned()));
        assert!(!messages.contains(&"SES-1 has no row".to_owned()));
        assert!(!check(&Tree::of(&[])).is_empty());
    }
}
