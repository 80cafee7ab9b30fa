//! Somebody who may try passwords as fast as they like finds one.

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, passed},
    probe::Probe,
    scan::guessing::{self, Guesses},
};

pub(crate) static CHECK: Check = Check {
    id: "scan.sign-in-limit",
    title: "Guessing passwords is slowed down",
    promises: &["GAT-4"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.3.1"), Reference::Cwe(307), Reference::Api(2), Reference::Api(4)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::Prototype("sign-in-limit"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    match guessing::until_limited(stranger, &probe.client, &stranger.made_up_identity()).await? {
        Guesses::Limited { after, how } => passed(format!("after {after} wrong tries: {how}")),
        Guesses::Free { tries, status, took } => Err(Ended::fail(format!(
            "{tries} wrong passwords for one made-up account from one address in {:.1} s were all answered {status}; nothing slowed them",
            took.as_secs_f64()
        ))),
        Guesses::Unclear(why) => Err(Ended::Unanswerable(why)),
    }
}
