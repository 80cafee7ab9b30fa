//! The rules, alone and in random histories that are compared with a tiny ledger.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{MemberId, Timestamp, ledger::AMOUNT_MAX};

fn member(number: u128) -> AccountRef {
    AccountRef::member(MemberId::new(Uuid::from_u128(1000 + number)))
}

fn merchant() -> AccountRef {
    AccountRef::merchant(Uuid::from_u128(500))
}

fn amount(points: i64) -> Amount {
    Amount::new(points).expect("an amount")
}

fn posting(number: u128, order: Order) -> Posting {
    Posting {
        id: Uuid::from_u128(number << 64),
        key: PostingKey(Uuid::from_u128(number)),
        fingerprint: [u8::try_from(number % 251).unwrap_or(0); 32],
        order,
        reason: String::new(),
        actor: "system".to_owned(),
        cause: String::new(),
        at: Timestamp::from_seconds(i64::try_from(number).unwrap_or(0)),
    }
}

fn grant(to: AccountRef, points: i64, day: Option<i32>) -> Order {
    Order::Grant { to, amount: amount(points), expires_on: day.map(Day::new) }
}

fn moved(from: AccountRef, to: AccountRef, points: i64) -> Order {
    Order::Move { kind: TransferKind::Transfer, from, to, amount: amount(points) }
}

fn hold(points: i64, until: i64) -> Order {
    Order::Hold {
        from: member(1),
        to: merchant(),
        amount: amount(points),
        expires_at: Timestamp::from_seconds(until),
    }
}

fn refused(kind: RefusalKind) -> Settled {
    Settled::Now(Err(Refusal::new(kind)))
}

/// A book in which postings are numbered by themselves.
#[derive(Default)]
struct Numbered(Book, u128);

impl Numbered {
    fn settle(&mut self, order: Order) -> Settled {
        self.1 += 1;
        self.0.settle(&posting(self.1, order))
    }

    fn done(&mut self, order: Order) -> Uuid {
        match self.settle(order) {
            Settled::Now(Ok(Done::Transferred(id))) => id.uuid(),
            Settled::Now(Ok(Done::Held(id) | Done::Released(id))) => id.uuid(),
            other => panic!("{order:?}: {other:?}"),
        }
    }

    fn balance(&self, account: AccountRef) -> (i64, i64, i64) {
        let account = self.0.account(account);
        (account.balance, account.held, account.expiring)
    }
}

#[test]
fn t_wa_05_amounts_have_bounds() {
    for points in [i64::MIN, -1, 0, AMOUNT_MAX + 1, i64::MAX] {
        assert_eq!(Amount::new(points), None, "{points}");
    }
    assert_eq!(Amount::new(1).map(Amount::points), Some(1));
}

#[test]
fn wal_2_a_wallet_says_what_it_has_and_what_it_takes() {
    let mut book = Book::default();
    let first = posting(1, grant(member(1), 10, None));
    assert_eq!(book.settle(&first), Settled::Now(Ok(Done::Transferred(TransferId::new(first.id)))));
    let refused = Refusal { kind: RefusalKind::Insufficient, has: 10, needs: 11 };
    let second = posting(2, moved(member(1), member(2), 11));
    assert_eq!(book.settle(&second), Settled::Now(Err(refused)));
    // T-WA-12: the replay of a failed posting is the failure, also when there is enough by now.
    book.settle(&posting(3, grant(member(1), 10, None)));
    assert_eq!(book.settle(&second), Settled::Before(Err(refused)));
    let other = Posting { fingerprint: [99; 32], ..second };
    assert_eq!(book.settle(&other), Settled::KeyReused);
}

#[test]
fn t_wa_09_a_transfer_is_undone_once_and_a_reversal_never() {
    let mut book = Numbered::default();
    let granted = TransferId::new(book.done(grant(member(1), 10, None)));
    let undo = TransferId::new(book.done(Order::Reverse(granted)));
    for again in [granted, undo] {
        assert_eq!(book.settle(Order::Reverse(again)), refused(RefusalKind::NotReversible));
    }
    let unknown = Order::Reverse(TransferId::new(Uuid::from_u128(77)));
    assert_eq!(book.settle(unknown), refused(RefusalKind::Unknown));
}

#[test]
fn t_wa_10_holds_count_against_the_balance() {
    let mut book = Numbered::default();
    book.done(grant(member(1), 10, None));
    let first = HoldId::new(book.done(hold(7, 100)));
    let insufficient = Refusal { kind: RefusalKind::Insufficient, has: 3, needs: 4 };
    assert_eq!(book.settle(hold(4, 100)), Settled::Now(Err(insufficient)));
    assert_eq!(book.settle(moved(member(1), member(2), 4)), Settled::Now(Err(insufficient)));
    let more = Refusal { kind: RefusalKind::MoreThanHeld, has: 7, needs: 8 };
    assert_eq!(book.settle(Order::Capture { hold: first, amount: Some(amount(8)) }), Settled::Now(Err(more)));
    // What is not captured is free again.
    book.done(Order::Capture { hold: first, amount: Some(amount(5)) });
    assert_eq!((book.balance(member(1)), book.balance(merchant())), ((5, 0, 0), (5, 0, 0)));
    for again in [Order::Capture { hold: first, amount: None }, Order::Release(first)] {
        assert_eq!(book.settle(again), refused(RefusalKind::NotHeld));
    }
    let second = HoldId::new(book.done(hold(5, 100)));
    book.done(Order::Release(second));
    assert_eq!(book.balance(member(1)), (5, 0, 0));
    let unknown = HoldId::new(Uuid::from_u128(77));
    assert_eq!(book.settle(Order::Release(unknown)), refused(RefusalKind::Unknown));
}

#[test]
fn wal_4_a_hold_runs_out() {
    let mut book = Numbered::default();
    book.done(grant(member(1), 10, None));
    // Postings are a second apart: the third is at the hold's end.
    let held = HoldId::new(book.done(hold(7, 3)));
    assert_eq!(book.settle(Order::Capture { hold: held, amount: None }), refused(RefusalKind::NotHeld));
    assert_eq!(book.balance(member(1)), (10, 7, 0));
    book.done(Order::Release(held));
    assert_eq!(book.balance(member(1)), (10, 0, 0));
    assert_eq!(book.0.close().new_holds[0].state, HoldState::Expired);
}

#[test]
fn wal_4_points_that_run_out_first_go_first() {
    let mut book = Numbered::default();
    for (points, day) in [(10, None), (10, Some(20)), (10, Some(10)), (5, Some(10))] {
        book.done(grant(member(1), points, day));
    }
    assert_eq!(book.balance(member(1)), (35, 0, 25));
    // Between members they keep their days, also there and back.
    let sent = TransferId::new(book.done(moved(member(1), member(2), 20)));
    assert_eq!((book.balance(member(1)), book.balance(member(2))), ((15, 0, 5), (20, 0, 20)));
    assert_eq!(book.0.purses[&member(2).id].due(Day::new(10)), 15);
    book.done(Order::Reverse(sent));
    assert_eq!((book.balance(member(1)), book.balance(member(2))), ((35, 0, 25), (0, 0, 0)));
    // A redemption that is undone gives them back as they were.
    let spent = TransferId::new(book.done(moved(member(1), merchant(), 16)));
    assert_eq!(book.balance(member(1)), (19, 0, 9));
    book.done(Order::Reverse(spent));
    assert_eq!(book.0.purses[&member(1).id].due(Day::new(10)), 15);
    // What is held does not run out before it is free.
    let held = HoldId::new(book.done(hold(30, 1_000)));
    let expire = Order::Expire { from: member(1), day: Day::new(10) };
    book.done(expire);
    assert_eq!(book.balance(member(1)), (30, 30, 20));
    assert_eq!(book.settle(expire), refused(RefusalKind::NothingExpired));
    book.done(Order::Release(held));
    book.done(expire);
    assert_eq!((book.balance(member(1)), book.balance(AccountRef::EXPIRED)), ((20, 0, 10), (15, 0, 0)));
    assert_eq!(book.settle(expire), refused(RefusalKind::NothingExpired));
}

#[test]
fn t_pu_10_what_is_not_there_is_owed_and_paid_by_the_next_grant() {
    let mut book = Numbered::default();
    let debt = AccountRef::debt_of(member(1).id);
    book.done(grant(member(1), 10, None));
    book.done(moved(member(1), merchant(), 7));
    let granted = Refusal { kind: RefusalKind::OutOfRange, has: 10, needs: 11 };
    let back = |points| Order::ClawBack { from: member(1), amount: amount(points) };
    assert_eq!(book.settle(back(11)), Settled::Now(Err(granted)), "no more than there ever was");
    book.done(back(10));
    assert_eq!((book.balance(member(1)), book.balance(debt)), ((0, 0, 0), (-7, 0, 0)));
    book.done(grant(member(1), 5, Some(3)));
    assert_eq!((book.balance(member(1)), book.balance(debt)), ((0, 0, 0), (-2, 0, 0)));
    book.done(grant(member(1), 5, Some(3)));
    assert_eq!((book.balance(member(1)), book.balance(debt)), ((3, 0, 3), (0, 0, 0)));
    let kinds = book.0.close().settlements.into_iter().map(|settled| settled.transfer.kind);
    let [g, r, p] = [TransferKind::Grant, TransferKind::Transfer, TransferKind::Repayment];
    assert_eq!(kinds.collect::<Vec<_>>(), [g, r, TransferKind::ClawBack, TransferKind::Debt, g, p, g, p]);
}

proptest! {
    /// Whatever is asked for: the sum stays zero, no wallet goes below zero or below what is held, entries add up to balances
    /// without gaps, lots add up to what runs out, and holds to what is held.
    #[test]
    fn wal_1_any_history_keeps_the_books(
        orders in prop::collection::vec((0u128..4, 0u128..4, 1i64..50, 0u8..9, 0usize..200), 1..200)
    ) {
        let mut book = Book::default();
        let (mut transfers, mut holds) = (Vec::new(), Vec::new());
        for (number, (from, to, points, what, which)) in (1u128..).zip(orders) {
            let transfer = transfers.get(which % transfers.len().max(1)).copied();
            let held = holds.get(which % holds.len().max(1)).copied();
            let (from, to) = (member(from), member(to));
            let order = match (what, transfer, held) {
                (0, ..) => grant(to, points, None),
                (1, ..) => grant(to, points, Some(i32::try_from(points % 7).unwrap_or(0))),
                (2, Some(id), _) => Order::Reverse(id),
                (3, ..) => Order::ClawBack { from, amount: amount(points) },
                (4, ..) => Order::Hold { from, to: merchant(), amount: amount(points), expires_at: Timestamp::from_seconds(150) },
                (5, _, Some(hold)) => Order::Capture { hold, amount: (points % 2 == 0).then(|| amount(points)) },
                (6, _, Some(hold)) => Order::Release(hold),
                (7, ..) => Order::Expire { from, day: Day::new(3) },
                _ => moved(from, to, points),
            };
            match book.settle(&posting(number, order)) {
                Settled::Now(Ok(Done::Transferred(id))) => transfers.push(id),
                Settled::Now(Ok(Done::Held(id))) => holds.push(id),
                _ => {}
            }
        }
        let purses = book.purses.clone();
        let written = book.close();
        prop_assert_eq!(written.accounts.iter().map(|account| account.balance).sum::<i64>(), 0);
        let entries: Vec<_> = written.settlements.iter().flat_map(|settled| [settled.debit, settled.credit]).collect();
        for account in &written.accounts {
            match account.kind {
                AccountKind::Issuance | AccountKind::Debt => prop_assert!(account.balance <= 0),
                _ => prop_assert!(account.balance >= account.held && account.held >= 0),
            }
            let of = |id: AccountRef| id.id == account.id;
            let lots = purses.get(&account.id).map_or(0, |purse| purse.due(Day::new(i32::MAX)));
            prop_assert_eq!(lots, account.expiring);
            prop_assert!(account.kind != AccountKind::Member || lots <= account.balance);
            let held = written.new_holds.iter().filter(|hold| of(hold.from) && hold.state == HoldState::Held);
            prop_assert_eq!(held.map(|hold| hold.amount.points()).sum::<i64>(), account.held);
            let mut balance = 0;
            let entries = entries.iter().filter(|entry| entry.account_id == account.id);
            for (sequence, entry) in (1..).zip(entries) {
                balance += entry.amount;
                prop_assert_eq!((entry.sequence, entry.balance), (sequence, balance));
            }
            prop_assert_eq!(balance, account.balance);
        }
    }
}
