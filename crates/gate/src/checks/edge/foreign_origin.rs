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
    let base = &probe.target.base;
    let host = base.host_str().unwrap_or("localhost").to_owned();
    let port = base.port_or_known_default().unwrap_or(443);
    let other_scheme = if base.scheme() == "https" { "http" } else { "https" };
    let foreign = [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        "*".to_owned(),
        String::new(),
        format!("{own}.evil.example"),
        format!("https://evil{host}"),
        format!("https://sub.{host}"),
        format!("ftp://{host}"),
        format!("{other_scheme}://{host}:{port}"),
        format!("{}://{host}:{}", base.scheme(), port ^ 1),
        format!("{own}/"),
        format!("{own}, https://evil.example"),
        own.to_uppercase(),
    ];
    for origin in &foreign {
        for path in ["/v1/config", "/v1/auth/me", "/v1/nothing-is-here"] {
            let asked = probe.client.get(path).header("origin", origin).patiently().send().await?;
            refuse(origin, &asked.headers)?;
            let varies = asked.all("vary").iter().any(|value| value.to_ascii_lowercase().contains("origin"));
            ensure(varies, || format!("{path} does not say `Vary: Origin`"))?;
        }
        let preflight = probe.client.call(Method::OPTIONS, "/v1/auth/refresh");
        let preflight = preflight
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-csrf-token")
            .send()
            .await?;
        refuse(origin, &preflight.headers)?;
    }
    let both = probe.client.get("/v1/config").header("origin", &own).header("origin", "https://evil.example");
    refuse("two origins, one of them ours,", &both.patiently().send().await?.headers)?;
    passed(format!("{} foreign origins got nothing, asked and in advance", foreign.len() + 1))
}

fn refuse(origin: &str, headers: &reqwest::header::HeaderMap) -> Result<(), crate::check::Ended> {
    for name in
        ["access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-headers"]
    {
        let allowed = headers.get(name);
        ensure(allowed.is_none(), || format!("{origin} is allowed: {name}: {allowed:?}"))?;
    }
    Ok(())
}
