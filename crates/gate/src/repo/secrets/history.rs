//! Every object that any branch, tag or stash leads to, each once, however many commits have it: files, commit messages, tags.
//! Unlike differences, objects also show what came in with a merge.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Stdio},
    thread,
};

use anyhow::{Context as _, bail};

use crate::{limits, repo::git};

/// A file's content as it once was, or a message.
pub(super) struct Object<'a> {
    pub(super) id: &'a str,
    pub(super) bytes: &'a [u8],
    /// The how many-th of how many it is.
    pub(super) number: usize,
    pub(super) of: usize,
}

/// How much was looked at.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) searched: u64,
    pub(super) bytes: u64,
    pub(super) too_long: u64,
}

/// Shows each object that is text.
///
/// # Errors
/// When git fails or says what it should not.
pub(super) fn each(root: &Path, mut look: impl FnMut(&Object<'_>)) -> anyhow::Result<Counts> {
    // The sizes come first, so that nothing long is ever read.
    let mut list = git::command(root)
        .args(["rev-list", "--objects", "--no-object-names", "--all", "HEAD"])
        .stdout(Stdio::piped())
        .spawn()
        .context("can't run git; is it installed?")?;
    let mut sizes = git::command(root)
        .args(["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--buffer"])
        .stdin(Stdio::from(list.stdout.take().context("git has no output")?))
        .stdout(Stdio::piped())
        .spawn()?;
    let mut counts = Counts::default();
    let mut wanted = Vec::new();
    for line in BufReader::new(sizes.stdout.take().context("git has no output")?).lines() {
        let line = line?;
        let (id, kind, size) = described(&line)?;
        match kind {
            "tree" => {}
            _ if size > limits::SECRET_OBJECT_BYTES_MAX => counts.too_long += 1,
            _ => wanted.push(id.to_owned()),
        }
    }
    ended(list, "rev-list")?;
    ended(sizes, "cat-file")?;
    read(root, wanted, &mut counts, &mut look)?;
    Ok(counts)
}

fn described(line: &str) -> anyhow::Result<(&str, &str, u64)> {
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next().map(str::parse)) {
        (Some(id), Some(kind), Some(Ok(size))) => Ok((id, kind, size)),
        _ => bail!("git cat-file said {line:?}"),
    }
}

fn ended(mut child: Child, what: &str) -> anyhow::Result<()> {
    let status = child.wait()?;
    if !status.success() {
        bail!("git {what} failed ({status})");
    }
    Ok(())
}

fn read(
    root: &Path,
    wanted: Vec<String>,
    counts: &mut Counts,
    look: &mut impl FnMut(&Object<'_>),
) -> anyhow::Result<()> {
    let mut contents = git::command(root)
        .args(["cat-file", "--batch", "--buffer"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut ask = contents.stdin.take().context("git has no input")?;
    let mut answers = BufReader::new(contents.stdout.take().context("git has no output")?);
    let count = wanted.len();
    // Asking and reading at once, or both sides would wait for a full pipe.
    let asking = thread::spawn(move || wanted.iter().try_for_each(|id| writeln!(ask, "{id}")));
    let (mut header, mut bytes) = (String::new(), Vec::new());
    for number in 0..count {
        header.clear();
        answers.read_line(&mut header)?;
        let (id, _, size) = described(header.trim_end())?;
        bytes.resize(usize::try_from(size)? + 1, 0);
        answers.read_exact(&mut bytes)?;
        let content = &bytes[..bytes.len() - 1];
        if !is_binary(content) {
            counts.searched += 1;
            counts.bytes += size;
            look(&Object { id, bytes: content, number, of: count });
        }
    }
    asking.join().map_err(|_| anyhow::anyhow!("git could not be asked"))??;
    ended(contents, "cat-file")
}

/// As git tells it: a zero byte near the beginning.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8000).any(|byte| *byte == 0)
}
