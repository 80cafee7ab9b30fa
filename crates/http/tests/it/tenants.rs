//! Tenants (IDN-9).

use serde_json::json;

use crate::harness::{Engine, TestServer};

on_both_engines! {
    async fn idn_9_a_tenant_from_its_making_to_its_last_owner(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (owner, member) = (server.member("owner").await, server.member("member").await);
        let tenant = owner.post("/v1/tenants", &json!({ "name": "Acme" })).await.expect(201).json();
        assert_eq!(tenant["role"], "owner");
        let path = format!("/v1/tenants/{}", tenant["id"].as_str().expect("an id"));
        member.get(&path).await.expect_problem(404, "not_found");

        let (owner_id, member_id) = (owner.id().await, member.id().await);
        let members = format!("{path}/members");
        let added = owner.post(&members, &json!({ "member_id": member_id, "role": "member" })).await.expect(201).json();
        assert_eq!(added["role"], "member");
        assert_eq!(member.get(&path).await.expect(200).json()["role"], "member");
        let listed = member.get(&members).await.expect(200).json();
        assert_eq!(listed["items"].as_array().expect("items").len(), 2);
        assert_eq!(member.me().await["tenants"][0]["name"], "Acme");

        let place = format!("{members}/{member_id}");
        owner.put(&place, &json!({ "role": "emperor" })).await.expect_problem(422, "validation_failed");
        assert_eq!(owner.put(&place, &json!({ "role": "admin" })).await.expect(200).json()["role"], "admin");
        member.put(&format!("{members}/{owner_id}"), &json!({ "role": "member" })).await.expect_problem(403, "forbidden");
        owner.delete(&format!("{members}/{owner_id}")).await.expect_problem(409, "conflict");
        member.delete(&place).await.expect(204);
        member.get(&path).await.expect_problem(404, "not_found");
    }
}
