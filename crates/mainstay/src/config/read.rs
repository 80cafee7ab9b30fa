//! Gathers raw values from the environment and the TOML file, and turns them into types while collecting every fault.

use std::{collections::BTreeMap, fmt::Display, path::Path, str::FromStr};

use super::{
    registry::{self, VARIABLES, Variable},
    sources::RawSources,
};

/// One thing that is wrong. Never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which variable.
    pub variable: String,
    /// What is wrong with it.
    pub problem: String,
    /// What would be right.
    pub good: String,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Environment,
    File,
}

impl Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::File => "file",
        })
    }
}

/// Values as text, and the faults found so far.
#[derive(Default)]
pub(crate) struct Raw {
    values: BTreeMap<&'static str, (String, Source)>,
    pub(super) sources: RawSources,
    faults: Vec<Fault>,
    read: std::collections::BTreeSet<&'static str>,
}

/// Variables of our prefix that belong to the tests' harness and not to the server.
const FOREIGN_PREFIXES: [&str; 2] = ["MAINSTAY_TEST_POSTGRES", "MAINSTAY_TEST_REDIS"];
const FOREIGN: [&str; 2] = ["MAINSTAY_ADVISORY_DB", "MAINSTAY_BIN"];

impl Raw {
    /// From the process's environment and the file that it names (or `mainstay.toml`).
    pub(crate) fn from_process() -> Self {
        // The one place that reads the environment: everything else is handed a checked value.
        #[allow(clippy::disallowed_methods)]
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let named = environment.iter().find(|(name, _)| name == "MAINSTAY_CONFIG").map(|(_, value)| value);
        let (path, demanded) = named.map_or(("mainstay.toml", false), |path| (path.as_str(), true));
        let mut faults = Vec::new();
        let file = match std::fs::read_to_string(Path::new(path)) {
            Ok(text) => text,
            Err(error) if !demanded && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                faults.push(Fault {
                    variable: "MAINSTAY_CONFIG".to_owned(),
                    problem: format!("the file {path} can't be read: {error}"),
                    good: "a readable TOML file".to_owned(),
                });
                String::new()
            }
        };
        let mut raw = Self::from_parts(environment, &file);
        raw.faults.splice(0..0, faults);
        raw
    }

    /// From explicit values, as tests give them.
    pub(crate) fn from_parts(environment: impl IntoIterator<Item = (String, String)>, file: &str) -> Self {
        let mut raw = Self::default();
        raw.take_file(file);
        for (name, value) in environment {
            if raw.sources.takes(&name) {
                if !value.trim().is_empty() {
                    raw.sources.take_variable(&name, &value);
                }
            } else if let Some(variable) = registry::variable(&name) {
                // An empty variable means "not set": that is how compose files and CI clear one.
                if !value.trim().is_empty() {
                    raw.values.insert(variable.name, (value, Source::Environment));
                }
            } else if name.starts_with("MAINSTAY_")
                && !FOREIGN.contains(&name.as_str())
                && !FOREIGN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            {
                raw.unknown(&name, VARIABLES.iter().map(|variable| variable.name.to_owned()));
            }
        }
        raw
    }

    fn take_file(&mut self, text: &str) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                // Only the position: the message of the parser quotes the line, which may hold a secret.
                let line =
                    error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
                self.fault(
                    "MAINSTAY_CONFIG",
                    format!("the file is no valid TOML (line {line})"),
                    "key = \"value\" lines",
                );
                return;
            }
        };
        for (key, value) in table {
            if key == "webhooks" {
                self.take_sources(&value);
                continue;
            }
            let Some(variable) = VARIABLES.iter().find(|variable| variable.file_key() == key) else {
                self.unknown(&key, VARIABLES.iter().map(Variable::file_key));
                continue;
            };
            let Some(text) = file_text(&value) else {
                self.wrong(variable.name, NOT_PLAIN);
                continue;
            };
            if !text.trim().is_empty() {
                self.values.insert(variable.name, (text, Source::File));
            }
        }
    }

    /// Notes a name that does not exist, and the nearest that does.
    pub(super) fn unknown(&mut self, name: &str, known: impl Iterator<Item = String>) {
        let nearest = known.map(|known| (distance(name, &known), known)).min();
        let good = match nearest {
            Some((distance, known)) if distance <= 4 => format!("did you mean {known}?"),
            _ => "a name from `mainstay config reference`".to_owned(),
        };
        self.fault(name, "there is no such setting", good);
    }

    /// Notes a fault.
    pub(crate) fn fault(&mut self, variable: &str, problem: impl Into<String>, good: impl Into<String>) {
        self.faults.push(Fault { variable: variable.to_owned(), problem: problem.into(), good: good.into() });
    }

    /// All faults so far.
    pub(crate) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Notes that a variable was asked for.
    pub(super) fn note_read(&mut self, name: &'static str) {
        self.read.insert(name);
    }

    /// Names that were asked for; a test compares them with the registry.
    #[cfg(test)]
    pub(crate) fn names_read(&self) -> &std::collections::BTreeSet<&'static str> {
        &self.read
    }

    /// The text of a variable and where it came from.
    pub(crate) fn with_source(&self, name: &str) -> Option<(&str, Source)> {
        self.values.get(name).map(|(value, source)| (value.trim(), *source))
    }

    /// The text of a variable.
    ///
    /// # Panics
    /// When the name is not in the registry.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        assert!(registry::variable(name).is_some(), "{name} is not in the registry");
        self.read.insert(name);
        self.values.get(name).map(|(value, _)| value.trim().to_owned())
    }

    /// A parsed value, or the default when it is not set or wrong.
    pub(crate) fn parsed<T: FromStr>(&mut self, name: &'static str, must: &str, default: T) -> T {
        match self.text(name) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|_| {
                self.wrong(name, must);
                default
            }),
        }
    }

    /// A comma-separated list; empty items are dropped.
    pub(crate) fn list(&mut self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        match self.text(name).as_deref() {
            None => default,
            Some("true" | "1" | "yes" | "on") => true,
            Some("false" | "0" | "no" | "off") => false,
            Some(_) => {
                self.wrong(name, "must be true or false");
                default
            }
        }
    }

    /// Notes that a variable's value does not fit.
    pub(crate) fn wrong(&mut self, name: &'static str, must: impl Into<String>) {
        let good = registry::variable(name).map_or("", |variable| variable.example);
        self.fault(name, must, good);
    }
}

/// What a value of the file must be.
pub(super) const NOT_PLAIN: &str = "must be a string, number, boolean or list of strings";

/// A value of the file as text; a list becomes comma-separated.
pub(super) fn file_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
            Some(items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(","))
        }
        _ => None,
    }
}

/// Levenshtein distance, to guess what a mistyped name was meant to be.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
