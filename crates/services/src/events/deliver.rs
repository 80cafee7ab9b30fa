//! Delivering events: claims of so many for each endpoint, so that a slow one takes nobody else's turn; attempts, pauses, setting
//! aside, and disabling an endpoint that nothing gets through to.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use mainstay_model::{
    Timestamp, WebhookEndpointId,
    audit::Actor,
    outgoing::{Delivery, Disabled, DisabledReason, EventType, WebhookEndpoint},
};
use mainstay_store::{AfterAttempt, Attempted};
use secrecy::zeroize::Zeroizing;
use serde_json::json;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{endpoints, lanes::Lanes, schedule, signature};
use crate::{
    App, RequestContext, Result, audit,
    background::{contained, contained_until},
    crypto::Purpose,
    limits,
    ports::{RetryAfter, Signal, SignedEvent},
};

/// A claimed delivery with all that an attempt needs.
struct Flight {
    delivery: Delivery,
    url: String,
    secrets: Arc<[Zeroizing<Vec<u8>>]>,
    claimed_until: Timestamp,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    status: Option<u16>,
    /// None when it got through.
    fault: Option<&'static str>,
    retry_after: Option<RetryAfter>,
}

const fn failed(fault: &'static str) -> Outcome {
    Outcome { status: None, fault: Some(fault), retry_after: None }
}

/// Claims what is due, delivers it, and answers how many attempts were made.
///
/// # Errors
/// When the database is away. An attempt that fails is no error.
pub async fn deliver_due(app: &App) -> Result<usize> {
    let flights = claim(app, |_| limits::DELIVERIES_PER_ENDPOINT).await?;
    futures::future::join_all(flights.iter().map(|flight| contained("delivery", deliver(app, flight)))).await;
    Ok(flights.len())
}

/// Claims due deliveries, of each endpoint as many as there are places for.
async fn claim(app: &App, places: impl Fn(WebhookEndpointId) -> u32 + Sync) -> Result<Vec<Flight>> {
    let enabled = |endpoint: &WebhookEndpoint| endpoint.disabled.is_none();
    let mut tx = app.read().await?;
    let endpoints: Vec<_> = tx.webhook_endpoints().await?.into_iter().filter(enabled).collect();
    if endpoints.is_empty() {
        return Ok(Vec::new());
    }
    let sealed = tx.live_endpoint_secrets(app.now()).await?;
    drop(tx);
    let mut targets = HashMap::new();
    for endpoint in endpoints {
        // One that does not open is left out; without any the attempt says so.
        let secrets: Arc<[_]> = sealed
            .iter()
            .filter(|secret| secret.endpoint_id == endpoint.id)
            .filter_map(|secret| app.sealer.open(Purpose::EndpointSecret, &secret.sealed_secret).ok())
            .map(Zeroizing::new)
            .collect();
        targets.insert(endpoint.id, (endpoint.url, secrets));
    }
    let places: Vec<_> = targets.keys().map(|&id| (id, places(id))).filter(|(_, free)| *free > 0).collect();
    if places.is_empty() {
        return Ok(Vec::new());
    }
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let now = app.now();
        let claimed_until = now + limits::DELIVERY_CLAIM;
        let deliveries = tx.claim_deliveries(now, claimed_until, &places).await?;
        tx.commit().await?;
        let flight = |delivery: Delivery| {
            let (url, secrets) = targets.get(&delivery.endpoint_id)?;
            Some(Flight { url: url.clone(), secrets: Arc::clone(secrets), delivery, claimed_until })
        };
        Ok(deliveries.into_iter().filter_map(flight).collect())
    })
    .await
}

async fn deliver(app: &App, flight: &Flight) -> Result<()> {
    let (at, begun) = (app.now(), Instant::now());
    let attempt = tokio::time::timeout(limits::DELIVERY_TIMEOUT, attempt(app, flight, at));
    let outcome = match AssertUnwindSafe(attempt).catch_unwind().await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => failed("time_out"),
        Err(_) => failed("panic"),
    };
    let took = begun.elapsed();
    metrics::histogram!("mainstay_delivery_attempt_seconds").record(took);
    write_down(app, flight, outcome, at, took).await
}

async fn attempt(app: &App, flight: &Flight, at: Timestamp) -> Outcome {
    let Ok(url) = flight.url.parse() else { return failed("bad_url") };
    if flight.secrets.is_empty() {
        return failed("no_secret");
    }
    let event = &flight.delivery.event;
    let timestamp = at.micros().div_euclid(1_000_000);
    let secrets = flight.secrets.iter().map(|secret| &***secret);
    let signature = signature::sign(secrets, event.id, timestamp, &event.body);
    let signed =
        SignedEvent { url, id: event.id.to_string(), timestamp, signature, body: event.body.clone() };
    match app.ports.webhooks.send(&signed).await {
        Ok(answer) => {
            let fault = match answer.status {
                200..=299 => None,
                300..=399 => Some("redirect"),
                _ => Some("status"),
            };
            Outcome { status: Some(answer.status), fault, retry_after: answer.retry_after }
        }
        Err(fault) => failed(fault.as_str()),
    }
}

/// Writes the attempt, what follows from it for the delivery, and what it tells about the endpoint, all or nothing.
async fn write_down(
    app: &App,
    flight: &Flight,
    outcome: Outcome,
    at: Timestamp,
    took: Duration,
) -> Result<()> {
    let delivery = &flight.delivery;
    let endpoint_id = delivery.endpoint_id;
    let is_test = delivery.event.event_type == EventType::EndpointTest;
    let is_gone = outcome.status == Some(410);
    // A person waits for what a test says, and sends another one.
    let is_last = is_gone || is_test;
    let now = app.now();
    let after = match outcome.fault {
        None => AfterAttempt::Delivered,
        Some(_) if is_last => AfterAttempt::SetAside,
        Some(_) => {
            let asked = outcome.retry_after.map_or(Duration::ZERO, |asked| match asked {
                RetryAfter::Delay(delay) => delay,
                RetryAfter::Moment(moment) => moment.since(now),
            });
            schedule::pause_after(delivery.failures, asked, &*app.ports.random).map_or(
                AfterAttempt::SetAside,
                |pause| AfterAttempt::Retry { at: now + pause.wait, pauses: pause.spent },
            )
        }
    };
    let disabling = match after {
        AfterAttempt::SetAside if is_gone => Some((DisabledReason::Gone, None)),
        AfterAttempt::SetAside if !is_test => {
            Some((DisabledReason::Failing, Some(now - limits::ENDPOINT_FAILING_MAX)))
        }
        _ => None,
    };
    let attempted = Attempted {
        key: delivery.key(),
        claimed_until: flight.claimed_until,
        at,
        duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        status: outcome.status.map(i32::from),
        fault: outcome.fault,
        after,
    };
    let written = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            // The endpoint before its delivery: in the order in which removing it takes them.
            match after {
                AfterAttempt::Delivered => tx.webhook_endpoint_succeeded(endpoint_id).await?,
                _ if is_test => {}
                _ => tx.webhook_endpoint_failed(endpoint_id, at).await?,
            }
            let mut disabled = None;
            if let Some((reason, failing_before)) = disabling
                && tx
                    .disable_webhook_endpoint(endpoint_id, Disabled { at: now, reason }, failing_before)
                    .await?
            {
                disabled = Some(reason);
            }
            if !tx.finish_attempt(&attempted).await? {
                return Ok(None);
            }
            if let Some(reason) = disabled {
                let event = audit::event(
                    app,
                    &RequestContext::none(),
                    "webhook_endpoint.disabled",
                    &Actor::System,
                    endpoints::subject(endpoint_id),
                    json!({ "reason": reason, "event": delivery.event.id }),
                );
                tx.append_audit_events(&[event]).await?;
            }
            tx.commit().await?;
            Ok(Some(disabled))
        })
        .await?;
    tell(flight, outcome, after, written);
    Ok(())
}

/// Counts and logs what became of an attempt. The URL is in no log: it may hold a token.
fn tell(flight: &Flight, outcome: Outcome, after: AfterAttempt, written: Option<Option<DisabledReason>>) {
    let word = match (after, written) {
        (_, None) => "claim_lost",
        (AfterAttempt::Delivered, _) => "delivered",
        (AfterAttempt::Retry { .. }, _) => "retried",
        (AfterAttempt::SetAside, _) => "set_aside",
    };
    metrics::counter!("mainstay_deliveries_total", "outcome" => word).increment(1);
    let (endpoint, event) = (flight.delivery.endpoint_id, flight.delivery.event.id);
    let (fault, status) = (outcome.fault.unwrap_or_default(), outcome.status);
    match after {
        AfterAttempt::Delivered => {}
        AfterAttempt::Retry { .. } => {
            tracing::warn!(event = "delivery.failed", %endpoint, outgoing_event = %event, fault, status);
        }
        AfterAttempt::SetAside => {
            tracing::error!(event = "delivery.set_aside", %endpoint, outgoing_event = %event, fault, status);
        }
    }
    if let Some(Some(reason)) = written {
        let reason = reason.as_str();
        metrics::counter!("mainstay_webhook_endpoints_disabled_total", "reason" => reason).increment(1);
        tracing::error!(event = "webhook_endpoint.disabled", %endpoint, reason);
    }
}

/// Delivers events as they come until `stop` is cancelled. What is under way then gets a last moment; what does not end is
/// delivered again when its claim has run out.
pub async fn run_background(app: Arc<App>, stop: CancellationToken) {
    let mut signals = app.ports.bus.subscribe();
    let mut ticks = tokio::time::interval(limits::DELIVERY_POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lanes = Lanes::default();
    let mut flights = JoinSet::new();
    loop {
        // Whether to look for more: a hint, a tick, or places that are free again where more may wait.
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = flights.join_next(), if !flights.is_empty() => {
                if !ended.is_ok_and(|endpoint_id| lanes.wants_more(endpoint_id)) {
                    continue;
                }
            }
            () = added(&mut signals) => {}
            _ = ticks.tick() => {
                contained_until("deliveries_gauges", &stop, measure(&app)).await;
            }
        }
        let claimed =
            contained_until("deliveries", &stop, claim(&app, |id| lanes.free(id))).await.unwrap_or_default();
        lanes.claimed(claimed.iter().map(|flight| flight.delivery.endpoint_id));
        for flight in claimed {
            let endpoint_id = flight.delivery.endpoint_id;
            let (app, place) = (Arc::clone(&app), lanes.enter(endpoint_id));
            flights.spawn(async move {
                contained("delivery", deliver(&app, &flight)).await;
                drop(place);
                endpoint_id
            });
        }
    }
    let drained = async { while flights.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(limits::BACKGROUND_DRAIN, drained).await;
}

/// Waits for the hint that there are new events.
async fn added(signals: &mut Receiver<Signal>) {
    loop {
        match signals.recv().await {
            Ok(Signal::EventsAdded | Signal::Lagged) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn measure(app: &App) -> Result<()> {
    let counts = app.read().await?.delivery_counts().await?;
    metrics::gauge!("mainstay_deliveries_waiting").set(counts.waiting as f64);
    metrics::gauge!("mainstay_webhook_endpoints_disabled").set(counts.endpoints_disabled as f64);
    let age = counts.oldest.map_or(Duration::ZERO, |next_at| app.now().since(next_at));
    metrics::gauge!("mainstay_deliveries_oldest_due_seconds").set(age.as_secs_f64());
    Ok(())
}
