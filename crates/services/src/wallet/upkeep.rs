//! What the clock does to wallets: holds run out, points run out, and days are closed.

use std::sync::Arc;

use mainstay_model::{
    AccountId, Day,
    audit::Actor,
    ledger::{Order, Posting},
};
use mainstay_store::Posted;
use tokio_util::sync::CancellationToken;

use super::{closing::close_days, system_key, told::tell};
use crate::{
    App, Capability, Result,
    background::{contained_until, pause, take_turn},
    events, limits,
};

const LEASE: &str = "wallet";

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkept {
    /// Holds that ran out.
    pub holds: u64,
    /// Wallets whose points ran out.
    pub wallets: u64,
    /// Days that were closed.
    pub days: u64,
}

/// One run, unless another one began less than [`limits::WALLET_UPKEEP_INTERVAL`] ago on any node; then nothing is done.
///
/// # Errors
/// When the database is away. Batches that were done stay done.
pub async fn run_once(app: &App) -> Result<Upkept> {
    let mut done = Upkept::default();
    if !app.capabilities.is_on(Capability::Wallet)
        || !take_turn(app, LEASE, limits::WALLET_UPKEEP_INTERVAL).await?
    {
        return Ok(done);
    }
    done.holds = expire_holds(app).await?;
    done.wallets = expire_points(app).await?;
    done.days = close_days(app).await?;
    if done != Upkept::default() {
        tracing::info!(event = "wallet.upkept", holds = done.holds, wallets = done.wallets, days = done.days);
    }
    Ok(done)
}

async fn expire_holds(app: &App) -> Result<u64> {
    let mut count = 0;
    loop {
        let due = app.read().await?.expired_holds(app.now(), limits::WALLET_UPKEEP_BATCH).await?;
        let postings = due.iter().map(|hold| {
            let key = format!("hold:{}", hold.id);
            posting(app, key, Order::Release(hold.id), format!("hold:{}", hold.id))
        });
        let postings = postings.collect::<Vec<_>>();
        let is_last = postings.len() < limits::WALLET_UPKEEP_BATCH as usize;
        let done = post(app, &postings).await?;
        count += done;
        // Whatever could not be done is not tried again within this run.
        if is_last || done == 0 {
            return Ok(count);
        }
    }
}

/// Takes what ran out by the end of yesterday.
async fn expire_points(app: &App) -> Result<u64> {
    let today = Day::of(app.now());
    let day = today.plus(-1);
    let (mut count, mut after) = (0, None::<AccountId>);
    loop {
        let mut tx = app.read().await?;
        let due = tx.wallets_with_expired_points(day, after, limits::WALLET_UPKEEP_BATCH).await?;
        drop(tx);
        let Some(last) = due.last() else { return Ok(count) };
        after = Some(last.id);
        let postings = due.iter().map(|wallet| {
            let key = format!("expiry:{}:{}:{}", wallet.id, today, app.now().micros());
            posting(app, key, Order::Expire { from: *wallet, day }, String::new())
        });
        count += post(app, &postings.collect::<Vec<_>>()).await?;
    }
}

async fn post(app: &App, postings: &[Posting]) -> Result<u64> {
    if postings.is_empty() {
        return Ok(0);
    }
    app.retrying(|| async {
        let mut tx = app.write().await?;
        let posted = tx.post(postings).await?;
        let is_awaited = tell(&mut *tx, &posted).await?;
        tx.commit().await?;
        if is_awaited {
            events::announce(&*app.ports.bus).await;
        }
        Ok(posted.iter().filter(|posted| matches!(posted, Posted::Done { is_replay: false, .. })).count()
            as u64)
    })
    .await
}

fn posting(app: &App, key: String, order: Order, cause: String) -> Posting {
    let at = app.now();
    Posting {
        id: app.ports.random.uuid(at),
        key: system_key(&key),
        fingerprint: [0; 32],
        order,
        reason: String::new(),
        actor: Actor::System.to_text(),
        cause,
        at,
    }
}

/// Runs now and then, until `stop` is cancelled.
pub async fn run_background(app: Arc<App>, stop: CancellationToken) {
    loop {
        contained_until("wallet", &stop, run_once(&app)).await;
        if !pause(limits::WALLET_UPKEEP_INTERVAL, &stop, std::future::pending()).await {
            break;
        }
    }
}
