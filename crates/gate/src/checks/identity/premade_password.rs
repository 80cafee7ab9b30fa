//! Pre-hijacking: an account that an attacker prepared with a victim's address is worth nothing once the victim proves the address.

use serde_json::json;
use std::sync::Arc;

use crate::{
    check::{Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::unauthorised,
    client::Device,
    code_flow,
    members::EmailCode,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.premade-password",
    title: "A password chosen before the address was proven opens nothing",
    promises: &["T-ID-01"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("6.3.3"),
        Reference::Cwe(287),
        Reference::Advisory("CVE-2024-38351"),
        Reference::Advisory("CVE-2026-44166"),
        Reference::Advisory("GHSA-qq9h-g4jm-xgf3"),
    ],
    needs: &[Need::Disposable, Need::Mailbox, Need::Capability("email_code"), Need::Capability("password")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("premade_password"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// What the attacker chose.
const PASSWORD: &str = "chosen-by-the-attacker-4711";

async fn run(probe: Probe) -> Outcome {
    let mailbox = probe.mailbox()?;
    let address = mailbox.address(&probe.world.members.name()?);
    let (attacker, victim) = (probe.browser(), probe.browser());
    let register =
        attacker.post("/v1/auth/register").purpose("the attacker signs up with the victim's address");
    register.json(&json!({ "email": address, "password": PASSWORD })).patiently().expect(202).await?;
    login(&attacker, &address, "before anybody proved the address").await?;

    let flow = code_flow::ask(&victim, &*mailbox, &address).await?;
    let (browser, identity) = (victim.clone(), address.clone());
    let sign_in = async move {
        let answer =
            flow.finish(&browser).purpose("the victim signs in by a code").patiently().expect(200).await?;
        browser.member(&identity, &answer)
    };
    let member = probe.sign_up(Arc::new(EmailCode(Arc::clone(&mailbox))), sign_in).await?;
    login(&attacker, &address, "after the victim proved the address").await?;
    member.get("/v1/auth/me").purpose("the victim's session lives").expect(200).await?;
    passed("the attacker's password was refused before and after the victim came")
}

async fn login(attacker: &Device, address: &str, when: &str) -> Result<(), Ended> {
    let what = format!("the attacker's password {when}");
    let login = attacker.post("/v1/auth/login").purpose(&what).patiently();
    unauthorised(&login.json(&json!({ "email": address, "password": PASSWORD })).send().await?, &what)
}
