//! Closing days: a digest of all transfers of a day, tied to the closing before by its hash, so that whatever is changed, removed or
//! put in later shows, also to who only kept the newest hash (WAL-6).

use aws_lc_rs::digest::{Context, SHA256};
use mainstay_model::{
    Day, SecretHash, Timestamp, TransferId,
    ledger::{AccountRef, Closing, Entry, Lot, Settlement},
};
use uuid::Uuid;

use crate::{App, Result, crypto, limits};

/// What the first closing is tied to.
pub(super) const NOTHING_CLOSED: SecretHash = [0; 32];

/// Closes every day that ended longer than [`limits::CLOSING_GRACE`] ago: by then all that it began was committed. Answers how many.
///
/// # Errors
/// When the database is away. Days that were closed stay so.
pub async fn close_days(app: &App) -> Result<u64> {
    let open = Day::of(app.now() - limits::CLOSING_GRACE);
    let mut count = 0;
    loop {
        let last = app.write().await?.lock_last_closing().await?;
        let Some(day) = next_day(app, last.as_ref()).await? else { return Ok(count) };
        if day >= open {
            return Ok(count);
        }
        // What is over does not change, so it is read before anything is locked.
        let digest = digest_of(app, day).await?;
        if close(app, day, &digest, last).await? {
            count += 1;
        }
    }
}

async fn next_day(app: &App, last: Option<&Closing>) -> Result<Option<Day>> {
    if let Some(last) = last {
        return Ok(Some(last.day.plus(1)));
    }
    let (nothing, everything) = (TransferId::new(Uuid::nil()), TransferId::new(Uuid::max()));
    let first = app.read().await?.settlements(nothing, everything, 1).await?;
    Ok(first.first().map(|settled| settled.transfer.id.day()))
}

/// Answers whether it was this one that closed it.
async fn close(app: &App, day: Day, digest: &DayDigest, before: Option<Closing>) -> Result<bool> {
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let last = tx.lock_last_closing().await?;
        if last != before {
            return Ok(false);
        }
        let previous = last.map_or(NOTHING_CLOSED, |last| last.hash);
        tx.insert_closing(&digest.closing(day, previous, app.now())).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// Reads all transfers of a day.
pub(super) async fn digest_of(app: &App, day: Day) -> Result<DayDigest> {
    let (mut next, end) = (TransferId::first_of(day), TransferId::first_of(day.plus(1)));
    let mut digest = DayDigest::new();
    loop {
        let page = app.read().await?.settlements(next, end, limits::LEDGER_PAGE).await?;
        page.iter().for_each(|settled| digest.add(settled));
        match page.last() {
            Some(last) if page.len() == limits::LEDGER_PAGE as usize => {
                next = TransferId::new(Uuid::from_u128(last.transfer.id.uuid().as_u128() + 1));
            }
            _ => return Ok(digest),
        }
    }
}

/// SHA-256 over transfers in the order of their ids, every field of each with its length before it.
pub(super) struct DayDigest {
    hasher: Context,
    transfers: i64,
    points: i64,
}

impl DayDigest {
    fn new() -> Self {
        Self { hasher: Context::new(&SHA256), transfers: 0, points: 0 }
    }

    fn add(&mut self, settled: &Settlement) {
        let transfer = &settled.transfer;
        self.transfers += 1;
        self.points = self.points.saturating_add(transfer.amount.points());
        let side = |account: AccountRef, entry: Entry| {
            format!("{} {} {} {}", account.kind, account.id, entry.sequence, entry.balance)
        };
        let lots = |lots: &[Lot]| {
            lots.iter().map(|lot| format!("{}:{}", lot.0.number(), lot.1)).collect::<Vec<_>>().join(" ")
        };
        let fields = [
            transfer.id.to_string(),
            transfer.kind.to_string(),
            side(transfer.debit, settled.debit),
            side(transfer.credit, settled.credit),
            transfer.amount.to_string(),
            transfer.reason.clone(),
            transfer.actor.clone(),
            transfer.cause.clone(),
            transfer.reverses.map(|id| id.to_string()).unwrap_or_default(),
            lots(&transfer.taken),
            lots(&transfer.given),
            transfer.created_at.micros().to_string(),
        ];
        for field in fields {
            self.hasher.update(&(field.len() as u64).to_be_bytes());
            self.hasher.update(field.as_bytes());
        }
    }

    pub(super) fn closing(&self, day: Day, previous: SecretHash, closed_at: Timestamp) -> Closing {
        let mut digest: SecretHash = [0; 32];
        digest.copy_from_slice(self.hasher.clone().finish().as_ref());
        let mut stated = b"mainstay ledger closing 1\n".to_vec();
        stated.extend_from_slice(&day.number().to_be_bytes());
        stated.extend_from_slice(&self.transfers.to_be_bytes());
        stated.extend_from_slice(&self.points.to_be_bytes());
        stated.extend_from_slice(&digest);
        stated.extend_from_slice(&previous);
        let hash = crypto::sha256(&stated);
        Closing { day, transfers: self.transfers, points: self.points, digest, previous, hash, closed_at }
    }
}
