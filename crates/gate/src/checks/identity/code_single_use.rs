//! A mailed code survives what mail scanners do to links, and signs in once, however many use it at the same moment.

use futures::future::try_join_all;
use reqwest::Method;
use std::sync::Arc;

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::unauthorised,
    code_flow, limits,
    members::EmailCode,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.code-single-use",
    title: "A mailed code is spent by one POST only, also under twenty at once",
    promises: &["T-ID-15"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.5.1"), Reference::Cwe(367), Reference::Cwe(294), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Mailbox, Need::Capability("email_code")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("code_single_use"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Prefetches of a mail scanner.
const PREFETCHES: usize = 5;

async fn run(probe: Probe) -> Outcome {
    let mailbox = probe.mailbox()?;
    let address = mailbox.address(&probe.world.members.name()?);
    let browser = probe.browser();
    let flow = code_flow::ask(&browser, &*mailbox, &address).await?;
    let path = format!("/v1/auth/email/finish?flow_id={}&code={}", flow.flow_id, flow.code);
    for method in [Method::GET, Method::HEAD].into_iter().cycle().take(PREFETCHES) {
        let answer = browser.call(method, &path).purpose("a mail scanner prefetches").send().await?;
        ensure(!answer.is_success(), || format!("a prefetch answers {}", answer.status))?;
    }
    let maker = Arc::new(EmailCode(Arc::clone(&mailbox)));
    let (signing_in, spend, identity) = (browser.clone(), flow.clone(), address.clone());
    let first = async move {
        let answer = spend.finish(&signing_in).purpose("the member types the code").expect(200).await?;
        signing_in.member(&identity, &answer)
    };
    probe.sign_up(maker, first).await?;
    let again = flow.finish(&browser).purpose("the same code again").send().await?;
    unauthorised(&again, "a spent code")?;

    let flow = code_flow::ask(&browser, &*mailbox, &address).await?;
    let calls = (0..limits::AT_ONCE).map(|_| flow.finish(&browser).purpose("one of many").send());
    let answers = try_join_all(calls).await?;
    let successes = answers.iter().filter(|answer| answer.is_success()).count();
    ensure(successes == 1, || format!("{successes} of {} parallel uses signed in", limits::AT_ONCE))?;
    passed(format!("five prefetches spent nothing; of {} at once one got through", limits::AT_ONCE))
}
