//! Exceptions, each with its reason, in the file that gitleaks reads too (`.gitleaks.toml` or `.github/gitleaks.toml`), so that there
//! is one list and not two. An exception without a reason, or with a part that is not understood, is a finding itself.

use regex::Regex;
use toml::{Table, Value};

use crate::{
    evidence::Finding,
    repo::{Repository, found},
};

const FILES: &[&str] = &[".gitleaks.toml", ".github/gitleaks.toml"];

/// What may look like a secret.
#[derive(Debug, Default)]
pub(super) struct Allowlist(Vec<Exception>);

#[derive(Debug)]
struct Exception {
    reason: String,
    paths: Vec<Regex>,
    secrets: Vec<Regex>,
    words: Vec<String>,
    /// Whether a path *and* a secret have to fit.
    needs_both: bool,
}

impl Allowlist {
    /// The repository's list, and what is wrong with it.
    pub(super) fn of(repository: &Repository) -> (Self, Vec<Finding>) {
        let Some((path, text)) = FILES.iter().find_map(|path| Some((*path, repository.text(path)?))) else {
            return (Self::default(), Vec::new());
        };
        let table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                let what = format!("can't be read: {}", error.message());
                return (Self::default(), vec![found(path, 0, what)]);
            }
        };
        let lists = table.get("allowlists").and_then(Value::as_array).into_iter().flatten();
        let (mut exceptions, mut findings) = (Vec::new(), Vec::new());
        for list in lists.chain(table.get("allowlist")) {
            match Exception::read(list) {
                Ok(exception) => exceptions.push(exception),
                Err(what) => findings.push(found(path, 0, what)),
            }
        }
        (Self(exceptions), findings)
    }

    /// Why a secret at a path is allowed; nothing when it is not.
    pub(super) fn reason(&self, path: &str, secret: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|exception| exception.fits(path, secret))
            .map(|exception| exception.reason.as_str())
    }
}

impl Exception {
    fn read(list: &Value) -> Result<Self, String> {
        let table = list.as_table().ok_or("an exception is no table")?;
        let reason = table.get("description").and_then(Value::as_str).unwrap_or_default().trim();
        if reason.is_empty() {
            return Err("an exception has no reason (`description`)".to_owned());
        }
        let known = ["description", "paths", "regexes", "stopwords", "condition", "regexTarget"];
        if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("the exception \"{reason}\" has `{key}`, which is not understood here"));
        }
        if table.get("regexTarget").is_some_and(|target| target.as_str() != Some("secret")) {
            return Err(format!(
                "the exception \"{reason}\" looks at more than the secret, which is not understood here"
            ));
        }
        Ok(Self {
            reason: reason.to_owned(),
            paths: patterns(table, "paths")?,
            secrets: patterns(table, "regexes")?,
            words: texts(table, "stopwords").map(str::to_lowercase).collect(),
            needs_both: table.get("condition").and_then(Value::as_str) == Some("AND"),
        })
    }

    fn fits(&self, path: &str, secret: &str) -> bool {
        let has_path = self.paths.iter().any(|pattern| pattern.is_match(path));
        let lower = secret.to_lowercase();
        let has_secret = self.secrets.iter().any(|pattern| pattern.is_match(secret))
            || self.words.iter().any(|word| lower.contains(word));
        if self.needs_both { has_path && has_secret } else { has_path || has_secret }
    }
}

fn texts<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a str> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn patterns(table: &Table, key: &str) -> Result<Vec<Regex>, String> {
    texts(table, key)
        .map(|pattern| Regex::new(pattern).map_err(|_| format!("`{pattern}` is no pattern")))
        .collect()
}
