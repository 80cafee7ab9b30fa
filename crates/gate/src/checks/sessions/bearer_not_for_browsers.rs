//! Tokens in bodies are for programs; a page that asks for them is refused, whoever is signed in.

use serde_json::json;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::verdict::refused,
    client::Answer,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.bearer-not-for-browsers",
    title: "A page can not get bearer tokens",
    promises: &["SES-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("10.1.1"), Reference::Cwe(522)],
    needs: &[Need::Members, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("bearer_not_for_browsers"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let program = probe.bearer_member().await?;
    let browser = probe.browser();
    let page = [
        ("origin", browser.origin()),
        ("sec-fetch-site", "same-origin".to_owned()),
        ("sec-fetch-site", "none".to_owned()),
    ];
    for (name, value) in &page {
        let what = format!("a refresh with {name}: {value}");
        let call = program.refresh_call().header(name, value).purpose(&what);
        withheld(&call.send().await?, &what)?;
        let what = format!("a sign-in for bearer tokens with {name}: {value}");
        let call = probe.client.post("/v1/auth/passkey/login/start").header("mainstay-client", "bearer");
        let call = call.header(name, value).json(&json!({})).purpose(&what);
        withheld(&call.send().await?, &what)?;
    }
    let still = program.refresh().await?;
    ensure(still.status == 200, || format!("the program's own refresh answers {}", still.status))?;
    passed("a page's requests for tokens were refused, and the program's went through")
}

fn withheld(answer: &Answer, what: &str) -> Result<(), Ended> {
    refused(answer, what)?;
    let has_token = answer.json().get("access_token").is_some();
    ensure(!has_token, || format!("{what}: the refusal carries a token"))
}
