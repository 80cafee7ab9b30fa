//! Reports as files: which ones are wanted, whether they can be written (asked before the run), and writing each as a whole.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::report::{Report, html, json, junit, sarif};

/// Makes one form of a report.
type Render = fn(&Report) -> anyhow::Result<String>;

/// Where reports go, beside the terminal.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Files {
    /// Write a report for people, one page that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the results as JUnit XML, for continuous integration.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write failures as SARIF 2.1.0, for code scanning.
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write everything as JSON.
    #[arg(long, value_name = "FILE")]
    json_file: Option<PathBuf>,
}

impl Files {
    fn wanted(&self) -> impl Iterator<Item = &Path> {
        [&self.html, &self.junit, &self.sarif, &self.json_file].into_iter().flatten().map(PathBuf::as_path)
    }

    /// Whether every report could be written, so that nobody waits for a run whose result is lost.
    ///
    /// # Errors
    /// When a folder does not exist, a file is a folder, or two reports would be the same file.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let mut seen = Vec::new();
        for file in self.wanted() {
            let folder = folder_of(file);
            if !folder.is_dir() {
                bail!("{} can't be written: there is no folder {}", file.display(), folder.display());
            }
            if file.is_dir() || file.file_name().is_none() {
                bail!("{} can't be written: it is a folder", file.display());
            }
            if seen.contains(&file) {
                bail!("two reports can't both be written to {}", file.display());
            }
            seen.push(file);
        }
        Ok(())
    }

    /// Writes every report that is wanted.
    ///
    /// # Errors
    /// When one can't be written; those before it stand.
    pub(crate) fn write(&self, report: &Report) -> anyhow::Result<()> {
        let forms: [(&Option<PathBuf>, Render); 4] = [
            (&self.html, |report| Ok(html::page(report))),
            (&self.junit, junit::document),
            (&self.sarif, sarif::document),
            (&self.json_file, json::document),
        ];
        for (file, render) in forms {
            if let Some(file) = file {
                write_whole(file, render(report)?.as_bytes())
                    .with_context(|| format!("can't write {}", file.display()))?;
            }
        }
        Ok(())
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes beside the file and moves it into place: a reader sees the old report or the new one, never half of one.
fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let part = folder_of(file).join(format!(".{name}.{}.part", std::process::id()));
    let written = fs::File::create_new(&part)
        .and_then(|mut out| out.write_all(bytes).and_then(|()| out.sync_all()))
        .and_then(|()| fs::rename(&part, file));
    if written.is_err() {
        // What went wrong is told; that the part is already gone is no news.
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Files;
    use crate::report::samples;

    #[test]
    fn every_report_that_is_wanted_is_written_whole_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| Some(folder.path().join(name));
        fs::write(folder.path().join("r.html"), "of yesterday").unwrap();
        let files = Files {
            html: file("r.html"),
            junit: file("r.xml"),
            sarif: file("r.sarif"),
            json_file: file("r.json"),
        };
        files.check().unwrap();
        files.write(&samples::everything()).unwrap();
        let mut names = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>();
        names.sort();
        assert_eq!(names, ["r.html", "r.json", "r.sarif", "r.xml"]);
        assert!(fs::read_to_string(folder.path().join("r.html")).unwrap().ends_with("</html>\n"));
    }

    #[test]
    fn a_folder_that_does_not_exist_is_told_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files { junit: Some(folder.path().join("none/r.xml")), ..Files::default() };
        let error = files.check().unwrap_err().to_string();
        assert!(error.contains("there is no folder") && error.contains("none"), "{error}");
        let files = Files { sarif: Some(folder.path().to_owned()), ..Files::default() };
        assert!(files.check().unwrap_err().to_string().contains("it is a folder"));
        let twice = Some(folder.path().join("r"));
        let files = Files { html: twice.clone(), junit: twice, ..Files::default() };
        assert!(files.check().unwrap_err().to_string().contains("two reports"));
    }
}
