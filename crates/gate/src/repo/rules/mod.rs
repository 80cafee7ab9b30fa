//! Repository rules as files (`.github/rulesets/*.json`, in the form of the hosting service's own export): what the default branch
//! promises. Whether the service enforces them is asked online, in `service/`.

mod protected_branch;
mod push_protection;
mod required_checks;
mod signed_commits;

use serde_json::Value;

use crate::{
    check::Ended,
    evidence::Finding,
    repo::{Hand, RepoCheck, Repository, found},
};

pub(super) const CHECKS: &[&RepoCheck] =
    &[&protected_branch::CHECK, &required_checks::CHECK, &signed_commits::CHECK, &push_protection::CHECK];

pub(super) use self::required_checks::contexts;

/// Rules that the service has to enforce on the default branch, and what each keeps from happening.
pub(super) const NEEDED_ON_BRANCH: &[(&str, &str)] = &[
    ("pull_request", "changes could come without a pull request"),
    ("non_fast_forward", "its past could be rewritten by a forced push"),
    ("deletion", "it could be deleted"),
    ("required_signatures", "anybody could write under anybody's name"),
    ("required_status_checks", "changes could come unchecked"),
];

/// Settings of the service that have to be on.
pub(super) const NEEDED_SETTINGS: &[&str] = &["secret_scanning", "secret_scanning_push_protection"];

pub(super) const FOLDER: &str = ".github/rulesets";

/// A file of rules.
pub(super) struct RuleFile {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) value: Value,
}

impl RuleFile {
    /// Whether it is in force for the default branch.
    pub(super) fn guards_default_branch(&self) -> bool {
        let is_active = self.value.get("enforcement").and_then(Value::as_str) == Some("active");
        let is_of_branches = self.value.get("target").and_then(Value::as_str) == Some("branch");
        let refs = |which: &str| {
            let names =
                self.value.pointer(&format!("/conditions/ref_name/{which}")).and_then(Value::as_array);
            names.into_iter().flatten().filter_map(Value::as_str).any(is_default)
        };
        is_active && is_of_branches && refs("include") && !refs("exclude")
    }

    /// The line of a text in the file, to point at; zero where it is not.
    pub(super) fn line_of(&self, text: &str) -> usize {
        self.text.lines().position(|line| line.contains(text)).map_or(0, |index| index + 1)
    }
}

fn is_default(name: &str) -> bool {
    matches!(
        name,
        "~DEFAULT_BRANCH"
            | "~ALL"
            | "refs/heads/main"
            | "refs/heads/master"
            | "refs/heads/*"
            | "refs/heads/**/*"
    )
}

/// The repository's files of rules, and those that can't be read.
pub(super) fn load(repository: &Repository) -> (Vec<RuleFile>, Vec<Finding>) {
    let (mut files, mut unreadable) = (Vec::new(), Vec::new());
    for path in repository.in_folder(FOLDER).filter(|path| path.ends_with(".json")) {
        let text = repository.text(path).unwrap_or_default();
        match serde_json::from_str(&text) {
            Ok(value) => files.push(RuleFile { path: path.to_owned(), text, value }),
            Err(error) => unreadable.push(found(path, error.line(), format!("can't be read: {error}"))),
        }
    }
    (files, unreadable)
}

/// The files that guard the default branch.
///
/// # Errors
/// As failed when there is none: a branch that nothing guards.
fn guarding(hand: &Hand) -> Result<(Vec<RuleFile>, Vec<Finding>), Ended> {
    let (files, findings) = load(&hand.repository);
    let guarding = files.into_iter().filter(RuleFile::guards_default_branch).collect::<Vec<_>>();
    if guarding.is_empty() {
        let what = "no file of rules is in force for the default branch";
        hand.judge([findings.clone(), vec![found(FOLDER, 0, what)]].concat(), String::new)?;
    }
    Ok((guarding, findings))
}

/// The rules of a kind in files that guard the default branch, each with its parameters.
fn rules<'a>(files: &'a [RuleFile], kind: &'a str) -> impl Iterator<Item = (&'a RuleFile, &'a Value)> {
    files.iter().flat_map(move |file| of_kind(&file.value, kind).map(move |parameters| (file, parameters)))
}

/// The parameters of each rule of a kind in a ruleset.
pub(super) fn of_kind<'a>(ruleset: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    const NONE: &Value = &Value::Null;
    let rules = ruleset.get("rules").and_then(Value::as_array).into_iter().flatten();
    let wanted = rules.filter(move |rule| rule.get("type").and_then(Value::as_str) == Some(kind));
    wanted.map(|rule| rule.get("parameters").unwrap_or(NONE))
}
