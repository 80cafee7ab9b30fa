//! Figures about the inside are for operators: from outside there is nothing where they usually are (SEC-6).

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.metrics-hidden",
    title: "Metrics and other monitoring are not found from outside",
    promises: &["SEC-6"],
    priority: Priority::P0,
    references: &[Reference::Asvs("13.4.5"), Reference::Cwe(497), Reference::Cwe(200), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("metrics_hidden"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const PATHS: &[&str] = &[
    "/metrics",
    "/metrics/",
    "/v1/metrics",
    "/internal/metrics",
    "/admin/metrics",
    "/_metrics",
    "/prometheus",
    "/actuator/prometheus",
    "/actuator",
    "/debug/pprof/",
    "/debug/vars",
    "/server-status",
    "/status",
    "/stats",
    "/varz",
    "/healthz/metrics",
];

async fn run(probe: Probe) -> Outcome {
    let dresses: [&[(&str, &str)]; 4] = [
        &[],
        &[("authorization", "Bearer 00000000000000000000000000000000")],
        &[("authorization", "Basic YWRtaW46YWRtaW4=")],
        &[
            ("x-forwarded-for", "127.0.0.1"),
            ("x-real-ip", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("x-original-url", "/metrics"),
        ],
    ];
    for path in PATHS {
        for dress in dresses {
            let mut call = probe.client.get(path).patiently();
            for (name, value) in dress {
                call = call.header(name, value);
            }
            let answer = call.send().await?;
            ensure(answer.status == 404, || format!("GET {path} with {dress:?} answered {}", answer.status))?;
            let text = answer.body_text();
            ensure(!text.contains("# HELP") && !text.contains("# TYPE"), || {
                format!("GET {path} shows metrics")
            })?;
        }
    }
    passed(format!("{} paths, each with {} dresses", PATHS.len(), dresses.len()))
}
