//! The member's own things (IDN-7).

use serde_json::json;

use crate::harness::{Engine, TestServer};

on_both_engines! {
    async fn a_member_changes_name_and_language_and_nothing_else(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        let before = ada.me().await;
        let change = json!({ "display_name": "Ada L.", "language": "he", "role": "operator", "id": "x", "email": "x@example.com" });
        let after = ada.patch("/v1/me", &change).await.expect(200).json();
        assert_eq!((&after["display_name"], &after["language"]), (&json!("Ada L."), &json!("he")));
        assert_eq!((&after["role"], &after["id"], &after["email"]), (&before["role"], &before["id"], &before["email"]));
        ada.patch("/v1/me", &json!({ "language": "tlh" })).await.expect_problem(422, "validation_failed");
    }

    async fn idn_7_sessions_are_listed_and_ended(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (laptop, phone) = (server.member("ada").await, server.native_member("ada").await);
        let listed = laptop.get("/v1/me/sessions").await.expect(200).json();
        let items = listed["items"].as_array().expect("items");
        assert_eq!(items.len(), 2);
        assert_eq!(items.iter().filter(|session| session["current"] == true).count(), 1);
        let other = items.iter().find(|session| session["current"] == false).expect("the phone")["id"].as_str().expect("an id");
        laptop.delete(&format!("/v1/me/sessions/{other}")).await.expect(204);
        phone.get("/v1/auth/me").await.expect_problem(401, "session_ended");

        let tablet = server.native_member("ada").await;
        laptop.delete("/v1/me/sessions").await.expect(204);
        tablet.get("/v1/auth/me").await.expect_problem(401, "session_ended");
        laptop.me().await;
    }

    async fn t_id_21_a_deleted_member_is_signed_out_everywhere(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (laptop, phone) = (server.member("ada").await, server.native_member("ada").await);
        let reply = laptop.delete("/v1/me").await.expect(204);
        assert_eq!(reply.set_cookies().len(), 3);
        assert!(laptop.cookie("mainstay_access").is_none());
        phone.get("/v1/auth/me").await.expect(401);
    }
}
