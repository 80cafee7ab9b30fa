//! Metrics, profilers and debug consoles tell a stranger how to get in, and sometimes let them in.

use regex::Regex;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.diagnostics",
    title: "Metrics and debugging are not open to the public",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("13.4.5"),
        Reference::Asvs("13.4.2"),
        Reference::Cwe(497),
        Reference::Cwe(489),
        Reference::Api(8),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("diagnostics"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Known again by what they show.
const PATHS: &[(&str, &str)] = &[
    ("/metrics", r"(?m)^# (HELP|TYPE) "),
    ("/actuator", r#""_links""#),
    ("/actuator/env", r#""propertySources""#),
    ("/actuator/prometheus", r"(?m)^# (HELP|TYPE) "),
    ("/server-status", r"(?i)apache server status"),
    ("/nginx_status", r"(?i)active connections:"),
    ("/debug", r#"(?i)("?PATH"?\s*[:=]\s*"?/|traceback|"environ)"#),
    ("/debug/vars", r#""memstats""#),
    ("/debug/pprof/", r"(?i)types of profiles available"),
    ("/_profiler", r"(?i)symfony profiler"),
    ("/telescope", r"(?i)laravel telescope"),
    ("/__debug__/", r"(?i)(djdt|debug toolbar)"),
    ("/console", r"(?i)(werkzeug|interactive console)"),
    ("/phpinfo.php", r"(?i)php version"),
    ("/info.php", r"(?i)php version"),
    ("/elmah.axd", r"(?i)error log for"),
    ("/env", r#"(?m)"?PATH"?\s*[:=]\s*"?/"#),
];
/// Documentation, which may be meant for everybody.
const DOCUMENTATION: &[&str] =
    &["/docs", "/redoc", "/swagger", "/swagger-ui/", "/openapi.json", "/swagger.json", "/v3/api-docs"];

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    for (path, form) in PATHS {
        let form = Regex::new(form).map_err(|error| Ended::error(error.to_string()))?;
        let answer = probe.client.get(path).without_answer_body().patiently().send().await?;
        ensure(!(answer.is_success() && form.is_match(&answer.body_text())), || {
            format!("{path} is open to anybody ({} bytes; not shown here)", answer.body.len())
        })?;
    }
    for path in &stranger.file.diagnostics {
        let answer = probe.client.get(path).without_answer_body().patiently().send().await?;
        ensure(!answer.is_success(), || {
            format!(
                "{path} is open to anybody ({}), though the target file says that it must not be",
                answer.status
            )
        })?;
    }
    if probe.target.environment == "prod" {
        for path in DOCUMENTATION {
            let answer = probe.client.get(path).without_answer_body().patiently().send().await?;
            if answer.is_success() && answer.body_text().to_ascii_lowercase().contains("swagger") {
                probe.note(format!("{path} documents the interface to anybody; is that meant?"));
            }
        }
    }
    passed(format!("{} paths showed nothing", PATHS.len() + stranger.file.diagnostics.len()))
}
