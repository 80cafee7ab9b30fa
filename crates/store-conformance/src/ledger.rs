//! The points ledger.

use std::{collections::BTreeMap, sync::Arc};

use mainstay_model::{
    AccountId, Day, HoldId, TransferId,
    ledger::{
        Account, AccountRef, Amount, Hold, HoldState, Lot, Order, Posting, PostingKey, Refusal, RefusalKind,
        StatementLine, TransferKind,
    },
};
use mainstay_store::{Error, LedgerTotals, Posted, Receipt, StatementFilter};
use uuid::Uuid;

use crate::{
    AnyStore, at_once, read,
    sample::{self, grant, transfer},
    write,
};

/// Posts a batch in a transaction of its own, again when another one was in its way.
pub(crate) async fn post(store: &AnyStore, batch: &[Posting]) -> Vec<Posted> {
    loop {
        let mut tx = write(store).await;
        let posted = match tx.post(batch).await {
            Ok(posted) => posted,
            Err(error) if error.is_retryable() => continue,
            Err(error) => panic!("{error}"),
        };
        match tx.commit().await {
            Ok(()) => return posted,
            Err(error) if error.is_retryable() => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn account(store: &AnyStore, account: AccountRef) -> Account {
    let found = read(store).await.ledger_account(account.id).await.expect("read");
    found.unwrap_or(Account::untouched(account))
}

pub(crate) async fn balance(store: &AnyStore, of: AccountRef) -> i64 {
    account(store, of).await.balance
}

pub(crate) fn amount(points: i64) -> Amount {
    Amount::new(points).expect("an amount")
}

fn refused(kind: RefusalKind) -> Posted {
    Posted::Refused { refusal: Refusal::new(kind), is_replay: false }
}

pub(crate) async fn totals(store: &AnyStore) -> LedgerTotals {
    read(store).await.ledger_totals().await.expect("totals")
}

/// A batch in order: each posting sees those before it, outcomes come in order, and what was refused changed nothing.
pub async fn a_batch_is_settled_in_order(store: AnyStore) {
    let (ada, bob) = (sample::wallet(), sample::wallet());
    let batch = [grant(ada, 10), transfer(ada, bob, 7), transfer(ada, bob, 4), transfer(bob, ada, 7)];
    let posted = post(&store, &batch).await;
    let Posted::Done { receipt, is_replay: false, .. } = &posted[1] else { panic!("{posted:?}") };
    let settled = receipt.settlement().expect("a transfer");
    assert_eq!((settled.debit.balance, settled.credit.balance), (3, 7));
    assert_eq!((settled.debit.sequence, settled.credit.sequence), (2, 1));
    assert_eq!(settled.transfer.created_at, batch[1].at);
    let refusal = Refusal { kind: RefusalKind::Insufficient, has: 3, needs: 4 };
    assert_eq!(posted[2], Posted::Refused { refusal, is_replay: false });
    assert!(matches!(posted[3], Posted::Done { .. }));
    assert_eq!((balance(&store, ada).await, balance(&store, bob).await), (10, 0));
    assert_eq!(
        totals(&store).await,
        LedgerTotals { accounts: 4, transfers: 3, entries: 6, balance: 0, held: 0 }
    );
    assert!(write(&store).await.post(&[]).await.expect("nothing").is_empty());
}

/// The same key is the same posting: in one batch, in another, and when it failed.
pub async fn a_key_happens_once(store: AnyStore) {
    let (ada, bob) = (sample::wallet(), sample::wallet());
    let first = grant(ada, 10);
    let failed = transfer(bob, ada, 1);
    let posted = post(&store, &[first.clone(), first.clone(), failed.clone()]).await;
    let Posted::Done { receipt, is_replay: false, .. } = posted[0].clone() else { panic!("{posted:?}") };
    assert_eq!(posted[1], Posted::Done { receipt: receipt.clone(), companion: None, is_replay: true });
    post(&store, &[grant(bob, 5)]).await;
    // The id that the client's second try would have had does not matter.
    let again = Posting { id: sample::posting(first.order).id, ..first.clone() };
    let refusal = Refusal { kind: RefusalKind::Insufficient, has: 0, needs: 1 };
    let replayed = post(&store, &[again, failed]).await;
    assert_eq!(replayed[0], Posted::Done { receipt, companion: None, is_replay: true });
    assert_eq!(replayed[1], Posted::Refused { refusal, is_replay: true });

    let mut other = Posting { fingerprint: sample::fresh_hash(), ..first.clone() };
    assert_eq!(post(&store, &[other.clone()]).await, [Posted::KeyReused]);
    (other.key, other.id) = (PostingKey(Uuid::new_v4()), Uuid::now_v7());
    assert!(matches!(post(&store, &[other]).await[..], [Posted::Done { is_replay: false, .. }]));
    assert_eq!(balance(&store, ada).await, 20);
}

/// Fifty at once with one key write once, and answer alike.
pub async fn a_key_happens_once_among_many(store: AnyStore) {
    let ada = sample::wallet();
    let first = grant(ada, 10);
    let posted =
        at_once(50, |_| {
            let (store, first) = (Arc::clone(&store), first.clone());
            async move {
                post(&store, &[Posting { id: sample::posting(first.order).id, ..first }]).await.remove(0)
            }
        })
        .await;
    let receipts = posted.iter().map(|posted| match posted {
        Posted::Done { receipt, .. } => receipt.clone(),
        other => panic!("{other:?}"),
    });
    let receipts = receipts.collect::<Vec<_>>();
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    assert_eq!(
        posted.iter().filter(|posted| matches!(posted, Posted::Done { is_replay: false, .. })).count(),
        1
    );
    assert_eq!(balance(&store, ada).await, 10);
}

/// Two different requests race for one key, about different accounts: one happens, and the other is told.
pub async fn a_key_has_one_meaning(store: AnyStore) {
    for _ in 0..10 {
        let (ada, bob) = (sample::wallet(), sample::wallet());
        let key = grant(ada, 1).key;
        let postings = Arc::new([ada, bob].map(|wallet| Posting { key, ..grant(wallet, 5) }));
        let posted = at_once(2, |number| {
            let (store, postings) = (Arc::clone(&store), Arc::clone(&postings));
            async move { post(&store, &postings[number..=number]).await.remove(0) }
        })
        .await;
        let done = posted.iter().filter(|posted| matches!(posted, Posted::Done { .. })).count();
        assert_eq!((done, posted.contains(&Posted::KeyReused)), (1, true), "{posted:?}");
        assert_eq!(balance(&store, ada).await + balance(&store, bob).await, 5);
    }
}

/// Twenty spends of three on ten points: three succeed.
pub async fn a_wallet_never_goes_below_zero(store: AnyStore) {
    let (ada, shop) = (sample::wallet(), sample::wallet());
    post(&store, &[grant(ada, 10)]).await;
    let posted = at_once(20, |_| {
        let store = Arc::clone(&store);
        async move { post(&store, &[transfer(ada, shop, 3)]).await.remove(0) }
    })
    .await;
    assert_eq!(posted.iter().filter(|posted| matches!(posted, Posted::Done { .. })).count(), 3);
    assert_eq!((balance(&store, ada).await, balance(&store, shop).await), (1, 9));
}

/// Batches that touch the same accounts in opposite order never wait for one another in a circle.
pub async fn opposite_transfers_do_not_lock_up(store: AnyStore) {
    let (ada, bob) = (sample::wallet(), sample::wallet());
    post(&store, &[grant(ada, 1000), grant(bob, 1000)]).await;
    at_once(8, |number| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..25 {
                let (from, to) = if number % 2 == 0 { (ada, bob) } else { (bob, ada) };
                let mut tx = write(&store).await;
                tx.post(&[transfer(from, to, 1), transfer(to, from, 1)]).await.expect("no deadlock");
                tx.commit().await.expect("commit");
            }
        }
    })
    .await;
    assert_eq!((balance(&store, ada).await, balance(&store, bob).await), (1000, 1000));
}

/// A transfer is undone once, also by many at once, and never what undoes.
pub async fn a_transfer_is_undone_once(store: AnyStore) {
    let (ada, bob) = (sample::wallet(), sample::wallet());
    let (given, sent) = (grant(ada, 10), transfer(ada, bob, 4));
    let sent_id = TransferId::new(sent.id);
    post(&store, &[given, sent.clone()]).await;
    let posted = at_once(10, |_| {
        let store = Arc::clone(&store);
        async move { post(&store, &[sample::posting(Order::Reverse(sent_id))]).await.remove(0) }
    })
    .await;
    let undone = posted.iter().find_map(|posted| match posted {
        Posted::Done { receipt, .. } => receipt.settlement().map(|settled| settled.transfer.clone()),
        Posted::Refused { .. } | Posted::KeyReused => None,
    });
    let undone = undone.expect("one of them");
    assert_eq!(
        (undone.kind, undone.reverses, undone.debit, undone.credit),
        (TransferKind::Reversal, Some(sent_id), bob, ada)
    );
    let refused_again = refused(RefusalKind::NotReversible);
    assert_eq!(posted.iter().filter(|posted| **posted == refused_again).count(), 9, "{posted:?}");
    assert_eq!(post(&store, &[sample::posting(Order::Reverse(undone.id))]).await, [refused_again]);
    let unknown = refused(RefusalKind::Unknown);
    let nothing = TransferId::new(Uuid::now_v7());
    assert_eq!(post(&store, &[sample::posting(Order::Reverse(nothing))]).await, [unknown]);
    assert_eq!((balance(&store, ada).await, balance(&store, bob).await), (10, 0));
    let kept = read(&store).await.transfer_by_id(sent_id).await.expect("read").expect("stays");
    assert_eq!(
        (kept.amount, kept.reason, kept.actor, kept.cause),
        (amount(4), sent.reason, sent.actor, sent.cause)
    );
    assert_eq!(read(&store).await.transfer_by_id(nothing).await.expect("read"), None);
}

async fn lines(store: &AnyStore, account: AccountRef, filter: StatementFilter) -> Vec<StatementLine> {
    read(store).await.statement(account.id, &filter).await.expect("a statement")
}

/// Newest first, in pages, by kind and time; each line with the balance after it.
pub async fn a_statement_is_paged_and_filtered(store: AnyStore) {
    let (ada, bob) = (sample::wallet(), sample::wallet());
    for number in 1..=5 {
        let at = sample::at(number);
        let batch = [Posting { at, ..grant(ada, 10) }, Posting { at, ..transfer(ada, bob, number) }];
        post(&store, &batch).await;
    }
    let all = lines(&store, ada, StatementFilter { limit: 100, ..StatementFilter::default() }).await;
    let seen = all
        .iter()
        .map(|line| (line.entry.sequence, line.entry.amount, line.entry.balance))
        .collect::<Vec<_>>();
    assert_eq!(seen[..3], [(10, -5, 35), (9, 10, 40), (8, -4, 30)]);
    assert_eq!(seen.len(), 10);
    assert!(
        all.iter().all(|line| line.entry.transfer_id == line.transfer.id && line.entry.account_id == ada.id)
    );
    let page = StatementFilter { limit: 4, before_sequence: Some(7), ..StatementFilter::default() };
    assert_eq!(lines(&store, ada, page).await, all[4..8]);
    let filter = StatementFilter {
        kind: Some(TransferKind::Transfer),
        since: Some(sample::at(2)),
        until: Some(sample::at(4)),
        limit: 100,
        ..StatementFilter::default()
    };
    let amounts = lines(&store, bob, filter).await.iter().map(|line| line.entry.amount).collect::<Vec<_>>();
    assert_eq!(amounts, [3, 2]);
    for (at, balance) in [(0, 0), (1, 9), (3, 24), (5, 35), (9, 35)] {
        let found = read(&store).await.balance_at(ada.id, sample::at(at)).await.expect("a balance");
        assert_eq!(found, balance, "at {at}");
    }
    assert!(
        lines(&store, sample::wallet(), StatementFilter { limit: 9, ..StatementFilter::default() })
            .await
            .is_empty()
    );
}

/// Whoever locks an account keeps posters out of it, whether it was touched before or not.
pub async fn a_locked_account_stands_still(store: AnyStore) {
    for is_new in [true, false] {
        let ada = sample::wallet();
        if !is_new {
            post(&store, &[grant(ada, 10)]).await;
        }
        let mut tx = write(&store).await;
        let locked = tx.lock_ledger_account(ada, sample::at(1)).await.expect("lock");
        assert_eq!((locked.balance, locked.is_closed), (if is_new { 0 } else { 10 }, false));
        let posting = tokio::spawn({
            let store = Arc::clone(&store);
            async move { post(&store, &[grant(ada, 5)]).await.remove(0) }
        });
        if !is_new {
            tx.post(&[transfer(ada, sample::wallet(), 10)]).await.expect("its own posting");
        }
        tx.close_ledger_account(ada, sample::at(2)).await.expect("empty");
        tx.commit().await.expect("commit");
        assert_eq!(posting.await.expect("joins"), refused(RefusalKind::Closed));
    }
}

/// A closed account takes and gives nothing; one with points can't be closed.
pub async fn a_closed_account_stays_closed(store: AnyStore) {
    let (ada, bob, cy) = (sample::wallet(), sample::wallet(), sample::wallet());
    post(&store, &[grant(ada, 10)]).await;
    let outcome = write(&store).await.close_ledger_account(ada, sample::at(1)).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
    post(&store, &[transfer(ada, bob, 10)]).await;
    let mut tx = write(&store).await;
    for never_touched_or_empty in [ada, cy] {
        tx.close_ledger_account(never_touched_or_empty, sample::at(1)).await.expect("close");
    }
    tx.commit().await.expect("commit");
    let closed = refused(RefusalKind::Closed);
    assert_eq!(post(&store, &[grant(ada, 1), transfer(bob, cy, 1)]).await, [closed.clone(), closed]);
    let account = read(&store).await.ledger_account(cy.id).await.expect("read").expect("is there");
    assert_eq!((account.is_closed, account.balance, account.entries), (true, 0, 0));
}

fn hold(from: AccountRef, to: AccountRef, points: i64, until: i64) -> Posting {
    sample::posting(Order::Hold { from, to, amount: amount(points), expires_at: sample::at(until) })
}

fn capture(hold: &Posting, points: Option<i64>) -> Posting {
    sample::posting(Order::Capture { hold: HoldId::new(hold.id), amount: points.map(amount) })
}

async fn holds(store: &AnyStore, of: AccountRef, state: Option<HoldState>) -> Vec<Hold> {
    read(store).await.holds(of.id, state, None, 100).await.expect("holds")
}

/// Held points can't be spent; they are captured, in part or whole, or released, once.
pub async fn points_are_held_captured_and_released(store: AnyStore) {
    let (ada, shop) = (sample::wallet(), AccountRef::merchant(Uuid::now_v7()));
    let (first, second, third) =
        (hold(ada, shop, 6, 1_000), hold(ada, shop, 3, 1_000), hold(ada, shop, 9, 9));
    let posted = post(&store, &[grant(ada, 10), first.clone(), second.clone(), transfer(ada, shop, 2)]).await;
    let Posted::Done { receipt: Receipt::Hold(made), is_replay: false, .. } = &posted[1] else {
        panic!("{posted:?}")
    };
    assert_eq!((made.from, made.to, made.amount, made.state), (ada, shop, amount(6), HoldState::Held));
    assert_eq!((&made.reason, &made.actor, &made.cause), (&first.reason, &first.actor, &first.cause));
    assert_eq!((made.expires_at, made.created_at, made.settled_at), (sample::at(1_000), first.at, None));
    assert_eq!(read(&store).await.hold_by_id(made.id).await.expect("read").as_ref(), Some(&**made));
    let refusal = Refusal { kind: RefusalKind::Insufficient, has: 1, needs: 2 };
    assert_eq!(posted[3], Posted::Refused { refusal, is_replay: false });
    assert_eq!(account(&store, ada).await.held, 9);
    assert_eq!(totals(&store).await.held, 9);

    let captured = post(&store, &[capture(&first, Some(4)), capture(&first, None)]).await;
    let Posted::Done { receipt, .. } = &captured[0] else { panic!("{captured:?}") };
    let settled = receipt.settlement().expect("a transfer");
    assert_eq!((settled.transfer.kind, settled.debit.balance), (TransferKind::Capture, 6));
    assert_eq!(captured[1], refused(RefusalKind::NotHeld));
    let release = sample::posting(Order::Release(HoldId::new(second.id)));
    let released = post(&store, &[release.clone(), release.clone()]).await;
    let Posted::Done { receipt: Receipt::Hold(freed), is_replay: false, .. } = &released[0] else {
        panic!("{released:?}")
    };
    assert_eq!((freed.state, freed.settled_at), (HoldState::Released, Some(release.at)));
    assert!(
        matches!(&released[1], Posted::Done { receipt: Receipt::Hold(again), is_replay: true, .. } if again == freed)
    );
    // The answer to the one who made it stays what it was.
    let replayed = post(&store, std::slice::from_ref(&first)).await;
    assert_eq!(
        replayed,
        [Posted::Done { receipt: Receipt::Hold(made.clone()), companion: None, is_replay: true }]
    );
    let spare = account(&store, ada).await;
    assert_eq!((spare.balance, spare.held), (6, 0));
    assert_eq!(post(&store, &[third]).await.len(), 1);

    assert_eq!(holds(&store, ada, Some(HoldState::Held)).await, []);
    let all = holds(&store, ada, None).await;
    assert_eq!(all.iter().map(|hold| hold.id.uuid()).collect::<Vec<_>>(), [second.id, first.id]);
    let page = read(&store).await.holds(ada.id, None, Some(all[0].id), 1).await.expect("a page");
    assert_eq!(page, all[1..]);
    assert_eq!(read(&store).await.hold_by_id(HoldId::new(Uuid::now_v7())).await.expect("read"), None);
}

/// Of many who settle one hold at once, one does.
pub async fn a_hold_is_settled_once_among_many(store: AnyStore) {
    let (ada, shop) = (sample::wallet(), AccountRef::merchant(Uuid::now_v7()));
    let held = hold(ada, shop, 6, 1_000);
    post(&store, &[grant(ada, 10), held.clone()]).await;
    let posted = at_once(10, |number| {
        let (store, held) = (Arc::clone(&store), held.clone());
        let release = sample::posting(Order::Release(HoldId::new(held.id)));
        async move {
            post(&store, &[if number % 2 == 0 { capture(&held, None) } else { release }]).await.remove(0)
        }
    })
    .await;
    assert_eq!(posted.iter().filter(|posted| **posted == refused(RefusalKind::NotHeld)).count(), 9);
    let (wallet, taken) = (account(&store, ada).await, balance(&store, shop).await);
    assert_eq!((wallet.balance + taken, wallet.held), (10, 0));
}

fn grant_until(to: AccountRef, points: i64, day: i32) -> Posting {
    sample::posting(Order::Grant { to, amount: amount(points), expires_on: Some(Day::new(day)) })
}

/// Points that run out first are spent first, keep their day between members, and run out.
pub async fn points_run_out(store: AnyStore) {
    let (ada, bob) = (sample::wallet(), sample::wallet());
    let batch = [grant(ada, 10), grant_until(ada, 10, 20), grant_until(ada, 5, 10), grant_until(ada, 5, 10)];
    post(&store, &batch).await;
    let lots = |of: AccountRef| {
        let store = Arc::clone(&store);
        async move { read(&store).await.lots(of.id).await.expect("lots") }
    };
    assert_eq!(lots(ada).await, [Lot(Day::new(10), 10), Lot(Day::new(20), 10)]);
    let sent = transfer(ada, bob, 14);
    post(&store, std::slice::from_ref(&sent)).await;
    assert_eq!(lots(ada).await, [Lot(Day::new(20), 6)]);
    assert_eq!(lots(bob).await, [Lot(Day::new(10), 10), Lot(Day::new(20), 4)]);
    let kept =
        read(&store).await.transfer_by_id(TransferId::new(sent.id)).await.expect("read").expect("stays");
    assert_eq!((kept.taken, kept.given), (lots(bob).await, lots(bob).await));
    assert_eq!((account(&store, ada).await.expiring, account(&store, bob).await.expiring), (6, 14));

    let due = |day| {
        let store = Arc::clone(&store);
        async move {
            let mut tx = read(&store).await;
            tx.wallets_with_expired_points(Day::new(day), None, 10).await.expect("wallets")
        }
    };
    assert_eq!((due(9).await, due(10).await), (vec![], vec![bob]));
    let mut both = vec![ada, bob];
    both.sort_by_key(|wallet| wallet.id);
    assert_eq!(due(20).await, both);
    let mut tx = read(&store).await;
    let rest = tx.wallets_with_expired_points(Day::new(20), Some(both[0].id), 10).await.expect("wallets");
    assert_eq!(rest, both[1..]);
    drop(tx);
    let expire = || sample::posting(Order::Expire { from: bob, day: Day::new(10) });
    let posted = post(&store, &[expire(), expire()]).await;
    let Posted::Done { receipt, .. } = &posted[0] else { panic!("{posted:?}") };
    let settled = receipt.settlement().expect("a transfer");
    assert_eq!((settled.transfer.kind, settled.transfer.amount), (TransferKind::Expiry, amount(10)));
    assert_eq!(posted[1], refused(RefusalKind::NothingExpired));
    assert_eq!((due(10).await, lots(bob).await), (vec![], vec![Lot(Day::new(20), 4)]));
    // What is held for somebody does not run out before it is free.
    let held = hold(bob, ada, 4, 1_000);
    post(&store, std::slice::from_ref(&held)).await;
    assert_eq!(due(20).await, [ada]);
    post(&store, &[sample::posting(Order::Release(HoldId::new(held.id)))]).await;
    assert_eq!(due(20).await, both);
}

/// Random histories in random batches end where a tiny ledger of plain numbers does.
pub async fn random_histories_agree_with_a_tiny_ledger(store: AnyStore) {
    let wallets = (0..4).map(|_| sample::wallet()).collect::<Vec<_>>();
    let mut tiny = BTreeMap::<AccountId, i64>::new();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: u64| {
        // xorshift64*: the same history each time.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    };
    for _ in 0..40 {
        let mut batch = Vec::new();
        for _ in 0..=draw(12) {
            let mut pick = || wallets[usize::try_from(draw(4)).expect("small")];
            let (from, to) = (pick(), pick());
            let points = i64::try_from(draw(20)).expect("small") + 1;
            batch.push(if draw(3) == 0 { grant(to, points) } else { transfer(from, to, points) });
        }
        for (posting, posted) in batch.iter().zip(post(&store, &batch).await) {
            let (debit, credit, amount) = match posting.order {
                Order::Move { from, to, amount, .. } => (from, to, amount),
                Order::Grant { to, amount, .. } => (AccountRef::ISSUANCE, to, amount),
                _ => continue,
            };
            let has = tiny.get(&debit.id).copied().unwrap_or(0);
            let may = debit.id != credit.id && (debit == AccountRef::ISSUANCE || has >= amount.points());
            assert_eq!(matches!(posted, Posted::Done { .. }), may, "{posting:?} {posted:?}");
            if may {
                *tiny.entry(debit.id).or_default() -= amount.points();
                *tiny.entry(credit.id).or_default() += amount.points();
            }
        }
    }
    for (id, points) in &tiny {
        let account = read(&store).await.ledger_account(*id).await.expect("read").expect("is there");
        assert_eq!(account.balance, *points);
    }
    assert_eq!(totals(&store).await.balance, 0);
}
