//! CORS: pages of other origins may neither read answers nor are they promised to be allowed to ask (Fetch standard, CORS protocol).

use reqwest::Method;

use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.foreign-origin",
    title: "Pages of foreign origins are given no permission to read",
    promises: &["SEC-1", "T-OP-05"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.4.2"), Reference::Cwe(942), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("cors"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let own = probe.target.origin();
    let host = probe.target.base.host_str().unwrap_or("localhost").to_owned();
    let foreign = [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        format!("{own}.evil.example"),
        format!("https://evil{host}"),
        format!("https://sub.{host}"),
        format!("ftp://{host}"),
    ];
    for origin in &foreign {
        let asked = probe.client.get("/v1/config").header("origin", origin).send().await?;
        refuse(origin, &asked.headers)?;
        let preflight = probe.client.call(Method::OPTIONS, "/v1/auth/refresh");
        let preflight = preflight
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-csrf-token")
            .send()
            .await?;
        refuse(origin, &preflight.headers)?;
        let varies = asked.all("vary").iter().any(|value| value.to_ascii_lowercase().contains("origin"));
        ensure(varies, || "the answer does not say `Vary: Origin`".to_owned())?;
    }
    passed(format!("{} foreign origins got nothing, asked and in advance", foreign.len()))
}

fn refuse(origin: &str, headers: &reqwest::header::HeaderMap) -> Result<(), crate::check::Ended> {
    let allowed = headers.get("access-control-allow-origin");
    ensure(allowed.is_none(), || format!("{origin} is allowed: access-control-allow-origin: {allowed:?}"))
}
