//! A repository as it is checked out: the files that git tracks, and where it stands.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use crate::{limits, repo::git};

/// One checkout.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) root: PathBuf,
    /// Empty when no branch is checked out.
    pub(crate) branch: String,
    /// Empty before the first commit.
    pub(crate) commit: String,
    /// Where `origin` is, if it has one.
    pub(crate) origin: Option<String>,
    /// History is cut off, as continuous integration likes to.
    pub(crate) is_shallow: bool,
    paths: BTreeSet<String>,
}

impl Repository {
    /// Looks at the repository that a folder is in.
    ///
    /// # Errors
    /// When it is in none, or git can't be run.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            bail!("there is no folder {}", folder.display());
        }
        let root = git::output(folder, &["rev-parse", "--show-toplevel"])
            .with_context(|| format!("{} is in no git repository", folder.display()))?;
        let root = PathBuf::from(root.trim_end_matches('\n'));
        let line = |arguments: &[&str]| git::output(&root, arguments).map(|text| text.trim().to_owned());
        let files = git::output(&root, &["ls-files", "-z"])?;
        Ok(Self {
            branch: line(&["symbolic-ref", "--quiet", "--short", "HEAD"]).unwrap_or_default(),
            commit: line(&["rev-parse", "--verify", "--quiet", "HEAD"]).unwrap_or_default(),
            origin: line(&["remote", "get-url", "origin"]).ok(),
            is_shallow: line(&["rev-parse", "--is-shallow-repository"])? == "true",
            paths: files.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect(),
            root,
        })
    }

    /// Every tracked file, by path relative to the root.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Tracked files directly in a folder.
    pub(crate) fn in_folder<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        self.paths().filter(move |path| split(path).0 == folder)
    }

    /// Tracked files of a name, in whatever folder.
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.paths().filter(move |path| split(path).1 == name)
    }

    /// A tracked file's text as it lies there now; nothing when it is no text, is a link, or is far too long to be one of ours.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        if !self.has(path) {
            return None;
        }
        let file = self.root.join(path);
        let metadata = fs::symlink_metadata(&file).ok()?;
        if !metadata.is_file() || metadata.len() > limits::REPO_FILE_BYTES_MAX {
            return None;
        }
        fs::read_to_string(file).ok()
    }
}

/// A path's folder (empty at the root) and name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
