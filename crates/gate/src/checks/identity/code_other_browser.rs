//! A code that somebody was talked out of is worth nothing in another browser than the one that asked for it.

use std::sync::Arc;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::unauthorised,
    code_flow::{self, CodeFlow},
    members::EmailCode,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.code-other-browser",
    title: "A mailed code works only in the browser that asked for it",
    promises: &["T-ID-15"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.6.2"), Reference::Cwe(384), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Mailbox, Need::Capability("email_code")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("code_browser_binding"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mailbox = probe.mailbox()?;
    let address = mailbox.address(&probe.world.members.name()?);
    let (victim, thief) = (probe.browser(), probe.browser());
    let own = code_flow::ask(&thief, &*mailbox, &mailbox.address(&probe.world.members.name()?)).await?;
    let flow = code_flow::ask(&victim, &*mailbox, &address).await?;
    let swapped = CodeFlow { flow_id: own.flow_id, code: flow.code.clone() };
    for (what, browser, flow) in [
        ("the code in another browser", &thief, &flow),
        ("the code in a browser without any cookie", &probe.browser(), &flow),
        ("the code under another flow's id", &thief, &swapped),
    ] {
        let answer = flow.finish(browser).purpose(what).patiently().send().await?;
        if answer.is_success() {
            let maker = Arc::new(EmailCode(Arc::clone(&mailbox)));
            probe.sign_up(maker, std::future::ready(browser.member(&address, &answer))).await.ok();
        }
        unauthorised(&answer, what)?;
    }
    let maker = Arc::new(EmailCode(Arc::clone(&mailbox)));
    let right = async move {
        let answer = flow.finish(&victim).purpose("the browser that asked").patiently().expect(200).await?;
        victim.member(&address, &answer)
    };
    probe.sign_up(maker, right).await?;
    passed("another browser, no cookie and another flow were refused, and the right browser was let in")
}
