//! A folder of `.eml` files, as the deployment's own developer mailer writes them.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use parking_lot::Mutex;

use super::{Found, Mail, Mailbox, by_pattern};
use crate::check::Ended;

/// A folder with mails. Names sort by time.
pub(crate) struct Folder {
    path: PathBuf,
    pattern: String,
    read: Mutex<Read>,
}

#[derive(Default)]
struct Read {
    /// Files that need no second look, whatever was in them.
    names: BTreeSet<OsString>,
    mails: Vec<Mail>,
}

impl Folder {
    /// What is there already is nobody's of this run.
    ///
    /// # Errors
    /// When it can't be read.
    pub(crate) fn open(path: &Path, pattern: &str) -> anyhow::Result<Self> {
        let names = names(path).with_context(|| format!("can't read the mailbox {}", path.display()))?;
        let read = Mutex::new(Read { names, mails: Vec::new() });
        Ok(Self { path: path.to_owned(), pattern: pattern.to_owned(), read })
    }

    fn look(&self, to: &str) -> std::io::Result<Vec<Mail>> {
        let mut read = self.read.lock();
        for name in names(&self.path)? {
            if !read.names.contains(&name) {
                let message = std::fs::read(self.path.join(&name))?;
                read.mails.extend(Mail::parse(&message));
                read.names.insert(name);
            }
        }
        Ok(read.mails.iter().filter(|mail| mail.is_to(to)).cloned().collect())
    }
}

fn names(path: &Path) -> std::io::Result<BTreeSet<OsString>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(path)? {
        let name = entry?.file_name();
        // A name that begins with a dot is a mail that is still being written.
        let is_mail = Path::new(&name).extension().is_some_and(|end| end == "eml");
        if is_mail && !name.to_string_lossy().starts_with('.') {
            names.insert(name);
        }
    }
    Ok(names)
}

impl Mailbox for Folder {
    fn describe(&self) -> String {
        format!("the folder {}", self.path.display())
    }

    fn address(&self, name: &str) -> String {
        by_pattern(&self.pattern, name)
    }

    fn mails<'a>(&'a self, to: &'a str) -> Found<'a> {
        let found = self.look(to);
        let found = found.map_err(|error| Ended::error(format!("{}: {error}", self.describe())));
        Box::pin(std::future::ready(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::mailbox;

    fn put(folder: &Path, name: &str, code: &str) {
        let mail = format!("From: a@example.org\r\nTo: gate@example.org\r\nSubject: s\r\n\r\n{code}\r\n");
        std::fs::write(folder.join(name), mail).unwrap();
    }

    #[tokio::test]
    async fn only_new_and_finished_mails_count_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "001.eml", "11111111");
        let opened = Folder::open(folder.path(), "{}@example.org").unwrap();
        put(folder.path(), ".003.part", "33333333");
        put(folder.path(), ".004.eml", "44444444");
        assert_eq!(opened.mails("gate@example.org").await.unwrap(), []);
        put(folder.path(), "006.eml", "66666666");
        put(folder.path(), "0055.eml", "a notice without a code");
        put(folder.path(), "005.eml", "55555555");
        let code = |already| mailbox::next_code(&opened, "gate@example.org", already);
        assert_eq!(code(0).await.unwrap(), "55555555");
        assert_eq!(code(1).await.unwrap(), "66666666");
        assert_eq!(opened.mails("gate@example.org").await.unwrap().len(), 3);
        assert_eq!(opened.mails("other@example.org").await.unwrap(), []);
        assert_eq!(opened.address("ada"), "ada@example.org");
    }

    #[test]
    fn a_folder_that_is_not_there_is_said_at_once() {
        assert!(Folder::open(Path::new("/nowhere/at/all"), "{}@example.org").is_err());
    }
}
