//! The wallet (WAL-1…6).

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use mainstay_model::{
    Day, HoldId, MemberId, TransferId,
    audit::Actor,
    ledger::{AccountRef, HoldState, Settlement, TransferKind},
    outgoing::EventType,
    page::PageRequest,
    service_key::Scope,
};
use mainstay_services::{
    App, Caller, Capabilities, Capability, Code, Error, Result,
    capability::State,
    events::endpoints::{self, NewEndpoint},
    limits, members,
    wallet::{
        self, Fault, Grant, IdempotencyKey, NewHold, Outcome, Poster, StatementFilter, Verified, run_once,
    },
};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{NodeOptions, TestApp, refusal},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::new(Some(name), "POST", "/", name.as_bytes()).expect("a key")
}

fn fresh_key() -> IdempotencyKey {
    key(&Uuid::new_v4().to_string())
}

fn operator() -> Poster {
    Poster::from(mainstay_model::ServiceKeyId::new(Uuid::from_u128(9)))
}

async fn grant_with(
    test: &TestApp,
    key: &IdempotencyKey,
    to: MemberId,
    points: i64,
    expires_on: Option<Day>,
) -> Result<Outcome<Settlement>> {
    let wanted = Grant { member_id: to, amount: Some(points), reason: "welcome", expires_on };
    wallet::grant(&test.app, &test.ctx(), &operator(), key, wanted).await
}

async fn granted(test: &TestApp, to: MemberId, points: i64) -> TransferId {
    grant_with(test, &fresh_key(), to, points, None).await.expect("is granted").receipt.transfer.id
}

async fn send(app: &App, from: &Caller, to: MemberId, points: i64) -> Result<Outcome<Settlement>> {
    wallet::transfer(app, from, &fresh_key(), to, Some(points), "lunch").await
}

async fn spendable(app: &App, of: MemberId) -> i64 {
    wallet::balance(app, of).await.expect("reads").available
}

fn merchant() -> AccountRef {
    AccountRef::merchant(Uuid::from_u128(77))
}

async fn hold(test: &TestApp, of: MemberId, points: i64) -> Result<HoldId> {
    let lasts = Duration::from_secs(600);
    let wanted = NewHold { member_id: of, to: merchant(), amount: Some(points), lasts, reason: "table" };
    Ok(wallet::hold(&test.app, &operator(), &fresh_key(), wanted).await?.receipt.id)
}

async fn verify(test: &TestApp) -> Verified {
    wallet::verify(&test.app, |_, _| {}).await.expect("reads")
}

async fn expect_right_books(test: &TestApp) {
    assert_eq!(verify(test).await.fault, None);
}

/// Lifts the triggers, as somebody with the database's keys can, and runs a statement.
async fn tamper(test: &TestApp, statement: &str) {
    let lifts: &[&str] = match test.database {
        crate::harness::Database::Sqlite(_) => &[
            "DROP TRIGGER IF EXISTS ledger_transfers_never_change",
            "DROP TRIGGER IF EXISTS ledger_transfers_stay",
            "DROP TRIGGER IF EXISTS ledger_closings_never_change",
            "DROP TRIGGER IF EXISTS ledger_closings_stay",
        ],
        crate::harness::Database::Postgres { .. } => &[
            "ALTER TABLE ledger_transfers DISABLE TRIGGER ALL",
            "ALTER TABLE ledger_closings DISABLE TRIGGER ALL",
        ],
    };
    test.database.tamper(lifts).await;
    test.database.tamper(&[statement]).await;
}

both_engines! {
    async fn wal_4_points_are_granted_sent_and_taken_back(test: &TestApp) {
        let (app, ada, bob) = (&test.app, test.caller().await, test.caller().await);
        granted(test, ada.member_id, 100).await;
        let sent = send(app, &ada, bob.member_id, 30).await.expect("is sent");
        assert_eq!((sent.receipt.debit.balance, sent.receipt.credit.balance), (70, 30));
        let undone = wallet::reverse(app, &test.ctx(), &operator(), &fresh_key(), sent.receipt.transfer.id, "a mistake")
            .await
            .expect("is undone");
        assert_eq!(undone.receipt.transfer.reverses, Some(sent.receipt.transfer.id));
        assert_eq!((spendable(app, ada.member_id).await, spendable(app, bob.member_id).await), (100, 0));
        // What was granted and reversed is in the trail, with who did it and no word of the reason.
        let events = test.audit_events().await;
        let actions = events.iter().map(|event| event.action.as_str()).filter(|action| action.starts_with("wallet."));
        assert_eq!(actions.collect::<Vec<_>>(), ["wallet.reversed", "wallet.granted"]);
        assert!(events.iter().all(|event| !event.detail.contains("mistake")));
        expect_right_books(test).await;
    }

    async fn wal_2_a_wallet_never_goes_below_zero(test: &TestApp) {
        let (app, ada, bob) = (&test.app, test.caller().await, test.caller().await);
        granted(test, ada.member_id, 10).await;
        let error = send(app, &ada, bob.member_id, 11).await.expect_err("too much");
        assert_eq!((error.code, error.points), (Code::InsufficientPoints, Some((10, 11))));
        assert_eq!(error.detail, "There are 10 points to spend, and this takes 11.");
        // T-WA-01, on two nodes at once.
        let other = test.second_node().await;
        let sends = (0..30).map(|number| {
            let app = if number % 2 == 0 { app } else { &other };
            send(app, &ada, bob.member_id, 3)
        });
        let outcomes = join_all(sends).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
        let refused = outcomes.into_iter().filter_map(Result::err);
        assert!(refused.map(|error| error.code).all(|code| code == Code::InsufficientPoints));
        assert_eq!((spendable(app, ada.member_id).await, spendable(app, bob.member_id).await), (1, 9));
        expect_right_books(test).await;
    }

    async fn wal_3_a_key_happens_once(test: &TestApp) {
        let (ada, bob) = (test.caller().await, test.caller().await);
        let other = test.second_node().await;
        let one = key("one");
        // T-WA-02, on two nodes at once.
        let grants = (0..50).map(|number| {
            let (one, ada) = (&one, &ada);
            let app = if number % 2 == 0 { Arc::clone(&test.app) } else { Arc::clone(&other) };
            async move {
                let wanted = Grant { member_id: ada.member_id, amount: Some(5), reason: "once", expires_on: None };
                wallet::grant(&app, &test.ctx(), &operator(), one, wanted).await
            }
        });
        let outcomes = join_all(grants).await.into_iter().collect::<Result<Vec<_>>>().expect("all alike");
        assert_eq!(outcomes.iter().filter(|outcome| !outcome.is_replay).count(), 1);
        assert!(outcomes.iter().all(|outcome| outcome.receipt == outcomes[0].receipt));
        assert_eq!(spendable(&test.app, ada.member_id).await, 5);
        // One event, not fifty.
        assert_eq!(test.audit_events().await.iter().filter(|event| event.action == "wallet.granted").count(), 1);
        // T-WA-03: the same key for something else.
        let mut reused = IdempotencyKey::new(Some("one"), "POST", "/", b"else").expect("a key");
        let error = grant_with(test, &reused, bob.member_id, 5, None).await;
        assert_eq!(refusal(error), Code::IdempotencyKeyReused);
        assert_eq!(spendable(&test.app, bob.member_id).await, 0);
        // T-WA-04: somebody else's key of the same name is another one.
        granted(test, bob.member_id, 5).await;
        wallet::transfer(&test.app, &bob, &one, ada.member_id, Some(5), "").await.expect("their own key");
        // T-WA-12: what failed stays failed under its key.
        reused = key("two");
        let poor = wallet::transfer(&test.app, &bob, &reused, ada.member_id, Some(1), "").await;
        assert_eq!(refusal(poor), Code::InsufficientPoints);
        granted(test, bob.member_id, 5).await;
        let again = wallet::transfer(&test.app, &bob, &reused, ada.member_id, Some(1), "").await;
        assert_eq!(refusal(again), Code::InsufficientPoints);
    }

    async fn wal_3_keys_are_forgotten_after_two_days(test: &TestApp) {
        let ada = test.caller().await;
        let one = key("one");
        grant_with(test, &one, ada.member_id, 5, None).await.expect("is granted");
        test.advance(limits::IDEMPOTENCY_KEY_KEPT - Duration::from_secs(1));
        mainstay_services::retention::run_once(&test.app).await.expect("runs");
        assert!(grant_with(test, &one, ada.member_id, 5, None).await.expect("is granted").is_replay);
        test.advance(limits::RETENTION_INTERVAL);
        mainstay_services::retention::run_once(&test.app).await.expect("runs");
        assert!(!grant_with(test, &one, ada.member_id, 5, None).await.expect("is granted").is_replay);
    }

    async fn t_wa_05_and_other_bad_values_are_refused(test: &TestApp) {
        let (app, ada) = (&test.app, test.caller().await);
        let bob = test.member().await.id;
        granted(test, ada.member_id, 10).await;
        for points in [None, Some(0), Some(-1), Some(i64::MIN), Some(i64::MAX), Some(1_000_000_000_001)] {
            let sent = wallet::transfer(app, &ada, &fresh_key(), bob, points, "").await;
            assert_eq!(refusal(sent), Code::ValidationFailed, "{points:?}");
        }
        assert_eq!(refusal(send(app, &ada, ada.member_id, 1).await), Code::ValidationFailed);
        assert_eq!(refusal(send(app, &ada, MemberId::new(Uuid::from_u128(5)), 1).await), Code::NotFound);
        let long = "x".repeat(limits::REASON_CHARS_MAX + 1);
        for reason in [long.as_str(), "a\u{202e}b", "a\nb"] {
            let sent = wallet::transfer(app, &ada, &fresh_key(), bob, Some(1), reason).await;
            assert_eq!(refusal(sent), Code::ValidationFailed, "{reason}");
        }
        let silent = Grant { member_id: bob, amount: Some(1), reason: " ", expires_on: None };
        let refused = wallet::grant(app, &test.ctx(), &operator(), &fresh_key(), silent).await;
        assert_eq!(refusal(refused), Code::ValidationFailed);
        let yesterday = Day::of(test.now()).plus(-1);
        let refused = grant_with(test, &fresh_key(), bob, 1, Some(yesterday)).await;
        assert_eq!(refusal(refused), Code::ValidationFailed);
        let nothing = TransferId::new(Uuid::from_u128(5));
        let refused = wallet::reverse(app, &test.ctx(), &operator(), &fresh_key(), nothing, "x").await;
        assert_eq!(refusal(refused), Code::NotFound);
        assert_eq!(spendable(app, ada.member_id).await, 10);
    }

    async fn t_wa_09_two_reversals_undo_once(test: &TestApp) {
        let ada = test.caller().await;
        let grant = granted(test, ada.member_id, 10).await;
        let (ctx, poster) = (test.ctx(), operator());
        let undo = || async {
            wallet::reverse(&test.app, &ctx, &poster, &fresh_key(), grant, "refund").await
        };
        let outcomes = join_all((0..8).map(|_| undo())).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let codes = outcomes.into_iter().filter_map(Result::err).map(|error| error.code);
        assert!(codes.into_iter().all(|code| code == Code::Conflict));
        assert_eq!(spendable(&test.app, ada.member_id).await, 0);
    }

    async fn t_wa_10_holds_count_against_the_balance(test: &TestApp) {
        let (app, ada, bob) = (&test.app, test.caller().await, test.caller().await);
        granted(test, ada.member_id, 10).await;
        let first = hold(test, ada.member_id, 7).await.expect("holds");
        let error: Error = hold(test, ada.member_id, 4).await.expect_err("too much");
        assert_eq!((error.code, error.points), (Code::InsufficientPoints, Some((3, 4))));
        assert_eq!(refusal(send(app, &ada, bob.member_id, 4).await), Code::InsufficientPoints);
        let balance = wallet::balance(app, ada.member_id).await.expect("reads");
        assert_eq!((balance.balance, balance.held, balance.available), (10, 7, 3));
        let more = wallet::capture(app, &operator(), &fresh_key(), first, Some(Some(8))).await;
        assert_eq!(refusal(more), Code::InsufficientPoints);
        let captured = wallet::capture(app, &operator(), &fresh_key(), first, Some(Some(5))).await.expect("captures");
        let transfer = &captured.receipt.transfer;
        assert_eq!((transfer.kind, captured.receipt.debit.balance), (TransferKind::Capture, 5));
        assert_eq!((transfer.reason.as_str(), &transfer.cause), ("table", &format!("hold:{first}")));
        assert_eq!(refusal(wallet::release(app, &test.ctx(), &operator(), &fresh_key(), first).await), Code::Conflict);
        let held = wallet::hold_by_id(app, first).await.expect("reads");
        assert_eq!(held.state, HoldState::Captured);
        for lasts in [Duration::from_secs(1), limits::HOLD_TIME_MAX + Duration::from_secs(1)] {
            let wanted = NewHold { member_id: ada.member_id, to: merchant(), amount: Some(1), lasts, reason: "" };
            let refused = wallet::hold(app, &operator(), &fresh_key(), wanted).await;
            assert_eq!(refusal(refused), Code::ValidationFailed);
        }
        let listed = wallet::holds(app, ada.member_id, None, None, 10).await.expect("lists");
        assert_eq!(listed, [held]);
        // Who freed points stands in the trail, for no transfer tells it.
        let second = hold(test, ada.member_id, 1).await.expect("holds");
        for _ in 0..2 {
            let (key, ctx) = (key("free-it"), test.ctx());
            wallet::release(app, &ctx, &operator(), &key, second).await.expect("releases");
        }
        assert_eq!(test.audited("wallet.released").await, 1);
        expect_right_books(test).await;
    }

    async fn wal_4_holds_and_points_run_out_by_the_clock(test: &TestApp) {
        let (app, ada) = (&test.app, test.caller().await);
        let today = Day::of(test.now());
        grant_with(test, &fresh_key(), ada.member_id, 10, Some(today)).await.expect("is granted");
        grant_with(test, &fresh_key(), ada.member_id, 5, Some(today.plus(3))).await.expect("is granted");
        granted(test, ada.member_id, 2).await;
        let expiring = wallet::balance(app, ada.member_id).await.expect("reads").expiring;
        assert_eq!(expiring.iter().map(|lot| (lot.0, lot.1)).collect::<Vec<_>>(), [(today, 10), (today.plus(3), 5)]);
        let held = hold(test, ada.member_id, 17).await.expect("holds");
        assert_eq!(run_once(app).await.expect("runs").holds, 0);
        test.advance(Duration::from_secs(600));
        let done = run_once(app).await.expect("runs");
        assert_eq!((done.holds, done.wallets), (1, 0));
        assert_eq!(wallet::hold_by_id(app, held).await.expect("reads").state, HoldState::Expired);
        assert_eq!(spendable(app, ada.member_id).await, 17);
        // Until the end of their last day they can be spent.
        test.advance(DAY);
        assert_eq!(run_once(app).await.expect("runs").wallets, 1);
        assert_eq!(spendable(app, ada.member_id).await, 7);
        test.advance(DAY * 4);
        run_once(app).await.expect("runs");
        assert_eq!(spendable(app, ada.member_id).await, 2);
        let filter = StatementFilter { kind: Some(TransferKind::Expiry), limit: 10, ..StatementFilter::default() };
        let lines = wallet::statement(app, ada.member_id, filter).await.expect("reads");
        assert_eq!(lines.iter().map(|line| line.entry.amount).collect::<Vec<_>>(), [-5, -10]);
        expect_right_books(test).await;
    }

    async fn wal_4_the_deployments_rule_says_how_long_points_last(test: &TestApp) {
        let mut options = NodeOptions { seed: 3, ..NodeOptions::new() };
        options.settings.points_valid_days = Some(30);
        let node = test.node(options, &test.bus).await.expect("starts");
        let ada = test.caller().await;
        let wanted = Grant { member_id: ada.member_id, amount: Some(5), reason: "x", expires_on: None };
        wallet::grant(&node, &test.ctx(), &operator(), &fresh_key(), wanted).await.expect("is granted");
        let expiring = wallet::balance(&node, ada.member_id).await.expect("reads").expiring;
        assert_eq!(expiring[0].0, Day::of(test.now()).plus(30));
    }

    async fn wal_6_a_balance_is_known_for_any_moment(test: &TestApp) {
        let ada = test.caller().await;
        let before = test.now();
        test.advance(DAY);
        granted(test, ada.member_id, 10).await;
        let first = test.now();
        test.advance(DAY);
        granted(test, ada.member_id, 5).await;
        for (at, balance) in [(before, 0), (first, 10), (test.now(), 15)] {
            assert_eq!(wallet::balance_at(&test.app, ada.member_id, at).await.expect("reads"), balance);
        }
    }

    async fn wal_6_days_are_closed_and_chained(test: &TestApp) {
        let (app, ada) = (&test.app, test.caller().await);
        assert_eq!(wallet::close_days(app).await.expect("closes"), 0);
        granted(test, ada.member_id, 10).await;
        assert_eq!(wallet::close_days(app).await.expect("closes"), 0, "the day is not over");
        test.advance(DAY * 3);
        granted(test, ada.member_id, 5).await;
        // Two nodes at once close each day once.
        let other = test.second_node().await;
        let (one, two) = futures::join!(wallet::close_days(app), wallet::close_days(&other));
        assert_eq!(one.expect("closes") + two.expect("closes"), 3);
        let verified = verify(test).await;
        assert_eq!(verified, Verified { accounts: 3, transfers: 2, days: 3, fault: None });
    }

    async fn t_wa_08_an_edited_row_is_found(test: &TestApp) {
        let (app, ada, bob) = (&test.app, test.caller().await, test.caller().await);
        let grant = granted(test, ada.member_id, 10).await;
        let sent = send(app, &ada, bob.member_id, 4).await.expect("is sent").receipt.transfer.id;
        test.advance(DAY * 2);
        assert_eq!(wallet::close_days(app).await.expect("closes"), 2);
        expect_right_books(test).await;
        let id = |id: TransferId| match test.database {
            crate::harness::Database::Sqlite(_) => format!("x'{}'", id.uuid().simple()),
            crate::harness::Database::Postgres { .. } => format!("'{id}'"),
        };
        let day = sent.day();
        for (edit, undo, found) in [
            ("amount = 5", "amount = 4", "transfer"),
            ("credit_balance = 5", "credit_balance = 4", "transfer"),
            ("reason = 'for nothing'", "reason = 'lunch'", "is not what was closed"),
            ("actor = 'system'", "", "is not what was closed"),
        ] {
            tamper(test, &format!("UPDATE ledger_transfers SET {edit} WHERE id = {}", id(sent))).await;
            let fault = verify(test).await.fault.expect(edit);
            assert!(fault.to_string().contains(found), "{edit}: {fault}");
            if found == "transfer" {
                assert!(fault.to_string().contains(&sent.to_string()), "{edit}: {fault}");
            } else {
                assert_eq!(fault, Fault::Day(day), "{edit}");
            }
            if !undo.is_empty() {
                tamper(test, &format!("UPDATE ledger_transfers SET {undo} WHERE id = {}", id(sent))).await;
                expect_right_books(test).await;
            }
        }
        tamper(test, &format!("DELETE FROM ledger_transfers WHERE id = {}", id(grant))).await;
        assert!(matches!(verify(test).await.fault, Some(Fault::Missing { sequence: 1, .. })));
    }

    async fn t_wa_08_other_numbers_of_an_account_are_found(test: &TestApp) {
        let ada = test.caller().await;
        let today = Day::of(test.now());
        grant_with(test, &fresh_key(), ada.member_id, 10, Some(today)).await.expect("is granted");
        granted(test, ada.member_id, 5).await;
        hold(test, ada.member_id, 4).await.expect("holds");
        for (column, right) in [("balance", 15), ("held", 4), ("expiring", 10)] {
            tamper(test, &format!("UPDATE ledger_accounts SET {column} = {column} - 1 WHERE kind = 'member'")).await;
            let expected = Fault::Account {
                account: AccountRef::member(ada.member_id).id,
                what: column,
                sum: right,
                stated: right - 1,
            };
            assert_eq!(verify(test).await.fault, Some(expected));
            tamper(test, &format!("UPDATE ledger_accounts SET {column} = {right} WHERE kind = 'member'")).await;
            expect_right_books(test).await;
        }
        // Points that were made to run out on another day, though as many do.
        for (edit, undo) in [("day + 1000", "day - 1000"), ("day - 1000", "day + 1000")] {
            tamper(test, &format!("UPDATE ledger_lots SET day = {edit}")).await;
            let fault = verify(test).await.fault;
            assert!(matches!(fault, Some(Fault::Lot { .. })), "{fault:?}");
            tamper(test, &format!("UPDATE ledger_lots SET day = {undo}")).await;
            expect_right_books(test).await;
        }
        tamper(test, "UPDATE ledger_lots SET points = points + 1").await;
        let lot = Fault::Lot { account: AccountRef::member(ada.member_id).id, day: today, sum: 10, stated: 11 };
        assert_eq!(verify(test).await.fault, Some(lot));
    }

    async fn t_wa_08_entries_without_their_account_are_found(test: &TestApp) {
        let ada = test.caller().await;
        granted(test, ada.member_id, 10).await;
        expect_right_books(test).await;
        // An account that is gone from where its entries look for it.
        let nobody = match test.database {
            crate::harness::Database::Sqlite(_) => "zeroblob(16)",
            crate::harness::Database::Postgres { .. } => "'00000000-0000-0000-0000-000000000000'",
        };
        tamper(test, &format!("UPDATE ledger_accounts SET id = {nobody} WHERE kind = 'member'")).await;
        assert_eq!(verify(test).await.fault, Some(Fault::Orphans(1)));
    }

    async fn t_wa_08_another_closing_is_found(test: &TestApp) {
        let ada = test.caller().await;
        granted(test, ada.member_id, 10).await;
        test.advance(DAY * 4);
        assert_eq!(wallet::close_days(&test.app).await.expect("closes"), 4);
        tamper(test, "DELETE FROM ledger_closings WHERE day = (SELECT min(day) + 2 FROM ledger_closings)").await;
        assert!(matches!(verify(test).await.fault, Some(Fault::Chain(_))));
        tamper(test, "UPDATE ledger_closings SET points = points + 1 WHERE day = (SELECT min(day) FROM ledger_closings)").await;
        assert!(matches!(verify(test).await.fault, Some(Fault::Chain(_))));
    }

    async fn a_member_who_goes_gives_up_their_points(test: &TestApp) {
        let (app, ada, bob) = (&test.app, test.caller().await, test.caller().await);
        granted(test, ada.member_id, 10).await;
        let held = hold(test, ada.member_id, 4).await.expect("holds");
        members::delete_self(app, &test.ctx(), &ada).await.expect("is deleted");
        assert_eq!(wallet::hold_by_id(app, held).await.expect("reads").state, HoldState::Released);
        assert_eq!(spendable(app, ada.member_id).await, 0);
        assert_eq!(refusal(grant_with(test, &fresh_key(), ada.member_id, 1, None).await), Code::NotFound);
        granted(test, bob.member_id, 10).await;
        assert_eq!(refusal(send(app, &bob, ada.member_id, 1).await), Code::NotFound);
        // Whoever never had points can go, too.
        members::delete_self(app, &test.ctx(), &test.caller().await).await.expect("is deleted");
        expect_right_books(test).await;
    }

    async fn whk_6_back_ends_hear_of_postings(test: &TestApp) {
        let (app, ada, bob) = (&test.app, test.caller().await, test.caller().await);
        let new = NewEndpoint { url: "https://hooks.example.com/".to_owned(), description: String::new(), event_types: Vec::new() };
        let (endpoint, _) = endpoints::create(app, &test.ctx(), &Actor::System, &new).await.expect("is made");
        let once = key("once");
        grant_with(test, &once, ada.member_id, 10, None).await.expect("is granted");
        grant_with(test, &once, ada.member_id, 10, None).await.expect("is replayed");
        test.advance(Duration::from_millis(2));
        let sent = send(app, &ada, bob.member_id, 4).await.expect("is sent").receipt.transfer.id;
        assert_eq!(refusal(send(app, &ada, bob.member_id, 40).await), Code::InsufficientPoints);
        test.advance(Duration::from_millis(2));
        wallet::reverse(app, &test.ctx(), &operator(), &fresh_key(), sent, "x").await.expect("is undone");
        let page = PageRequest { limit: 10, before: None };
        let told = app.read().await.expect("opens").deliveries_of_endpoint(endpoint.id, page).await.expect("reads").items;
        let kinds = told.iter().map(|delivery| delivery.event.event_type).collect::<Vec<_>>();
        assert_eq!(kinds, [EventType::PointsReversed, EventType::PointsTransferred, EventType::PointsGranted]);
        let body: serde_json::Value = serde_json::from_str(&told[1].event.body).expect("JSON");
        assert_eq!(body["id"], sent.to_string());
        assert_eq!(body["data"]["from"], serde_json::json!({ "member_id": ada.member_id, "balance": 6 }));
        assert_eq!((&body["data"]["amount"], &body["data"]["to"]["balance"]), (&4.into(), &4.into()));
    }

    async fn cap_2_the_wallet_is_off_with_a_reason(test: &TestApp) {
        let mut capabilities = Capabilities::default();
        capabilities.set(Capability::Wallet, State::On);
        let options = NodeOptions { capabilities, seed: 3, ..NodeOptions::new() };
        let node = test.node(options, &test.bus).await.expect("starts");
        let (ada, bob) = (test.caller().await, test.caller().await);
        assert_eq!(refusal(send(&node, &ada, bob.member_id, 1).await), Code::CapabilityUnavailable);
        let options = NodeOptions { capabilities: Capabilities::default(), seed: 4, ..NodeOptions::new() };
        let node = test.node(options, &test.bus).await.expect("starts");
        assert_eq!(refusal(wallet::balance(&node, ada.member_id).await), Code::CapabilityUnavailable);
        assert_eq!(run_once(&node).await.expect("runs"), run_once(&node).await.expect("runs"));
        assert_eq!(Scope::WalletRead.as_str(), "wallet:read");
    }
}
