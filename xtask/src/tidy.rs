//! `cargo xtask tidy`: the house rules that neither compiler nor linter knows.
//!
//! A check is a function from the checkout's text files to findings. It never writes, and each has a test that makes
//! it fail: a check that can't fail checks nothing.

mod alerts;
mod code;
mod dependencies;
mod engines;
mod headers;
mod lengths;
mod links;
mod pages;
mod promises;
mod rust;
mod sabotage;
mod words;
mod workflows;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
};

use anyhow::{Result, bail};

use crate::workspace;

/// The checkout's text files, by path relative to the root.
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
    /// What is no text: links may lead there.
    others: BTreeSet<String>,
}

impl Tree {
    fn read() -> Result<Self> {
        let (mut files, mut others) = (BTreeMap::new(), BTreeSet::new());
        for path in workspace::files(workspace::root())? {
            // What is not UTF-8 is no text of ours: icons, fonts, vectors.
            let name = path.to_string_lossy().into_owned();
            match String::from_utf8(fs::read(workspace::root().join(&path))?) {
                Ok(text) => {
                    files.insert(name, text);
                }
                Err(_) => {
                    others.insert(name);
                }
            }
        }
        Ok(Self { files, others })
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self { files: files.iter().map(own).collect(), others: BTreeSet::new() }
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(path, _)| path.ends_with(".rs"))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether something lies there: a file, or a folder with a file in it.
    fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path)
            || self.others.contains(path)
            || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// The files directly or deeper below a folder, by path relative to it.
    fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        self.files.keys().filter_map(move |path| path.strip_prefix(folder)?.strip_prefix('/'))
    }
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    /// `line` counts from one; zero means the file as a whole.
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line.max(1), self.message)
    }
}

type Check = fn(&Tree) -> Vec<Finding>;

const CHECKS: &[(&str, Check)] = &[
    ("dependencies point one way", dependencies::check),
    ("every Rust file says what it is for", headers::check),
    ("no file is too long", lengths::check),
    ("nothing unfinished, no sleeping tests, no unwrap in production code", code::check),
    ("both engines have the same migrations and modules", engines::check),
    ("every alert is on a metric that there is, tested, and told what to do about", alerts::check),
    ("every promise names tests that exist", promises::check),
    ("every relative link leads somewhere", links::check),
    ("the studio and the server know the same pages", pages::check),
    ("no build leaves guards out by mistake", sabotage::check),
    ("no path of somebody's machine", words::check),
    ("every workflow step is pinned", workflows::check),
];

/// Runs every check.
///
/// # Errors
/// When there is a finding; all are printed first.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read()?;
    let mut count = 0;
    for (rule, check) in CHECKS {
        let findings = check(&tree);
        println!("{} {rule}", if findings.is_empty() { "ok  " } else { "FAIL" });
        for finding in &findings {
            println!("     {finding}");
        }
        count += findings.len();
    }
    if count > 0 {
        bail!("{count} findings");
    }
    Ok(())
}
