//! Where two ways of taking points back, or of giving them, meet: refunds and operators, bounded and standing rules, debts and grants,
//! and answers that were lost while the world went on.

use std::time::Duration;

use mainstay_model::{
    Day, TransferId,
    audit::Actor,
    inbox::InboxState,
    ledger::{AccountRef, TransferKind},
    outgoing::EventType,
    page::PageRequest,
};
use mainstay_services::{
    App, Caller, Code, Error,
    events::endpoints::{self, NewEndpoint},
    members,
    purchases::{self, Claim, NewRule},
    wallet::{self, Grant, IdempotencyKey, NewHold, Poster, StatementFilter},
    webhooks::{self, InboxFilter},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{TestApp, refusal},
    purchases::{balance, bought, customer, deliver, node, refunded, rule, with_rule},
};

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::new(Some(name), "POST", "/", name.as_bytes()).expect("a key")
}

fn service() -> Poster {
    Poster::from(mainstay_model::ServiceKeyId::new(Uuid::from_u128(9)))
}

/// The newest transfer of a kind in a wallet.
async fn newest(app: &App, of: &Caller, kind: TransferKind) -> TransferId {
    let filter = StatementFilter { kind: Some(kind), limit: 1, ..StatementFilter::default() };
    let lines = wallet::statement(app, of.member_id, filter).await.expect("reads");
    lines[0].transfer.id
}

async fn undo(test: &TestApp, app: &App, name: &str, id: TransferId) -> Result<bool, Error> {
    let operator = Poster::from(&test.caller().await);
    let operator = if name == "again" { service() } else { operator };
    let done = wallet::reverse(app, &test.ctx(), &operator, &key(name), id, "a mistake").await?;
    Ok(done.is_replay)
}

/// What became of the newest event.
async fn newest_event(app: &App) -> (InboxState, Option<String>) {
    let filter = InboxFilter { source: None, state: None, before: None, limit: 1 };
    let head = webhooks::list(app, filter).await.expect("lists").remove(0);
    (head.progress.state, head.progress.last_error)
}

both_engines! {
    async fn whk_4_a_refund_does_not_take_what_an_operator_took(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "till", "c1").await;
        let now = test.now();
        deliver(test, &app, "till", &bought("p1", 1_000, &json!({ "id": "c1" }), now)).await;
        let first = newest(&app, &ada, TransferKind::Grant).await;
        deliver(test, &app, "till", &bought("p2", 2_000, &json!({ "id": "c1" }), now)).await;
        assert_eq!(balance(&app, ada.member_id).await, (30, 0));
        assert!(!undo(test, &app, "again", first).await.expect("is undone"));
        assert!(undo(test, &app, "again", first).await.expect("is answered as before"));
        assert_eq!(refusal(undo(test, &app, "twice", first).await), Code::Conflict);
        assert_eq!(balance(&app, ada.member_id).await, (20, 0));
        assert_eq!(test.audited("wallet.reversed").await, 1);
        for (number, amount) in [300, 700].into_iter().enumerate() {
            deliver(test, &app, "till", &refunded(&format!("r{number}"), "p1", amount, now)).await;
            assert_eq!(balance(&app, ada.member_id).await, (20, 0), "of an undone purchase nothing is left to take");
        }
        // A refund that came first keeps an operator from taking the same points, whatever else the member has.
        let second = newest(&app, &ada, TransferKind::Grant).await;
        deliver(test, &app, "till", &refunded("r9", "p2", 500, now)).await;
        assert_eq!(balance(&app, ada.member_id).await, (15, 0));
        deliver(test, &app, "till", &bought("p3", 5_000, &json!({ "id": "c1" }), now)).await;
        assert_eq!(refusal(undo(test, &app, "third", second).await), Code::Conflict);
        assert_eq!(balance(&app, ada.member_id).await, (65, 0));
        assert_eq!(test.audited("wallet.reversed").await, 1);
        assert_eq!(wallet::verify(&app, |_, _| {}).await.expect("reads").fault, None);
    }

    async fn whk_4_where_a_bounded_rule_has_nothing_left_the_standing_one_counts(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &NewRule { points: 2, day_points_max: Some(50), ..rule("campaign") }).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "till", "c1").await;
        let mut before = 0;
        for (number, expected) in [40, 20, 20].into_iter().enumerate() {
            let event = bought(&format!("p{number}"), 2_000, &json!({ "id": "c1" }), test.now());
            deliver(test, &app, "till", &event).await;
            let (now, _) = balance(&app, ada.member_id).await;
            assert_eq!(now - before, expected, "purchase {number}");
            before = now;
        }
        // What is left of the bound is more than the standing rule gives for a small one.
        deliver(test, &app, "till", &bought("small", 500, &json!({ "id": "c1" }), test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (90, 0));
    }

    async fn whk_4_what_cannot_be_counted_is_left_for_a_person(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "till", "c1").await;
        deliver(test, &app, "till", &bought("p1", 1_000, &json!({ "id": "c1" }), test.now())).await;
        let mut euro = refunded("r1", "p1", 500, test.now());
        euro["data"]["currency"] = "EUR".into();
        deliver(test, &app, "till", &euro).await;
        assert_eq!(newest_event(&app).await, (InboxState::Failed, Some("poisoned".to_owned())));
        test.advance(Duration::from_millis(2));
        let stripe = |id: &str, kind: &str, object: Value| {
            json!({
                "id": id, "object": "event", "type": kind, "created": test.now().seconds(), "livemode": true,
                "pending_webhooks": 1, "data": { "object": object },
            })
        };
        let failed = json!({ "id": "re_1", "object": "refund", "amount": 500, "charge": "ch_1", "status": "failed" });
        deliver(test, &app, "stripe", &stripe("evt_1", "refund.failed", failed)).await;
        assert_eq!(newest_event(&app).await, (InboxState::Failed, Some("refund_failed".to_owned())));
        test.advance(Duration::from_millis(2));
        for nameless in ["", "a\u{0}b"] {
            let mut event = bought("p9", 1_000, &json!({ "id": "c1" }), test.now());
            (event["id"], event["data"]["purchase_id"]) = (format!("e-{}", nameless.len()).into(), nameless.into());
            deliver(test, &app, "till", &event).await;
            assert_eq!(newest_event(&app).await, (InboxState::Failed, Some("unreadable".to_owned())), "{nameless:?}");
            test.advance(Duration::from_millis(2));
        }
        // A subscription's session names no payment that a refund could be matched with.
        let session = json!({
            "id": "cs_1", "object": "checkout.session", "mode": "subscription", "payment_status": "paid", "amount_total": 1_000,
            "currency": "usd", "created": test.now().seconds(), "payment_intent": null, "metadata": {},
        });
        deliver(test, &app, "stripe", &stripe("evt_2", "checkout.session.completed", session)).await;
        assert_eq!(newest_event(&app).await, (InboxState::Ignored, None));
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));
    }

    async fn whk_4_what_a_till_does_not_know_may_be_null(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let mut event = bought("p1", 1_000, &Value::Null, test.now());
        event["data"]["merchant"] = Value::Null;
        deliver(test, &app, "till", &event).await;
        assert_eq!(newest_event(&app).await, (InboxState::Done, None));
    }

    async fn whk_4_buying_and_giving_back_renews_no_points(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "till", "c1").await;
        let soon = Day::of(test.now()).plus(1);
        let wanted = Grant { member_id: ada.member_id, amount: Some(10), reason: "welcome", expires_on: Some(soon) };
        wallet::grant(&app, &test.ctx(), &service(), &key("soon"), wanted.clone()).await.expect("is granted");
        deliver(test, &app, "till", &bought("p1", 1_000, &json!({ "id": "c1" }), test.now())).await;
        deliver(test, &app, "till", &refunded("r1", "p1", 1_000, test.now())).await;
        let later = Grant { expires_on: Some(soon.plus(300)), ..wanted };
        wallet::grant(&app, &test.ctx(), &service(), &key("later"), later).await.expect("is granted");
        let id = newest(&app, &ada, TransferKind::Grant).await;
        undo(test, &app, "undo", id).await.expect("is undone");
        let left = wallet::balance(&app, ada.member_id).await.expect("reads");
        let expiring = left.expiring.iter().map(|lot| (lot.0, lot.1)).collect::<Vec<_>>();
        assert_eq!((left.balance, expiring), (10, vec![(soon, 10)]));
    }

    async fn whk_4_somebody_elses_code_does_not_bring_their_later_purchases(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let eve = test.caller().await;
        let claim = |code: &str| Claim { code: Some(code.to_owned()), remember: true };
        // One names an address, the other was paid at a till by nobody known.
        for (id, buyer) in [
            ("p1", json!({ "code": "ORDER-00012345", "id": "c1", "email": "victim@example.com" })),
            ("p2", json!({ "code": "ORDER-00054321", "id": "c2" })),
        ] {
            deliver(test, &app, "till", &bought(id, 1_000, &buyer, test.now())).await;
            let code = buyer["code"].as_str().expect("a code");
            let claimed = purchases::claim(&app, &test.ctx(), &eve, &claim(code)).await.expect("answers");
            assert_eq!(claimed.len(), 1);
        }
        for (id, customer, expected) in [("p3", "c1", 20), ("p4", "c2", 30)] {
            deliver(test, &app, "till", &bought(id, 1_000, &json!({ "id": customer }), test.now())).await;
            assert_eq!(balance(&app, eve.member_id).await, (expected, 0), "{id}");
        }
    }

    async fn t_pu_10_a_dispute_that_is_won_in_its_first_second_gives_back(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "stripe", "cus_1").await;
        let event = |id: &str, kind: &str, object: Value| {
            json!({
                "id": id, "object": "event", "type": kind, "created": test.now().seconds(), "livemode": true,
                "pending_webhooks": 1, "data": { "object": object },
            })
        };
        let session = json!({
            "id": "cs_1", "object": "checkout.session", "mode": "payment", "payment_status": "paid", "amount_total": 1_000,
            "currency": "usd", "created": test.now().seconds(), "payment_intent": "pi_1", "customer": "cus_1",
        });
        deliver(test, &app, "stripe", &event("evt_1", "checkout.session.completed", session)).await;
        let dispute = |status: &str| {
            json!({
                "id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1", "amount": 1_000,
                "currency": "usd", "status": status,
            })
        };
        let told = [
            ("evt_2", "charge.dispute.created", "needs_response", 0),
            ("evt_3", "charge.dispute.closed", "won", 10),
            ("evt_4", "charge.dispute.updated", "under_review", 10),
        ];
        for (id, kind, status, left) in told {
            deliver(test, &app, "stripe", &event(id, kind, dispute(status))).await;
            assert_eq!(balance(&app, ada.member_id).await, (left, 0), "{status}");
        }
    }

    async fn wal_3_a_lost_answer_is_heard_again_when_the_world_went_on(test: &TestApp) {
        let (app, ada, bob) = (&test.app, test.caller().await, test.caller().await);
        let today = Day::of(test.now());
        let grant = |expires_on| Grant { member_id: ada.member_id, amount: Some(20), reason: "welcome", expires_on };
        let lasting = wallet::grant(app, &test.ctx(), &service(), &key("lasting"), grant(None)).await;
        assert!(!lasting.expect("is granted").is_replay);
        let short = wallet::grant(app, &test.ctx(), &service(), &key("short"), grant(Some(today))).await;
        assert!(!short.expect("is granted").is_replay);
        let send = || async { wallet::transfer(app, &ada, &key("to-bob"), bob.member_id, Some(5), "lunch").await };
        assert!(!send().await.expect("is sent").is_replay);
        let hold = || async {
            let lasts = Duration::from_secs(600);
            let to = AccountRef::merchant(Uuid::from_u128(77));
            let wanted = NewHold { member_id: bob.member_id, to, amount: Some(1), lasts, reason: "" };
            wallet::hold(app, &service(), &key("hold"), wanted).await
        };
        let held = hold().await.expect("is held").receipt.id;
        members::delete_self(app, &test.ctx(), &bob).await.expect("is deleted");
        let again = send().await.expect("is answered as before");
        assert!(again.is_replay && again.receipt.transfer.amount.points() == 5);
        assert_eq!(hold().await.expect("is answered as before").receipt.id, held);
        // Under a key that was not used, nobody is there.
        let late = wallet::transfer(app, &ada, &key("late"), bob.member_id, Some(5), "lunch").await;
        assert_eq!(refusal(late), Code::NotFound);
        test.advance(Duration::from_secs(24 * 3600));
        let again = wallet::grant(app, &test.ctx(), &service(), &key("short"), grant(Some(today))).await;
        assert!(again.expect("is answered as before").is_replay);
        let past = wallet::grant(app, &test.ctx(), &service(), &key("past"), grant(Some(today))).await;
        assert_eq!(refusal(past), Code::ValidationFailed);
    }

    async fn whk_6_back_ends_hear_of_debts_and_of_what_pays_them(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let (ada, bob) = (customer(test, &app, "till", "c1").await, test.caller().await);
        let new = NewEndpoint {
            url: "https://hooks.example.com/".to_owned(),
            description: String::new(),
            event_types: vec![EventType::PointsReversed, EventType::PointsGranted],
        };
        deliver(test, &app, "till", &bought("p1", 1_000, &json!({ "id": "c1" }), test.now())).await;
        wallet::transfer(&app, &ada, &key("spent"), bob.member_id, Some(6), "").await.expect("is sent");
        let (endpoint, _) = endpoints::create(&app, &test.ctx(), &Actor::System, &new).await.expect("is made");
        deliver(test, &app, "till", &refunded("r1", "p1", 1_000, test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (0, 6));
        test.advance(Duration::from_millis(2));
        let wanted = Grant { member_id: ada.member_id, amount: Some(10), reason: "sorry", expires_on: None };
        let granted = wallet::grant(&app, &test.ctx(), &service(), &key("sorry"), wanted.clone()).await.expect("is granted");
        let replayed = wallet::grant(&app, &test.ctx(), &service(), &key("sorry"), wanted).await.expect("is answered");
        assert_eq!((granted.receipt.credit.balance, replayed.receipt.credit.balance), (4, 4), "what is left after the debt");
        let page = PageRequest { limit: 10, before: None };
        let told = app.read().await.expect("opens").deliveries_of_endpoint(endpoint.id, page).await.expect("reads").items;
        let mut told = told.iter().map(|delivery| {
            let body: Value = serde_json::from_str(&delivery.event.body).expect("JSON");
            body["data"].clone()
        }).collect::<Vec<_>>();
        told.sort_by_key(|data| data["amount"].as_i64());
        let seen = told.iter().map(|data| (data["kind"].as_str().expect("a kind"), data["amount"].as_i64())).collect::<Vec<_>>();
        assert_eq!(seen, [("claw_back", Some(4)), ("debt", Some(6)), ("grant", Some(10))]);
        assert_eq!(told[1]["from"], json!({ "member_id": ada.member_id, "debt": 6 }));
        assert_eq!(told[2]["to"], json!({ "member_id": ada.member_id, "balance": 4 }));
    }
}
