//! What the self-test found, for people and machines.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::{
    evidence::Evidence,
    report::{self, CheckReport, Verdict},
};

/// How a check came out on one server.
#[derive(Serialize)]
pub(super) struct Seen {
    pub(super) verdict: Verdict,
    /// What it said.
    pub(super) reason: String,
    pub(super) took_ms: f64,
    /// Why a first run broke off, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) broke_off_before: Option<String>,
    pub(super) evidence: Option<Evidence>,
}

impl Seen {
    /// From a run; one that could not be made is an error like one of the check itself.
    pub(super) fn of(run: anyhow::Result<CheckReport>) -> Self {
        match run {
            Ok(report) => Self {
                verdict: report.verdict,
                reason: report.reason,
                took_ms: report.took_ms,
                broke_off_before: None,
                evidence: Some(report.evidence),
            },
            Err(error) => Self {
                verdict: Verdict::Error,
                reason: format!("{error:#}"),
                took_ms: 0.0,
                broke_off_before: None,
                evidence: None,
            },
        }
    }
}

/// One check on a right and on a wrong server.
#[derive(Serialize)]
pub(super) struct Trial {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What is wrong with the wrong server.
    pub(super) control: String,
    pub(super) right: Seen,
    pub(super) wrong: Seen,
    /// Why the check proves nothing; none when it passes and fails where it must.
    pub(super) problem: Option<&'static str>,
}

impl Trial {
    fn print(&self, out: &mut impl io::Write) -> io::Result<()> {
        let word = if self.problem.is_some() { "BAD" } else { "ok" };
        writeln!(out, "{word:3} {:40} {}", self.id, self.control)?;
        if let Some(problem) = self.problem {
            writeln!(out, "      {problem}")?;
            writeln!(out, "      right: {} {}", self.right.verdict.as_str(), self.right.reason)?;
        }
        writeln!(out, "      wrong: {} {}", self.wrong.verdict.as_str(), self.wrong.reason)?;
        for reason in [&self.right, &self.wrong].into_iter().filter_map(|seen| seen.broke_off_before.as_ref())
        {
            writeln!(out, "      a first run broke off: {reason}")?;
        }
        Ok(())
    }
}

/// The whole self-test.
#[derive(Serialize)]
pub(super) struct Verdicts {
    /// Version of this form.
    pub(super) form: u32,
    pub(super) gate_version: &'static str,
    pub(super) took_ms: f64,
    /// Guards of the server that no check was tried with.
    pub(super) guards_without_check: Vec<String>,
    pub(super) trials: Vec<Trial>,
}

impl Verdicts {
    fn problems(&self) -> usize {
        self.trials.iter().filter(|trial| trial.problem.is_some()).count()
    }

    pub(super) fn exit_code(&self) -> u8 {
        u8::from(self.problems() > 0)
    }

    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        if json {
            serde_json::to_writer_pretty(&mut out, self)?;
            writeln!(out)?;
            return Ok(());
        }
        // What proves nothing comes last, where a reader of a long or shortened log looks.
        let (bad, good): (Vec<_>, Vec<_>) = self.trials.iter().partition(|trial| trial.problem.is_some());
        for trial in good.into_iter().chain(bad) {
            trial.print(&mut out)?;
        }
        if !self.guards_without_check.is_empty() {
            writeln!(out, "\nguards that no check was tried with: {}", self.guards_without_check.join(", "))?;
        }
        writeln!(
            out,
            "\n{} checks pass on a right server and fail on a wrong one; {} do not; {:.1} s",
            self.trials.len() - self.problems(),
            self.problems(),
            self.took_ms / 1000.0,
        )?;
        Ok(())
    }
}

/// Says on standard error that a trial is over, for those who wait.
pub(super) fn progress(trial: &Trial, is_quiet: bool) {
    if !is_quiet {
        let word = if trial.problem.is_some() { "BAD" } else { "ok" };
        report::complain(&format!("{word:3} {}", trial.id));
    }
}
