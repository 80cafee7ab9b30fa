//! A trip to a provider comes back once, in the browser that began it, at the provider that it went to (RFC 9700, 2.1 and 4.7).

use reqwest::Method;
use url::{Url, form_urlencoded};

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Device},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.oauth-state",
    title: "The state of a sign-in at a provider fits one browser, one provider and one return",
    promises: &["IDN-3", "T-ID-08"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("10.1.2"),
        Reference::Asvs("10.2.1"),
        Reference::Asvs("10.2.2"),
        Reference::Cwe(352),
        Reference::Cwe(384),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("oauth_state"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// How a refused state is told in the redirect.
const REFUSED: &str = "oauth_state_refused";

async fn run(probe: Probe) -> Outcome {
    let mut tried = Vec::new();
    for provider in ["google", "apple"] {
        if probe.target.why_off(&format!("{provider}_oauth")).is_none() {
            attack(&probe, provider).await?;
            tried.push(provider);
        }
    }
    if tried.is_empty() {
        return Err(Ended::NotApplicable("no provider is configured".to_owned()));
    }
    passed(format!(
        "no cookie, another browser, another provider and a second use were refused ({})",
        tried.join(", ")
    ))
}

async fn attack(probe: &Probe, provider: &str) -> Result<(), Ended> {
    let (browser, state) = begin(probe, provider).await?;
    refused(
        &back(&Device::browser(&probe.client), provider, &state, "without any cookie").await?,
        "without any cookie",
    )?;

    let (_, state) = begin(probe, provider).await?;
    let (other, _) = begin(probe, provider).await?;
    refused(&back(&other, provider, &state, "in another browser").await?, "in another browser")?;

    let other_provider = if provider == "google" { "apple" } else { "google" };
    if probe.target.why_off(&format!("{other_provider}_oauth")).is_none() {
        let (browser, state) = begin(probe, provider).await?;
        let (second, _) = begin_in(&browser, other_provider).await?;
        refused(
            &back(&second, other_provider, &state, "at the other provider").await?,
            "at the other provider",
        )?;
    }

    // The right browser gets past the state, and is refused for its made-up code only.
    let (right, state) = begin_in(&browser, provider).await?;
    let first = error_of(&back(&right, provider, &state, "the right browser, with a made-up code").await?)?;
    if first == REFUSED {
        return Err(Ended::error("the right browser is refused too; the attacks tell nothing"));
    }
    refused(&back(&right, provider, &state, "a second time").await?, "a second time")?;
    refused(&back(&right, provider, "made-up", "with a made-up state").await?, "with a made-up state")
}

async fn begin(probe: &Probe, provider: &str) -> Result<(Device, String), Ended> {
    begin_in(&probe.browser(), provider).await
}

async fn begin_in(browser: &Device, provider: &str) -> Result<(Device, String), Ended> {
    let start = browser.get(&format!("/v1/auth/{provider}/start")).purpose("begins a trip to the provider");
    let answer = start.patiently().expect(303).await?;
    let url = answer.header("location").and_then(|text| Url::parse(text).ok());
    let state = url.and_then(|url| {
        url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned())
    });
    let state = state.ok_or_else(|| Ended::error("the redirect to the provider has no state"))?;
    Ok((browser.clone(), state))
}

/// Comes back as the provider sends browsers back: Google by a link, Apple by a form of another site.
async fn back(browser: &Device, provider: &str, state: &str, how: &str) -> Result<Answer, Ended> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("state", state)
        .append_pair("code", "made-up")
        .finish();
    let path = format!("/v1/auth/{provider}/callback");
    let call = match provider {
        "google" => browser.get(&format!("{path}?{query}")),
        _ => browser
            .call(Method::POST, &path)
            .without("origin")
            .without("sec-fetch-site")
            .header("origin", "https://appleid.apple.com")
            .header("sec-fetch-site", "cross-site")
            .body("application/x-www-form-urlencoded", query),
    };
    call.purpose(format!("comes back {how}")).patiently().send().await
}

fn error_of(answer: &Answer) -> Result<String, Ended> {
    let location = answer.header("location").unwrap_or_default();
    let error = location.split_once("error=").map(|(_, error)| error.to_owned());
    let signs_in = answer.all("set-cookie").iter().any(|cookie| cookie.contains("_access="));
    ensure(!signs_in, || "the return opened a session".to_owned())?;
    error.ok_or_else(|| Ended::fail(format!("the return leads to {location} with {}", answer.status)))
}

fn refused(answer: &Answer, how: &str) -> Result<(), Ended> {
    let error = error_of(answer)?;
    ensure(error == REFUSED, || format!("a return {how} is not refused for its state but for {error}"))
}
