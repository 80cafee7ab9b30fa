//! Codes that were mailed to an address before it was changed or removed open nothing afterwards.

use std::sync::Arc;

use crate::{
    authenticator::Lie,
    ceremony,
    check::{Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::unauthorised,
    client::Device,
    code_flow::{self, CodeFlow},
    members::EmailCode,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.address-change",
    title: "A changed or removed address takes its outstanding codes with it",
    promises: &["T-ID-04"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.6.2"), Reference::Cwe(613), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Mailbox, Need::Capability("email_code"), Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("address_change_kills_codes"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mailbox = probe.mailbox()?;
    let (first, second) =
        (mailbox.address(&probe.world.members.name()?), mailbox.address(&probe.world.members.name()?));
    let member = probe.member().await?;
    ceremony::add_passkey(&member, &Lie::default()).await?;
    code_flow::change_address(&member, &*mailbox, &first).await?;

    let elsewhere = probe.browser();
    let outstanding = code_flow::ask(&elsewhere, &*mailbox, &first).await?;
    code_flow::change_address(&member, &*mailbox, &second).await?;
    dead(&probe, &elsewhere, &outstanding, &first, "a code of the address before").await?;

    let outstanding = code_flow::ask(&elsewhere, &*mailbox, &second).await?;
    member.delete("/v1/me/email").purpose("removes the address").expect(204).await?;
    dead(&probe, &elsewhere, &outstanding, &second, "a code of the removed address").await?;
    passed("a code of the address before and one of the removed address were refused")
}

/// Fails when the code signs somebody in; whom it made is removed.
async fn dead(
    probe: &Probe,
    device: &Device,
    flow: &CodeFlow,
    address: &str,
    what: &str,
) -> Result<(), Ended> {
    let answer = flow.finish(device).purpose(what).patiently().send().await?;
    if answer.is_success() {
        let actor = device.member(address, &answer);
        let maker = Arc::new(EmailCode(probe.mailbox()?));
        probe.sign_up(maker, std::future::ready(actor)).await.ok();
    }
    unauthorised(&answer, what)
}
