//! What a run found: for people (terminal, HTML) and machines (JSON, JUnit, SARIF).

mod drills;
mod files;
mod html;
mod inert;
mod json;
mod junit;
mod links;
mod list;
mod progress;
mod reference;
#[cfg(test)]
mod samples;
mod sarif;
mod terminal;
mod words;

pub(crate) use self::{
    drills::print_notes,
    files::Files,
    json::print as print_json,
    list::list,
    progress::Progress,
    reference::page as reference_page,
    terminal::{complain, print, text},
    words::{Kind, counted},
};

use serde::Serialize;

use crate::{check::Priority, evidence::Evidence};

/// Version of the JSON form; `docs/reference/gate-report.schema.json` describes it.
pub(crate) const FORM: u32 = 1;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Pass,
    Fail,
    /// Never counted as pass.
    Skip,
    Error,
}

impl Verdict {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Error => "error",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckReport {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) promises: &'static [&'static str],
    pub(crate) priority: Priority,
    pub(crate) references: Vec<String>,
    pub(crate) verdict: Verdict,
    /// The gate could not tell, though the promise applies: something was not given, or went wrong.
    pub(crate) unanswerable: bool,
    /// What was counted, what broke, or why it was skipped.
    pub(crate) reason: String,
    pub(crate) took_ms: f64,
    pub(crate) evidence: Evidence,
}

/// What became of the throw-away members.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Cleanup {
    pub(crate) members_made: usize,
    /// Ids of those who could not be removed.
    pub(crate) members_left: Vec<String>,
    /// Objects that a scan made in a member's name.
    pub(crate) objects_made: usize,
    /// Ids of those that could not be removed.
    pub(crate) objects_left: Vec<String>,
}

/// What was looked at: a deployment, as it called itself; or a repository, with its branch and commit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Subject {
    pub(crate) url: String,
    pub(crate) nodes: Vec<String>,
    /// `dev`, `staging` or `prod`; a repository's branch; empty where there is none.
    pub(crate) environment: String,
    /// A deployment's version or a repository's commit.
    pub(crate) version: String,
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Version of this form.
    pub(crate) form: u32,
    pub(crate) kind: Kind,
    pub(crate) gate_version: &'static str,
    pub(crate) subject: Subject,
    /// RFC 3339.
    pub(crate) started_at: String,
    pub(crate) took_ms: f64,
    /// How members were made.
    pub(crate) members_by: String,
    pub(crate) destructive: bool,
    pub(crate) interrupted: bool,
    pub(crate) requests: u64,
    pub(crate) cleanup: Cleanup,
    pub(crate) checks: Vec<CheckReport>,
}

impl Report {
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    /// Whether a launch may go ahead: no P0 failed, and none remains unanswered.
    pub(crate) fn is_open(&self) -> bool {
        !self.checks.iter().any(|check| {
            check.priority == Priority::P0 && (check.verdict == Verdict::Fail || check.unanswerable)
        })
    }

    /// 0 when a launch may go ahead, 1 when not, 2 when the run did not come to its end.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.interrupted {
            return 2;
        }
        u8::from(!self.is_open())
    }
}
