//! Recording: deliveries that arrive at the same time are recorded and have their effects in one transaction, with as many
//! statements for hundreds as for one.

use std::sync::Arc;

use mainstay_model::{
    audit::{Actor, NewAuditEvent},
    inbox::{InboxEvent, InboxProgress, InboxState},
};
use mainstay_store::{self as store, InboxSettled, Recorded, Store, Tx};
use serde_json::json;

use crate::{
    Result, Settings, audit,
    batch::{self, Batcher, Opened},
    jobs, limits,
    ports::Ports,
    purchases::{self, Terms, Told},
};

/// A delivery that was found right, on its way into the inbox.
pub(super) struct Arrival {
    pub(super) event: InboxEvent,
    /// What it does if it is new; none when it does nothing, or can't be read.
    pub(super) effect: Option<Told>,
    pub(super) request_id: String,
}

/// Records deliveries in batches.
pub struct InboxWriter(Batcher<Arrival, Recorded>);

impl InboxWriter {
    /// Starts the worker, which ends when this is dropped. Call it within a Tokio runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, ports: &Ports, settings: &Settings) -> Self {
        let terms = Terms { ports: ports.clone(), points_valid_days: settings.points_valid_days };
        let open = batch::transactions(Arc::clone(&store));
        Self(Batcher::start_opened("webhooks", open, move |opened, arrivals| {
            let (store, terms) = (Arc::clone(&store), terms.clone());
            async move { record_all(&*store, &terms, opened, &arrivals).await }
        }))
    }

    pub(super) async fn record(&self, arrival: Arrival) -> Result<Recorded> {
        self.0.submit(arrival).await
    }
}

/// Records a batch. When something in it breaks the transaction, each delivery is recorded alone, so that one poison event keeps
/// nobody else's out; it is recorded itself, without its effect.
async fn record_all(
    store: &dyn Store,
    terms: &Terms,
    opened: Opened,
    arrivals: &[Arrival],
) -> Vec<Result<Recorded>> {
    match record_retrying(store, terms, Some(opened), arrivals, Effects::With).await {
        Ok(recorded) => recorded.into_iter().map(Ok).collect(),
        Err(error) if is_poisoned(&error) => {
            let mut outcomes = Vec::with_capacity(arrivals.len());
            for arrival in arrivals {
                outcomes.push(record_alone(store, terms, std::slice::from_ref(arrival)).await);
            }
            outcomes
        }
        Err(error) => arrivals.iter().map(|_| Err(batch::share(&error))).collect(),
    }
}

async fn record_alone(store: &dyn Store, terms: &Terms, arrival: &[Arrival]) -> Result<Recorded> {
    let mut outcome = record_retrying(store, terms, None, arrival, Effects::With).await;
    if let Err(error) = &outcome
        && is_poisoned(error)
    {
        tracing::error!(event = "webhook.poisoned", cause = error.to_string());
        outcome = record_retrying(store, terms, None, arrival, Effects::Without).await;
    }
    match outcome {
        Ok(recorded) => recorded.first().copied().ok_or_else(|| crate::Error::internal("no outcome")),
        Err(error) => Err(batch::share(&error)),
    }
}

/// Whether the fault lies in what was to be written, and not in the database.
pub(super) const fn is_poisoned(error: &store::Error) -> bool {
    matches!(error, store::Error::Constraint(_) | store::Error::Failed(_))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effects {
    With,
    Without,
}

async fn record_retrying(
    store: &dyn Store,
    terms: &Terms,
    mut opened: Option<Opened>,
    arrivals: &[Arrival],
    effects: Effects,
) -> store::Result<Vec<Recorded>> {
    let mut attempt = 1;
    loop {
        let recorded = match batch::next_transaction(store, &mut opened).await {
            Ok(tx) => record(tx, terms, arrivals, effects).await,
            Err(error) => Err(error),
        };
        match recorded {
            Err(error) if error.is_retryable() && attempt < limits::CONTENTION_ATTEMPTS_MAX => attempt += 1,
            outcome => return outcome,
        }
    }
}

async fn record(
    mut tx: Box<dyn Tx>,
    terms: &Terms,
    arrivals: &[Arrival],
    effects: Effects,
) -> store::Result<Vec<Recorded>> {
    let events: Vec<_> = arrivals.iter().map(|arrival| arrival.event.clone()).collect();
    let recorded = tx.record_inbox_events(&events).await?;
    let is_new = |(_, recorded): &(&Arrival, &Recorded)| **recorded == Recorded::New;
    let fresh: Vec<(&InboxEvent, &Told)> = arrivals
        .iter()
        .zip(&recorded)
        .filter(is_new)
        .filter_map(|(arrival, _)| Some((&arrival.event, arrival.effect.as_ref()?)))
        .collect();
    let settled: Vec<_> = match effects {
        Effects::With => {
            let told: Vec<_> = fresh.iter().map(|(_, told)| *told).collect();
            purchases::apply(&mut *tx, terms, &told).await?;
            Vec::new()
        }
        Effects::Without => {
            let poisoned = |id| InboxSettled { id, progress: failed(&terms.ports, 0, "poisoned") };
            fresh.iter().map(|(event, _)| poisoned(event.head.id)).collect()
        }
    };
    tx.settle_inbox_events(&settled).await?;
    let told: Vec<_> = arrivals
        .iter()
        .zip(&recorded)
        .filter_map(|(arrival, recorded)| told(&terms.ports, arrival, *recorded))
        .collect();
    tx.append_audit_events(&told).await?;
    tx.commit().await?;
    count_effects(arrivals, &recorded, settled.len());
    Ok(recorded)
}

/// What the trail hears of a delivery; of an ordinary one nothing, for the inbox itself is its record.
fn told(ports: &Ports, arrival: &Arrival, recorded: Recorded) -> Option<NewAuditEvent> {
    let head = &arrival.event.head;
    let (action, detail) = match (recorded, head.late_s) {
        (Recorded::New, Some(age)) => ("webhook.late", json!({ "event": head.id, "age_minutes": age / 60 })),
        (Recorded::Conflict, _) => ("webhook.changed", json!({ "kind": head.kind })),
        (Recorded::New, None) | (Recorded::Duplicate, _) => return None,
    };
    let subject = format!("webhook:{}", head.source);
    Some(audit::event_by(ports, &arrival.request_id, action, &Actor::Anonymous, subject, detail))
}

/// The state after one more failure: tried again later, or set aside after the last time.
pub(super) fn failed(ports: &Ports, attempts_before: i64, fault: &'static str) -> InboxProgress {
    let now = ports.clock.now();
    let attempts = attempts_before + 1;
    let is_last = attempts >= limits::WEBHOOK_ATTEMPTS_MAX;
    InboxProgress {
        state: if is_last { InboxState::SetAside } else { InboxState::Failed },
        attempts,
        next_at: (!is_last).then(|| now + jobs::back_off(attempts_before, &*ports.random)),
        last_error: Some(fault.to_owned()),
        updated_at: now,
    }
}

fn count_effects(arrivals: &[Arrival], recorded: &[Recorded], failures: usize) {
    let new = |state: InboxState| {
        let is_it = |(arrival, recorded): &(&Arrival, &Recorded)| {
            **recorded == Recorded::New && arrival.event.head.progress.state == state
        };
        arrivals.iter().zip(recorded).filter(is_it).count()
    };
    let failures_all = failures + new(InboxState::Failed);
    for (outcome, count) in [
        ("done", new(InboxState::Done) - failures),
        ("ignored", new(InboxState::Ignored)),
        ("failed", failures_all),
    ] {
        metrics::counter!("mainstay_webhook_effects_total", "outcome" => outcome).increment(count as u64);
    }
}
