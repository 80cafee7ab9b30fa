//! Durable postings inside the process, without HTTP: batches straight into an engine, on a thousand wallets and on one, and as the
//! ledger grows.
//!
//! `bench-ledger <sqlite file or postgres URL> [entries,entries,…]` prints one JSON object. Each batch is a transaction that is on the
//! disk before the next one of its lane begins. With sizes, the ledger is filled up to each of them and measured there.

#![allow(clippy::print_stdout, reason = "its result goes to standard output")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use mainstay_model::{
    MemberId, Timestamp,
    ledger::{AccountRef, Amount, Order, Posting, PostingKey},
};
use mainstay_store::{Access, Posted, Store};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use mainstay_store_sqlite::{SqliteOptions, SqliteStore};
use serde_json::json;
use uuid::Uuid;

const WALLETS: u64 = 1_000;
/// Postings of one batch.
const BATCH: usize = 1_000;
/// Batches under way at the same time: while one is committed, the next is read.
const LANES: usize = 2;
const MEASURED: Duration = Duration::from_secs(4);
/// Time of the first posting; each is a microsecond later.
const BEGIN: i64 = 1_780_000_000_000_000;

/// Where the next posting stands.
#[derive(Clone, Copy)]
struct Numbering {
    lane: u64,
    next: u64,
}

impl Numbering {
    fn batch(&mut self, wallets: u64) -> Vec<Posting> {
        (0..BATCH).map(|_| self.posting(wallets)).collect()
    }

    fn posting(&mut self, wallets: u64) -> Posting {
        let number = self.next * LANES as u64 + self.lane;
        self.next += 1;
        // A generator of its own (SplitMix64), so that keys and wallets come in no order.
        let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let at = BEGIN + i64::try_from(number).unwrap_or(0);
        let id = (u128::from(at.unsigned_abs() / 1000) << 80) | (7 << 76) | u128::from(number) << 8 | 1;
        let to = AccountRef::member(MemberId::new(Uuid::from_u128(u128::from(1_000 + mixed % wallets))));
        let mut fingerprint = [0; 32];
        fingerprint[..8].copy_from_slice(&mixed.to_be_bytes());
        Posting {
            id: Uuid::from_u128(id),
            key: PostingKey(Uuid::from_u128(u128::from(mixed) << 64 | u128::from(number))),
            fingerprint,
            order: Order::Grant {
                to,
                amount: Amount::new(1).unwrap_or_else(|| unreachable!()),
                expires_on: None,
            },
            reason: "ten kilometres".to_owned(),
            actor: "service:0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4".to_owned(),
            cause: String::new(),
            at: Timestamp::from_micros(at),
        }
    }
}

async fn post(store: &dyn Store, batch: &[Posting]) -> Result<()> {
    let mut tx = store.begin(Access::Write).await?;
    let posted = tx.post(batch).await?;
    tx.commit().await?;
    let done = posted.iter().all(|posted| matches!(posted, Posted::Done { is_replay: false, .. }));
    ensure!(done, "a posting was not carried out");
    Ok(())
}

/// Posts in lanes until it is time, or until there are enough; answers postings a second.
async fn run(
    store: &Arc<dyn Store>,
    lanes: &mut [Numbering],
    wallets: u64,
    until: Option<Duration>,
    most: u64,
) -> Result<f64> {
    let begun = Instant::now();
    let each = most / lanes.len() as u64;
    let work = lanes.iter_mut().map(|lane| async move {
        let first = lane.next;
        while lane.next - first < each && until.is_none_or(|time| begun.elapsed() < time) {
            post(&**store, &lane.batch(wallets)).await?;
        }
        anyhow::Ok(lane.next - first)
    });
    let done = futures::future::try_join_all(work).await?.into_iter().sum::<u64>();
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().context("say where: a file or a postgres:// URL")?;
    let sizes = arguments.next().unwrap_or_default();
    let sizes = sizes.split(',').filter(|size| !size.is_empty()).map(str::parse::<u64>);
    let sizes = sizes.collect::<Result<Vec<_>, _>>().context("sizes are numbers with commas between")?;
    let store: Arc<dyn Store> = if place.starts_with("postgres") {
        Arc::new(PostgresStore::connect(PostgresOptions::new(&place)).await?)
    } else {
        Arc::new(SqliteStore::open(SqliteOptions::new(&place)).await?)
    };
    store.migrate().await?;
    let mut lanes = (0..LANES as u64).map(|lane| Numbering { lane, next: 0 }).collect::<Vec<_>>();
    if sizes.is_empty() {
        run(&store, &mut lanes, WALLETS, None, 20_000).await?;
        let distinct = run(&store, &mut lanes, WALLETS, Some(MEASURED), u64::MAX).await?;
        let hot = run(&store, &mut lanes, 1, Some(MEASURED), u64::MAX).await?;
        println!("{}", json!({ "engine": store.engine(), "distinct": distinct, "hot": hot }));
        return Ok(());
    }
    let mut grown = Vec::new();
    for size in sizes {
        let there = lanes.iter().map(|lane| lane.next).sum::<u64>() * 2;
        if size < there {
            bail!("sizes must grow");
        }
        run(&store, &mut lanes, WALLETS, None, (size - there) / 2).await?;
        let rate = run(&store, &mut lanes, WALLETS, Some(MEASURED), u64::MAX).await?;
        grown.push(json!({ "entries": size, "postings_per_second": rate }));
    }
    println!("{}", json!({ "engine": store.engine(), "growth": grown }));
    Ok(())
}
