//! What members owe the ledger.

use std::{collections::HashSet, sync::Arc};

use mainstay_model::ledger::{AccountRef, Order, TransferKind};
use mainstay_store::Posted;

use crate::{
    AnyStore, at_once,
    ledger::{amount, balance, post, totals},
    read,
    sample::{self, grant, transfer},
};

/// What can't be taken back is owed, and the next grants pay it, also when others grant at the same time.
pub async fn debts_are_paid_by_grants(store: AnyStore) {
    let (ada, bob) = (sample::wallet(), sample::wallet());
    let debt = AccountRef::debt_of(ada.id);
    let back = sample::posting(Order::ClawBack { from: ada, amount: amount(8) });
    post(&store, &[grant(ada, 10), transfer(ada, bob, 7)]).await;
    let key = back.key;
    let posted = post(&store, &[back.clone(), back]).await;
    assert!(matches!(posted[1], Posted::Done { is_replay: true, .. }), "{posted:?}");
    for posted in &posted {
        let Posted::Done { receipt, companion, .. } = posted else { panic!("{posted:?}") };
        let settled = receipt.settlement().expect("a transfer");
        assert_eq!((settled.transfer.kind, settled.transfer.amount), (TransferKind::ClawBack, amount(3)));
        let owed = &companion.as_ref().expect("the rest is owed").transfer;
        assert_eq!((owed.kind, owed.amount, owed.debit.wallet()), (TransferKind::Debt, amount(5), ada.id));
    }
    let unused = sample::posting(Order::ClawBack { from: bob, amount: amount(1) }).key;
    let used = read(&store).await.used_posting_keys(&[key, unused]).await.expect("read");
    assert_eq!(used, HashSet::from([key]));
    assert!(read(&store).await.used_posting_keys(&[]).await.expect("read").is_empty());
    assert_eq!((balance(&store, ada).await, balance(&store, debt).await), (0, -5));
    at_once(4, |_| {
        let store = Arc::clone(&store);
        async move { post(&store, &[grant(ada, 2)]).await }
    })
    .await;
    assert_eq!((balance(&store, ada).await, balance(&store, debt).await), (3, 0));
    assert_eq!(totals(&store).await.balance, 0);
    // Who never owed has no such account.
    assert_eq!(read(&store).await.ledger_account(AccountRef::debt_of(bob.id).id).await.expect("read"), None);
}

/// Whether the debt or the grant comes first: they cancel each other out, and nobody has points beside a debt.
pub async fn a_first_debt_and_a_grant_at_once_cancel_out(store: AnyStore) {
    let wallets = (0..40).map(|_| sample::wallet()).collect::<Vec<_>>();
    // No more can come back than was ever given.
    post(&store, &[grant(sample::wallet(), 1_000)]).await;
    for chunk in wallets.chunks(4) {
        let opened = chunk.iter().map(|wallet| grant(*wallet, 1)).collect::<Vec<_>>();
        post(&store, &opened).await;
        at_once(2 * chunk.len(), |number| {
            let (store, wallet) = (Arc::clone(&store), chunk[number / 2]);
            let order = Order::ClawBack { from: wallet, amount: amount(11) };
            let posting = if number % 2 == 0 { sample::posting(order) } else { grant(wallet, 10) };
            async move { post(&store, &[posting]).await }
        })
        .await;
    }
    for wallet in wallets {
        let debt = AccountRef::debt_of(wallet.id);
        assert_eq!((balance(&store, wallet).await, balance(&store, debt).await), (0, 0));
    }
}
