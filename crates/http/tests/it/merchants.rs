//! Merchants, offers, redemptions and holds over HTTP (WAL-4, WAL-7).

use mainstay_services::{Capability, limits, wallet};
use serde_json::{Value, json};

use crate::{
    harness::{Client, Engine, Options, Reply, TestServer, capabilities_without},
    wallet::post_once,
};

fn fresh() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

/// A merchant with an offer for 30 points and a till.
struct Shop {
    merchant: String,
    offer: String,
    till: String,
}

async fn shop(operator: &Client) -> Shop {
    let merchant =
        operator.post("/v1/operator/merchants", &json!({ "name": "Café" })).await.expect(201).json();
    let path = format!("/v1/operator/merchants/{}", id(&merchant));
    let offer = json!({ "title": "Coffee", "points": 30 });
    let offer = operator.post(&format!("{path}/offers"), &offer).await.expect(201).json();
    let key =
        operator.post(&format!("{path}/service-keys"), &json!({ "name": "till" })).await.expect(201).json();
    assert_eq!(key["service_key"]["merchant_id"], merchant["id"]);
    let till = key["key"].as_str().expect("a key").to_owned();
    Shop { merchant: id(&merchant), offer: id(&offer), till }
}

async fn member_with(server: &TestServer, operator: &Client, name: &str, points: i64) -> Client {
    let member = server.member(name).await;
    let path = format!("/v1/operator/members/{}/wallet/grants", member.id().await);
    post_once(operator, &path, &fresh(), &json!({ "amount": points, "reason": "welcome" })).await.expect(201);
    member
}

async fn redeem(member: &Client, key: &str, offer: &str) -> Reply {
    post_once(member, "/v1/wallet/redemptions", key, &json!({ "offer_id": offer })).await
}

/// A service's request with its key, and with a key of its own when it posts.
async fn by(
    server: &TestServer,
    service_key: &str,
    method: &str,
    path: &str,
    body: Option<(&str, Value)>,
) -> Reply {
    let anybody = server.native();
    let request = anybody.request(method, path).bearer_auth(service_key);
    anybody
        .send(match body {
            Some((key, body)) => request.header("idempotency-key", key).json(&body),
            None => request,
        })
        .await
}

async fn confirm(server: &TestServer, till: &str, key: &str, code: &Value) -> Reply {
    by(server, till, "POST", "/v1/service/redemptions/confirm", Some((key, json!({ "code": code })))).await
}

async fn service_key(operator: &Client, scopes: &[&str]) -> String {
    let body = json!({ "name": "back end", "scopes": scopes });
    let made = operator.post("/v1/operator/service-keys", &body).await.expect(201).json();
    made["key"].as_str().expect("a key").to_owned()
}

on_both_engines! {
    async fn wal_7_an_offer_is_taken_shown_and_confirmed(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let shop = shop(&operator).await;
        let ada = member_with(&server, &operator, "ada", 100).await;

        let offers = ada.get("/v1/wallet/offers").await.expect(200).json();
        let offer = &offers["items"][0];
        assert_eq!((&offer["id"], &offer["merchant_name"], &offer["points"]), (&json!(shop.offer), &json!("Café"), &json!(30)));
        assert!(offer["left"].is_null() && offers["next_cursor"].is_null());

        ada.post("/v1/wallet/redemptions", &json!({ "offer_id": shop.offer })).await.expect_problem(400, "idempotency_key_required");
        let redeemed = redeem(&ada, "r-1", &shop.offer).await.expect(201);
        assert_eq!(redeemed.header("cache-control"), Some("no-store"));
        let redeemed = redeemed.json();
        assert_eq!((&redeemed["state"], &redeemed["points"], &redeemed["title"]), (&json!("open"), &json!(30), &json!("Coffee")));
        let again = redeem(&ada, "r-1", &shop.offer).await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), redeemed.clone()));
        let path = format!("/v1/wallet/redemptions/{}", id(&redeemed));
        assert_eq!(ada.get(&path).await.expect(200).json(), redeemed);
        assert_eq!(ada.get("/v1/wallet/redemptions").await.expect(200).json()["items"], json!([redeemed]));
        let wallet = ada.get("/v1/wallet").await.expect(200).json();
        assert_eq!((&wallet["available"], &wallet["held"]), (&json!(70), &json!(30)));

        let confirmed = confirm(&server, &shop.till, "c-1", &redeemed["code"]).await.expect(201);
        let text = confirmed.text();
        let confirmation = confirmed.json();
        assert_eq!((&confirmation["redemption_id"], &confirmation["title"], &confirmation["points"]), (&redeemed["id"], &json!("Coffee"), &json!(30)));
        // The merchant does not learn who it was.
        assert!(!text.contains(&ada.id().await));
        let again = confirm(&server, &shop.till, "c-1", &redeemed["code"]).await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), confirmation));
        confirm(&server, &shop.till, "c-2", &redeemed["code"]).await.expect_problem(409, "conflict");

        let after = ada.get(&path).await.expect(200).json();
        assert_eq!((&after["state"], &after["code"]), (&json!("confirmed"), &Value::Null));
        ada.get(&format!("{path}/qr.svg")).await.expect_problem(404, "not_found");
        ada.post(&format!("{path}/cancel"), &json!({})).await.expect_problem(409, "conflict");
        let line = ada.get("/v1/wallet/statement?limit=1").await.expect(200).json()["items"][0].clone();
        assert_eq!((&line["kind"], &line["amount"], &line["merchant_id"], &line["reason"]), (&json!("capture"), &json!(-30), &json!(shop.merchant), &json!("Coffee")));

        // Nobody is charged another price than the one that was shown.
        let shown = json!({ "offer_id": shop.offer, "points": 29 });
        let refused = post_once(&ada, "/v1/wallet/redemptions", "r-2", &shown).await;
        refused.expect_problem(409, "price_changed");

        let merchant = format!("/v1/operator/merchants/{}", shop.merchant);
        assert_eq!(operator.get(&format!("{merchant}/wallet")).await.expect(200).json(), json!({ "balance": 30 }));
        let statement = operator.get(&format!("{merchant}/wallet/statement")).await.expect(200).json();
        assert_eq!((&statement["items"][0]["amount"], &statement["items"][0]["balance"]), (&json!(30), &json!(30)));
        let listed = operator.get(&format!("{merchant}/redemptions")).await.expect(200).json();
        assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["state"]), (&redeemed["id"], &json!("confirmed")));
        assert!(listed["items"][0].get("code").is_none());
        assert_eq!(operator.get(&format!("/v1/operator/offers/{}", shop.offer)).await.expect(200).json()["taken"], 1);
    }

    async fn wal_7_the_qr_code_is_an_image_of_the_code(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let shop = shop(&operator).await;
        let ada = member_with(&server, &operator, "ada", 100).await;
        let bob = member_with(&server, &operator, "bob", 100).await;
        let image = async |member: &Client| {
            let redeemed = redeem(member, &fresh(), &shop.offer).await.expect(201).json();
            let path = format!("/v1/wallet/redemptions/{}/qr.svg", id(&redeemed));
            let reply = member.get(&path).await.expect(200);
            assert_eq!(reply.header("content-type"), Some("image/svg+xml"));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            (path, reply.text())
        };
        let (path, first) = image(&ada).await;
        // Version 1 (21 modules) with four light ones around it: the code fits into the smallest there is.
        assert!(first.starts_with("<svg ") && first.contains("viewBox=\"0 0 29 29\"") && !first.contains("<script"));
        // A finder pattern's outer edge begins in the corner.
        assert!(first.contains("M4 4h1v1h-1z") && !first.contains("M3 4h1v1h-1z"));
        let (_, second) = image(&ada).await;
        assert_ne!(first, second);
        bob.get(&path).await.expect_problem(404, "not_found");
    }

    async fn wal_7_nobody_else_reads_or_cancels_it(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let shop = shop(&operator).await;
        let (ada, eve) = (member_with(&server, &operator, "ada", 100).await, server.native_member("eve").await);
        let redeemed = redeem(&ada, "r-1", &shop.offer).await.expect(201).json();
        let path = format!("/v1/wallet/redemptions/{}", id(&redeemed));
        for path in [path.clone(), format!("{path}/qr.svg")] {
            eve.get(&path).await.expect_problem(404, "not_found");
        }
        eve.post(&format!("{path}/cancel"), &json!({})).await.expect_problem(404, "not_found");
        assert_eq!(eve.get("/v1/wallet/redemptions").await.expect(200).json()["items"], json!([]));
        assert_eq!(ada.get(&path).await.expect(200).json()["state"], "open");
        for _ in 0..2 {
            let cancelled = ada.post(&format!("{path}/cancel"), &json!({})).await.expect(200).json();
            assert_eq!((&cancelled["state"], &cancelled["code"]), (&json!("cancelled"), &Value::Null));
        }
        confirm(&server, &shop.till, "c-1", &redeemed["code"]).await.expect_problem(409, "conflict");
        assert_eq!(ada.get("/v1/wallet").await.expect(200).json()["available"], 100);
    }

    async fn wal_7_a_till_confirms_for_its_own_merchant_only(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let (shop, other) = (shop(&operator).await, shop(&operator).await);
        let ada = member_with(&server, &operator, "ada", 100).await;
        let redeemed = redeem(&ada, "r-1", &shop.offer).await.expect(201).json();
        confirm(&server, &other.till, "c-1", &redeemed["code"]).await.expect_problem(404, "not_found");
        confirm(&server, &shop.till, "c-1", &json!("no code!")).await.expect_problem(422, "validation_failed");
        let wide = service_key(&operator, &["wallet:write", "wallet:read", "members:read"]).await;
        confirm(&server, &wide, "c-1", &redeemed["code"]).await.expect_problem(403, "forbidden");
        // And opens nothing else.
        by(&server, &shop.till, "GET", &format!("/v1/service/members/{}/wallet", ada.id().await), None).await.expect_problem(403, "forbidden");
        let body = json!({ "name": "till", "scopes": ["redemptions:confirm"] });
        operator.post("/v1/operator/service-keys", &body).await.expect_problem(422, "validation_failed");
        confirm(&server, &shop.till, "c-2", &redeemed["code"]).await.expect(201);
    }

    async fn wal_7_points_come_back_when_time_runs_out(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let shop = shop(&operator).await;
        // A native app: its token is renewed by signing in again, and no cookie runs out meanwhile.
        let ada = server.native_member("ada").await;
        let path = format!("/v1/operator/members/{}/wallet/grants", ada.id().await);
        post_once(&operator, &path, &fresh(), &json!({ "amount": 100, "reason": "welcome" })).await.expect(201);
        let redeemed = redeem(&ada, "r-1", &shop.offer).await.expect(201).json();
        server.advance(limits::REDEMPTION_TTL);
        ada.sign_in(&json!({ "identity": "ada" })).await;
        let path = format!("/v1/wallet/redemptions/{}", id(&redeemed));
        let expired = ada.get(&path).await.expect(200).json();
        assert_eq!((&expired["state"], &expired["code"]), (&json!("expired"), &Value::Null));
        confirm(&server, &shop.till, "c-1", &redeemed["code"]).await.expect_problem(409, "conflict");
        wallet::run_once(&server.app).await.expect("runs");
        assert_eq!(ada.get("/v1/wallet").await.expect(200).json()["available"], 100);
    }

    async fn wal_7_operators_change_merchants_and_offers(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let shop = shop(&operator).await;
        let ada = member_with(&server, &operator, "ada", 100).await;
        let (merchant, offer) = (format!("/v1/operator/merchants/{}", shop.merchant), format!("/v1/operator/offers/{}", shop.offer));
        assert_eq!(operator.get("/v1/operator/merchants").await.expect(200).json()["items"][0]["id"], json!(shop.merchant));
        let listed = operator.get(&format!("{merchant}/offers")).await.expect(200).json();
        assert_eq!(listed["items"], json!([operator.get(&offer).await.expect(200).json()]));

        let change = json!({ "points": 40, "stock": 1, "per_member_max": 1, "ends_at": "2100-01-01T00:00:00Z", "description": "Any size." });
        let changed = operator.patch(&offer, &change).await.expect(200).json();
        assert_eq!((&changed["points"], &changed["stock"], &changed["title"]), (&json!(40), &json!(1), &json!("Coffee")));
        redeem(&ada, "r-1", &shop.offer).await.expect(201);
        assert_eq!(ada.get("/v1/wallet/offers").await.expect(200).json()["items"][0]["left"], 0);
        redeem(&ada, "r-2", &shop.offer).await.expect_problem(409, "conflict");
        let lifted = operator.patch(&offer, &json!({ "stock": null, "per_member_max": null, "ends_at": null })).await.expect(200).json();
        assert!(lifted["stock"].is_null() && lifted["per_member_max"].is_null() && lifted["ends_at"].is_null());
        assert_eq!(lifted["points"], 40);
        redeem(&ada, "r-3", &shop.offer).await.expect(201);
        redeem(&ada, "r-4", &shop.offer).await.expect_problem(409, "insufficient_points");

        for (field, value) in [
            ("points", json!(0)), ("points", json!(1.5)), ("points", json!(null)), ("stock", json!(1.5)), ("stock", json!(1)), ("stock", json!(-1)),
            ("per_member_max", json!(0)), ("per_member_max", json!("1")), ("ends_at", json!("soon")), ("starts_at", json!("soon")),
            ("ends_at", json!("1970-01-01T00:00:00Z")), ("status", json!("gone")), ("title", json!("")),
        ] {
            let problem = operator.patch(&offer, &json!({ field: value })).await.expect_problem(422, "validation_failed").json();
            assert_eq!(problem["errors"][0]["field"], field, "{value}");
        }
        assert_eq!(operator.patch(&merchant, &json!({ "status": "closed" })).await.expect(200).json()["status"], "closed");
        assert_eq!(operator.get(&merchant).await.expect(200).json()["name"], "Café");
        operator.patch(&merchant, &json!({ "status": "gone" })).await.expect_problem(422, "validation_failed");
        assert_eq!(ada.get("/v1/wallet/offers").await.expect(200).json()["items"], json!([]));
        redeem(&ada, "r-5", &shop.offer).await.expect_problem(409, "conflict");
        let nobody = "/v1/operator/merchants/0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4";
        for path in [nobody.to_owned(), format!("{nobody}/wallet"), format!("{nobody}/wallet/statement"), format!("{nobody}/redemptions"), format!("{nobody}/offers")] {
            operator.get(&path).await.expect_problem(404, "not_found");
        }
    }

    async fn wal_4_services_hold_capture_and_release(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let shop = shop(&operator).await;
        let ada = member_with(&server, &operator, "ada", 100).await;
        let key = service_key(&operator, &["wallet:write", "wallet:read"]).await;
        let path = format!("/v1/service/members/{}/wallet/holds", ada.id().await);
        let wanted = |amount: i64| json!({ "merchant_id": shop.merchant, "amount": amount, "lasts_seconds": 60, "reason": "tank" });
        let hold = by(&server, &key, "POST", &path, Some(("h-1", wanted(60)))).await.expect(201).json();
        assert_eq!((&hold["state"], &hold["amount"], &hold["merchant_id"]), (&json!("held"), &json!(60), &json!(shop.merchant)));
        let again = by(&server, &key, "POST", &path, Some(("h-1", wanted(60)))).await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), hold.clone()));
        // T-WA-10: what is held is not there a second time.
        by(&server, &key, "POST", &path, Some(("h-2", wanted(41)))).await.expect_problem(409, "insufficient_points");
        by(&server, &key, "POST", &path, Some(("h-3", wanted(0)))).await.expect_problem(422, "validation_failed");
        let at_nobody = json!({ "merchant_id": "0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4", "amount": 1, "lasts_seconds": 60 });
        by(&server, &key, "POST", &path, Some(("h-4", at_nobody))).await.expect_problem(422, "validation_failed");
        let too_long = json!({ "merchant_id": shop.merchant, "amount": 1, "lasts_seconds": u64::MAX });
        by(&server, &key, "POST", &path, Some(("h-5", too_long))).await.expect_problem(422, "validation_failed");

        let one = format!("/v1/service/wallet/holds/{}", id(&hold));
        assert_eq!(by(&server, &key, "GET", &one, None).await.expect(200).json(), hold);
        by(&server, &key, "POST", &format!("{one}/capture"), Some(("c-1", json!({ "amount": 61 })))).await.expect_problem(409, "insufficient_points");
        by(&server, &key, "POST", &format!("{one}/capture"), Some(("c-2", json!({ "amount": null })))).await.expect_problem(422, "validation_failed");
        let captured = by(&server, &key, "POST", &format!("{one}/capture"), Some(("c-3", json!({ "amount": 45 })))).await.expect(201).json();
        assert_eq!((&captured["kind"], &captured["amount"], &captured["balance"]), (&json!("capture"), &json!(45), &json!(55)));
        by(&server, &key, "POST", &format!("{one}/release"), Some(("l-1", json!({})))).await.expect_problem(409, "conflict");
        assert_eq!(by(&server, &key, "GET", &one, None).await.expect(200).json()["state"], "captured");

        let hold = by(&server, &key, "POST", &path, Some(("h-6", wanted(10)))).await.expect(201).json();
        let one = format!("/v1/service/wallet/holds/{}", id(&hold));
        let released = by(&server, &key, "POST", &format!("{one}/release"), Some(("l-2", json!({})))).await.expect(201).json();
        assert_eq!(released["state"], "released");
        by(&server, &key, "POST", &format!("{one}/capture"), Some(("c-4", json!({})))).await.expect_problem(409, "conflict");
        assert_eq!(ada.get("/v1/wallet").await.expect(200).json()["available"], 55);

        // What a member redeemed is no service's.
        let redeemed = redeem(&ada, "r-1", &shop.offer).await.expect(201).json();
        let one = format!("/v1/service/wallet/holds/{}", id(&redeemed));
        by(&server, &key, "GET", &one, None).await.expect_problem(404, "not_found");
        for (verb, body) in [("capture", json!({})), ("release", json!({}))] {
            by(&server, &key, "POST", &format!("{one}/{verb}"), Some((&fresh(), body))).await.expect_problem(404, "not_found");
        }
    }

    async fn cap_2_without_a_wallet_there_are_no_merchants(engine: Engine) {
        let options = Options { capabilities: capabilities_without(&[Capability::Wallet]), ..Options::dev() };
        let server = TestServer::start_with(engine, options).await;
        let operator = server.operator("operator").await;
        for path in ["/v1/wallet/offers", "/v1/wallet/redemptions", "/v1/operator/merchants"] {
            operator.get(path).await.expect_problem(503, "capability_unavailable");
        }
    }
}
