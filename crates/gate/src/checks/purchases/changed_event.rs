//! Events of one id that say different things: the first counts, and every other is refused.

use futures::future::try_join_all;

use super::{
    limits::AMOUNT,
    till::{Till, fresh_name, is, points, purchase_of},
};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    limits,
    probe::Probe,
    webhook::Event,
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.changed-events",
    title: "An event that comes again and says something else is refused and changes nothing",
    promises: &["WHK-3"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("2.3.3"),
        Reference::Asvs("15.4.2"),
        Reference::Cwe(345),
        Reference::Cwe(362),
        Reference::Api(6),
    ],
    needs: super::NEEDS_POINTS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_meaning"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let till = Till::open(&probe).await?;
    let buyer = till.buyer().await?;
    let amounts: Vec<i64> = (AMOUNT..).take(limits::AT_ONCE).collect();
    let id = fresh_name();
    let events: Vec<_> = amounts
        .iter()
        .map(|amount| Event { id: id.clone(), ..purchase_of(&fresh_name(), &buyer.code, *amount) })
        .collect();
    let sent = events.iter().map(|event| till.delivery(event).purpose("one of many under one id").send());
    let answers = try_join_all(sent).await?;
    let won: Vec<_> = answers.iter().zip(&amounts).filter(|(answer, _)| answer.status == 200).collect();
    let refused = answers.iter().filter(|answer| answer.status == 409 && answer.code() == "event_changed");
    let refused = refused.count();
    let &[(_, &amount)] = &won[..] else {
        return Err(crate::check::Ended::fail(format!("{} events of one id were taken", won.len())));
    };
    ensure(refused == answers.len() - 1, || {
        format!("of {} events of one id {refused} were refused as changed", answers.len())
    })?;
    let found = points(&buyer.member).await?;
    ensure((found.balance, found.owed) == (amount, 0), || {
        format!("the event that was taken is worth {amount} points, and there are {}", found.balance)
    })?;
    for (event, of) in events.iter().zip(&amounts) {
        let again = till.delivery(event).purpose("once more").send().await?;
        let is_right = if *of == amount { is(&again, "duplicate") } else { again.status == 409 };
        ensure(is_right, || format!("an event of one id came again: {} {}", again.status, again.said()))?;
    }
    let found = points(&buyer.member).await?;
    ensure(found.balance == amount, || format!("{amount} points became {}", found.balance))?;
    passed(format!("of {} events under one id one was taken, and the others twice refused", answers.len()))
}
