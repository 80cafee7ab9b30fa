//! A run in the terminal: a bar while it runs, then what matters first.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    check::Check,
    report::{CheckReport, Report, Verdict},
    run::Watcher,
};

/// A progress bar on standard error; silent where that is no terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(checks: usize, is_quiet: bool) -> Self {
        if is_quiet {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(checks as u64);
        let style = ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len}  {elapsed}  {wide_msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        if io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self(bar)
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Watcher for Progress {
    fn started(&self, check: &'static Check) {
        self.0.set_message(check.title);
    }

    fn ended(&self, check: &'static Check, report: &CheckReport) {
        if matches!(report.verdict, Verdict::Fail | Verdict::Error) {
            self.0.println(format!("{:5}  {}  {}", report.verdict.as_str(), check.id, report.reason));
        }
        self.0.inc(1);
    }
}

/// Prints a report.
pub(crate) fn print(report: &Report) {
    let mut out = io::stdout().lock();
    let _ = write(&mut out, report);
}

fn write(out: &mut impl io::Write, report: &Report) -> io::Result<()> {
    for check in &report.checks {
        writeln!(
            out,
            "{:5} {} {:40} {}",
            check.verdict.as_str(),
            check.priority.as_str(),
            check.id,
            check.reason
        )?;
    }
    writeln!(
        out,
        "\n{} passed, {} failed, {} skipped, {} without an answer; {} requests in {:.1} s",
        report.count(Verdict::Pass),
        report.count(Verdict::Fail),
        report.count(Verdict::Skip),
        report.count(Verdict::Error),
        report.requests,
        report.took_ms / 1000.0,
    )
}

/// Prints which checks there are.
pub(crate) fn list(checks: &[&'static Check], json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        let row = |check: &&'static Check| {
            let references = check.references.iter().map(|reference| reference.label()).collect::<Vec<_>>();
            serde_json::json!({
                "id": check.id, "title": check.title, "priority": check.priority,
                "promises": check.promises, "references": references,
            })
        };
        serde_json::to_writer_pretty(&mut out, &checks.iter().map(row).collect::<Vec<_>>())?;
        writeln!(out)?;
        return Ok(());
    }
    for check in checks {
        writeln!(out, "{} {:36} {}", check.priority.as_str(), check.id, check.title)?;
    }
    Ok(())
}

/// Prints a text as it is; a closed pipe (`| head`) is no failure.
pub(crate) fn text(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Prints a message to standard error.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}
