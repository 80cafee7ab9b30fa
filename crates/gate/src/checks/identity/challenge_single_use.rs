//! A challenge is spent by its first answer: replays fail, and of many answers at the same moment one gets through.

use futures::future::try_join_all;

use crate::{
    authenticator::Lie,
    ceremony,
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    checks::verdict::unauthorised,
    limits,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.challenge-single-use",
    title: "A passkey challenge works once, also under twenty parallel uses",
    promises: &["T-ID-11"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.5.1"), Reference::Cwe(294), Reference::Cwe(367), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("challenge_single_use"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let (passkey, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let browser = probe.browser();

    let ceremony = ceremony::sign_in(&browser).await?;
    let assertion = ceremony.get(&passkey, &Lie::default())?;
    ceremony.sign_in_finish(&assertion).purpose("the first use").expect(200).await?;
    let replay = ceremony.sign_in_finish(&assertion).purpose("the same answer again").send().await?;
    unauthorised(&replay, "a replayed assertion")?;

    let ceremony = ceremony::sign_in(&browser).await?;
    let bent = ceremony.get(&passkey, &Lie { bent_signature: true, ..Lie::default() })?;
    let right = ceremony.get(&passkey, &Lie::default())?;
    unauthorised(&ceremony.sign_in_finish(&bent).send().await?, "a bent signature")?;
    let second = ceremony.sign_in_finish(&right).purpose("a second try at the same challenge").send().await?;
    unauthorised(&second, "a second try at a challenge")?;

    let ceremony = ceremony::sign_in(&browser).await?;
    let assertion = ceremony.get(&passkey, &Lie::default())?;
    let calls =
        (0..limits::AT_ONCE).map(|_| ceremony.sign_in_finish(&assertion).purpose("one of many").send());
    let answers = try_join_all(calls).await?;
    let successes = answers.iter().filter(|answer| answer.is_success()).count();
    ensure(successes == 1, || format!("{successes} of {} parallel uses signed in", limits::AT_ONCE))?;
    for answer in answers.iter().filter(|answer| !answer.is_success()) {
        unauthorised(answer, "a parallel use")?;
    }
    passed(format!("a replay and a second try were refused; of {} at once one got through", limits::AT_ONCE))
}
