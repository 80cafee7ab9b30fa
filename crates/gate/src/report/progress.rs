//! A run while it goes on: a bar on standard error, and each failure as soon as it is known. Silent where that is no terminal.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    check::Check,
    report::{CheckReport, Verdict, inert},
    run::Watcher,
};

/// The bar; its clones are the same one.
#[derive(Clone)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(checks: usize, is_quiet: bool) -> Self {
        if is_quiet {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(checks as u64);
        let style =
            ProgressStyle::with_template("{spinner} {pos:>3}/{len} {bar:16} {elapsed:>3}  {wide_msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        if io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self(bar)
    }

    /// Says what is being done.
    pub(crate) fn say(&self, what: &str) {
        self.0.set_message(inert::on_one_line(what));
    }

    /// One more check is done.
    pub(crate) fn done(&self, report: &CheckReport) {
        if matches!(report.verdict, Verdict::Fail | Verdict::Error) {
            let reason = inert::on_one_line(&report.reason);
            self.0.println(format!(
                "{}  {} {}: {reason}",
                report.said(),
                report.priority.as_str(),
                report.id
            ));
        }
        self.0.inc(1);
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Watcher for Progress {
    fn started(&self, check: &'static Check) {
        self.say(check.title);
    }

    fn ended(&self, _check: &'static Check, report: &CheckReport) {
        self.done(report);
    }
}
