//! Square's disputes, as its documentation shows them (T-PU-10): the money is withheld while one lasts, and comes back when it is won.
//! <https://developer.squareup.com/reference/square/webhooks/dispute.state.updated>

use std::time::Duration;

use mainstay_model::{Timestamp, inbox::InboxState};
use mainstay_services::webhooks::{self, InboxFilter};
use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::TestApp,
    purchases::{balance, customer, deliver, node, rule, with_rule},
};

fn event(id: &str, kind: &str, at: Timestamp, name: &str, object: &Value) -> Value {
    json!({
        "merchant_id": "0HPGX5JYE6EE1", "location_id": "VJDQQP3CG14EY", "type": kind, "event_id": id, "created_at": at,
        "data": { "type": name, "id": object["id"], "object": { name: object } },
    })
}

fn payment(at: Timestamp) -> Value {
    let money = json!({ "amount": 1_000, "currency": "USD" });
    let payment = json!({
        "id": "fbmsaEOpoARDKxiSGH1fqPuqoqFZY", "status": "COMPLETED", "amount_money": money, "created_at": at,
        "location_id": "VJDQQP3CG14EY", "customer_id": "c1",
    });
    event("e-1", "payment.updated", at, "payment", &payment)
}

fn dispute(id: &str, kind: &str, state: &str, amount: i64, at: Timestamp) -> Value {
    let dispute = json!({
        "amount_money": { "amount": amount, "currency": "USD" }, "brand_dispute_id": "r9rKGSBBQbywBNnWWIiGFg",
        "card_brand": "VISA", "created_at": "2027-01-15T07:00:00.000Z",
        "disputed_payment": { "payment_id": "fbmsaEOpoARDKxiSGH1fqPuqoqFZY" }, "due_at": "2027-01-30T00:00:00.000Z",
        "id": "ORSEVtZAJxb37RA1EiGw", "location_id": "VJDQQP3CG14EY", "reason": "AMOUNT_DIFFERS",
        "reported_at": "2027-01-15T00:00:00.000Z", "state": state, "updated_at": at, "version": 2,
    });
    event(id, kind, at, "dispute", &dispute)
}

both_engines! {
    async fn t_pu_10_a_square_dispute_takes_back_and_gives_again_when_it_is_won(test: &TestApp) {
        let app = node(test, 2).await;
        with_rule(test, &app, &rule("base")).await;
        let ada = customer(test, &app, "square", "c1").await;
        deliver(test, &app, "square", &payment(test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));
        let mut number = 1;
        let mut told = async |kind: &str, state: &str, amount: i64| {
            number += 1;
            test.advance(Duration::from_secs(1));
            let event = dispute(&format!("e-{number}"), kind, state, amount, test.now());
            deliver(test, &app, "square", &event).await;
            balance(&app, ada.member_id).await
        };
        // A question, and no money has moved.
        for state in ["INQUIRY_EVIDENCE_REQUIRED", "INQUIRY_PROCESSING", "INQUIRY_CLOSED"] {
            assert_eq!(told("dispute.created", state, 1_000).await, (10, 0), "{state}");
        }
        assert_eq!(told("dispute.created", "EVIDENCE_REQUIRED", 1_000).await, (0, 0));
        assert_eq!(told("dispute.state.updated", "PROCESSING", 1_000).await, (0, 0));
        assert_eq!(told("dispute.state.updated", "WON", 1_000).await, (10, 0));
        // Less than the whole may be disputed.
        assert_eq!(told("dispute.state.updated", "LOST", 400).await, (6, 0));
        assert_eq!(told("dispute.state.updated", "ACCEPTED", 400).await, (6, 0));
        // One that was overtaken changes nothing.
        let overtaken = dispute("e-0", "dispute.state.updated", "WON", 1_000, test.now() - Duration::from_secs(1));
        deliver(test, &app, "square", &overtaken).await;
        assert_eq!(balance(&app, ada.member_id).await, (6, 0));
    }

    async fn t_pu_10_a_square_dispute_of_an_unknown_form_waits_for_a_person(test: &TestApp) {
        let app = node(test, 2).await;
        let mut event = dispute("e-1", "dispute.created", "EVIDENCE_REQUIRED", 1_000, test.now());
        event["data"]["object"]["dispute"]["disputed_payment"] = json!({});
        deliver(test, &app, "square", &event).await;
        let heads = webhooks::list(&app, InboxFilter { limit: 9, ..InboxFilter::default() }).await.expect("lists");
        assert_eq!(heads.len(), 1);
        let progress = &heads[0].progress;
        assert_eq!((progress.state, progress.last_error.as_deref()), (InboxState::Failed, Some("unreadable")));
    }
}
