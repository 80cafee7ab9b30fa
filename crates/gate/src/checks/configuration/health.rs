//! Health says that the process lives: it asks no dependency, needs nobody and answers at once (CFG-5).

use std::collections::BTreeSet;

use serde_json::Value;

use super::limits::{HEALTH_MEDIAN_MAX, HEALTH_TIMES};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, Tamper, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "configuration.health",
    title: "Health asks no dependency and answers at once",
    promises: &["CFG-5", "CAP-1"],
    priority: Priority::P0,
    references: &[Reference::Asvs("15.2.2"), Reference::Cwe(400), Reference::Api(4)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::Front(Tamper::InBody("\"status\":\"ok\"", "\"status\":\"ok\",\"database\":\"ok\"")),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mut took = Vec::new();
    for _ in 0..HEALTH_TIMES {
        let answer = probe.client.get("/health").only_counted().send().await?;
        ensure(answer.status == 200, || format!("/health answered {}", answer.status))?;
        let body = answer.json();
        let fields =
            body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect::<BTreeSet<_>>();
        let expected = BTreeSet::from(["capabilities", "status", "version"]);
        ensure(fields == expected, || {
            format!("/health speaks of {fields:?}; what hangs on a dependency belongs to /ready")
        })?;
        ensure(body.get("status").and_then(Value::as_str) == Some("ok"), || {
            format!("/health says {:?}", body.get("status"))
        })?;
        took.push(answer.took);
    }
    took.sort_unstable();
    let median = took[HEALTH_TIMES / 2];
    ensure(median <= HEALTH_MEDIAN_MAX, || format!("half of the answers took more than {median:?}"))?;
    passed(format!("{HEALTH_TIMES} answers, half of them within {:.1} ms", median.as_secs_f64() * 1_000.0))
}
