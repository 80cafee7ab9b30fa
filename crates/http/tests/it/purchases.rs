//! Purchases over HTTP: what the providers' own libraries sign, and what members and operators do with it (WHK-4).

use mainstay_services::webhooks::{Scheme, Sources};
use serde_json::{Value, json};

use crate::{
    harness::{Client, Engine, Options, Reply, TestServer},
    webhooks::{TILL_KEY, deliver, hex, source, start, tag},
};

on_both_engines! {
    async fn whk_1_what_the_providers_libraries_sign_is_taken_and_counted(engine: Engine) {
        let signed: Value = serde_json::from_str(include_str!("../../../../standins/purchases/signed.json")).expect("JSON");
        let secret = |source: &str| signed["secrets"][source].as_str().expect("a secret").to_owned();
        let notification_url = signed["notification_url"].as_str().expect("a URL").to_owned();
        let mut options = Options::generous();
        options.settings.webhook_sources = Sources::new([
            source("square", Scheme::Square { notification_url }, &[&secret("square")]),
            source("stripe", Scheme::Stripe { livemode: true }, &[&secret("stripe")]),
            source("standard", Scheme::Standard, &[&secret("standard")]),
        ]);
        let server = TestServer::start_with(engine, options).await;
        assert_eq!(signed["now"].as_i64(), Some(server.app.now().seconds()), "the samples are of another moment");
        let operator = server.operator("operator").await;
        let rule = json!({ "name": "A point for each dollar", "currency": "USD", "points": 1, "per_amount": 100 });
        operator.post("/v1/operator/purchase-rules", &rule).await.expect(201);
        let ada = server.native_member("ada").await;
        let links = format!("/v1/operator/members/{}/purchase-links", ada.id().await);
        for (source, value) in
            [("square", "JDKYHBWT1D4F8MFH63DBMEN8Y4"), ("stripe", "cus_NffrFeUfNV2Hib"), ("standard", "customer-7")]
        {
            let link = json!({ "source": source, "kind": "customer", "value": value });
            operator.post(&links, &link).await.expect(201);
        }

        for delivery in signed["deliveries"].as_array().expect("deliveries") {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let headers: Vec<_> = delivery["headers"].as_object().expect("headers").iter().map(|(n, v)| (n.clone(), text(v))).collect();
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let (source, body) = (text(&delivery["source"]), text(&delivery["body"]));
            deliver(&server, &source, &headers, &format!("{body} ")).await.expect_problem(401, "signature_refused");
            let reply = deliver(&server, &source, &headers, &body).await.expect(200);
            assert_eq!(reply.json()["status"], "recorded", "{delivery}");
        }
        let purchases = ada.get("/v1/me/purchases").await.expect(200).json();
        let mut told: Vec<_> = purchases["items"].as_array().expect("items").iter().map(|purchase| {
            let number = |field: &str| purchase[field].as_i64().expect("a number");
            (purchase["source"].as_str().expect("a source"), number("amount"), number("refunded"), number("points_granted"), number("points_taken_back"))
        }).collect();
        told.sort_unstable();
        // What is kept of 25 after 10 of 25 dollars were refunded and 5 lost in a dispute is 10, and of 21 after half of them 10.
        assert_eq!(told, [("square", 2_500, 1_500, 25, 15), ("standard", 1_250, 0, 12, 0), ("stripe", 2_198, 1_099, 21, 11)]);
    }

    async fn whk_4_members_claim_what_is_theirs_and_see_nobody_elses(engine: Engine) {
        let server = start(engine).await;
        let operator = server.operator("operator").await;
        let rule = json!({ "name": "base", "currency": "usd", "points": 1, "per_amount": 100, "source": "till" });
        let made = operator.post("/v1/operator/purchase-rules", &rule).await.expect(201).json();
        assert_eq!((&made["currency"], &made["ends_at"]), (&json!("USD"), &Value::Null));
        for wrong in [json!({ "points": 0 }), json!({ "currency": "dollars" }), json!({ "source": "nowhere" })] {
            let mut bad = rule.clone();
            bad.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
            operator.post("/v1/operator/purchase-rules", &bad).await.expect_problem(422, "validation_failed");
        }
        let buy = async |id: &str, customer: &Value| {
            let now = server.app.now();
            let body = json!({
                "id": id, "type": "purchase.completed", "timestamp": now,
                "data": { "purchase_id": id, "amount": 1_000, "currency": "USD", "occurred_at": now, "customer": customer },
            }).to_string();
            let signature = hex(&tag(TILL_KEY.as_bytes(), &[&body]));
            deliver(&server, "till", &[("x-signature", &signature)], &body).await.expect(200);
        };
        let (ada, eve) = (server.member("ada").await, server.native_member("eve").await);
        let code = ada.post("/v1/me/purchase-links", &json!({})).await.expect(201).json();
        let shown = code["code"].as_str().expect("a code").to_owned();
        buy("p1", &json!({ "code": shown })).await;
        buy("p2", &json!({ "code": "RECEIPT-12345" })).await;
        let items = |reply: Reply| reply.expect(200).json()["items"].as_array().expect("items").clone();
        assert_eq!(items(ada.get("/v1/me/purchases").await)[0]["points_granted"], 10);
        assert!(items(eve.get("/v1/me/purchases").await).is_empty());
        let claim = json!({ "code": "receipt 12345" });
        assert_eq!(items(eve.post("/v1/me/purchases/claim", &claim).await).len(), 1);
        assert!(items(ada.post("/v1/me/purchases/claim", &claim).await).is_empty());
        let links = ada.get("/v1/me/purchase-links").await.expect(200);
        assert!(!links.text().contains(&shown), "a code is shown once");
        let link = format!("/v1/me/purchase-links/{}", links.json()["items"][0]["id"].as_str().expect("an id"));
        eve.delete(&link).await.expect_problem(404, "not_found");
        ada.delete(&link).await.expect(204);
        let rule = format!("/v1/operator/purchase-rules/{}", made["id"].as_str().expect("an id"));
        operator.delete(&rule).await.expect(204);
        assert!(operator.get("/v1/operator/purchase-rules").await.expect(200).json()["items"][0]["ends_at"].is_string());
        let taken = json!({ "source": "till", "kind": "customer", "value": "c1" });
        let links_of = async |client: &Client| format!("/v1/operator/members/{}/purchase-links", client.id().await);
        operator.post(&links_of(&ada).await, &taken).await.expect(201);
        operator.post(&links_of(&eve).await, &taken).await.expect_problem(409, "identity_taken");
    }
}
