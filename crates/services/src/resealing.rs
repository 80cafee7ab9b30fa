//! Sealing anew with the current key what an earlier one sealed, so that the earlier one may go (SEC-11): provider tokens, jobs
//! that wait, secrets of endpoints and signing keys. What lives for minutes is left to run out.

use mainstay_store::SealedValue;
use uuid::Uuid;

use crate::{App, Result, crypto::Purpose, limits, sessions};

const LEASE: &str = "resealing";

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values that are sealed with the current key now.
    pub done: u64,
    /// Values that still are not: the key that sealed them is not configured, or they are damaged.
    pub left: u64,
}

/// One run, unless another one began less than [`limits::RESEALING_INTERVAL`] ago on any node; then none. Runs go on for as long
/// as the process does: while versions with the old and the new key serve side by side, the old one still seals with its own.
///
/// # Errors
/// When the database is away. Batches that were done stay done.
pub async fn run_once(app: &App) -> Result<Option<Resealed>> {
    if !crate::background::take_turn(app, LEASE, limits::RESEALING_INTERVAL).await? {
        return Ok(None);
    }
    let mut all = sessions::keys::reseal(app).await?;
    measure("signing_key", all.left);
    for &value in SealedValue::ALL {
        let resealed = values(app, value).await?;
        measure(value.as_str(), resealed.left);
        all.done += resealed.done;
        all.left += resealed.left;
    }
    match all.left {
        0 => tracing::info!(event = "resealing.done", resealed = all.done),
        left => tracing::error!(event = "resealing.incomplete", resealed = all.done, left),
    }
    Ok(Some(all))
}

fn measure(kind: &'static str, left: u64) {
    metrics::gauge!("mainstay_sealed_with_other_key", "kind" => kind).set(left as f64);
}

async fn values(app: &App, value: SealedValue) -> Result<Resealed> {
    let (mut sum, mut after) = (Resealed::default(), None);
    loop {
        let (batch, last) = app.retrying(|| reseal_batch(app, value, after)).await?;
        sum.done += batch.done;
        sum.left += batch.left;
        if last.is_none() {
            return Ok(sum);
        }
        after = last;
    }
}

/// One batch, a transaction. Answers the last row's id while there may be more.
async fn reseal_batch(
    app: &App,
    value: SealedValue,
    after: Option<Uuid>,
) -> Result<(Resealed, Option<Uuid>)> {
    let purpose = match value {
        SealedValue::ProviderToken => Purpose::ProviderToken,
        SealedValue::Job => Purpose::Job,
        SealedValue::EndpointSecret => Purpose::EndpointSecret,
        SealedValue::HashKey => Purpose::HashKey,
    };
    let mut resealed = Resealed::default();
    let mut tx = app.write().await?;
    let found = tx.sealed_otherwise(value, &app.sealer.header(), after, limits::RESEALING_BATCH).await?;
    for (id, sealed) in &found {
        let Ok(plain) = app.sealer.open(purpose, sealed) else {
            resealed.left += 1;
            continue;
        };
        let again = app.sealer.seal(&*app.ports.random, purpose, &plain);
        // A row that changed meanwhile got its value from a newer use; if that is sealed otherwise too, the next run finds it.
        resealed.done += u64::from(tx.reseal(value, *id, sealed, &again).await?);
    }
    tx.commit().await?;
    let has_more = found.len() == limits::RESEALING_BATCH as usize;
    Ok((resealed, found.last().map(|(id, _)| *id).filter(|_| has_more)))
}
