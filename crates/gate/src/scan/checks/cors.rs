//! A page of another origin that may ask with the member's cookies reads what the member reads (Fetch standard, CORS protocol).

use reqwest::Method;

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Answer,
    probe::Probe,
    scan::party::Who,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.cors",
    title: "Pages of foreign origins may not read answers with the member's credentials",
    promises: &["GAT-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("3.4.2"), Reference::Cwe(942), Reference::Cwe(346), Reference::Api(8)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("cors"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let host = probe.target.base.host_str().unwrap_or("localhost");
    let foreign = [
        "https://scan-evil.example".to_owned(),
        "null".to_owned(),
        format!("{}.scan-evil.example", probe.target.origin()),
        format!("https://scan-evil{host}"),
    ];
    let mut paths = stranger.file.pages.iter().take(1).map(String::as_str).collect::<Vec<_>>();
    paths.extend(stranger.file.me.iter().map(|me| me.path.as_str()));
    paths.extend(stranger.file.object.iter().filter_map(|object| object.list.as_deref()));
    paths.extend(stranger.file.sign_in.iter().map(|sign_in| sign_in.request.path.as_str()));
    let party = stranger.party(Who::A, &probe.client).await.ok();
    let cookies = party.as_ref().and_then(|party| party.jar.header()).unwrap_or_else(|| "scan=1".to_owned());
    for path in &paths {
        for origin in &foreign {
            // With a cookie, since some frameworks only then answer for credentials.
            let asked = probe.client.get(path).header("origin", origin).header("cookie", &cookies);
            let asked = asked.purpose("a foreign page reads").patiently().send().await?;
            judge(&probe, path, origin, &asked)?;
            let preflight = probe
                .client
                .call(Method::OPTIONS, path)
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type,authorization");
            judge(
                &probe,
                path,
                origin,
                &preflight.purpose("a foreign page asks first").patiently().send().await?,
            )?;
        }
    }
    passed(format!("{} foreign origins got nothing from {} paths", foreign.len(), paths.len()))
}

fn judge(probe: &Probe, path: &str, origin: &str, answer: &Answer) -> Result<(), Ended> {
    let allowed = answer.header("access-control-allow-origin").unwrap_or_default();
    let with_credentials = answer.header("access-control-allow-credentials") == Some("true");
    let is_open = allowed == "*" || allowed == origin;
    ensure(!(is_open && with_credentials), || {
        let what = if allowed == "*" { "every origin (`*`)" } else { origin };
        format!(
            "{path} lets {what} read with the member's credentials (access-control-allow-credentials: true)"
        )
    })?;
    if is_open && origin.starts_with("https://scan-evil.") {
        probe.note(format!("{path} may be read by every origin, without credentials"));
    }
    Ok(())
}
