//! Files of the repository and of the deployment must not be served beside the pages.

use regex::Regex;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.secret-files",
    title: "Configuration, keys and the repository are not served",
    promises: &["GAT-4"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("13.4.1"),
        Reference::Asvs("13.4.7"),
        Reference::Cwe(538),
        Reference::Api(8),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("secret-files"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Known again by what stands in them: an application that answers every path with its page is no fault.
const FILES: &[(&str, &str)] = &[
    ("/.env", r"(?m)^\s*(export\s+)?[A-Z][A-Z0-9_]+\s*="),
    ("/.env.production", r"(?m)^\s*(export\s+)?[A-Z][A-Z0-9_]+\s*="),
    ("/.env.local", r"(?m)^\s*(export\s+)?[A-Z][A-Z0-9_]+\s*="),
    ("/.git/HEAD", r"^(ref: refs/|[0-9a-f]{40})"),
    ("/.git/config", r"(?m)^\[core\]"),
    ("/.svn/entries", r"^\d+\s"),
    ("/.aws/credentials", r"aws_secret_access_key"),
    ("/.npmrc", r"_authToken"),
    ("/.htpasswd", r"(?m)^[^:\s<]+:(\$|\{SHA\})"),
    ("/id_rsa", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("/server.key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("/docker-compose.yml", r"(?m)^services:"),
    ("/dump.sql", r"(?i)(INSERT INTO|CREATE TABLE)"),
    ("/backup.sql", r"(?i)(INSERT INTO|CREATE TABLE)"),
    ("/db.sqlite3", r"^SQLite format 3"),
    ("/database.sqlite", r"^SQLite format 3"),
    ("/wp-config.php.bak", r"DB_PASSWORD"),
];

async fn run(probe: Probe) -> Outcome {
    for (path, form) in FILES {
        let form = Regex::new(form).map_err(|error| Ended::error(error.to_string()))?;
        let answer = probe.client.get(path).without_answer_body().patiently().send().await?;
        let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        ensure(!(answer.status == 200 && !is_page && form.is_match(&answer.body_text())), || {
            format!("{path} is served to anybody ({} bytes; not shown here)", answer.body.len())
        })?;
    }
    passed(format!("none of {} well-known files is served", FILES.len()))
}
