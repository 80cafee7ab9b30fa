//! Eight digits are few: wrong tries are counted with the code, and after a handful it is dead.

use std::sync::Arc;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::unauthorised,
    code_flow,
    members::EmailCode,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.code-tries",
    title: "A mailed code dies after a few wrong tries",
    promises: &["SEC-5", "T-ID-15"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.6.3"), Reference::Cwe(307), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Mailbox, Need::Capability("email_code")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("code_tries"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Wrong tries after which no deployment may take the right code any more.
const WRONG_TRIES: usize = 10;

async fn run(probe: Probe) -> Outcome {
    let mailbox = probe.mailbox()?;
    let address = mailbox.address(&probe.world.members.name()?);
    let browser = probe.browser();
    let flow = code_flow::ask(&browser, &*mailbox, &address).await?;
    for _ in 0..WRONG_TRIES {
        let answer = flow.wrong().finish(&browser).purpose("a wrong code").patiently().send().await?;
        unauthorised(&answer, "a wrong code")?;
    }
    let answer =
        flow.finish(&browser).purpose("the right code after many wrong ones").patiently().send().await?;
    if answer.is_success() {
        let maker = Arc::new(EmailCode(Arc::clone(&mailbox)));
        probe.sign_up(maker, std::future::ready(browser.member(&address, &answer))).await.ok();
    }
    unauthorised(&answer, "the right code after many wrong ones")?;
    passed(format!("after {WRONG_TRIES} wrong tries the right code was refused"))
}
