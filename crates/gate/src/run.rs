//! Runs checks: those that can run beside others together, the rest one after another; then removes the members it made.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    check::{Check, Effect, Ended, Need, Outcome, Passed, Phase},
    client::Client,
    evidence::{Recorder, milliseconds},
    limits,
    probe::{Probe, World},
    report::{CheckReport, Cleanup, Verdict},
    target::Target,
};

/// What a run is to do.
pub(crate) struct Plan {
    pub(crate) checks: Vec<&'static Check>,
    pub(crate) concurrency: usize,
    /// Whether checks that may disturb others run too.
    pub(crate) destructive: bool,
    /// What the gate was given, beyond what the target says of itself.
    pub(crate) given: BTreeSet<Given>,
}

/// Something that the gate was handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Given {
    /// Mails can be read.
    Mailbox,
    /// The secret of the test sign-in.
    TestAuth,
    /// A service key that moves points.
    ServiceKey,
    /// An operator's account.
    Operator,
    /// A source of purchase webhooks with its secret.
    WebhookSource,
    /// A Square source with its key.
    SquareSource,
    /// A Stripe source with its secret.
    StripeSource,
}

/// Hears how a run goes on.
pub(crate) trait Watcher: Send + Sync {
    fn started(&self, check: &'static Check);
    fn ended(&self, check: &'static Check, report: &CheckReport);
}

/// Runs a plan; an interrupt ends it early, and what did not run is told as skipped.
pub(crate) async fn run(
    plan: &Plan,
    target: &Arc<Target>,
    world: &Arc<World>,
    watcher: &dyn Watcher,
    interrupt: &CancellationToken,
) -> (Vec<CheckReport>, Cleanup) {
    let one = |check: &'static Check| async move {
        watcher.started(check);
        let report = tokio::select! {
            biased;
            () = interrupt.cancelled() => {
                let ended = Err(Ended::Unanswerable("the run was interrupted".to_owned()));
                CheckReport::new(check, ended, Duration::ZERO, Recorder::default().take())
            }
            report = check_one(plan, check, target, world) => report,
        };
        watcher.ended(check, &report);
        report
    };
    let (together, alone): (Vec<_>, Vec<_>) =
        plan.checks.iter().copied().partition(|check| check.phase == Phase::Together);
    let mut reports =
        stream::iter(together).map(one).buffer_unordered(plan.concurrency.max(1)).collect::<Vec<_>>().await;
    for check in alone {
        reports.push(one(check).await);
    }
    let order = |report: &CheckReport| plan.checks.iter().position(|check| check.id == report.id);
    reports.sort_by_key(order);
    (reports, clean_up(target, world).await)
}

async fn clean_up(target: &Arc<Target>, world: &Arc<World>) -> Cleanup {
    let Ok(http) = world.sources.fresh() else { return Cleanup::default() };
    // Removing is not held to the budget: whoever used it up must not leave anybody behind.
    let budget = Arc::new(crate::client::Budget::new(u64::MAX));
    let client = Client::new(http, target.base.clone(), Recorder::default(), budget);
    let (made, left) = world.members.remove_all(&client).await;
    let (objects_made, objects_left) = match &target.stranger {
        Some(stranger) => stranger.clean_up(&client).await,
        None => (0, Vec::new()),
    };
    Cleanup { members_made: made, members_left: left, objects_made, objects_left }
}

async fn check_one(
    plan: &Plan,
    check: &'static Check,
    target: &Arc<Target>,
    world: &Arc<World>,
) -> CheckReport {
    let recorder = Recorder::default();
    let started = Instant::now();
    let outcome = match may_run(plan, check, target, world) {
        Err(ended) => Err(ended),
        Ok(()) => attempt(check, target, world, &recorder).await,
    };
    CheckReport::new(check, outcome, started.elapsed(), recorder.take())
}

async fn attempt(
    check: &'static Check,
    target: &Arc<Target>,
    world: &Arc<World>,
    recorder: &Recorder,
) -> Outcome {
    let http = world.sources.fresh().map_err(|error| Ended::error(error.to_string()))?;
    let client = Client::new(http, target.base.clone(), recorder.clone(), Arc::clone(&world.budget));
    let probe = Probe {
        target: Arc::clone(target),
        client,
        world: Arc::clone(world),
        recorder: recorder.clone(),
        members: Arc::default(),
    };
    // A task of its own, so that a fault of one check ends that check only; it ends with this future, which an interrupt drops.
    let task = AbortOnDropHandle::new(tokio::spawn((check.run)(probe)));
    match tokio::time::timeout(limits::CHECK_TIME_MAX, task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(join)) => Err(Ended::error(format!("the check itself broke: {join}"))),
        Err(_) => Err(Ended::error(format!("no end after {} s", limits::CHECK_TIME_MAX.as_secs()))),
    }
}

/// Whether all that a check needs is there.
fn may_run(plan: &Plan, check: &Check, target: &Target, world: &World) -> Result<(), Ended> {
    if let Some(reason) = target.why_left_out(check.id) {
        return Err(Ended::NotApplicable(format!("left out: {reason}")));
    }
    if check.effect == Effect::Destructive && !plan.destructive {
        return Err(Ended::NotApplicable("it may disturb others; run it with --destructive".to_owned()));
    }
    for need in check.needs {
        let not_applicable = |why: String| Err(Ended::NotApplicable(why));
        let unanswerable = |why: &str| Err(Ended::Unanswerable(why.to_owned()));
        match *need {
            Need::Members if !world.members.can_make() => {
                return unanswerable(
                    "no way to make members was given (--test-auth, --mailbox, --imap or --members)",
                );
            }
            Need::Disposable if !world.members.can_make() || world.members.are_lent() => {
                return unanswerable(
                    "it needs members that may be changed and removed, and none can be made",
                );
            }
            Need::Capability(name) => {
                if let Some(reason) = target.why_off(name) {
                    return not_applicable(format!("{name} is off: {reason}"));
                }
            }
            Need::Mailbox if !plan.given.contains(&Given::Mailbox) => {
                return unanswerable("no mailbox was given (--mailbox or --imap)");
            }
            Need::Strict if !target.is_strict() => {
                return not_applicable("the deployment runs as dev, which is not held to it".to_owned());
            }
            Need::Nodes if target.nodes.len() < 2 => {
                return not_applicable("one address was given; name two nodes with --node".to_owned());
            }
            Need::TestSignIn => {
                if let Some(reason) = target.why_off("test_login") {
                    return not_applicable(format!("the test sign-in is off: {reason}"));
                }
                if !plan.given.contains(&Given::TestAuth) {
                    return unanswerable("its secret was not given (--test-auth)");
                }
            }
            Need::ServiceKey if !plan.given.contains(&Given::ServiceKey) => {
                return unanswerable("no service key was lent that gives points (--service-key)");
            }
            Need::Operator
                if !plan.given.contains(&Given::Operator) && !plan.given.contains(&Given::TestAuth) =>
            {
                return unanswerable("no operator was lent (--operator), and none can be made (--test-auth)");
            }
            Need::WebhookSource if !plan.given.contains(&Given::WebhookSource) => {
                return unanswerable(
                    "no source of purchase webhooks was lent (--webhook-source, --webhook-secret)",
                );
            }
            Need::SquareSource if !plan.given.contains(&Given::SquareSource) => {
                return not_applicable(
                    "no Square source was lent (--square-source, --square-key)".to_owned(),
                );
            }
            Need::StripeSource if !plan.given.contains(&Given::StripeSource) => {
                return not_applicable(
                    "no Stripe source was lent (--stripe-source, --stripe-secret)".to_owned(),
                );
            }
            Need::Tls if target.base.scheme() != "https" => {
                return not_applicable("the address is plain http".to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

/// An outcome as reports tell it: the verdict, the reason without secrets, and whether the gate could not tell.
pub(crate) fn verdict(outcome: Outcome) -> (Verdict, String, bool) {
    let (verdict, reason, unanswerable) = match outcome {
        Ok(Passed(note)) => (Verdict::Pass, note.into_owned(), false),
        Err(Ended::Fail(what)) => (Verdict::Fail, what, false),
        Err(Ended::NotApplicable(why)) => (Verdict::Skip, why, false),
        Err(Ended::Unanswerable(why)) => (Verdict::Skip, why, true),
        Err(Ended::Error(what)) => (Verdict::Error, what, true),
    };
    (verdict, crate::redact::text(&reason).into_owned(), unanswerable)
}

impl CheckReport {
    fn new(check: &Check, outcome: Outcome, took: Duration, evidence: crate::evidence::Evidence) -> Self {
        let (verdict, reason, unanswerable) = verdict(outcome);
        Self {
            id: check.id,
            title: check.title,
            promises: check.promises,
            priority: check.priority,
            references: check.references.iter().map(|reference| reference.label()).collect(),
            verdict,
            unanswerable,
            reason,
            took_ms: milliseconds(took),
            evidence,
        }
    }
}
