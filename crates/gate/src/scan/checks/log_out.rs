//! What a thief copied before a log-out must open nothing afterwards.

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::party::{Carrier, Who},
};

pub(crate) static CHECK: Check = Check {
    id: "scan.log-out",
    title: "A log-out ends the session on the server",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[Reference::Asvs("7.4.1"), Reference::Cwe(613), Reference::Api(2)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("log-out"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let me = stranger.me()?;
    let Some(log_out) = &stranger.file.log_out else {
        return Err(Ended::Unanswerable(
            "the target file has no [log_out], the request that ends a session".to_owned(),
        ));
    };
    let signed_in = stranger.fresh(Who::A, &probe.client).await?;
    let has_cookies = stranger.file.sign_in.as_ref().is_some_and(|sign_in| sign_in.cookies);
    let mut carriers = Vec::new();
    if signed_in.token.is_some() {
        carriers.push((Carrier::Token, "token"));
    }
    if has_cookies {
        carriers.push((Carrier::Cookies, "cookies"));
    }
    for (carrier, what) in &carriers {
        let party = if *carrier == signed_in.carrier {
            signed_in.clone()
        } else {
            stranger.fresh(Who::A, &probe.client).await?
        };
        let party = party.by(*carrier);
        let thief = party.at(&probe.client);
        let before = thief.get(&me.path).purpose(format!("the new {what}")).patiently().send().await?;
        if !stranger.knows(&before, &thief) {
            return Err(Ended::error(format!(
                "the new {what} are not known at {} ({})",
                me.path, before.status
            )));
        }
        let answer = party.request(log_out, &[])?.purpose("the member signs out").patiently().send().await?;
        if answer.status >= 400 {
            return Err(Ended::error(format!(
                "the log-out answered {}: {}; look at [log_out]",
                answer.status,
                answer.said()
            )));
        }
        let after =
            thief.get(&me.path).purpose(format!("the old {what} are used again")).patiently().send().await?;
        ensure(!stranger.knows(&after, &thief), || {
            format!("{} still answers {} with the {what} of before the log-out", me.path, after.status)
        })?;
    }
    let names = carriers.iter().map(|(_, what)| *what).collect::<Vec<_>>().join(" and ");
    passed(format!("refused after the log-out: {names}"))
}
