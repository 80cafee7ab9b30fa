//! Purchase webhooks: a delivery is verified on its raw bytes, judged for its age, and recorded once together with its effect.
//! Whatever is uncertain is refused; what was recorded is never lost.

mod age;
mod due;
mod effect;
mod event;
mod inbox;
mod operate;
mod source;
mod verify;

use std::{collections::BTreeMap, sync::Arc};

use mainstay_model::{
    InboxEventId, Timestamp,
    inbox::{InboxEvent, InboxHead, InboxProgress, InboxState},
};
pub use mainstay_store::InboxFilter;
use mainstay_store::Recorded;

use self::{
    age::OutOfTime,
    event::{Told, Unreadable},
    inbox::Arrival,
    verify::Refusal,
};
pub use self::{
    due::{run_background, run_due},
    inbox::InboxWriter,
    operate::{get, ignore, list, replay, retry},
    source::{Encoding, ReplayWindow, Scheme, SecretFault, Source},
    verify::SentHeaders,
};
use crate::{
    App, Capability, Code, Error, RequestContext, Result,
    purchases::{Effect, Told as ToldPurchase},
    refusals,
    sabotage::{self, Guard},
};

/// The configured sources by their names.
#[derive(Clone, Debug, Default)]
pub struct Sources(Arc<BTreeMap<String, Source>>);

impl Sources {
    /// Of these.
    pub fn new(sources: impl IntoIterator<Item = Source>) -> Self {
        Self(Arc::new(sources.into_iter().map(|source| (source.name().to_owned(), source)).collect()))
    }

    /// One by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Source> {
        let another = self.0.values().next().filter(|_| sabotage::is_off(Guard::WebhookSource));
        self.0.get(name).or(another)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a sender is told: both mean that it need not send the event again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was recorded, whatever comes of its effect.
    Recorded,
    /// It was known.
    Duplicate,
}

/// Why a delivery is refused before anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Signature(Refusal),
    Body(Unreadable),
    OtherMode,
    Time(OutOfTime),
}

impl Fault {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Signature(refusal) => refusal.as_str(),
            Self::Body(unreadable) => unreadable.as_str(),
            Self::OtherMode => "other_mode",
            Self::Time(out_of_time) => out_of_time.as_str(),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Signature(_) => {
                Self::new(Code::SignatureRefused, "The signature is missing or is none of this source's.")
            }
            Fault::Body(unreadable) => unreadable.into(),
            Fault::OtherMode => {
                Self::new(Code::EventOfOtherMode, "Live and test events are not taken at one place.")
            }
            Fault::Time(_) => Self::new(Code::EventOutOfTime, "The event's time is not within its bounds."),
        }
    }
}

/// Takes a delivery of a source: verifies, records once, and has its effect in the same transaction.
///
/// # Errors
/// [`Code::NotFound`] for a source that is not configured, [`Code::CapabilityUnavailable`] for one without a key; then
/// [`Code::SignatureRefused`], [`Code::MalformedJson`], [`Code::ValidationFailed`], [`Code::EventOfOtherMode`],
/// [`Code::EventOutOfTime`], [`Code::EventChanged`]; or the database is away, and the sender has to try again.
pub async fn receive(
    app: &App,
    context: &RequestContext,
    source: &str,
    headers: &dyn SentHeaders,
    body: Vec<u8>,
) -> Result<Receipt> {
    app.capabilities.require(Capability::Purchases)?;
    let source = app.settings.webhook_sources.get(source).ok_or_else(Error::not_found)?;
    if let Some(reason) = source.closed() {
        return Err(closed(reason));
    }
    let now = app.now();
    let (told, late_s) = match accept(source, headers, &body, now) {
        Ok(accepted) => accepted,
        Err(fault) => {
            let mut refused = refuse(app, context, source, fault);
            if sabotage::is_off(Guard::WebhookRefusal) {
                refused.detail = String::from_utf8_lossy(&body).into_owned().into();
            }
            return Err(refused);
        }
    };
    let arrival = arrival(app, context, source, (told, late_s), body);
    let kind = arrival.event.head.kind.clone();
    #[cfg(feature = "sabotage")]
    let effect = arrival.effect.clone();
    let recorded = app.inbox.record(arrival).await?;
    #[cfg(feature = "sabotage")]
    if sabotage::is_off(Guard::WebhookReceipt)
        && let Some(told) = effect
        && crate::purchases::is_nobodys(app, &told).await?
    {
        return Err(Error::not_found());
    }
    let outcome = match recorded {
        Recorded::New => "recorded",
        Recorded::Duplicate => "duplicate",
        Recorded::Conflict => "conflict",
    };
    count(source, outcome);
    match recorded {
        Recorded::New => {
            if let Some(age) = late_s {
                tracing::warn!(event = "webhook.late", source = source.name(), age_minutes = age / 60);
            }
            Ok(Receipt::Recorded)
        }
        Recorded::Duplicate => Ok(Receipt::Duplicate),
        Recorded::Conflict => {
            tracing::error!(event = "webhook.changed", source = source.name(), kind);
            Err(Error::new(
                Code::EventChanged,
                "An event of this id was delivered before and said something else.",
            ))
        }
    }
}

fn closed(reason: &'static str) -> Error {
    let detail = format!("{} is not available here: {reason}", Capability::Purchases.as_str());
    let mut error = Error::new(Code::CapabilityUnavailable, detail);
    error.capability = Some(Box::new((Capability::Purchases, reason.into())));
    error
}

/// Everything that is decided without the database.
fn accept(
    source: &Source,
    headers: &dyn SentHeaders,
    body: &[u8],
    now: Timestamp,
) -> Result<(Told, Option<i64>), Fault> {
    let signed = verify::verify(source, headers, body).map_err(Fault::Signature)?;
    let signed_at = signed.at;
    let told = event::read(source.scheme(), signed, body).map_err(Fault::Body)?;
    if let Scheme::Stripe { livemode } = source.scheme()
        && told.livemode != Some(*livemode)
        && !sabotage::is_off(Guard::WebhookMode)
    {
        return Err(Fault::OtherMode);
    }
    let late_s = age::judge(source, signed_at, told.occurred_at, now).map_err(Fault::Time)?;
    Ok((told, late_s))
}

fn refuse(app: &App, context: &RequestContext, source: &Source, fault: Fault) -> Error {
    let age_minutes = if let Fault::Time(out_of_time) = fault { out_of_time.minutes() } else { None };
    let (name, word) = (source.name(), fault.as_str());
    tracing::warn!(event = "webhook.refused", source = name, fault = word, age_minutes);
    count(source, "refused");
    metrics::counter!("mainstay_webhook_refusals_total", "source" => name.to_owned(), "fault" => word)
        .increment(1);
    refusals::note_webhook(app, context, name, word, age_minutes);
    fault.into()
}

fn count(source: &Source, outcome: &'static str) {
    metrics::counter!("mainstay_webhook_deliveries_total", "source" => source.name().to_owned(), "outcome" => outcome)
        .increment(1);
}

/// The row that is written if the event is new. What its effect will be is read here, outside of the transaction.
fn arrival(
    app: &App,
    context: &RequestContext,
    source: &Source,
    (told, late_s): (Told, Option<i64>),
    body: Vec<u8>,
) -> Arrival {
    let now = app.now();
    let mut effect = effect::read(source.scheme(), &told.kind, &told.document);
    if let Ok(Some(effect)) = &mut effect {
        rename(effect, &told.event_id);
    }
    let settled =
        |state, attempts| InboxProgress { state, attempts, next_at: None, last_error: None, updated_at: now };
    let progress = match &effect {
        Ok(Some(_)) => settled(InboxState::Done, 1),
        Ok(None) => settled(InboxState::Ignored, 0),
        Err(_) if sabotage::is_off(Guard::WebhookFailure) => settled(InboxState::Ignored, 0),
        Err(fault) => inbox::failed(&app.ports, 0, fault.as_str()),
    };
    let id = InboxEventId::new(app.new_uuid());
    let is_once = !sabotage::is_off(Guard::WebhookOnce);
    let head = InboxHead {
        id,
        source: source.name().to_owned(),
        event_id: if is_once { told.event_id } else { id.to_string() },
        kind: told.kind,
        occurred_at: told.occurred_at,
        received_at: now,
        late_s,
        progress,
        body_removed_at: None,
    };
    Arrival {
        event: InboxEvent {
            head,
            body,
            fingerprint: if sabotage::is_off(Guard::WebhookMeaning) { [0; 32] } else { told.fingerprint },
        },
        effect: effect.ok().flatten().map(|effect| ToldPurchase::new(&app.buyer_key, source.name(), effect)),
        request_id: context.request_id.clone(),
    }
}

/// The guards that know a purchase and a refund again: without them, each event tells of one of its own.
fn rename(effect: &mut Effect, event_id: &str) {
    match effect {
        Effect::Purchase(purchase) if sabotage::is_off(Guard::PurchaseOnce) => {
            purchase.external_id.push_str(event_id);
        }
        Effect::Refund(refund) if sabotage::is_off(Guard::RefundOnce) => {
            refund.external_id.push_str(event_id);
        }
        Effect::Purchase(_) | Effect::Refund(_) => {}
    }
}
