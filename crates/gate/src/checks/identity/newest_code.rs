//! Of the codes that one browser asked for, only the newest counts: older mails lying around are worth nothing.

use std::sync::Arc;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::unauthorised,
    code_flow,
    members::EmailCode,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.newest-code",
    title: "A newer code makes the older one worthless",
    promises: &["T-ID-15"],
    priority: Priority::P1,
    references: &[Reference::Asvs("6.6.2"), Reference::Cwe(613)],
    needs: &[Need::Disposable, Need::Mailbox, Need::Capability("email_code")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("newest_code"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mailbox = probe.mailbox()?;
    let address = mailbox.address(&probe.world.members.name()?);
    let browser = probe.browser();
    let older = code_flow::ask(&browser, &*mailbox, &address).await?;
    let newer = code_flow::ask(&browser, &*mailbox, &address).await?;
    let answer = older.finish(&browser).purpose("the older code").patiently().send().await?;
    let maker = Arc::new(EmailCode(Arc::clone(&mailbox)));
    if answer.is_success() {
        probe.sign_up(maker.clone(), std::future::ready(browser.member(&address, &answer))).await.ok();
    }
    unauthorised(&answer, "the older code")?;
    let right = async move {
        let answer = newer.finish(&browser).purpose("the newer code").patiently().expect(200).await?;
        browser.member(&address, &answer)
    };
    probe.sign_up(maker, right).await?;
    passed("the older code was refused, and the newer one worked")
}
