//! Purchases become points: whose they are, by which rule, and what refunds take back (WHK-4, T-PU-10, T-WA-11). Events come as
//! providers send them, through the whole inbox.

use std::{sync::Arc, time::Duration};

use mainstay_model::{
    MemberId, Timestamp,
    audit::Actor,
    ledger::AccountRef,
    outgoing::EventType,
    page::PageRequest,
    purchase::{CustomerKeyKind, PurchaseRecord},
};
use mainstay_services::{
    App, Caller, Code, crypto,
    events::endpoints::{self, NewEndpoint},
    limits, members,
    purchases::{self, Claim, ForeignLink, NewRule},
    webhooks::{self, Encoding, Receipt, Scheme, SentHeaders, Source, Sources},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::{NodeOptions, TestApp, refusal},
};

const SECRET: &str = "till-secret-0123456789";
const URL: &str = "https://app.example.com/v1/webhooks/square";
const STRIPE: &str = "whsec_0123456789abcdef";

struct Sent(Vec<(&'static str, String)>);

impl SentHeaders for Sent {
    fn values(&self, name: &str) -> Vec<&[u8]> {
        self.0.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.as_bytes()).collect()
    }
}

fn source(name: &str, scheme: Scheme, secret: &str) -> Source {
    Source::new(name.to_owned(), scheme).secret(&SecretString::from(secret)).expect("a secret")
}

/// A node with a till, Square and Stripe.
pub(crate) async fn node(test: &TestApp, seed: u64) -> Arc<App> {
    let till =
        Scheme::Generic { header: "x-signature".to_owned(), encoding: Encoding::Hex, timestamp_header: None };
    let mut options = NodeOptions { seed, ..NodeOptions::new() };
    options.settings.webhook_sources = Sources::new([
        source("till", till, SECRET),
        source("square", Scheme::Square { notification_url: URL.to_owned() }, SECRET),
        source("stripe", Scheme::Stripe { livemode: true }, STRIPE),
    ]);
    test.node(options, &test.bus).await.expect("starts")
}

pub(crate) async fn deliver(test: &TestApp, app: &App, source: &str, event: &Value) -> Receipt {
    let body = event.to_string().into_bytes();
    let mac = |key: &str, parts: &[&[u8]]| crypto::hmac_sha256(key.as_bytes(), &parts.concat());
    let header = match source {
        "square" => ("x-square-hmacsha256-signature", base64(&mac(SECRET, &[URL.as_bytes(), &body]))),
        "stripe" => {
            let time = test.now().seconds().to_string();
            let tag = hex::encode(mac(STRIPE, &[time.as_bytes(), b".", &body]));
            ("stripe-signature", format!("t={time},v1={tag}"))
        }
        _ => ("x-signature", hex::encode(mac(SECRET, &[&body]))),
    };
    webhooks::receive(app, &test.ctx(), source, &Sent(vec![header]), body).await.expect("is taken")
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

pub(crate) fn bought(id: &str, amount: i64, customer: &Value, at: Timestamp) -> Value {
    json!({
        "id": format!("e-{id}"), "type": "purchase.completed", "timestamp": at,
        "data": {
            "purchase_id": id, "amount": amount, "currency": "USD", "merchant": "m1", "occurred_at": at, "customer": customer,
        },
    })
}

pub(crate) fn refunded(id: &str, purchase: &str, amount: i64, at: Timestamp) -> Value {
    json!({
        "id": format!("e-{id}"), "type": "purchase.refunded", "timestamp": at,
        "data": { "refund_id": id, "purchase_id": purchase, "amount": amount, "currency": "USD", "occurred_at": at },
    })
}

/// A point for each dollar.
pub(crate) fn rule(name: &str) -> NewRule {
    NewRule {
        name: name.to_owned(),
        source: None,
        merchant: None,
        currency: "USD".parse().expect("a currency"),
        points: 1,
        per_amount: 100,
        purchase_points_max: None,
        day_points_max: None,
        starts_at: None,
        ends_at: None,
    }
}

pub(crate) async fn with_rule(test: &TestApp, app: &App, rule: &NewRule) {
    let operator = test.caller().await;
    purchases::make_rule(app, &test.ctx(), &operator, rule).await.expect("is made");
}

/// A member whose customer id the sources know.
pub(crate) async fn customer(test: &TestApp, app: &App, source: &str, id: &str) -> Caller {
    let caller = test.caller().await;
    let foreign =
        ForeignLink { source: source.to_owned(), kind: CustomerKeyKind::Customer, value: id.to_owned() };
    purchases::link_for(app, &test.ctx(), &caller, caller.member_id, &foreign).await.expect("is linked");
    caller
}

/// What a member has and owes.
pub(crate) async fn balance(app: &App, id: MemberId) -> (i64, i64) {
    let wallet = AccountRef::member(id);
    let mut tx = app.read().await.expect("opens");
    let mut of = async |account: AccountRef| {
        tx.ledger_account(account.id).await.expect("reads").map_or(0, |account| account.balance)
    };
    (of(wallet).await, -of(AccountRef::debt_of(wallet.id)).await)
}

async fn own(app: &App, caller: &Caller) -> Vec<PurchaseRecord> {
    purchases::list(app, caller, PageRequest { limit: 100, before: None }).await.expect("lists").items
}

async fn spend(app: &App, test: &TestApp, caller: &Caller, points: i64) {
    use mainstay_model::ledger::{Amount, Order, Posting, PostingKey, TransferKind};
    let id = app.new_uuid();
    let posting = Posting {
        id,
        key: PostingKey(id),
        fingerprint: [0; 32],
        order: Order::Move {
            kind: TransferKind::Redemption,
            from: AccountRef::member(caller.member_id),
            to: AccountRef::merchant(app.new_uuid()),
            amount: Amount::new(points).expect("an amount"),
        },
        reason: String::new(),
        actor: "system".to_owned(),
        cause: String::new(),
        at: test.now(),
    };
    let mut tx = app.write().await.expect("opens");
    let posted = tx.post(&[posting]).await.expect("posts");
    assert!(matches!(posted[0], mainstay_store::Posted::Done { .. }), "{posted:?}");
    tx.commit().await.expect("commits");
}

both_engines! {
    async fn t_wa_11_one_purchase_is_granted_once_however_often_it_is_told(test: &TestApp) {
        let (one, two) = (node(test, 2).await, node(test, 3).await);
        with_rule(test, &one, &rule("base")).await;
        let ada = customer(test, &one, "till", "c1").await;
        let event = bought("p1", 1_299, &json!({ "id": "c1" }), test.now());
        // The same delivery ten times at once on two nodes, and the same payment under other events' ids.
        let mut deliveries = Vec::new();
        for number in 0..10 {
            let mut other = event.clone();
            other["id"] = format!("other-{number}").into();
            let app = if number % 2 == 0 { &one } else { &two };
            deliveries.push((app, event.clone()));
            deliveries.push((app, other));
        }
        futures::future::join_all(deliveries.iter().map(|(app, event)| deliver(test, app, "till", event))).await;
        assert_eq!(balance(&one, ada.member_id).await, (12, 0));
        let purchases = own(&one, &ada).await;
        assert_eq!((purchases.len(), purchases[0].granted, purchases[0].amount), (1, 12, 1_299));
    }

    async fn whk_4_the_rule_that_gives_most_counts_within_its_bounds(test: &TestApp) {
        let app = node(test, 2).await;
        let now = test.now();
        let hour = Duration::from_secs(3600);
        with_rule(test, &app, &rule("base")).await;
        let campaign = NewRule { points: 3, starts_at: Some(now + hour), ends_at: Some(now + hour + hour), ..rule("triple") };
        with_rule(test, &app, &campaign).await;
        let merchant = NewRule { points: 2, merchant: Some("m2".to_owned()), purchase_points_max: Some(15), ..rule("m2") };
        with_rule(test, &app, &merchant).await;
        let stripe = NewRule { points: 100, source: Some("stripe".to_owned()), ..rule("stripe only") };
        with_rule(test, &app, &stripe).await;
        let ada = customer(test, &app, "till", "c1").await;
        let mut expected = 0;
        let buy = async |id: &str, amount: i64, merchant: &str| {
            let mut event = bought(id, amount, &json!({ "id": "c1" }), test.now());
            event["data"]["merchant"] = merchant.into();
            deliver(test, &app, "till", &event).await;
        };
        for (id, amount, merchant, points) in [("a", 999, "m1", 9), ("b", 500, "m2", 10), ("c", 5_000, "m2", 50)] {
            buy(id, amount, merchant).await;
            // The bounded rule gives 15 for the last one, so the base rule gives most.
            expected += points;
            assert_eq!(balance(&app, ada.member_id).await.0, expected, "{id}");
        }
        test.advance(hour);
        buy("d", 1_000, "m1").await;
        assert_eq!(balance(&app, ada.member_id).await.0, expected + 30);
        test.advance(hour);
        buy("e", 1_000, "m1").await;
        assert_eq!(balance(&app, ada.member_id).await.0, expected + 30 + 10);
        // No rule for a currency: a purchase without points.
        let mut euro = bought("f", 1_000, &json!({ "id": "c1" }), test.now());
        euro["data"]["currency"] = "EUR".into();
        deliver(test, &app, "till", &euro).await;
        assert_eq!(balance(&app, ada.member_id).await.0, expected + 30 + 10);
        assert!(own(&app, &ada).await.iter().any(|purchase| purchase.external_id == "f" && purchase.rule_id.is_none()));
    }

    async fn whk_4_a_days_bound_holds_for_parallel_purchases(test: &TestApp) {
        let (one, two) = (node(test, 2).await, node(test, 3).await);
        with_rule(test, &one, &NewRule { day_points_max: Some(25), ..rule("base") }).await;
        let ada = customer(test, &one, "till", "c1").await;
        let events: Vec<_> =
            (0..8).map(|number| bought(&format!("p{number}"), 1_000, &json!({ "id": "c1" }), test.now())).collect();
        let deliveries = events.iter().enumerate().map(|(number, event)| {
            deliver(test, if number % 2 == 0 { &one } else { &two }, "till", event)
        });
        futures::future::join_all(deliveries).await;
        assert_eq!(balance(&one, ada.member_id).await, (25, 0));
        test.advance(Duration::from_secs(24 * 3600));
        deliver(test, &one, "till", &bought("next", 1_000, &json!({ "id": "c1" }), test.now())).await;
        assert_eq!(balance(&one, ada.member_id).await, (35, 0));
    }

    async fn whk_4_an_unknown_buyer_claims_later_and_once(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let buyer = json!({ "code": "TABLE-9F3K2", "card": "fp-1" });
        deliver(test, &app, "till", &bought("p1", 1_000, &buyer, test.now())).await;
        // Part of it went back before anybody knew whose it was.
        deliver(test, &app, "till", &refunded("r1", "p1", 250, test.now())).await;
        let (ada, eve) = (test.caller().await, test.caller().await);
        let by = |code: &str, remember| Claim { code: Some(code.to_owned()), remember };
        for wrong in ["TABLE-9F3K3", "fp-1", "", "short"] {
            assert!(purchases::claim(&app, &test.ctx(), &eve, &by(wrong, true)).await.expect("answers").is_empty());
        }
        let claim = by("table 9f3k2", true);
        let ctx = test.ctx();
        let (one, two) = tokio::join!(
            purchases::claim(&app, &ctx, &ada, &claim),
            purchases::claim(&app, &ctx, &ada, &claim),
        );
        let mut claimed = [one.expect("answers"), two.expect("answers")].concat();
        assert_eq!(claimed.len(), 1, "once");
        let purchase = claimed.remove(0);
        assert_eq!((purchase.granted, purchase.taken_back, purchase.refunded), (10, 3, 250));
        assert_eq!(balance(&app, ada.member_id).await, (7, 0));
        assert!(purchases::claim(&app, &test.ctx(), &eve, &claim).await.expect("answers").is_empty());
        assert_eq!(test.audited("purchase.claimed").await, 1);
        // The card is remembered, so the next purchase needs no claim.
        deliver(test, &app, "till", &bought("p2", 500, &json!({ "card": "fp-1" }), test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (12, 0));
        assert_eq!(balance(&app, eve.member_id).await, (0, 0));
        let links = purchases::links(&app, &ada).await.expect("lists");
        assert_eq!((links.len(), links[0].kind), (1, CustomerKeyKind::Card));
        assert_eq!(refusal(purchases::unlink(&app, &test.ctx(), &eve, links[0].id).await), Code::NotFound);
        purchases::unlink(&app, &test.ctx(), &ada, links[0].id).await.expect("is removed");
        deliver(test, &app, "till", &bought("p3", 500, &json!({ "card": "fp-1" }), test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (12, 0));
    }

    async fn whk_4_a_proven_address_and_a_members_code_link_by_themselves(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let member = test.member_with_email("ada@example.com").await;
        let ada = test.authenticate(&test.sign_in(&member).await.access_token).await.expect("is signed in");
        deliver(test, &app, "till", &bought("p1", 1_000, &json!({ "email": " Ada@Example.com" }), test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));

        let made = purchases::make_code(&app, &test.ctx(), &ada).await.expect("is made");
        let shown = made.code.to_lowercase();
        deliver(test, &app, "till", &bought("p2", 1_000, &json!({ "code": shown }), test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (20, 0));

        // Bought before there was a member of that address.
        deliver(test, &app, "till", &bought("p3", 1_000, &json!({ "email": "bob@example.com" }), test.now())).await;
        let member = test.member_with_email("bob@example.com").await;
        let bob = test.authenticate(&test.sign_in(&member).await.access_token).await.expect("is signed in");
        assert!(purchases::claim(&app, &test.ctx(), &ada, &Claim::default()).await.expect("answers").is_empty());
        assert_eq!(purchases::claim(&app, &test.ctx(), &bob, &Claim::default()).await.expect("answers").len(), 1);
        assert_eq!(balance(&app, bob.member_id).await, (10, 0));
    }

    async fn whk_4_what_is_linked_to_one_is_not_linked_to_another(test: &TestApp) {
        let app = node(test, 2).await;
        let ada = customer(test, &app, "till", "c1").await;
        let eve = test.caller().await;
        let link = async |member_id, source: &str, kind, value: &str| {
            let foreign = ForeignLink { source: source.to_owned(), kind, value: value.to_owned() };
            purchases::link_for(&app, &test.ctx(), &ada, member_id, &foreign).await
        };
        let customer = CustomerKeyKind::Customer;
        assert_eq!(refusal(link(eve.member_id, "till", customer, "c1").await), Code::IdentityTaken);
        // Another source's customers are others.
        link(eve.member_id, "square", customer, "c1").await.expect("is linked");
        assert_eq!(refusal(link(MemberId::new(app.new_uuid()), "till", customer, "c2").await), Code::NotFound);
        assert_eq!(refusal(link(eve.member_id, "nowhere", customer, "c2").await), Code::ValidationFailed);
        assert_eq!(refusal(link(eve.member_id, "till", CustomerKeyKind::Email, "e@example.com").await), Code::ValidationFailed);
        assert_eq!(refusal(link(eve.member_id, "till", CustomerKeyKind::Code, "short").await), Code::ValidationFailed);
        for _ in 1..limits::CUSTOMER_LINKS_MAX {
            purchases::make_code(&app, &test.ctx(), &eve).await.expect("is made");
        }
        assert_eq!(refusal(purchases::make_code(&app, &test.ctx(), &eve).await), Code::Conflict);
    }

    async fn whk_6_back_ends_hear_of_purchases(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let new = NewEndpoint {
            url: "https://hooks.example.com/".to_owned(),
            description: String::new(),
            event_types: [EventType::PurchaseRecorded, EventType::PurchaseClaimed, EventType::PurchaseRefunded].to_vec(),
        };
        let (endpoint, _) = endpoints::create(&app, &test.ctx(), &Actor::System, &new).await.expect("is made");
        let event = bought("p1", 1_000, &json!({ "code": "TABLE-9F3K2" }), test.now());
        deliver(test, &app, "till", &event).await;
        let mut told_again = event.clone();
        told_again["id"] = "again".into();
        deliver(test, &app, "till", &told_again).await;
        test.advance(Duration::from_millis(2));
        let ada = test.caller().await;
        let claim = Claim { code: Some("TABLE-9F3K2".to_owned()), remember: false };
        assert_eq!(purchases::claim(&app, &test.ctx(), &ada, &claim).await.expect("answers").len(), 1);
        test.advance(Duration::from_millis(2));
        deliver(test, &app, "till", &refunded("r1", "p1", 500, test.now())).await;
        let page = PageRequest { limit: 10, before: None };
        let told = app.read().await.expect("opens").deliveries_of_endpoint(endpoint.id, page).await.expect("reads").items;
        let kinds = told.iter().map(|delivery| delivery.event.event_type).collect::<Vec<_>>();
        assert_eq!(kinds, [EventType::PurchaseRefunded, EventType::PurchaseClaimed, EventType::PurchaseRecorded]);
        let body: Value = serde_json::from_str(&told[0].event.body).expect("JSON");
        let data = &body["data"];
        assert_eq!((&data["member_id"], &data["external_id"]), (&json!(ada.member_id), &json!("p1")));
        assert_eq!((&data["points_granted"], &data["points_taken_back"], &data["refunded"]), (&json!(10), &json!(5), &json!(500)));
    }

    async fn t_pu_10_refunds_take_back_in_proportion_whatever_comes_first(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "till", "c1").await;
        let buyer = json!({ "id": "c1" });
        let now = test.now();
        deliver(test, &app, "till", &bought("p1", 1_000, &buyer, now)).await;
        // A third of it: what is kept is rounded down.
        deliver(test, &app, "till", &refunded("r1", "p1", 333, now)).await;
        assert_eq!(balance(&app, ada.member_id).await, (6, 0));
        // Told again, also under another event's id, it takes nothing more.
        let mut again = refunded("r1", "p1", 333, now);
        again["id"] = "again".into();
        deliver(test, &app, "till", &again).await;
        assert_eq!(balance(&app, ada.member_id).await, (6, 0));
        // More than there was takes no more than was granted.
        deliver(test, &app, "till", &refunded("r2", "p1", 5_000, now)).await;
        assert_eq!(balance(&app, ada.member_id).await, (0, 0));
        // A refund that overtook its purchase, and one of a purchase that never comes.
        deliver(test, &app, "till", &refunded("r3", "p2", 500, now)).await;
        deliver(test, &app, "till", &refunded("r4", "nothing", 500, now)).await;
        deliver(test, &app, "till", &bought("p2", 1_000, &buyer, now)).await;
        assert_eq!(balance(&app, ada.member_id).await, (5, 0));
        let second = &own(&app, &ada).await.into_iter().find(|purchase| purchase.external_id == "p2").expect("is there");
        assert_eq!((second.granted, second.taken_back, second.refunded), (10, 5, 500));
        // Another currency's number is no part of it.
        let mut euro = refunded("r5", "p2", 500, now);
        euro["data"]["currency"] = "EUR".into();
        deliver(test, &app, "till", &euro).await;
        assert_eq!(balance(&app, ada.member_id).await, (5, 0));
    }

    async fn t_pu_10_what_is_spent_becomes_a_debt_that_later_points_pay_first(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "till", "c1").await;
        let buyer = json!({ "id": "c1" });
        deliver(test, &app, "till", &bought("p1", 1_000, &buyer, test.now())).await;
        spend(&app, test, &ada, 8).await;
        deliver(test, &app, "till", &refunded("r1", "p1", 1_000, test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (0, 8));
        deliver(test, &app, "till", &bought("p2", 500, &buyer, test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (0, 3));
        deliver(test, &app, "till", &bought("p3", 500, &buyer, test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (2, 0));
        let totals = app.read().await.expect("opens").ledger_totals().await.expect("reads");
        assert_eq!(totals.balance, 0);
    }

    async fn t_pu_10_a_dispute_takes_back_and_gives_again_when_it_is_won(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "stripe", "cus_1").await;
        let event = |id: &str, kind: &str, at: i64, object: Value| {
            json!({
                "id": id, "object": "event", "type": kind, "created": test.now().seconds() + at, "livemode": true,
                "pending_webhooks": 1, "data": { "object": object },
            })
        };
        let session = json!({
            "id": "cs_1", "object": "checkout.session", "payment_status": "paid", "amount_total": 1_000, "currency": "usd",
            "created": test.now().seconds(), "payment_intent": "pi_1", "customer": "cus_1", "metadata": {},
        });
        deliver(test, &app, "stripe", &event("evt_1", "checkout.session.completed", 0, session)).await;
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));
        let dispute = |status: &str| {
            json!({
                "id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1", "amount": 1_000,
                "currency": "usd", "status": status,
            })
        };
        let warned = event("evt_2", "charge.dispute.created", 0, dispute("warning_needs_response"));
        deliver(test, &app, "stripe", &warned).await;
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));
        deliver(test, &app, "stripe", &event("evt_3", "charge.dispute.created", 1, dispute("needs_response"))).await;
        assert_eq!(balance(&app, ada.member_id).await, (0, 0));
        deliver(test, &app, "stripe", &event("evt_4", "charge.dispute.closed", 3, dispute("won"))).await;
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));
        // One that was overtaken changes nothing.
        deliver(test, &app, "stripe", &event("evt_5", "charge.dispute.updated", 2, dispute("under_review"))).await;
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));
        // A charge tells all that went back so far, in any order.
        let charge = |refunded: i64| {
            json!({ "id": "ch_1", "object": "charge", "payment_intent": "pi_1", "amount_refunded": refunded, "currency": "usd" })
        };
        deliver(test, &app, "stripe", &event("evt_7", "charge.refunded", 5, charge(500))).await;
        deliver(test, &app, "stripe", &event("evt_6", "charge.refunded", 4, charge(200))).await;
        assert_eq!(balance(&app, ada.member_id).await, (5, 0));
    }

    async fn whk_4_a_member_who_is_gone_is_no_obstacle(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "till", "c1").await;
        let buyer = json!({ "id": "c1", "code": "TABLE-9F3K2" });
        let mut tx = app.write().await.expect("opens");
        assert!(tx.delete_member(ada.member_id).await.expect("deletes"));
        tx.commit().await.expect("commits");
        deliver(test, &app, "till", &bought("p1", 1_000, &buyer, test.now())).await;
        deliver(test, &app, "till", &refunded("r1", "p1", 100, test.now())).await;
        let bob = test.caller().await;
        let claim = Claim { code: Some("TABLE-9F3K2".to_owned()), remember: false };
        assert_eq!(purchases::claim(&app, &test.ctx(), &bob, &claim).await.expect("answers").len(), 1);
        members::delete_self(&app, &test.ctx(), &bob).await.expect("is deleted");
        // What was somebody's is never somebody else's, and refunds of it find nobody.
        assert_eq!(deliver(test, &app, "till", &refunded("r2", "p1", 900, test.now())).await, Receipt::Recorded);
        let eve = test.caller().await;
        assert!(purchases::claim(&app, &test.ctx(), &eve, &claim).await.expect("answers").is_empty());
        let mut again = bought("p1", 1_000, &buyer, test.now());
        again["id"] = "again".into();
        deliver(test, &app, "till", &again).await;
        assert!(purchases::claim(&app, &test.ctx(), &eve, &claim).await.expect("answers").is_empty());
    }

    async fn whk_5_a_replay_gives_nothing_twice(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "till", "c1").await;
        deliver(test, &app, "till", &bought("p1", 1_000, &json!({ "id": "c1" }), test.now())).await;
        let filter = webhooks::InboxFilter { limit: 9, ..webhooks::InboxFilter::default() };
        let id = webhooks::list(&app, filter).await.expect("lists")[0].id;
        for _ in 0..3 {
            webhooks::replay(&app, &test.ctx(), &ada, id).await.expect("is replayed");
        }
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));
    }
}
