//! The wallet over HTTP (WAL-2…4, WAL-6).

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use mainstay_services::Capability;
use serde_json::{Value, json};

use crate::harness::{Client, Engine, Options, Reply, TestServer, capabilities_without};

/// Posts with a key.
pub(crate) async fn post_once(client: &Client, path: &str, key: &str, body: &Value) -> Reply {
    client.send(client.request("POST", path).header("idempotency-key", key).json(body)).await
}

async fn grant(operator: &Client, member: &str, points: i64) -> Value {
    let path = format!("/v1/operator/members/{member}/wallet/grants");
    let body = json!({ "amount": points, "reason": "welcome" });
    post_once(operator, &path, &uuid::Uuid::new_v4().to_string(), &body).await.expect(201).json()
}

async fn available(client: &Client) -> i64 {
    client.get("/v1/wallet").await.expect(200).json()["available"].as_i64().expect("a number")
}

on_both_engines! {
    async fn wal_4_points_are_granted_sent_and_taken_back(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let (ada, bob) = (server.member("ada").await, server.native_member("bob").await);
        let (ada_id, bob_id) = (ada.id().await, bob.id().await);
        let empty = json!({ "balance": 0, "held": 0, "available": 0, "owed": 0, "expiring": [] });
        assert_eq!(ada.get("/v1/wallet").await.expect(200).json(), empty);
        let granted = grant(&operator, &ada_id, 100).await;
        assert_eq!((&granted["kind"], &granted["amount"], &granted["balance"]), (&json!("grant"), &json!(100), &json!(100)));

        let body = json!({ "to": bob_id, "amount": 30, "reason": "lunch" });
        let sent = post_once(&ada, "/v1/wallet/transfers", "a-1", &body).await.expect(201);
        assert_eq!(sent.header("idempotent-replayed"), None);
        let sent = sent.json();
        assert_eq!((&sent["balance"], &sent["reason"]), (&json!(70), &json!("lunch")));
        let again = post_once(&ada, "/v1/wallet/transfers", "a-1", &body).await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), sent.clone()));
        assert_eq!((available(&ada).await, available(&bob).await), (70, 30));

        let path = format!("/v1/operator/wallet/transfers/{}/reversal", sent["id"].as_str().expect("an id"));
        let undone = post_once(&operator, &path, "r-1", &json!({ "reason": "a mistake" })).await.expect(201).json();
        assert_eq!((&undone["reverses"], &undone["balance"]), (&sent["id"], &json!(100)));
        post_once(&operator, &path, "r-2", &json!({ "reason": "a mistake" })).await.expect_problem(409, "conflict");
        let seen = operator.get(&format!("/v1/operator/members/{ada_id}/wallet")).await.expect(200).json();
        assert_eq!(seen["balance"], 100);
    }

    async fn wal_3_a_key_is_needed_and_stands_for_one_request(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let (ada, bob) = (server.member("ada").await, server.member("bob").await);
        let bob_id = bob.id().await;
        grant(&operator, &ada.id().await, 100).await;
        let path = "/v1/wallet/transfers";
        let body = json!({ "to": bob_id, "amount": 1 });
        ada.post(path, &body).await.expect_problem(400, "idempotency_key_required");
        post_once(&ada, path, "two words", &body).await.expect_problem(400, "invalid_request");
        let twice = ada.request("POST", path).header("idempotency-key", "a").header("idempotency-key", "b").json(&body);
        ada.send(twice).await.expect_problem(400, "invalid_request");
        // T-WA-02: fifty at once.
        let answers = join_all((0..50).map(|_| post_once(&ada, path, "\"fifty\"", &body))).await;
        let first = answers[0].json();
        assert!(answers.iter().all(|answer| answer.status == 201 && answer.json() == first));
        assert_eq!((available(&ada).await, available(&bob).await), (99, 1));
        // T-WA-03: another body, raced, under one key.
        let ada = Arc::new(ada);
        let raced = (1..=20).map(|points| {
            let (ada, bob_id) = (Arc::clone(&ada), bob_id.clone());
            async move { post_once(&ada, path, "raced", &json!({ "to": bob_id, "amount": points })).await }
        });
        let answers = join_all(raced).await;
        let done = answers.iter().filter(|answer| answer.status == 201).collect::<Vec<_>>();
        assert_eq!(done.len(), 1);
        assert!(answers.iter().all(|answer| answer.status == 201 || answer.code() == "idempotency_key_reused"));
        assert_eq!(available(&bob).await, 1 + done[0].json()["amount"].as_i64().expect("a number"));
        // The same words in another form are another request.
        let spaced = format!("{{ \"to\": \"{bob_id}\", \"amount\": 1 }}");
        let request = ada.request("POST", path).header("idempotency-key", "fifty").header("content-type", "application/json");
        ada.send(request.body(spaced)).await.expect_problem(422, "idempotency_key_reused");
    }

    async fn t_wa_05_amounts_that_are_none_are_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let (ada, bob) = (server.member("ada").await, server.member("bob").await);
        let (ada_id, bob_id) = (ada.id().await, bob.id().await);
        grant(&operator, &ada_id, 100).await;
        for amount in ["0", "-1", "1.5", "1.0", "1e19", "1e1", "\"1\"", "\"NaN\"", "9223372036854775808", "9223372036854775807", "null", "true", "[1]"] {
            let body = format!("{{\"to\":\"{bob_id}\",\"amount\":{amount},\"reason\":\"x\"}}");
            for (client, path) in [
                (&ada, "/v1/wallet/transfers".to_owned()),
                (&operator, format!("/v1/operator/members/{ada_id}/wallet/grants")),
            ] {
                let request = client.request("POST", &path).header("idempotency-key", "amounts");
                let request = request.header("content-type", "application/json").body(body.clone());
                let problem = client.send(request).await.expect_problem(422, "validation_failed").json();
                assert_eq!(problem["errors"][0]["field"], "amount", "{amount}");
            }
        }
        // No JSON has such a number.
        let request = ada.request("POST", "/v1/wallet/transfers").header("idempotency-key", "nan");
        let request = request.header("content-type", "application/json").body(format!("{{\"to\":\"{bob_id}\",\"amount\":NaN}}"));
        ada.send(request).await.expect_problem(400, "malformed_json");
        assert_eq!((available(&ada).await, available(&bob).await), (100, 0));
    }

    async fn wal_2_a_refusal_says_what_there_is_and_what_it_takes(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let (ada, bob) = (server.member("ada").await, server.member("bob").await);
        grant(&operator, &ada.id().await, 10).await;
        let body = json!({ "to": bob.id().await, "amount": 11 });
        let problem = post_once(&ada, "/v1/wallet/transfers", "k", &body).await.expect_problem(409, "insufficient_points").json();
        assert_eq!((&problem["has"], &problem["needs"]), (&json!(10), &json!(11)));
        assert_eq!(problem["detail"], "There are 10 points to spend, and this takes 11.");
        // T-WA-01: as many as fit.
        let spends = (0..12).map(|number| {
            let (ada, body) = (&ada, json!({ "to": body["to"], "amount": 3 }));
            async move { post_once(ada, "/v1/wallet/transfers", &format!("s-{number}"), &body).await.status }
        });
        let done = join_all(spends).await;
        assert_eq!(done.iter().filter(|status| **status == 201).count(), 3);
        assert!(done.iter().all(|status| [201, 409].contains(status)));
        assert_eq!((available(&ada).await, available(&bob).await), (1, 9));
    }

    async fn wal_6_a_statement_is_paged_filtered_and_a_table(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let (ada, bob) = (server.member("ada").await, server.member("bob").await);
        let (ada_id, bob_id) = (ada.id().await, bob.id().await);
        let begun = json!(server.now().to_string());
        for points in 1..=3 {
            server.advance(Duration::from_secs(60));
            grant(&operator, &ada_id, 100).await;
            let body = json!({ "to": bob_id, "amount": points, "reason": "=1+1, \"really\"" });
            post_once(&ada, "/v1/wallet/transfers", &format!("k{points}"), &body).await.expect(201);
        }
        let first = ada.get("/v1/wallet/statement?limit=4").await.expect(200).json();
        let amounts = |page: &Value| {
            page["items"].as_array().expect("items").iter().map(|line| line["amount"].as_i64().expect("a number")).collect::<Vec<_>>()
        };
        assert_eq!(amounts(&first), [-3, 100, -2, 100]);
        assert_eq!((&first["items"][0]["balance"], &first["items"][0]["other_member_id"]), (&json!(294), &json!(bob_id)));
        let rest = ada.get(&format!("/v1/wallet/statement?limit=4&cursor={}", first["next_cursor"].as_str().expect("a cursor"))).await;
        let rest = rest.expect(200).json();
        assert_eq!((amounts(&rest), &rest["next_cursor"]), (vec![-1, 100], &Value::Null));
        let sent = ada.get("/v1/wallet/statement?kind=transfer").await.expect(200).json();
        assert_eq!(amounts(&sent), [-3, -2, -1]);
        let early = ada.get(&format!("/v1/wallet/statement?until={}", begun.as_str().expect("a moment"))).await.expect(200).json();
        assert!(amounts(&early).is_empty());
        let at = ada.get(&format!("/v1/wallet/balance?at={}", begun.as_str().expect("a moment"))).await.expect(200).json();
        assert_eq!(at["balance"], 0);
        assert_eq!(ada.get("/v1/wallet/balance").await.expect(200).json()["balance"], 294);
        for query in ["kind=gift", "since=yesterday", "until=1", "limit=0", "limit=1001", "cursor=x"] {
            let problem = ada.get(&format!("/v1/wallet/statement?{query}")).await.expect_problem(422, "validation_failed").json();
            assert_eq!(problem["errors"][0]["field"], query.split('=').next().expect("a name"));
        }
        ada.get("/v1/wallet/balance?at=noon").await.expect_problem(422, "validation_failed");

        let table = ada.get("/v1/wallet/statement.csv?kind=transfer").await.expect(200);
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(table.header("content-disposition"), Some("attachment; filename=\"statement.csv\""));
        let lines = table.text().lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "sequence,created_at,kind,amount,balance,reason,cause,transfer_id");
        assert!(lines[1].contains(",transfer,-3,294,\"'=1+1, \"\"really\"\"\",\"\","), "{}", lines[1]);

        let of = operator.get(&format!("/v1/operator/members/{ada_id}/wallet/statement?limit=1")).await.expect(200).json();
        assert_eq!(amounts(&of), [-3]);
    }

    async fn idn_10_a_service_grants_with_its_scope(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let ada = server.member("ada").await;
        let made = operator.post("/v1/operator/service-keys", &json!({ "name": "rules", "scopes": ["wallet:read", "wallet:write"] })).await;
        let made = made.expect(201).json();
        let key = made["key"].as_str().expect("a key");
        let service = server.native();
        let path = format!("/v1/service/members/{}/wallet", ada.id().await);
        let tomorrow = (server.now() + Duration::from_secs(24 * 3600)).to_string()[..10].to_owned();
        let body = json!({ "amount": 7, "reason": "campaign", "expires_on": tomorrow });
        let granting = service.request("POST", &format!("{path}/grants")).bearer_auth(key).header("idempotency-key", "k");
        service.send(granting.json(&body)).await.expect(201);
        for day in ["2027-02-30", "tomorrow", "2027-1-1", "2001-01-01"] {
            let granting = service.request("POST", &format!("{path}/grants")).bearer_auth(key).header("idempotency-key", "d");
            let reply = service.send(granting.json(&json!({ "amount": 7, "reason": "x", "expires_on": day }))).await;
            assert_eq!(reply.expect_problem(422, "validation_failed").json()["errors"][0]["field"], "expires_on", "{day}");
        }
        let wallet = service.send(service.request("GET", &path).bearer_auth(key)).await.expect(200).json();
        assert_eq!(wallet["expiring"], json!([{ "expires_on": tomorrow, "points": 7 }]));
        assert_eq!(ada.get("/v1/wallet/statement").await.expect(200).json()["items"][0]["reason"], "campaign");
        assert_eq!(ada.get("/v1/wallet/holds?state=held").await.expect(200).json()["items"], json!([]));
    }

    async fn cap_2_transfers_are_off_with_a_reason(engine: Engine) {
        let mut options = Options::dev();
        options.capabilities = capabilities_without(&[Capability::WalletTransfers]);
        let server = TestServer::start_with(engine, options).await;
        let (ada, bob) = (server.member("ada").await, server.member("bob").await);
        let body = json!({ "to": bob.id().await, "amount": 1 });
        let problem = post_once(&ada, "/v1/wallet/transfers", "k", &body).await.expect_problem(503, "capability_unavailable").json();
        assert_eq!(problem["capability"], "wallet_transfers");
        ada.get("/v1/wallet").await.expect(200);
    }
}
