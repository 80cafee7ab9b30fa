//! The sentences that every report for people has: what was run, what it came to, and what the exit code means.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    check::Priority,
    report::{CheckReport, Report, Verdict},
};

/// What was run; it decides what things are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The outside checks against a Mainstay.
    Attack,
    /// The outside checks against a service that is described by its OpenAPI document.
    Scan,
    /// What needs hands on the processes.
    Drill,
    /// The checks of a repository.
    Repository,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Attack => "attack",
            Self::Scan => "scan",
            Self::Drill => "drill",
            Self::Repository => "repository",
        }
    }

    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Attack => "Outside checks",
            Self::Scan => "Outside checks of a described service",
            Self::Drill => "Drill",
            Self::Repository => "Repository checks",
        }
    }

    /// What the subject's environment is called.
    pub(crate) const fn environment(self) -> &'static str {
        match self {
            Self::Repository => "Branch",
            Self::Attack | Self::Scan | Self::Drill => "Environment",
        }
    }

    /// What the subject's version is called.
    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::Repository => "Commit",
            Self::Attack | Self::Scan | Self::Drill => "Version",
        }
    }

    /// What the subject is.
    pub(crate) const fn subject(self) -> &'static str {
        match self {
            Self::Attack | Self::Drill => "Deployment",
            Self::Scan => "Service",
            Self::Repository => "Repository",
        }
    }
}

/// What a check belongs to: the first part of its id.
pub(crate) fn area_of(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

/// An area as a heading.
pub(crate) fn area_heading(area: &str) -> String {
    let words = area.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How many of what.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// A span of time for people: `34 ms`, `1.2 s`, `3 min 5 s`.
pub(crate) fn took(ms: f64) -> String {
    if ms < 1.0 {
        return "under 1 ms".to_owned();
    }
    if ms < 1000.0 {
        return format!("{ms:.0} ms");
    }
    let seconds = ms / 1000.0;
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0)
}

/// When it started, to the minute; RFC 3339 as it stands if it is not in UTC.
pub(crate) fn started(report: &Report) -> String {
    match (report.started_at.get(..10), report.started_at.get(11..16), report.started_at.ends_with('Z')) {
        (Some(day), Some(time), true) => format!("{day} {time} UTC"),
        _ => report.started_at.clone(),
    }
}

/// Answers by status: `200 six times`, in the order of the status.
pub(crate) fn statuses(statuses: &BTreeMap<u16, u64>) -> String {
    let one = |(status, count): (&u16, &u64)| match status {
        0 => format!("{count} × no answer"),
        status => format!("{count} × {status}"),
    };
    statuses.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl CheckReport {
    /// `skip` in one word more: whether it does not apply, or could not be told.
    pub(crate) const fn said(&self) -> &'static str {
        match self.verdict {
            Verdict::Pass => "passed",
            Verdict::Fail => "failed",
            Verdict::Error => "no answer",
            Verdict::Skip if self.unanswerable => "skipped, unanswered",
            Verdict::Skip => "skipped",
        }
    }
}

impl Report {
    /// Areas in the order of the report, each with its checks.
    pub(crate) fn areas(&self) -> Vec<(&str, Vec<&CheckReport>)> {
        let mut areas: Vec<(&str, Vec<&CheckReport>)> = Vec::new();
        for check in &self.checks {
            let area = area_of(check.id);
            match areas.iter_mut().find(|(known, _)| *known == area) {
                Some((_, checks)) => checks.push(check),
                None => areas.push((area, vec![check])),
            }
        }
        areas
    }

    /// What keeps somebody from sleeping: failures first, then errors, then P0 promises that were not answered.
    pub(crate) fn alarming(&self) -> Vec<&CheckReport> {
        let rank = |check: &CheckReport| match check.verdict {
            Verdict::Fail => Some(0),
            Verdict::Error => Some(1),
            Verdict::Skip if check.unanswerable && check.priority == Priority::P0 => Some(2),
            Verdict::Skip | Verdict::Pass => None,
        };
        let mut alarming = self.checks.iter().filter(|check| rank(check).is_some()).collect::<Vec<_>>();
        alarming.sort_by_key(|check| (check.priority, rank(check)));
        alarming
    }

    /// What it came to, in one sentence with the exit code.
    pub(crate) fn verdict(&self) -> String {
        let code = self.exit_code();
        if self.interrupted {
            return format!("Interrupted: what did not run proves nothing, either way (exit code {code}).");
        }
        let of = |is_p0: bool, is_counted: fn(&CheckReport) -> bool| {
            self.checks
                .iter()
                .filter(|check| (check.priority == Priority::P0) == is_p0 && is_counted(check))
                .count()
        };
        let has_failed: fn(&CheckReport) -> bool = |check| check.verdict == Verdict::Fail;
        let is_unanswered: fn(&CheckReport) -> bool =
            |check| check.verdict != Verdict::Fail && check.unanswerable;
        if !self.is_open() {
            let what = both(of(true, has_failed), of(true, is_unanswered), "P0 promise", "P0 promises");
            return format!("The gate is closed: {what} (exit code {code}: not fit for launch).");
        }
        if self.count(Verdict::Pass) == 0 {
            return format!("The gate is open, but nothing was proved: no check passed (exit code {code}).");
        }
        let (failed, unanswered) = (of(false, has_failed), of(false, is_unanswered));
        if failed + unanswered > 0 {
            let what = both(failed, unanswered, "lesser promise", "lesser promises");
            return format!(
                "The gate is open, though {what} (exit code {code}: no P0 promise is broken or unanswered)."
            );
        }
        match self.count(Verdict::Skip) {
            0 => format!("The gate is open: every promise holds (exit code {code})."),
            skipped => {
                let tested = counted(
                    self.count(Verdict::Pass),
                    "promise was tested and holds",
                    "promises were tested and hold",
                );
                let skipped = counted(skipped, "check was skipped", "checks were skipped");
                format!("The gate is open: {tested}, {skipped} (exit code {code}).")
            }
        }
    }
}

/// What is broken and what is unanswered, in words.
fn both(broken: usize, unanswered: usize, one: &str, many: &str) -> String {
    let is = |count: usize| if count == 1 { "is" } else { "are" };
    match (broken, unanswered) {
        (broken, 0) => format!("{} {} broken", counted(broken, one, many), is(broken)),
        (0, unanswered) => format!("{} could not be answered", counted(unanswered, one, many)),
        _ => format!(
            "{} {} broken and {unanswered} could not be answered",
            counted(broken, one, many),
            is(broken)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn the_verdict_says_what_closes_the_gate_and_the_exit_code() {
        let mut report = samples::everything();
        assert_eq!(
            report.verdict(),
            "The gate is closed: 1 P0 promise is broken and 1 could not be answered (exit code 1: not fit for launch)."
        );
        report.checks.retain(|check| check.priority != Priority::P0 || check.verdict == Verdict::Pass);
        assert_eq!(
            report.verdict(),
            "The gate is open, though 1 lesser promise is broken and 1 could not be answered (exit code 0: no P0 \
             promise is broken or unanswered)."
        );
        report.interrupted = true;
        assert!(report.verdict().contains("exit code 2"), "{}", report.verdict());
        assert_eq!(samples::all_right().verdict(), "The gate is open: every promise holds (exit code 0).");
    }

    #[test]
    fn a_run_in_which_everything_was_skipped_proves_nothing() {
        let mut report = samples::everything();
        report
            .checks
            .retain(|check| matches!(check.verdict, Verdict::Skip | Verdict::Pass) && !check.unanswerable);
        assert!(
            report.verdict().contains("1 promise was tested and holds, 1 check was skipped"),
            "{}",
            report.verdict()
        );
        report.checks.retain(|check| check.verdict == Verdict::Skip);
        assert!(report.verdict().contains("nothing was proved"), "{}", report.verdict());
    }

    #[test]
    fn what_failed_comes_before_what_could_not_be_told() {
        let report = samples::everything();
        let ids = report.alarming().iter().map(|check| check.id).collect::<Vec<_>>();
        assert_eq!(ids, ["edge.foreign-origin", "sessions.refresh-reuse", "edge.hostile"]);
    }

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!([0.2, 34.4, 1240.0, 185_000.0].map(took), ["under 1 ms", "34 ms", "1.2 s", "3 min 5 s"]);
    }
}
