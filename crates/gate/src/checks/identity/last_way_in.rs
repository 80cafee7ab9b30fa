//! Whoever takes the last way in away locks themselves out: it stays, also when two are taken away at the same moment.

use futures::future::try_join_all;
use serde_json::json;
use std::sync::Arc;

use crate::{
    authenticator::Lie,
    ceremony,
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::verdict::{refused, unauthorised},
    client::{Answer, Call, Device},
    members::{Actor, PasskeySignUp},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.last-way-in",
    title: "The last way in can not be removed, and a removed passkey opens nothing",
    promises: &["IDN-5", "T-ID-12"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.5.6"), Reference::Cwe(841), Reference::Cwe(362)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("last_way_in"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let maker = Arc::new(PasskeySignUp::default());
    let (by, device, name) =
        (Arc::clone(&maker), Device::browser(&probe.client), probe.world.members.name()?);
    let sign_up = async move { by.sign_up_saying(&device, &name, &json!({})).await };
    let member = probe.sign_up(maker.clone(), sign_up).await?;
    let first = maker.passkey(&member).ok_or_else(|| Ended::error("the passkey is lost"))?;

    let what = "removing the only passkey";
    let only = ids(&member).await?;
    refused(&remove(&member, &only[0]).purpose(what).send().await?, what)?;

    let (second, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let both = ids(&member).await?;
    let answers =
        try_join_all(both.iter().map(|id| remove(&member, id).purpose("both at once").send())).await?;
    let left = ids(&member).await?;
    let removed = answers.iter().filter(|answer| answer.is_success()).count();
    ensure(left.len() == 1 && removed == 1, || {
        format!("{removed} were removed at once, {} are left", left.len())
    })?;

    let accepted = answers.iter().find(|answer| answer.is_success()).map(Answer::json).unwrap_or_default();
    let accepted = accepted["accepted_credential_ids"].as_array().cloned().unwrap_or_default();
    let is_first_gone = accepted.iter().all(|id| id.as_str() != Some(&first.credential_id()));
    let (gone, kept) = if is_first_gone { (&*first, &second) } else { (&second, &*first) };
    ensure(accepted == [json!(kept.credential_id())], || {
        "the client is not told which passkey is left".to_owned()
    })?;
    let browser = probe.browser();
    let what = "a sign-in with the removed passkey";
    unauthorised(&ceremony::try_sign_in(&browser, gone, &Lie::default(), what).await?, what)?;
    let answer = ceremony::try_sign_in(&browser, kept, &Lie::default(), "the passkey that is left").await?;
    ensure(answer.status == 200, || format!("the passkey that is left answers {}", answer.status))?;
    passed("alone and at once the last one stayed, and the removed one was refused")
}

async fn ids(member: &Actor) -> Result<Vec<String>, Ended> {
    let list = member.get("/v1/me/passkeys").expect(200).await?.json();
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let ids: Vec<String> = items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect();
    if ids.is_empty() { Err(Ended::error("the member has no passkey")) } else { Ok(ids) }
}

fn remove(member: &Actor, id: &str) -> Call {
    member.delete(&format!("/v1/me/passkeys/{id}"))
}
