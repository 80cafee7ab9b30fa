//! Reports for the tests of the writers: one with everything in it, hostile answers included.

use std::collections::BTreeMap;

use crate::{
    check::{Priority, Reference},
    evidence::{Evidence, Exchange, Finding},
    report::{CheckReport, Cleanup, FORM, Kind, Report, Subject, Verdict},
};

/// One of each kind.
pub(crate) const REFERENCES: &[Reference] = &[
    Reference::Asvs("17.1.1"),
    Reference::Cwe(1357),
    Reference::Api(10),
    Reference::Advisory("CVE-2024-38351"),
    Reference::Advisory("GHSA-qq9h-g4jm-xgf3"),
    Reference::Scorecard("Pinned-Dependencies"),
];

/// What a hostile server sends; no writer may let any of it act.
pub(crate) const HOSTILE: &str = "</style></pre><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'\u{202e}gnp.exe\u{0}\u{1b}[31m]]>\u{ffff}";

pub(crate) fn exchange(status: Option<u16>, body: &str) -> Exchange {
    Exchange {
        purpose: Some("a page of a foreign origin asks".to_owned()),
        method: "GET".to_owned(),
        url: "http://localhost:8080/v1/config".to_owned(),
        request_headers: vec![("origin".to_owned(), "https://evil.example".to_owned())],
        request_body: String::new(),
        status,
        response_headers: match status {
            None => Vec::new(),
            Some(_) => vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("access-control-allow-origin".to_owned(), "https://evil.example".to_owned()),
            ],
        },
        response_body: body.to_owned(),
        failure: status.is_none().then(|| "connection reset by peer".to_owned()),
        took_ms: 3.21,
    }
}

fn check(
    id: &'static str,
    title: &'static str,
    priority: Priority,
    verdict: Verdict,
    reason: &str,
) -> CheckReport {
    CheckReport {
        id,
        title,
        promises: &["SEC-1", "T-OP-05"],
        priority,
        references: vec![
            Reference::Asvs("3.4.2").label(),
            Reference::Cwe(942).label(),
            Reference::Api(8).label(),
        ],
        verdict,
        unanswerable: verdict == Verdict::Error,
        reason: reason.to_owned(),
        took_ms: 34.5,
        evidence: Evidence {
            requests: 2,
            statuses: BTreeMap::from([(200, 2)]),
            exchanges: vec![exchange(Some(200), "{\"environment\":\"dev\"}")],
            ..Evidence::default()
        },
    }
}

/// A run in which everything happens at once.
pub(crate) fn everything() -> Report {
    let mut checks = vec![
        check(
            "sessions.log-out",
            "A log-out ends the access token with the session",
            Priority::P0,
            Verdict::Pass,
            "the access and the refresh token were refused at once",
        ),
        check(
            "sessions.refresh-reuse",
            "A refresh token that two parties use ends the session",
            Priority::P0,
            Verdict::Error,
            "POST /v1/auth/refresh: connection reset by peer",
        ),
        check(
            "sessions.renewal",
            "The session id changes at sign-in",
            Priority::P1,
            Verdict::Skip,
            "no way to make members was given (--test-auth, --mailbox, --imap or --members)",
        ),
        check(
            "edge.foreign-origin",
            "Pages of foreign origins are given no permission to read",
            Priority::P0,
            Verdict::Fail,
            "https://evil.example is allowed: access-control-allow-origin: https://evil.example",
        ),
        check(
            "edge.hostile",
            "Markup that a server sends comes back inert",
            Priority::P1,
            Verdict::Fail,
            HOSTILE,
        ),
        check(
            "edge.hsts",
            "Every answer tells browsers to stay on https",
            Priority::P2,
            Verdict::Skip,
            "the deployment runs as dev, which is not held to it",
        ),
    ];
    checks[1].evidence.exchanges = vec![exchange(None, "")];
    checks[1].evidence.statuses = BTreeMap::from([(0, 1)]);
    checks[2].unanswerable = true;
    checks[3].evidence.notes.push("6 origins were tried".to_owned());
    checks[3].evidence.exchanges_left_out = 960;
    checks[4].evidence.exchanges.push(exchange(Some(500), HOSTILE));
    checks[4].evidence.findings.push(Finding {
        path: ".github/workflows/a b.yml".to_owned(),
        line: 7,
        what: "an action is not pinned".to_owned(),
    });
    Report {
        form: FORM,
        kind: Kind::Attack,
        gate_version: "0.1.0",
        subject: Subject {
            url: "http://localhost:8080/".to_owned(),
            nodes: vec!["http://localhost:8081/".to_owned()],
            environment: "dev".to_owned(),
            version: "0.1.0".to_owned(),
        },
        started_at: "2026-11-28T13:50:36.123456789Z".to_owned(),
        took_ms: 41_234.0,
        members_by: "the test sign-in".to_owned(),
        destructive: false,
        interrupted: false,
        requests: 812,
        cleanup: Cleanup {
            members_made: 12,
            members_left: vec!["0192-left".to_owned()],
            ..Cleanup::default()
        },
        checks,
    }
}

/// The same without anything wrong.
pub(crate) fn all_right() -> Report {
    let mut report = everything();
    report.checks.truncate(1);
    report.cleanup.members_left.clear();
    report
}
