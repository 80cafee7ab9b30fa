//! What operators see (OBS-4, IDN-10).

use serde_json::json;

use crate::harness::{Engine, TestServer};

on_both_engines! {
    async fn obs_4_the_trail_is_listed_page_by_page(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        server.member("ada").await;
        let first = operator.get("/v1/operator/audit?limit=1").await.expect(200).json();
        assert_eq!(first["items"].as_array().expect("items").len(), 1);
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let next = operator.get(&format!("/v1/operator/audit?limit=1&cursor={cursor}")).await.expect(200).json();
        let sequence = |page: &serde_json::Value| page["items"][0]["sequence"].as_i64().expect("a number");
        assert_eq!(sequence(&next) + 1, sequence(&first));
        let actor = first["items"][0]["actor"].as_str().expect("an actor").to_owned();
        let filtered = operator.get(&format!("/v1/operator/audit?actor={actor}&limit=100")).await.expect(200).json();
        let mut items = filtered["items"].as_array().expect("items").iter();
        assert!(items.all(|event| event["actor"] == actor.as_str()));
    }

    async fn idn_10_a_service_key_is_shown_once(engine: Engine) {
        let server = TestServer::start(engine).await;
        let operator = server.operator("operator").await;
        let body = json!({ "name": "billing", "scopes": ["members:read"] });
        let made = operator.post("/v1/operator/service-keys", &body).await.expect(201).json();
        let key = made["key"].as_str().expect("a key").to_owned();
        assert!(key.starts_with(made["service_key"]["prefix"].as_str().expect("a prefix")));
        let listed = operator.get("/v1/operator/service-keys").await.expect(200).text();
        assert!(listed.contains("billing") && !listed.contains(&key));
        let wrong = json!({ "name": "x", "scopes": ["everything"] });
        operator.post("/v1/operator/service-keys", &wrong).await.expect_problem(422, "validation_failed");
    }
}
