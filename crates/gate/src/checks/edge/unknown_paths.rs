//! What has no row does not exist; spellings of a path that a proxy and a server read differently lead nowhere.

use super::{limits, problems};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.unknown-paths",
    title: "Unknown paths and other spellings of known ones answer 404",
    promises: &["SEC-8", "CAP-2"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("13.4.1"),
        Reference::Asvs("13.4.7"),
        Reference::Cwe(425),
        Reference::Cwe(538),
        Reference::Cwe(22),
        Reference::Api(9),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("unknown_paths"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Paths that careless deployments have, and ways around a path's rules. The answer to a member's route may be 401 instead.
const PATHS: &[&str] = &[
    "/v1",
    "/v1/",
    "/v2/notes",
    "/api/v1/notes",
    "/v1/users",
    "/v1/admin",
    "/admin",
    "/v1/debug",
    "/graphql",
    "/swagger.json",
    "/.git/config",
    "/.env",
    "/.env.example",
    "/.svn/entries",
    "/.well-known/",
    "/.well-known/../v1/notes",
    "/backup.sql",
    "/mainstay.toml",
    "/data/mainstay.db",
    "/wp-login.php",
    "/server-status",
    "/actuator/env",
    "/console",
    "/phpinfo.php",
    "/V1/notes",
    "/v1/Notes",
    "/v1/notes/",
    "//v1/notes",
    "/v1//notes",
    "/v1/./notes",
    "/v1/x/../notes",
    "/v1/%6eotes",
    "/v1/notes;a=b",
    "/v1/notes%2f",
    "/v1/notes%00",
    "/v1/notes.json",
    "/v1/operator/..;/notes",
    "/v1%2foperator%2faudit",
    "/v1/operator/audit/",
    "/v1/operator/%61udit",
    "/v1\\operator\\audit",
    "/..%2f..%2fetc/passwd",
    "/assets/../../etc/passwd",
    "/assets/..%5c..%5cetc/passwd",
    "/docs/../v1/operator/audit",
];

async fn run(probe: Probe) -> Outcome {
    let raw = probe.raw()?;
    let host = raw.authority();
    for path in PATHS {
        // By hand: an HTTP client would put most of these right before it sends them.
        let bytes = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let heard = raw.exchange(path, bytes.as_bytes(), limits::SILENCE).await?;
        let status = heard.status().unwrap_or_default();
        ensure(matches!(status, 400 | 401 | 404), || format!("GET {path} answered {status}"))?;
        let leak = problems::leak(&heard.body());
        ensure(leak.is_none(), || format!("GET {path} tells from inside: {}", leak.unwrap_or_default()))?;
    }
    passed(format!("{} paths", PATHS.len()))
}
