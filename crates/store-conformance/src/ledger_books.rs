//! What runs out in the ledger, and its books as a whole.

use std::sync::Arc;

use mainstay_model::{
    AccountId, Day, HoldId, TransferId,
    ledger::{AccountRef, Amount, Order, Posting},
};
use mainstay_store::{Error, LedgerTotals};
use uuid::Uuid;

use crate::{
    AnyStore, at_once,
    ledger::post,
    read,
    sample::{self, grant, transfer},
    write,
};

/// Accounts come in pages, each once.
pub async fn accounts_are_paged(store: AnyStore) {
    let wallets = (0..5).map(|_| sample::wallet()).collect::<Vec<_>>();
    post(&store, &wallets.iter().map(|wallet| grant(*wallet, 1)).collect::<Vec<_>>()).await;
    let (mut seen, mut after) = (Vec::<AccountId>::new(), None);
    loop {
        let page = read(&store).await.ledger_accounts(after, 3).await.expect("a page");
        seen.extend(page.iter().map(|account| account.id));
        if page.len() < 3 {
            break;
        }
        after = seen.last().copied();
    }
    let mut expected = wallets.iter().map(|wallet| wallet.id).collect::<Vec<_>>();
    expected.extend([AccountRef::ISSUANCE.id, AccountRef::EXPIRED.id]);
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

/// An account's lines come oldest first, in pages; the whole adds up.
pub async fn lines_and_totals_add_up(store: AnyStore) {
    let (ada, bob) = (sample::wallet(), sample::wallet());
    post(&store, &[grant(ada, 10), transfer(ada, bob, 1), transfer(ada, bob, 2), grant(ada, 1)]).await;
    let lines = read(&store).await.ledger_lines(ada.id, 1, 2).await.expect("lines");
    let seen = lines.iter().map(|line| (line.entry.sequence, line.entry.amount, line.entry.balance));
    assert_eq!(seen.collect::<Vec<_>>(), [(2, -1, 9), (3, -2, 7)]);
    let totals = read(&store).await.ledger_totals().await.expect("totals");
    assert_eq!(totals, LedgerTotals { accounts: 4, transfers: 4, entries: 8, balance: 0, held: 0 });
}

/// Holds that ran out, the first to run out first; those that were settled are none.
pub async fn expired_holds_are_found(store: AnyStore) {
    let (ada, shop) = (sample::wallet(), AccountRef::merchant(Uuid::now_v7()));
    let amount = Amount::new(1).expect("an amount");
    let hold =
        |until| sample::posting(Order::Hold { from: ada, to: shop, amount, expires_at: sample::at(until) });
    let holds = [hold(300), hold(200), hold(400), hold(250)];
    post(&store, &[grant(ada, 10)]).await;
    post(&store, &holds).await;
    post(&store, &[sample::posting(Order::Release(HoldId::new(holds[3].id)))]).await;
    let due = |at, limit| {
        let store = Arc::clone(&store);
        async move {
            let found = read(&store).await.expired_holds(sample::at(at), limit).await.expect("holds");
            found.iter().map(|hold| hold.id.uuid()).collect::<Vec<_>>()
        }
    };
    assert!(due(199, 10).await.is_empty());
    assert_eq!(due(300, 10).await, [holds[1].id, holds[0].id]);
    assert_eq!(due(900, 1).await, [holds[1].id]);
}

/// Transfers come in the order of their ids, within bounds, in pages.
pub async fn transfers_are_read_by_their_ids(store: AnyStore) {
    let ada = sample::wallet();
    let ids = [5_u128, 1, 9, 3].map(|number| Uuid::from_u128(number << 80));
    let batch = ids.map(|id| Posting { id, ..grant(ada, 1) });
    post(&store, &batch).await;
    let transfer_id = |number: u128| TransferId::new(Uuid::from_u128(number << 80));
    let mut tx = read(&store).await;
    let found = tx.settlements(transfer_id(3), transfer_id(9), 10).await.expect("transfers");
    let seen =
        found.iter().map(|settled| (settled.transfer.id, settled.credit.sequence, settled.debit.amount));
    assert_eq!(seen.collect::<Vec<_>>(), [(transfer_id(3), 4, -1), (transfer_id(5), 1, -1)]);
    let page = tx.settlements(transfer_id(0), transfer_id(99), 1).await.expect("transfers");
    assert_eq!(page[0].transfer.id, transfer_id(1));
}

/// A day is closed once; the newest is found, and all of them in order.
pub async fn days_are_closed_once(store: AnyStore) {
    let days = [sample::closing(7), sample::closing(8), sample::closing(10)];
    let mut tx = write(&store).await;
    assert_eq!(tx.lock_last_closing().await.expect("nothing"), None);
    for day in &days {
        tx.insert_closing(day).await.expect("close");
    }
    assert_eq!(tx.lock_last_closing().await.expect("read").as_ref(), Some(&days[2]));
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.closings(None, 2).await.expect("a page"), days[..2]);
    assert_eq!(read(&store).await.closings(Some(Day::new(8)), 2).await.expect("a page"), days[2..]);
    let outcome = write(&store).await.insert_closing(&sample::closing(8)).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}

/// Who closes a day keeps others from it until the end.
pub async fn one_closes_at_a_time(store: AnyStore) {
    let closed = at_once(6, |_| {
        let store = Arc::clone(&store);
        async move {
            let mut tx = write(&store).await;
            let last = tx.lock_last_closing().await.expect("lock");
            let next = sample::closing(last.map_or(1, |last| last.day.number() + 1));
            tx.insert_closing(&next).await.expect("nobody else took it");
            tx.commit().await.expect("commit");
            next.day.number()
        }
    })
    .await;
    let mut closed = closed;
    closed.sort_unstable();
    assert_eq!(closed, [1, 2, 3, 4, 5, 6]);
}
