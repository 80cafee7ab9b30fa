//! What a check did and saw: the requests and answers that decided it, with secrets taken out as they are written down.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use serde::Serialize;

use crate::limits;

/// One request and what came back.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Exchange {
    /// Why it was sent, in the check's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<String>,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) request_headers: Vec<(String, String)>,
    pub(crate) request_body: String,
    /// None when no answer came.
    pub(crate) status: Option<u16>,
    pub(crate) response_headers: Vec<(String, String)>,
    pub(crate) response_body: String,
    /// Why no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
    pub(crate) took_ms: f64,
}

/// A place that breaks a promise, in a check of files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Finding {
    /// Relative to the repository's root, with slashes.
    pub(crate) path: String,
    /// Counts from one; zero is the file as a whole.
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// The evidence of one check.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Evidence {
    /// Requests that were sent.
    pub(crate) requests: u64,
    /// Answers by status; `0` is no answer.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// What the check counted or found on its way.
    pub(crate) notes: Vec<String>,
    /// Places that break the promise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) findings: Vec<Finding>,
    /// The first and the last exchanges; those between are only counted.
    pub(crate) exchanges: Vec<Exchange>,
    /// Exchanges that are counted and not shown.
    pub(crate) exchanges_left_out: u64,
}

/// Writes the evidence of one check down.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    evidence: Evidence,
    last: VecDeque<Exchange>,
}

impl Recorder {
    pub(crate) fn exchange(&self, exchange: Exchange) {
        let mut pages = self.0.lock();
        pages.evidence.requests += 1;
        *pages.evidence.statuses.entry(exchange.status.unwrap_or(0)).or_default() += 1;
        if pages.evidence.exchanges.len() < limits::EXCHANGES_FIRST {
            pages.evidence.exchanges.push(exchange);
            return;
        }
        if pages.last.len() == limits::EXCHANGES_LAST {
            pages.last.pop_front();
            pages.evidence.exchanges_left_out += 1;
        }
        pages.last.push_back(exchange);
    }

    /// Counts an exchange without keeping it: one of a thousand alike.
    pub(crate) fn count(&self, status: Option<u16>) {
        let mut pages = self.0.lock();
        pages.evidence.requests += 1;
        pages.evidence.exchanges_left_out += 1;
        *pages.evidence.statuses.entry(status.unwrap_or(0)).or_default() += 1;
    }

    pub(crate) fn note(&self, note: impl Into<String>) {
        self.0.lock().evidence.notes.push(note.into());
    }

    pub(crate) fn finding(&self, finding: Finding) {
        self.0.lock().evidence.findings.push(finding);
    }

    pub(crate) fn take(&self) -> Evidence {
        let mut pages = self.0.lock();
        let pages = std::mem::take(&mut *pages);
        let mut evidence = pages.evidence;
        evidence.exchanges.extend(pages.last);
        evidence
    }
}

/// Milliseconds with two places, for people.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}
