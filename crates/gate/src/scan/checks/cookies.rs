//! A session cookie that scripts can read, or that travels in the clear, is somebody else's soon (RFC 6265bis).

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::{cookie::SetCookie, party::Who, surface},
};

pub(crate) static CHECK: Check = Check {
    id: "scan.cookies",
    title: "Session cookies cannot be read by scripts and do not travel in the clear",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("3.3.1"),
        Reference::Asvs("3.3.2"),
        Reference::Asvs("3.3.4"),
        Reference::Cwe(1004),
        Reference::Cwe(614),
        Reference::Cwe(1275),
        Reference::Api(8),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("cookies"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let cookies_of_pages = surface::answers(&probe).await?;
    let mut cookies =
        cookies_of_pages.iter().flat_map(|seen| SetCookie::all(&seen.answer)).collect::<Vec<_>>();
    let party = match stranger.party(Who::A, &probe.client).await {
        Ok(party) => Some(party),
        Err(Ended::Unanswerable(_)) => None,
        Err(other) => return Err(other),
    };
    cookies.extend(party.iter().flat_map(|party| party.cookies.clone()));
    if cookies.is_empty() {
        return Err(Ended::NotApplicable("it sets no cookies".to_owned()));
    }
    let is_tls = probe.target.base.scheme() == "https";
    for cookie in &cookies {
        let name = &cookie.name;
        let is_session = match &party {
            Some(party) => surface::carries_session(&probe, party, name).await?,
            None => false,
        };
        ensure(cookie.is_http_only() || !is_session, || {
            format!("scripts can read {name}, which carries the session (no HttpOnly)")
        })?;
        ensure(cookie.is_secure() || !is_tls, || format!("{name} also travels over plain HTTP (no Secure)"))?;
        let same_site = cookie.same_site();
        ensure(same_site.is_some() || !is_session, || {
            format!("{name} carries the session and leaves it to the browser when to send it (no SameSite)")
        })?;
        if same_site.as_deref() == Some("none") {
            probe.note(format!("{name} is sent by pages of other sites too (SameSite=None)"));
        }
    }
    passed(format!("{} cookies are as they should be", cookies.len()))
}
