//! Cookies that no script can read, that other hosts don't get, and that browsers refuse from plain text (RFC 6265bis, 4.1.3).

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
};

use super::rules::{self, Transport};
pub(crate) static CHECK: Check = Check {
    id: "edge.cookies",
    title: "Cookies are HttpOnly, SameSite, of this host only, and Secure with their prefix outside dev",
    promises: &["SES-4"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("3.3.1"),
        Reference::Asvs("3.3.2"),
        Reference::Asvs("3.3.3"),
        Reference::Asvs("3.3.4"),
        Reference::Cwe(1004),
        Reference::Cwe(614),
        Reference::Cwe(1275),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("cookie_attributes"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let refreshed = member.refresh().await?;
    let started = probe.client.post("/v1/auth/passkey/login/start").patiently().send().await?;
    let is_tls = probe.target.is_strict() || probe.target.base.scheme() == "https";
    let transport = if is_tls { Transport::Tls } else { Transport::Plain };
    let mut seen = 0;
    for answer in [&refreshed, &started] {
        for cookie in answer.all("set-cookie") {
            let faults = rules::cookie_faults(cookie, transport);
            ensure(faults.is_empty(), || faults.join(", "))?;
            let is_refresh = cookie.split('=').next().is_some_and(|name| name.ends_with("refresh"));
            let is_narrow = !is_refresh || !cookie.to_ascii_lowercase().contains("path=/;");
            ensure(is_narrow, || "the refresh cookie goes to every path".to_owned())?;
            seen += 1;
        }
    }
    ensure(seen > 0, || "a refresh set no cookie".to_owned())?;
    for name in ["access_token", "refresh_token"] {
        let body = refreshed.json();
        ensure(body.get(name).is_none(), || {
            format!("a browser's refresh answers {name}, where script can read it")
        })?;
    }
    passed(format!("{seen} cookies"))
}
