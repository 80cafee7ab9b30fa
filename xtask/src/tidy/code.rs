//! What must not be in code: unfinished pieces, tests that are skipped or sleep, and panics by `unwrap` in production.

use super::{Finding, Tree, rust::Source};

/// Never, anywhere.
const NEVER: &[(&str, &str)] = &[
    ("todo!", "unfinished"),
    ("unimplemented!", "unfinished"),
    ("dbg!", "left over from debugging"),
    ("#[ignore", "a test runs or does not exist"),
];

/// Not in production code, but for the places that are named: where it must not come from anywhere else.
const ONE_HOME: &[(&str, &[&str], &str)] = &[
    (
        "env::var",
        &[
            "crates/mainstay/src/config/",
            "crates/mainstay/src/wiring/mod.rs",
            // Names of variables that hold secrets are given to it.
            "crates/gate/src/cli/",
            "xtask/",
            "bench/",
        ],
        "settings are read and checked once, by the configuration",
    ),
    (
        "Uuid::now_v7(",
        // The gate asks real deployments in real time; it has no ports.
        &["crates/providers/src/", "crates/gate/src/"],
        "ids come from the Random port, or tests can't hold them still",
    ),
    (
        "Uuid::new_v4(",
        // The gate asks real deployments in real time; it has no ports.
        &["crates/providers/src/", "crates/gate/src/"],
        "ids come from the Random port, or tests can't hold them still",
    ),
    (
        "OffsetDateTime::now_utc(",
        &["crates/providers/src/", "crates/gate/src/"],
        "the time comes from the Clock port",
    ),
];

/// Never in tests of the JavaScript projects.
const SCRIPT_NEVER: &[(&str, &str)] = &[
    (".only(", "the other tests would not run"),
    (".skip(", "a test runs or does not exist"),
    (".todo(", "unfinished"),
];

/// A wait inside a loop that looks for a condition until a deadline says so in a comment with this word.
const POLLING: &str = "poll";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let source = Source::parse(path, text);
        let comments = text.lines().collect::<Vec<_>>();
        for (index, line) in source.lines.iter().enumerate() {
            let mut found = |message: &str| findings.push(Finding::new(path, index + 1, message));
            for (banned, why) in NEVER.iter().filter(|(banned, _)| has_word(line, banned)) {
                found(&format!("`{banned}`: {why}"));
            }
            let polls = comments[index.saturating_sub(1)..=index].iter().any(|line| {
                line.split_once("//").is_some_and(|(_, comment)| comment.to_lowercase().contains(POLLING))
            });
            if source.test[index] && has_word(line, "sleep(") && !polls {
                found(
                    "a test must not sleep: wait for the condition, or move the mock clock (`// poll: …` in a wait with a deadline)",
                );
            }
            let homeless = ONE_HOME.iter().filter(|(call, homes, _)| {
                !source.test[index]
                    && has_word(line, call)
                    && !homes.iter().any(|home| path.starts_with(home))
            });
            for (call, _, why) in homeless {
                found(&format!("`{call}` here: {why}"));
            }
            if !source.test[index] && line.contains(".unwrap()") {
                found(
                    "`.unwrap()` outside tests: answer the error, or `expect` with the reason why it can't be",
                );
            }
        }
    }
    for (path, text) in tree.iter().filter(|(path, _)| path.ends_with(".test.ts") || path.ends_with(".mjs")) {
        for (index, line) in text.lines().enumerate() {
            for (banned, why) in SCRIPT_NEVER.iter().filter(|(banned, _)| is_test_call(line, banned)) {
                findings.push(Finding::new(path, index + 1, format!("`{banned}`: {why}")));
            }
        }
    }
    findings
}

/// Whether a line has the text where no longer name ends with it.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

fn is_test_call(line: &str, suffix: &str) -> bool {
    let line = line.trim_start();
    ["test", "it", "describe", "suite"].iter().any(|name| line.starts_with(&format!("{name}{suffix}")))
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unfinished_code_is_found_and_a_mention_is_not() {
        let code = "fn a() { todo!() }\nfn b() { dbg!(1); unimplemented!() }\n// todo!\nlet c = \"todo!\";\nnot_todo!();\n";
        assert_eq!(lines("crates/a/src/a.rs", code), [1, 2, 2]);
        assert_eq!(lines("crates/a/tests/it/a.rs", "#[ignore = \"slow\"]\n"), [1]);
    }

    #[test]
    fn unwrap_is_for_tests() {
        let code = "fn a() { b().unwrap(); c().unwrap_or(1); }\n#[cfg(test)]\nmod tests { fn a() { b().unwrap(); } }\n";
        assert_eq!(lines("crates/a/src/a.rs", code), [1]);
        assert!(lines("crates/a/tests/it/a.rs", code).is_empty());
    }

    #[test]
    fn the_environment_is_read_in_one_place() {
        let code = "let url = std::env::var(\"DATABASE_URL\");\n";
        assert_eq!(lines("crates/http/src/a.rs", code), [1]);
        assert!(lines("crates/mainstay/src/config/read.rs", code).is_empty());
        assert!(lines("crates/http/tests/it/a.rs", code).is_empty());
    }

    #[test]
    fn tests_do_not_sleep_except_in_a_wait() {
        let sleep = "tokio::time::sleep(pause).await;\n";
        assert_eq!(lines("crates/a/tests/it/a.rs", sleep), [1]);
        assert!(lines("crates/a/src/a.rs", sleep).is_empty());
        assert!(
            lines("crates/a/tests/it/a.rs", &format!("// poll: the port opens within a second\n{sleep}"))
                .is_empty()
        );
    }

    #[test]
    fn a_script_test_is_not_skipped() {
        assert_eq!(lines("standins/tests/a.test.mjs", "test.skip(\"a\", () => {});\nlist.skip(1);\n"), [1]);
        assert_eq!(lines("studio/src/a.test.ts", "  it.only(\"a\", () => {});\n"), [1]);
    }
}
