//! Mass assignment: what a client says about itself at a sign-up, a sign-in or a change of its profile counts for nothing.

use reqwest::Method;
use serde_json::json;
use std::sync::Arc;

use crate::{
    authenticator::Lie,
    ceremony,
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    client::Device,
    members::{Actor, PasskeySignUp},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.client-claims",
    title: "Roles, ids and addresses that a client names have no effect",
    promises: &["T-ID-03"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("15.3.3"),
        Reference::Cwe(915),
        Reference::Api(3),
        Reference::Advisory("CVE-2025-61928"),
    ],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("mass_assignment"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let victim = probe.bearer_member().await?;
    let claims = json!({
        "role": "operator", "roles": ["operator"], "is_operator": true, "is_admin": true,
        "id": victim.member_id, "member_id": victim.member_id, "user_id": victim.member_id, "sub": victim.member_id,
        "email": ADDRESS, "email_verified": true, "email_verified_at": "2020-01-01T00:00:00Z",
        "member": { "id": victim.member_id, "role": "operator", "email": ADDRESS },
        "status": "active", "method": "test",
    });
    let maker = Arc::new(PasskeySignUp::default());
    let (by, device, more) = (Arc::clone(&maker), Device::browser(&probe.client), claims.clone());
    let name = probe.world.members.name()?;
    let member =
        probe.sign_up(maker.clone(), async move { by.sign_up_saying(&device, &name, &more).await }).await?;
    without_effect(&member, &victim, "a sign-up").await?;

    let change = member.call(Method::PATCH, "/v1/me").purpose("changes the profile, and more").json(&claims);
    let change = change.send().await?;
    let is_answer = change.is_success() || (400..500).contains(&change.status);
    ensure(is_answer, || format!("the change of the profile answers {}", change.status))?;
    without_effect(&member, &victim, "a change of the profile").await?;

    let passkey = maker.passkey(&member).ok_or_else(|| Ended::error("the passkey is lost"))?;
    let browser = probe.browser();
    let ceremony = ceremony::sign_in(&browser).await?;
    let mut body = claims.clone();
    body["ceremony_id"] = json!(ceremony.id);
    body["credential"] = ceremony.get(&passkey, &Lie::default())?;
    let finish = browser.post("/v1/auth/passkey/login/finish").purpose("signs in, and says more");
    let answer = finish.json(&body).patiently().expect(200).await?;
    without_effect(&browser.member("", &answer)?, &victim, "a sign-in").await?;
    passed("a sign-up, a sign-in and a change of the profile took nothing of it")
}

/// An address that the client only claims to have.
const ADDRESS: &str = "claimed@gate.example";

async fn without_effect(member: &Actor, victim: &Actor, what: &str) -> Result<(), Ended> {
    let me = member.get("/v1/auth/me").purpose(format!("after {what}")).expect(200).await?.json();
    ensure(me["id"] != victim.member_id.as_str(), || format!("{what} took another member's id"))?;
    ensure(me["role"] == "member", || format!("{what} gave the role {}", me["role"]))?;
    ensure(me["email"].is_null(), || format!("{what} gave an address that nobody proved"))?;
    let secret = member.get("/v1/operator/audit").purpose("an operator's route").send().await?;
    ensure(!secret.is_success(), || format!("{what} opened the operators' routes"))
}
